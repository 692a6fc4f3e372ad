// SPDX-License-Identifier: MIT
/*
 * A glance at brackets, commas and quotes before cJSON sees the text bounds what the document can
 * cost. What looks like a reply and an event at once is a reply; ids are numbers that we gave.
 */
#include "collectors/inspector/cdp.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

char *cdp_request(uint32_t id, const char *method, const struct cJSON *params)
{
	cJSON *request = cJSON_CreateObject();
	cJSON *copy = params != NULL ? cJSON_Duplicate(params, true) : cJSON_CreateObject();
	char *text = NULL;

	if (cJSON_AddItemToObject(request, "params", copy))
		copy = NULL;
	if (copy == NULL && cJSON_AddNumberToObject(request, "id", id) != NULL &&
	    cJSON_AddStringToObject(request, "method", method) != NULL)
		text = cJSON_PrintUnformatted(request);
	cJSON_Delete(copy);
	cJSON_Delete(request);
	return text;
}

void cdp_text_free(char *text)
{
	cJSON_free(text);
}

/* Where the string that begins at "at" ends; the end of the text when it does not. */
static size_t skip_string(const char *text, size_t at, size_t length)
{
	for (at++; at < length && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at;
}

/* Every value but the first stands behind a comma, a colon or an opening bracket. */
static int check_bounds(const char *text, size_t length)
{
	size_t depth = 0;
	size_t values = 1;
	size_t at;

	for (at = 0; at < length; at++) {
		switch (text[at]) {
		case '"':
			at = skip_string(text, at, length);
			break;
		case '[':
		case '{':
			depth++;
			values++;
			break;
		case ']':
		case '}':
			depth -= depth > 0;
			break;
		case ',':
			values++;
			break;
		default:
			break;
		}
		if (depth > CDP_DEPTH_MAX || values > CDP_VALUES_MAX)
			return -EMSGSIZE;
	}
	return 0;
}

struct cJSON *cdp_parse_document(const char *text, size_t length, int *ret_error)
{
	const char *end = NULL;
	cJSON *document;
	int r = check_bounds(text, length);

	if (r < 0) {
		*ret_error = r;
		return NULL;
	}
	document = cJSON_ParseWithLengthOpts(text, length, &end, false);
	while (document != NULL && end < text + length && strchr(" \t\r\n", *end) != NULL &&
	       *end != '\0')
		end++;
	if (document == NULL || end != text + length) {
		cJSON_Delete(document);
		*ret_error = -EBADMSG;
		return NULL;
	}
	return document;
}

const char *cdp_string(const struct cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL ? text : "";
}

int cdp_item_u64(const struct cJSON *item, uint64_t *ret_value)
{
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble > CDP_INTEGER_MAX || item->valuedouble != floor(item->valuedouble))
		return -EBADMSG;
	*ret_value = (uint64_t)item->valuedouble;
	return 0;
}

int cdp_u64(const struct cJSON *object, const char *name, uint64_t *ret_value)
{
	return cdp_item_u64(cJSON_GetObjectItemCaseSensitive(object, name), ret_value);
}

static int take_reply(struct cdp_message *message)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(message->document, "error");
	uint64_t id;

	if (cdp_u64(message->document, "id", &id) < 0 || id > UINT32_MAX)
		return -EBADMSG;
	message->is_reply = true;
	message->id = (uint32_t)id;
	message->error = "";
	message->result = cJSON_GetObjectItemCaseSensitive(message->document, "result");
	if (error != NULL || !cJSON_IsObject(message->result)) {
		message->result = NULL;
		message->error = cdp_string(error, "message");
	}
	return 0;
}

int cdp_parse(const char *text, size_t length, struct cdp_message *ret_message)
{
	struct cdp_message message = {.document = NULL};
	int r = 0;

	message.document = cdp_parse_document(text, length, &r);
	if (message.document == NULL)
		return r;
	if (cJSON_HasObjectItem(message.document, "id")) {
		r = take_reply(&message);
	} else {
		message.method = cdp_string(message.document, "method");
		message.params = cJSON_GetObjectItemCaseSensitive(message.document, "params");
		r = message.method[0] != '\0' ? 0 : -EBADMSG;
	}
	if (r < 0) {
		cJSON_Delete(message.document);
		return r;
	}
	*ret_message = message;
	return 0;
}

void cdp_message_done(struct cdp_message *message)
{
	cJSON_Delete(message->document);
	*message = (struct cdp_message){.document = NULL};
}
