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

/* U+0080 to U+009F control terminals; U+FFFE and U+FFFF are no characters. */
static bool is_character(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (length == 1)
		return bytes[0] >= ' ' ? bytes[0] != 0x7f : bytes[0] == '\t' || bytes[0] == '\n';
	if (length == 2)
		return bytes[0] != 0xc2 || bytes[1] >= 0xa0;
	return length != 3 || bytes[0] != 0xef || bytes[1] != 0xbf || bytes[2] < 0xbe;
}

void markup_append(struct buf *out, const char *text)
{
	while (*text != '\0') {
		const char *entity = entity_of(*text);
		size_t length = utf8_sequence_length(text);

		if (entity != NULL)
			buf_append_string(out, entity);
		else if (length == 0 || !is_character(text, length))
			buf_append_string(out, UTF8_REPLACEMENT);
		else
			buf_append(out, text, length);
		text += length == 0 ? 1 : length;
	}
}
