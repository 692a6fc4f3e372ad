// SPDX-License-Identifier: MIT
/*
 * Text in HTML and XML: whatever bytes it holds, it stays text, in content as in quoted attributes.
 * What may not be shown (utf8_may_show()) becomes U+FFFD, but for tabs and newlines.
 */
#ifndef HEAPWATCH_LIB_MARKUP_H
#define HEAPWATCH_LIB_MARKUP_H

#include "lib/buf.h"

void markup_append(struct buf *out, const char *text);

#endif
