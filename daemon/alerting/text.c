// SPDX-License-Identifier: MIT
/*
 * A key is that of the alert's body, but for those of a table: what people read is no JSON.
 */
#include "daemon/alerting/text.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "config/template.h"
#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define EXHAUSTION_SECONDS_MAX 1e10 /* fits in nanoseconds */
#define SITES_MAX              3    /* told of; the rest are in the body */

struct writer {
	const cJSON *alert;
	void (*escape)(struct buf *out, const char *value);
};

static void begin_line(struct buf *out)
{
	if (out->length > 0)
		buf_append_char(out, '\n');
}

static void append_evidence(const cJSON *alert, struct buf *out)
{
	const cJSON *line;

	cJSON_ArrayForEach(line, cJSON_GetObjectItem(alert, "evidence"))
	{
		begin_line(out);
		buf_append_string(out, cJSON_IsString(line) ? line->valuestring : "");
	}
}

/* A script names itself and its functions: none of them begins a line of its own. */
static void append_name(const char *name, struct buf *out)
{
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name < ' ')
			buf_append_char(out, ' ');
		else
			buf_append_char(out, *name);
	}
}

/* "75 % of the growth by onRequest (/srv/shop.js:41)" */
static void append_site(const cJSON *site, struct buf *out)
{
	double line = cJSON_GetNumberValue(cJSON_GetObjectItem(site, "line"));
	double share = cJSON_GetNumberValue(cJSON_GetObjectItem(site, "share"));
	bool has_script = *json_text(site, "script") != '\0';

	begin_line(out);
	if (isfinite(share))
		buf_printf(out, "%.0f %% of the growth by ", share * 100);
	append_name(json_text(site, "function"), out);
	if (!has_script)
		return;
	buf_append_string(out, " (");
	append_name(json_text(site, "script"), out);
	if (line > 0)
		buf_printf(out, ":%.0f", line);
	buf_append_char(out, ')');
}

static void append_sites(const cJSON *alert, struct buf *out)
{
	const cJSON *sites = cJSON_GetObjectItem(alert, "sites");
	int i;

	for (i = 0; i < cJSON_GetArraySize(sites) && i < SITES_MAX; i++)
		append_site(cJSON_GetArrayItem(sites, i), out);
}

/* "3.2h"; "" when it is not coming. */
static void append_exhaustion(const cJSON *alert, struct buf *out)
{
	const cJSON *seconds =
	    cJSON_GetObjectItem(cJSON_GetObjectItem(alert, "time_to_exhaustion_seconds"), "p50");
	char text[UNIT_TEXT_SIZE];

	if (cJSON_IsNumber(seconds) && seconds->valuedouble >= 0 &&
	    seconds->valuedouble < EXHAUSTION_SECONDS_MAX)
		buf_append_string(out, duration_format(text, (uint64_t)(seconds->valuedouble *
		                                                        (double)NS_PER_SECOND)));
}

static const struct {
	const char *key;
	void (*append)(const cJSON *alert, struct buf *out);
} made_keys[] = {
    {"summary", receiver_summary},
    {"evidence", append_evidence},
    {"sites", append_sites},
    {"time_to_exhaustion", append_exhaustion},
};

static void append_value(const cJSON *alert, const char *key, struct buf *out)
{
	const cJSON *item = cJSON_GetObjectItem(alert, key);
	size_t i;

	for (i = 0; i < sizeof(made_keys) / sizeof(made_keys[0]); i++) {
		if (strcmp(made_keys[i].key, key) == 0) {
			made_keys[i].append(alert, out);
			return;
		}
	}
	if (cJSON_IsNumber(item))
		buf_append_double(out, item->valuedouble);
	else if (cJSON_IsString(item))
		buf_append_string(out, item->valuestring);
}

static void append_escaped(const void *context, const char *key, struct buf *out)
{
	const struct writer *writer = context;
	_cleanup_(buf_done) struct buf value = BUF_INIT(RECEIVER_REQUEST_MAX);

	append_value(writer->alert, key, &value);
	if (writer->escape != NULL)
		writer->escape(out, buf_string(&value));
	else
		buf_append(out, buf_string(&value), value.length);
}

void alert_text(const cJSON *alert, const char *text,
                void (*escape)(struct buf *out, const char *value), struct buf *out)
{
	const struct writer writer = {alert, escape};

	template_write(text, append_escaped, &writer, out);
}

void alert_reasons(const cJSON *alert, struct buf *out)
{
	_cleanup_(buf_done) struct buf left = BUF_INIT(UNIT_TEXT_SIZE);

	append_evidence(alert, out);
	if (strcmp(json_text(alert, "condition"), "leak") == 0 &&
	    strcmp(json_text(alert, "status"), "firing") == 0)
		append_exhaustion(alert, &left);
	if (left.length > 0) {
		begin_line(out);
		buf_printf(out, "About %s were left when this was noticed.", buf_string(&left));
	}
	append_sites(alert, out);
}
