// SPDX-License-Identifier: MIT
/*
 * Tab and newline are the only control characters that XML 1.0 and HTML both take.
 */
#include "lib/markup.h"

#include <stdbool.h>

#include "lib/utf8.h"

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool is_blank(char c)
{
	return c == '\t' || c == '\n';
}

void markup_append(struct buf *out, const char *text)
{
	while (*text != '\0') {
		const char *entity = entity_of(*text);
		size_t length = utf8_sequence_length(text);

		if (entity != NULL)
			buf_append_string(out, entity);
		else if (is_blank(*text) || utf8_may_show(text, length))
			buf_append(out, text, length);
		else
			buf_append_string(out, UTF8_REPLACEMENT);
		text += length == 0 ? 1 : length;
	}
}
