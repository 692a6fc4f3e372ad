// SPDX-License-Identifier: MIT
/*
 * A JSON string as it stands in a file (RFC 8259, section 7) to UTF-8.
 */
#ifndef HEAPWATCH_SNAPSHOT_TEXT_H
#define HEAPWATCH_SNAPSHOT_TEXT_H

#include <stddef.h>

/*
 * Of the bytes between the quotes, whose escapes were checked. Bytes that are no UTF-8, surrogates
 * without their other half, and NUL become U+FFFD. Returns a string to be freed, NULL without
 * memory.
 */
char *text_decode(const char *text, size_t length);

#endif
