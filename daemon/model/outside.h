// SPDX-License-Identifier: MIT
/*
 * How much anonymous memory is outside V8's heaps, as far as RSS and what V8 prints can tell: at
 * least what exceeds the committed heap and at most what exceeds its objects, for committed is not
 * resident. V8 commits pages before it touches them, and gives free ones back after a collection
 * that reduces. Where the level of before lies between the two nothing says that it changed.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_OUTSIDE_H
#define HEAPWATCH_DAEMON_MODEL_OUTSIDE_H

#include <stdint.h>

/* V8's figures are as old as its last line: the bounds are the lowest of a bucket of time. */
struct outside_level {
	uint64_t bucket;
	uint64_t at_least_bytes;
	uint64_t at_most_bytes;
	uint64_t before_bytes; /* the level at the end of the bucket before */
	uint64_t bytes;        /* the level */
};

/* Forgets the level: what V8 holds is known anew. All zeroes are as good. */
void outside_level_reset(struct outside_level *level);
/* Takes both bounds of one moment and gives the level, also kept in level->bytes. */
uint64_t outside_level_settle(struct outside_level *level, uint64_t bucket, uint64_t at_least_bytes,
                              uint64_t at_most_bytes);

#endif
