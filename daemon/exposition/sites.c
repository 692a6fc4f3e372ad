// SPDX-License-Identifier: MIT
#include "daemon/exposition/sites.h"

#include <stddef.h>

#include "collectors/inspector/explanation.h"
#include "daemon/exposition/json.h"

static void write_site(struct json *json, const struct explanation_site *site)
{
	size_t i;

	json_begin_object(json, NULL);
	json_string(json, "function", site->function);
	json_string(json, "script", site->script);
	json_u64(json, "line", site->line);
	json_number(json, "share", site->share);
	json_u64(json, "samples", site->samples);
	json_begin_array(json, "stack");
	for (i = 0; i < site->stack_count; i++)
		json_string(json, NULL, site->stack[i]);
	json_end_array(json);
	json_end_object(json);
}

void sites_write_array(struct json *json, const char *key, const struct explanation *explanation)
{
	size_t i;

	json_begin_array(json, key);
	for (i = 0; i < explanation->site_count; i++)
		write_site(json, &explanation->sites[i]);
	json_end_array(json);
}

void sites_write(struct json *json, const struct explanation *explanation)
{
	size_t i;

	json_u64(json, "pid", (uint64_t)explanation->pid);
	json_u64(json, "thread", explanation->thread);
	sites_write_array(json, "sites", explanation);
	json_number(json, "confidence", explanation->confidence);
	json_begin_array(json, "notes");
	for (i = 0; i < explanation->note_count; i++)
		json_string(json, NULL, explanation->notes[i]);
	json_end_array(json);
}
