// SPDX-License-Identifier: MIT
/*
 * The inside of a JSON string (RFC 8259, section 7), in pieces of any size: finds its end and
 * checks escapes and control characters. Decodes nothing, see text.h.
 */
#ifndef HEAPWATCH_SNAPSHOT_QUOTED_H
#define HEAPWATCH_SNAPSHOT_QUOTED_H

#include <stdbool.h>

/* Zero behind the opening quote. */
struct quoted {
	unsigned digits_due; /* of \uXXXX */
	bool is_escaped;     /* the next character is */
};

enum quoted_result { QUOTED_MORE, QUOTED_END, QUOTED_BAD };

/*
 * Goes on from *at: to end (MORE), to the closing quote (END), or to a byte that may not stand
 * there (BAD). *end is a NUL that is not part of the piece.
 */
enum quoted_result quoted_scan(struct quoted *quoted, const char **at, const char *end);

#endif
