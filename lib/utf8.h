// SPDX-License-Identifier: MIT
/*
 * Valid UTF-8 out of any bytes, for the formats that demand it. Knows nothing of their escapes.
 */
#ifndef HEAPWATCH_LIB_UTF8_H
#define HEAPWATCH_LIB_UTF8_H

#include <stddef.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/*
 * Length of the well-formed sequence at the start of text (Unicode 15, table 3-7: no overlong
 * form, no surrogate, nothing above U+10FFFF), 0 when there is none. Reads no further than a NUL.
 */
size_t utf8_sequence_length(const char *text);

#endif
