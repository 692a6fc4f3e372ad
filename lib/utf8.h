// SPDX-License-Identifier: MIT
/*
 * Valid UTF-8 out of any bytes, for the formats that demand it, and what of it may be shown. Knows
 * nothing of their escapes.
 */
#ifndef HEAPWATCH_LIB_UTF8_H
#define HEAPWATCH_LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/*
 * Length of the well-formed sequence at the start of text (Unicode 15, table 3-7: no overlong
 * form, no surrogate, nothing above U+10FFFF), 0 when there is none. Reads no further than a NUL.
 */
size_t utf8_sequence_length(const char *text);
/* That of a well-formed sequence of that length. */
uint32_t utf8_code_point(const char *text, size_t length);

/*
 * The one rule for text that others wrote, wherever people read it: whether the character at text,
 * of the length that utf8_sequence_length() told, may be shown. Not what is no UTF-8 (0), no
 * control (C1's and the line and paragraph separators among them), no mark or override of direction
 * (UAX 9), nothing that is invisible by itself, no noncharacter. Joiners stay: words and emoji need
 * them.
 */
bool utf8_may_show(const char *text, size_t length);
/* U+FFFD for each character, or byte, that may not be shown. Cut at whole characters. */
void utf8_clean(char *out, size_t size, const char *text);

#endif
