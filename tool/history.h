// SPDX-License-Identifier: MIT
/*
 * What one heap did over time, in a bounded number of buckets of equal width: for charts, and to
 * compare its beginning with its end. When the buckets are used up the width doubles. Pure.
 */
#ifndef HEAPWATCH_TOOL_HISTORY_H
#define HEAPWATCH_TOOL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

/* The collections of a stretch of time. Sizes are bytes, sums saturate. */
struct history_bucket {
	uint64_t number; /* of the bucket, from the origin of time */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t used_before_max;
	uint64_t used_after_min;
	uint64_t used_after_last;
	uint64_t committed_max;
	uint64_t floor_ns; /* of the lowest floor; full_count 0: there is none */
	uint64_t floor_min;
	uint64_t floor_max;
	uint64_t floor_last;
	uint64_t full_before; /* sum of what full collections found … */
	uint64_t full_freed;  /* … and freed */
	uint64_t allocated;
	uint64_t paused_ns;
	uint64_t young_pause_max_ns;
	uint64_t full_pause_max_ns;
	uint32_t young_count;
	uint32_t full_count;
};

/* Opaque but for its size; history_init() and history_done(). */
struct history {
	struct history_bucket *buckets; /* owned, in the order of time */
	size_t count;
	size_t capacity;
	size_t count_max;
	uint64_t width_ns;
	uint64_t last_used_bytes;
	bool has_used;
};

void history_init(struct history *history, size_t buckets_max);
void history_done(struct history *history);
/* Times do not go backwards: an older one counts as the latest. False
 * when it has no place, for want of memory. */
bool history_add(struct history *history, uint64_t at_ns, const struct gc_event *event);

static inline size_t history_count(const struct history *history)
{
	return history->count;
}

static inline const struct history_bucket *history_at(const struct history *history, size_t i)
{
	return &history->buckets[i];
}

/* Everything from from_ns on and before to_ns as one bucket, to the precision of the buckets. */
struct history_bucket history_span(const struct history *history, uint64_t from_ns, uint64_t to_ns);

#endif
