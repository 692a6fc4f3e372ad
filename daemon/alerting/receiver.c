// SPDX-License-Identifier: MIT
/*
 * The table of receiver types, and what their texts have in common.
 */
#include "daemon/alerting/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alerting/json.h"
#include "lib/cleanup.h"

const struct receiver_type_row receiver_types[] = {
    [RECEIVER_WEBHOOK] = {webhook_write, NULL, "", false},
    [RECEIVER_ALERTMANAGER] = {alertmanager_write, NULL, "/api/v2/alerts", true},
    [RECEIVER_PAGERDUTY] = {pagerduty_write, "https://events.pagerduty.com/v2/enqueue", "", false},
    [RECEIVER_SLACK] = {slack_write, NULL, "", false},
};
_Static_assert(sizeof(receiver_types) / sizeof(receiver_types[0]) == RECEIVER_SLACK + 1,
               "one row per type");

static const struct {
	const char *condition;
	const char *text;
} summaries[] = {
    {"leak", "leaks memory"},
    {"thrash", "does little but collect garbage"},
    {"heap_oom", "ran out of heap"},
    {"oom_kill", "was killed for want of memory"},
};

void receiver_summary(const cJSON *alert, struct buf *out)
{
	const char *condition = json_text(alert, "condition");
	const char *kind = json_text(alert, "kind");
	const cJSON *slot = cJSON_GetObjectItem(alert, "slot");
	size_t i;

	buf_printf(out, "%s/%d on %s ", json_text(alert, "app"),
	           cJSON_IsNumber(slot) ? slot->valueint : 0, /* saturated by cJSON */
	           json_text(alert, "host"));
	for (i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++)
		if (strcmp(summaries[i].condition, condition) == 0)
			buf_append_string(out, summaries[i].text);
	if (strcmp(condition, "leak") == 0)
		buf_printf(out, " (%s)", kind);
}

int receiver_print(const cJSON *json, struct receiver_request *request)
{
	_cleanup_(freep) char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;

	if (text == NULL)
		return -ENOMEM;
	buf_append_string(&request->body, text);
	return buf_failed(&request->body) ? -ENOMEM : 0;
}
