// SPDX-License-Identifier: MIT
/*
 * Strings into and out of cJSON.
 */
#include "daemon/alerting/json.h"

#include "daemon/alerting/body.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/utf8.h"

cJSON *json_clean_string(const char *text)
{
	_cleanup_(buf_done) struct buf clean = BUF_INIT(BODY_MAX_BYTES);

	if (text == NULL)
		return cJSON_CreateNull();
	json_append_clean(&clean, text);
	return buf_failed(&clean) ? NULL : cJSON_CreateString(buf_string(&clean));
}

void json_append_clean(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t length = utf8_sequence_length(text);

		if (length == 0)
			buf_append_string(out, UTF8_REPLACEMENT);
		else
			buf_append(out, text, length);
		text += length == 0 ? 1 : length;
	}
}

const char *json_text(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, key));

	return text != NULL ? text : "";
}
