// SPDX-License-Identifier: MIT
/*
 * POST /api/v2/alerts of Alertmanager: an array of alerts. A changed label is a new alert there, so
 * only what names the episode's process and condition is a label.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "daemon/alerting/text.h"
#include "lib/cleanup.h"

static const struct {
	const char *condition;
	const char *name;
} alert_names[] = {
    {"leak", "HeapwatchProcessLeak"},
    {"thrash", "HeapwatchProcessThrash"},
    {"heap_oom", "HeapwatchProcessHeapOom"},
    {"oom_kill", "HeapwatchProcessOomKill"},
};

/* Texts of the alert that become annotations as they are. */
static const char *const copied[] = {"severity",  "state",         "kind",
                                     "dedup_key", "process_start", "resolved_reason"};
static const char *const copied_numbers[] = {"pid", "score", "confidence",
                                             "growth_bytes_per_second"};

/* External labels first, so that none of them replaces one of ours. */
static cJSON *labels_of(const cJSON *alert)
{
	cJSON *labels = cJSON_Duplicate(cJSON_GetObjectItem(alert, "labels"), true);
	_cleanup_(freep) char *slot = cJSON_PrintUnformatted(cJSON_GetObjectItem(alert, "slot"));
	size_t i;

	for (i = 0; i < sizeof(alert_names) / sizeof(alert_names[0]); i++) {
		if (strcmp(alert_names[i].condition, json_text(alert, "condition")) != 0)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(labels, "alertname");
		(void)cJSON_AddStringToObject(labels, "alertname", alert_names[i].name);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(labels, "app");
	cJSON_DeleteItemFromObjectCaseSensitive(labels, "slot");
	cJSON_DeleteItemFromObjectCaseSensitive(labels, "host");
	(void)cJSON_AddStringToObject(labels, "app", json_text(alert, "app"));
	(void)cJSON_AddStringToObject(labels, "slot", slot != NULL ? slot : "");
	(void)cJSON_AddStringToObject(labels, "host", json_text(alert, "host"));
	return labels;
}

static cJSON *annotations_of(const cJSON *alert)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT(RECEIVER_REQUEST_MAX);
	_cleanup_(buf_done) struct buf reasons = BUF_INIT(RECEIVER_REQUEST_MAX);
	cJSON *annotations = cJSON_CreateObject();
	size_t i;

	receiver_summary(alert, &summary);
	(void)cJSON_AddStringToObject(annotations, "summary", buf_string(&summary));
	alert_reasons(alert, &reasons);
	(void)cJSON_AddStringToObject(annotations, "description", buf_string(&reasons));
	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		if (*json_text(alert, copied[i]) != '\0')
			(void)cJSON_AddStringToObject(annotations, copied[i],
			                              json_text(alert, copied[i]));
	for (i = 0; i < sizeof(copied_numbers) / sizeof(copied_numbers[0]); i++) {
		_cleanup_(freep) char *number =
		    cJSON_PrintUnformatted(cJSON_GetObjectItem(alert, copied_numbers[i]));

		if (number != NULL)
			(void)cJSON_AddStringToObject(annotations, copied_numbers[i], number);
	}
	return annotations;
}

/* endsAt ends it; without one it is active for resolve_timeout, and sent again before that. */
static cJSON *entry_of(const cJSON *alert)
{
	cJSON *entry = cJSON_CreateObject();

	(void)cJSON_AddItemToObject(entry, "labels", labels_of(alert));
	(void)cJSON_AddItemToObject(entry, "annotations", annotations_of(alert));
	(void)cJSON_AddStringToObject(entry, "startsAt", json_text(alert, "starts_at"));
	if (strcmp(json_text(alert, "status"), "resolved") == 0)
		(void)cJSON_AddStringToObject(entry, "endsAt", json_text(alert, "ends_at"));
	return entry;
}

int alertmanager_write(const struct receiver_message *message, struct receiver_request *request)
{
	_cleanup_(json_deletep) cJSON *array = cJSON_CreateArray();
	size_t i;

	for (i = 0; i < message->count; i++) {
		_cleanup_(json_deletep) cJSON *alert = cJSON_Parse(message->bodies[i]);

		if (!cJSON_IsObject(alert))
			return -EINVAL;
		(void)cJSON_AddItemToArray(array, entry_of(alert));
	}
	return receiver_print(array, request);
}
