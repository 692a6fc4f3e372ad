// SPDX-License-Identifier: MIT
/*
 * What stands in for a character never takes more room than three times its bytes.
 */
#include "snapshot/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/numbers.h"
#include "lib/utf8.h"

#define ESCAPE_LENGTH 6 /* \u0000 */

/* UINT32_MAX when no \uXXXX stands there. */
static uint32_t unit_at(const char *text, size_t length)
{
	uint64_t unit;

	if (length < ESCAPE_LENGTH || text[0] != '\\' || text[1] != 'u' ||
	    number_parse_hex(text + 2, 4, &unit) < 0)
		return UINT32_MAX;
	return (uint32_t)unit;
}

static char *put_character(char *out, uint32_t character)
{
	if (character == 0 || (character >= 0xD800 && character <= 0xDFFF))
		character = 0xFFFD;
	if (character < 0x80) {
		*out++ = (char)character;
		return out;
	}
	if (character < 0x800) {
		*out++ = (char)(0xC0 | character >> 6);
	} else if (character < 0x10000) {
		*out++ = (char)(0xE0 | character >> 12);
		*out++ = (char)(0x80 | (character >> 6 & 0x3F));
	} else {
		*out++ = (char)(0xF0 | character >> 18);
		*out++ = (char)(0x80 | (character >> 12 & 0x3F));
		*out++ = (char)(0x80 | (character >> 6 & 0x3F));
	}
	*out++ = (char)(0x80 | (character & 0x3F));
	return out;
}

/* Returns how many bytes the escape has. */
static size_t put_escape(const char *text, size_t length, char **out)
{
	static const char letters[] = "bfnrt";
	static const char controls[] = "\b\f\n\r\t";
	const char *letter;
	uint32_t unit = unit_at(text, length);
	uint32_t low;

	if (unit != UINT32_MAX) {
		low = unit_at(text + ESCAPE_LENGTH, length - ESCAPE_LENGTH);
		if (unit >= 0xD800 && unit <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
			*out =
			    put_character(*out, 0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00);
			return (size_t)2 * ESCAPE_LENGTH;
		}
		*out = put_character(*out, unit);
		return ESCAPE_LENGTH;
	}
	letter = memchr(letters, text[1], sizeof(letters) - 1);
	if (letter != NULL)
		*(*out)++ = controls[letter - letters];
	else
		*(*out)++ = text[1];
	return 2;
}

char *text_decode(const char *text, size_t length)
{
	char *decoded = malloc(length * 3 + 1);
	char *out = decoded;
	char *shrunk;
	size_t at = 0;

	if (decoded == NULL)
		return NULL;
	while (at < length) {
		size_t sequence;

		if (text[at] == '\\' && at + 1 < length) {
			at += put_escape(text + at, length - at, &out);
			continue;
		}
		sequence = utf8_sequence_length(text + at);
		if (sequence == 0 || sequence > length - at) {
			out = put_character(out, 0xFFFD);
			at++;
			continue;
		}
		memcpy(out, text + at, sequence);
		out += sequence;
		at += sequence;
	}
	*out = '\0';
	shrunk = realloc(decoded, (size_t)(out - decoded) + 1);
	return shrunk != NULL ? shrunk : decoded;
}
