// SPDX-License-Identifier: MIT
/*
 * Well-formed UTF-8 by the table of the Unicode standard: the second byte decides about overlong
 * forms, surrogates and the end of the code space.
 */
#include "lib/utf8.h"

#include <string.h>

struct utf8_row {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t length;
};

static const struct utf8_row utf8_rows[] = {
    {0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool is_continued(const uint8_t *bytes, const struct utf8_row *row)
{
	size_t i;

	if (row->length == 1)
		return true;
	if (bytes[1] < row->second_low || bytes[1] > row->second_high)
		return false;
	for (i = 2; i < row->length; i++) /* a NUL is no continuation: the text is not overrun */
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return false;
	return true;
}

size_t utf8_sequence_length(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t i;

	for (i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
		const struct utf8_row *row = &utf8_rows[i];

		if (bytes[0] < row->first_low || bytes[0] > row->first_high)
			continue;
		return is_continued(bytes, row) ? row->length : 0;
	}
	return 0;
}

uint32_t utf8_code_point(const char *text, size_t length)
{
	static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = (uint8_t)text[0] & masks[length];
	size_t i;

	for (i = 1; i < length; i++)
		code = code << 6 | ((uint8_t)text[i] & 0x3f);
	return code;
}

bool utf8_may_show(const char *text, size_t length)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
	    {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
	    {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
	    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfffe, 0xffff},
	};
	uint32_t code;
	size_t i;

	if (length == 0)
		return false;
	code = utf8_code_point(text, length);
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

void utf8_clean(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text != '\0') {
		size_t length = utf8_sequence_length(text);
		bool is_shown = utf8_may_show(text, length);
		const char *piece = is_shown ? text : UTF8_REPLACEMENT;
		size_t piece_length = is_shown ? length : strlen(UTF8_REPLACEMENT);

		if (piece_length >= size - used)
			break;
		memcpy(out + used, piece, piece_length);
		used += piece_length;
		text += length == 0 ? 1 : length;
	}
	out[used] = '\0';
}
