// SPDX-License-Identifier: MIT
/*
 * A JSON value of any kind, in pieces of any size, followed to its end. Strings and brackets are
 * checked, of numbers and literals only the characters.
 */
#ifndef HEAPWATCH_SNAPSHOT_SKIP_H
#define HEAPWATCH_SNAPSHOT_SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/quoted.h"

#define SKIP_DEPTH_MAX ((size_t)4096)

/* Zero before the value, of a member of an object. */
struct skip {
	struct quoted quoted;
	bool is_in_string;
	size_t depth;
	uint8_t levels[SKIP_DEPTH_MAX / 8]; /* a bit for each, set for an object */
};

/*
 * Goes on from *at to end, or to the comma or bracket behind the value, where *ret_is_end is set.
 * *end is a NUL that is not part of the piece. NULL, or what is wrong at *at.
 */
const char *skip_scan(struct skip *skip, const char **at, const char *end, bool *ret_is_end);

#endif
