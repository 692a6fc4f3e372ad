// SPDX-License-Identifier: MIT
/*
 * Text in HTML and XML: whatever bytes it holds, it stays text, in content as in quoted attributes.
 * Bytes that are no UTF-8, control characters and what is no character of XML become U+FFFD.
 */
#ifndef HEAPWATCH_LIB_MARKUP_H
#define HEAPWATCH_LIB_MARKUP_H

#include "lib/buf.h"

void markup_append(struct buf *out, const char *text);

#endif
