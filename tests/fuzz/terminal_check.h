// SPDX-License-Identifier: MIT
/*
 * A strict reader of what goes to a terminal, written without regard to the writers: text and
 * lines, colours where they were asked for, and nothing else that a terminal would act upon.
 */
#ifndef HEAPWATCH_TESTS_FUZZ_TERMINAL_CHECK_H
#define HEAPWATCH_TESTS_FUZZ_TERMINAL_CHECK_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/utf8.h"

/* Length of a sequence that sets colours, bold or reverse alone. */
static inline size_t check_colour(const char *text)
{
	size_t length = 2 + strspn(text + 2, "0123456789;");

	assert(text[1] == '[' && text[length] == 'm');
	return length + 1;
}

/* C0 and DEL, C1, and what UAX 9 lets change the direction of the text that follows. */
static inline bool check_acts(const unsigned char *bytes)
{
	if (bytes[0] < ' ' || bytes[0] == 0x7f)
		return true;
	if (bytes[0] == 0xc2)
		return bytes[1] < 0xa0;
	if (bytes[0] == 0xd8)
		return bytes[1] == 0x9c;
	if (bytes[0] != 0xe2)
		return false;
	return (bytes[1] == 0x80 &&
	        (bytes[2] == 0x8e || bytes[2] == 0x8f || (bytes[2] >= 0xa8 && bytes[2] <= 0xae))) ||
	       (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
}

static inline void check_terminal(const char *text, bool has_colour)
{
	while (*text != '\0') {
		size_t length = utf8_sequence_length(text);

		if (*text == '\n') {
			text++;
		} else if (*text == '\033') {
			assert(has_colour);
			text += check_colour(text);
		} else {
			assert(length > 0 && !check_acts((const unsigned char *)text));
			text += length;
		}
	}
}

#endif
