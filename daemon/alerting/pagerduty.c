// SPDX-License-Identifier: MIT
/*
 * PagerDuty's Events API v2: trigger and resolve under the dedup_key, the whole alert as details.
 */
#include <errno.h>
#include <string.h>

#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "daemon/alerting/text.h"
#include "lib/cleanup.h"
#include "lib/utf8.h"

#define SUMMARY_BYTES_MAX 1024 /* of an event; a longer one is refused */

/* Cut between characters, not in one. */
static cJSON *summary_of(const cJSON *alert, const char *text)
{
	_cleanup_(buf_done) struct buf whole = BUF_INIT(RECEIVER_REQUEST_MAX);
	_cleanup_(buf_done) struct buf cut = BUF_INIT(SUMMARY_BYTES_MAX + 1);
	const char *at;

	if (text != NULL)
		alert_text(alert, text, NULL, &whole);
	else
		receiver_summary(alert, &whole);
	for (at = buf_string(&whole); *at != '\0';) {
		size_t length = utf8_sequence_length(at);

		if (length == 0 || cut.length + length > SUMMARY_BYTES_MAX)
			break;
		buf_append(&cut, at, length);
		at += length;
	}
	return cJSON_CreateString(buf_string(&cut));
}

static cJSON *payload_of(const cJSON *alert, const char *text)
{
	cJSON *payload = cJSON_CreateObject();

	(void)cJSON_AddItemToObject(payload, "summary", summary_of(alert, text));
	(void)cJSON_AddStringToObject(payload, "source", json_text(alert, "host"));
	(void)cJSON_AddStringToObject(payload, "severity", json_text(alert, "severity"));
	(void)cJSON_AddStringToObject(payload, "timestamp", json_text(alert, "starts_at"));
	(void)cJSON_AddStringToObject(payload, "component", json_text(alert, "app"));
	(void)cJSON_AddStringToObject(payload, "class", json_text(alert, "condition"));
	(void)cJSON_AddItemToObject(payload, "custom_details", cJSON_Duplicate(alert, true));
	return payload;
}

int pagerduty_write(const struct receiver_message *message, struct receiver_request *request)
{
	_cleanup_(json_deletep) cJSON *alert = cJSON_Parse(message->bodies[0]);
	_cleanup_(json_deletep) cJSON *event = cJSON_CreateObject();
	bool is_over;

	if (!cJSON_IsObject(alert) || message->secret == NULL)
		return -EINVAL;
	is_over = strcmp(json_text(alert, "status"), "resolved") == 0;
	(void)cJSON_AddItemToObject(event, "routing_key", json_clean_string(message->secret));
	(void)cJSON_AddStringToObject(event, "event_action", is_over ? "resolve" : "trigger");
	(void)cJSON_AddStringToObject(event, "dedup_key", json_text(alert, "dedup_key"));
	(void)cJSON_AddStringToObject(event, "client", "heapwatch");
	(void)cJSON_AddItemToObject(event, "payload", payload_of(alert, message->text));
	return receiver_print(event, request);
}
