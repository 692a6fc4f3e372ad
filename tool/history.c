// SPDX-License-Identifier: MIT
/*
 * Buckets are numbered by time / width; those without a collection do not exist.
 */
#include "tool/history.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/units.h"

#define CAPACITY_FIRST 16

void history_init(struct history *history, size_t buckets_max)
{
	*history = (struct history){.count_max = buckets_max, .width_ns = NS_PER_MS};
}

void history_done(struct history *history)
{
	free(history->buckets);
	*history = (struct history){0};
}

static void take_greater(uint64_t *value, uint64_t other)
{
	if (other > *value)
		*value = other;
}

static void take_less(uint64_t *value, uint64_t other)
{
	if (other < *value)
		*value = other;
}

static void take_sum(uint64_t *value, uint64_t other)
{
	*value = u64_add_saturating(*value, other);
}

static void merge_floors(struct history_bucket *into, const struct history_bucket *later)
{
	if (later->full_count == 0)
		return;
	if (into->full_count == 0 || later->floor_min <= into->floor_min) {
		into->floor_min = later->floor_min;
		into->floor_ns = later->floor_ns;
	}
	take_greater(&into->floor_max, later->floor_max);
	into->floor_last = later->floor_last;
}

static void merge(struct history_bucket *into, const struct history_bucket *later)
{
	merge_floors(into, later);
	into->last_ns = later->last_ns;
	into->used_after_last = later->used_after_last;
	take_greater(&into->used_before_max, later->used_before_max);
	take_less(&into->used_after_min, later->used_after_min);
	take_greater(&into->committed_max, later->committed_max);
	take_greater(&into->young_pause_max_ns, later->young_pause_max_ns);
	take_greater(&into->full_pause_max_ns, later->full_pause_max_ns);
	take_sum(&into->full_before, later->full_before);
	take_sum(&into->full_freed, later->full_freed);
	take_sum(&into->allocated, later->allocated);
	take_sum(&into->paused_ns, later->paused_ns);
	into->young_count += later->young_count;
	into->full_count += later->full_count;
}

static void widen(struct history *history)
{
	size_t kept = 0;
	size_t i;

	history->width_ns *= 2;
	for (i = 0; i < history->count; i++) {
		struct history_bucket bucket = history->buckets[i];

		bucket.number /= 2;
		if (kept > 0 && history->buckets[kept - 1].number == bucket.number)
			merge(&history->buckets[kept - 1], &bucket);
		else
			history->buckets[kept++] = bucket;
	}
	history->count = kept;
}

/* Room for one more; false without memory. */
static bool make_room(struct history *history)
{
	struct history_bucket *grown;
	size_t capacity = history->capacity > 0 ? history->capacity * 2 : CAPACITY_FIRST;

	if (history->count < history->capacity)
		return true;
	if (capacity > history->count_max)
		capacity = history->count_max;
	if (capacity > history->capacity) {
		grown = reallocarray(history->buckets, capacity, sizeof(*grown));
		if (grown == NULL)
			return false;
		history->buckets = grown;
		history->capacity = capacity;
		return true;
	}
	while (history->buckets != NULL && history->count > history->count_max / 2)
		widen(history);
	return true;
}

static struct history_bucket bucket_of(const struct history *history, uint64_t at_ns,
                                       const struct gc_event *event)
{
	bool is_full = event->kind == GC_MARK_COMPACT;
	uint64_t after = event->used_after_bytes;
	struct history_bucket bucket = {
	    .number = at_ns / history->width_ns,
	    .first_ns = at_ns,
	    .last_ns = at_ns,
	    .used_before_max = event->used_before_bytes,
	    .used_after_min = after,
	    .used_after_last = after,
	    .committed_max = event->committed_after_bytes,
	    .paused_ns = event->pause_ns,
	    .young_count = !is_full,
	    .full_count = is_full,
	};

	take_greater(&bucket.committed_max, event->committed_before_bytes);
	if (history->has_used)
		bucket.allocated =
		    u64_subtract_floor(event->used_before_bytes, history->last_used_bytes);
	if (is_full) {
		bucket.floor_ns = at_ns;
		bucket.floor_min = bucket.floor_max = bucket.floor_last = after;
		bucket.full_before = event->used_before_bytes;
		bucket.full_freed = u64_subtract_floor(event->used_before_bytes, after);
		bucket.full_pause_max_ns = event->pause_ns;
	} else {
		bucket.young_pause_max_ns = event->pause_ns;
	}
	return bucket;
}

static struct history_bucket *last_of(const struct history *history)
{
	if (history->buckets == NULL || history->count == 0)
		return NULL;
	return &history->buckets[history->count - 1];
}

bool history_add(struct history *history, uint64_t at_ns, const struct gc_event *event)
{
	struct history_bucket *last = last_of(history);
	struct history_bucket bucket;

	if (last != NULL && at_ns < last->last_ns)
		at_ns = last->last_ns;
	bucket = bucket_of(history, at_ns, event);
	history->last_used_bytes = event->used_after_bytes;
	history->has_used = true;
	if (last != NULL && last->number == bucket.number) {
		merge(last, &bucket);
		return true;
	}
	if (!make_room(history))
		return false;
	bucket.number = at_ns / history->width_ns; /* the width may be another by now */
	last = last_of(history);
	if (last != NULL && last->number == bucket.number)
		merge(last, &bucket);
	else
		history->buckets[history->count++] = bucket;
	return true;
}

struct history_bucket history_span(const struct history *history, uint64_t from_ns, uint64_t to_ns)
{
	struct history_bucket span = {0};
	bool has_any = false;
	size_t i;

	for (i = 0; i < history->count; i++) {
		const struct history_bucket *bucket = &history->buckets[i];

		if (bucket->first_ns < from_ns || bucket->first_ns >= to_ns)
			continue;
		if (has_any)
			merge(&span, bucket);
		else
			span = *bucket;
		has_any = true;
	}
	return span;
}
