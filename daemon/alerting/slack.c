// SPDX-License-Identifier: MIT
/*
 * Slack's incoming webhooks: one text, in which &, < and > of values are escaped so that no name of
 * the observed becomes a link or a mention. What a template says beside them is Slack's markup.
 */
#include <errno.h>
#include <string.h>

#include "daemon/alerting/json.h"
#include "daemon/alerting/receiver.h"
#include "daemon/alerting/text.h"
#include "lib/cleanup.h"

static void append_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&')
			buf_append_string(out, "&amp;");
		else if (*text == '<')
			buf_append_string(out, "&lt;");
		else if (*text == '>')
			buf_append_string(out, "&gt;");
		else
			buf_append_char(out, *text);
	}
}

static void write_usual(const cJSON *alert, struct buf *out)
{
	_cleanup_(buf_done) struct buf plain = BUF_INIT(RECEIVER_REQUEST_MAX);
	_cleanup_(buf_done) struct buf reasons = BUF_INIT(RECEIVER_REQUEST_MAX);
	const char *line;
	const char *end;

	buf_printf(&plain, "[%s, %s] ", json_text(alert, "status"), json_text(alert, "severity"));
	receiver_summary(alert, &plain);
	if (*json_text(alert, "resolved_reason") != '\0')
		buf_printf(&plain, ": %s", json_text(alert, "resolved_reason"));
	alert_reasons(alert, &reasons);
	for (line = buf_string(&reasons); *line != '\0'; line = *end != '\0' ? end + 1 : end) {
		end = strchrnul(line, '\n');
		buf_append_string(&plain, "\n• ");
		buf_append(&plain, line, (size_t)(end - line));
	}
	append_escaped(out, buf_string(&plain));
}

int slack_write(const struct receiver_message *message, struct receiver_request *request)
{
	_cleanup_(json_deletep) cJSON *alert = cJSON_Parse(message->bodies[0]);
	_cleanup_(json_deletep) cJSON *post = cJSON_CreateObject();
	_cleanup_(buf_done) struct buf text = BUF_INIT(RECEIVER_REQUEST_MAX);

	if (!cJSON_IsObject(alert))
		return -EINVAL;
	if (message->text != NULL)
		alert_text(alert, message->text, append_escaped, &text);
	else
		write_usual(alert, &text);
	(void)cJSON_AddStringToObject(post, "text", buf_string(&text));
	return receiver_print(post, request);
}
