// SPDX-License-Identifier: MIT
/*
 * Commas and escapes.
 */
#include "daemon/exposition/json.h"

#include <math.h>
#include <string.h>

#include "lib/utf8.h"

static void begin_value(struct json *json, const char *key)
{
	if (json->needs_comma)
		buf_append_char(json->out, ',');
	json->needs_comma = true;
	if (key == NULL)
		return;
	buf_append_char(json->out, '"');
	buf_append_string(json->out, key);
	buf_append(json->out, "\":", 2);
}

static void begin(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	buf_append_char(json->out, bracket);
	json->needs_comma = false;
}

static void end(struct json *json, char bracket)
{
	buf_append_char(json->out, bracket);
	json->needs_comma = true;
}

void json_begin_object(struct json *json, const char *key)
{
	begin(json, key, '{');
}

void json_end_object(struct json *json)
{
	end(json, '}');
}

void json_begin_array(struct json *json, const char *key)
{
	begin(json, key, '[');
}

void json_end_array(struct json *json)
{
	end(json, ']');
}

static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] <= '~' && text[length] != '"' &&
	       text[length] != '\\')
		length++;
	return length;
}

/* What may not be shown by number: the document may be read in a terminal. */
static size_t append_special(struct buf *out, const char *text)
{
	size_t length = utf8_sequence_length(text);

	if (*text == '"' || *text == '\\') {
		buf_append_char(out, '\\');
		buf_append_char(out, *text);
	} else if (length == 0) {
		buf_append_string(out, UTF8_REPLACEMENT);
		return 1;
	} else if (!utf8_may_show(text, length)) {
		buf_printf(out, "\\u%04x", (unsigned)utf8_code_point(text, length));
	} else {
		buf_append(out, text, length);
	}
	return length;
}

void json_string(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	buf_append_char(json->out, '"');
	for (;;) {
		size_t length = plain_length(text);

		buf_append(json->out, text, length);
		text += length;
		if (*text == '\0')
			break;
		text += append_special(json->out, text);
	}
	buf_append_char(json->out, '"');
}

void json_number(struct json *json, const char *key, double value)
{
	begin_value(json, key);
	if (isfinite(value))
		buf_append_double(json->out, value);
	else
		buf_append_string(json->out, "null");
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	buf_append_u64(json->out, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	buf_append_string(json->out, value ? "true" : "false");
}
