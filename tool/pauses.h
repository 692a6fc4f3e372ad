// SPDX-License-Identifier: MIT
/*
 * Quantiles of the pauses of one kind of collection: exact as long as they are few, then to one
 * part in 256. Memory is bounded whatever their number.
 */
#ifndef HEAPWATCH_TOOL_PAUSES_H
#define HEAPWATCH_TOOL_PAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAUSES_EXACT_MAX 16384

/* Zero-initialised; pauses_done() frees it. */
struct pauses {
	uint64_t count;
	uint32_t max_us;
	uint32_t *exact; /* owned; microseconds; gone once there are too many */
	size_t capacity;
	uint64_t *buckets; /* owned; counts, from then on */
};

/* False when it has no place, for want of memory. */
bool pauses_add(struct pauses *pauses, uint64_t pause_ns);
/* Milliseconds, nearest rank; NAN without pauses. Sorts what is exact. */
double pauses_quantile(const struct pauses *pauses, double quantile);
void pauses_done(struct pauses *pauses);

#endif
