// SPDX-License-Identifier: MIT
/*
 * Totals, levels and floor of one V8 heap, fed one collection at a time.
 */
#include "daemon/model/isolate.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"

/* V8's own criterion of an ineffective mark-compact: heap.cc, Heap::IsIneffectiveMarkCompact. */
#define INEFFECTIVE_LIMIT_RATIO   0.8
#define INEFFECTIVE_MUTATOR_RATIO 0.4
/* Node before 10.4 prints no mutator utilisation: a full collection that frees next to nothing. */
#define INEFFECTIVE_RECLAIMED_RATIO 0.1
#define CLOCK_STEP_BACK_NS          NS_PER_SECOND

const double gc_pause_bounds_seconds[GC_PAUSE_BOUND_COUNT] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10,
};

static const char *const generation_names[] = {
    [GC_GENERATION_YOUNG] = "young",
    [GC_GENERATION_FULL] = "full",
};

static const char *const event_names[] = {
    [HEAP_EVENT_INEFFECTIVE] = "ineffective",
    [HEAP_EVENT_LAST_RESORT] = "last_resort",
    [HEAP_EVENT_SCAVENGE_MIGHT_NOT_SUCCEED] = "scavenge_might_not_succeed",
    [HEAP_EVENT_NEAR_LIMIT] = "near_limit",
    [HEAP_EVENT_MARKING_SPED_UP] = "marking_sped_up",
    [HEAP_EVENT_MARKING_STARTED] = "marking_started",
    [HEAP_EVENT_MARKING_FINALIZED] = "marking_finalized",
    [HEAP_EVENT_FATAL_OOM] = "fatal_oom",
};

_Static_assert(sizeof(generation_names) / sizeof(generation_names[0]) == GC_GENERATION_COUNT,
               "a name each");
_Static_assert(sizeof(event_names) / sizeof(event_names[0]) == HEAP_EVENT_COUNT, "a name each");

const char *gc_generation_name(enum gc_generation generation)
{
	assert(generation < GC_GENERATION_COUNT);
	return generation_names[generation];
}

const char *heap_event_name(enum heap_event event)
{
	assert(event < HEAP_EVENT_COUNT);
	return event_names[event];
}

uint64_t gc_totals_up_to(const struct gc_totals *totals, double seconds)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < GC_PAUSE_BOUND_COUNT && gc_pause_bounds_seconds[i] <= seconds; i++)
		count += totals->buckets[i];
	return count;
}

void isolate_init(struct isolate *isolate, uint64_t address, uint64_t bucket_width_ns)
{
	memset(isolate, 0, sizeof(*isolate));
	isolate->address = address;
	isolate->mutator_utilization = (double)NAN;
	isolate->loop.utilization_ratio = (double)NAN;
	series_init(&isolate->floor, bucket_width_ns);
	series_init(&isolate->external, bucket_width_ns);
}

/* Another heap at the same place: what it holds is not comparable, what it did still counts. */
static void begin_life(struct isolate *isolate)
{
	isolate->has_live = false;
	isolate->live_bytes = 0;
	isolate->used_bytes = 0;
	isolate->committed_bytes = 0;
	isolate->mutator_utilization = (double)NAN;
	isolate->ineffective_in_a_row = 0;
	isolate->has_external_pressure = false;
	isolate->bound_ns = 0;
	isolate->bound_bytes = 0;
	isolate->created_ns = 0;
	isolate->last_gc_ns = 0;
	isolate->parts_known = 0;
	isolate->polled_ns = 0;
	isolate->course.count = 0;
	series_init(&isolate->floor, isolate->floor.width_ns);
	series_init(&isolate->external, isolate->external.width_ns);
}

static size_t bucket_of(uint64_t pause_ns)
{
	double seconds = ns_to_seconds(pause_ns);
	size_t bucket = 0;

	while (bucket < GC_PAUSE_BOUND_COUNT && seconds > gc_pause_bounds_seconds[bucket])
		bucket++;
	return bucket;
}

static void totals_add(struct gc_totals *totals, const struct gc_event *event, size_t bucket)
{
	totals->count++;
	totals->pause_ns = u64_add_saturating(totals->pause_ns, event->pause_ns);
	if (event->pause_ns > totals->pause_max_ns)
		totals->pause_max_ns = event->pause_ns;
	totals->buckets[bucket]++;
	totals->reclaimed_bytes = u64_add_saturating(
	    totals->reclaimed_bytes,
	    u64_subtract_floor(event->used_before_bytes, event->used_after_bytes));
}

static bool is_near_limit(const struct isolate *isolate, const struct gc_event *event)
{
	return isolate->limit_bytes > 0 &&
	       (double)event->used_after_bytes >=
	           INEFFECTIVE_LIMIT_RATIO * (double)isolate->limit_bytes;
}

static bool is_futile(const struct gc_event *event)
{
	uint64_t reclaimed = u64_subtract_floor(event->used_before_bytes, event->used_after_bytes);

	if (!isnan(event->average_mutator_utilization))
		return event->average_mutator_utilization < INEFFECTIVE_MUTATOR_RATIO;
	return (double)reclaimed < INEFFECTIVE_RECLAIMED_RATIO * (double)event->used_before_bytes;
}

static void add_full(struct isolate *isolate, uint64_t at_ns, const struct gc_event *event)
{
	bool is_near = is_near_limit(isolate, event);

	isolate->has_live = true;
	isolate->live_bytes = event->used_after_bytes;
	isolate->bound_ns = 0;
	isolate->bound_bytes = 0;
	(void)series_add_with_work(&isolate->floor, at_ns, event->used_after_bytes,
	                           isolate->allocated_bytes);
	if (event->is_external_pressure)
		isolate->has_external_pressure = true;
	if (is_near)
		isolate->events[HEAP_EVENT_NEAR_LIMIT]++;
	if (is_near && is_futile(event)) {
		isolate->events[HEAP_EVENT_INEFFECTIVE]++;
		isolate->ineffective_in_a_row++;
	} else {
		isolate->ineffective_in_a_row = 0;
	}
	course_add(&isolate->course, isolate, at_ns, event->used_before_bytes);
}

/*
 * What a young collection leaves is no floor, but it is never less than one: where it is below the
 * last one, that one held garbage or the live set has shrunk. The lowest since then is kept in its
 * place, for garbage soon hides it.
 */
static void add_young(struct isolate *isolate, uint64_t at_ns, const struct gc_event *event)
{
	uint64_t known_bytes = isolate->bound_ns > 0 ? isolate->bound_bytes : isolate->live_bytes;

	isolate->course.is_open = false;
	if (!isolate->has_live || event->used_after_bytes >= known_bytes)
		return;
	isolate->bound_ns = at_ns;
	isolate->bound_bytes = event->used_after_bytes;
	series_lower_last(&isolate->floor, at_ns, event->used_after_bytes,
	                  isolate->allocated_bytes);
}

static void update_clock(struct isolate *isolate, uint64_t at_ns, const struct gc_event *event)
{
	uint64_t created_ns = u64_subtract_floor(at_ns, event->uptime_ns);

	/* A line is read late, never early: the earliest estimate is the best. */
	if (isolate->created_ns == 0 || created_ns < isolate->created_ns)
		isolate->created_ns = created_ns;
	isolate->last_gc_ns = at_ns;
	isolate->last_uptime_ns = event->uptime_ns;
}

static void update_levels(struct isolate *isolate, const struct gc_event *event)
{
	/* The inspector does not tell what was in use before. */
	if (isolate->last_gc_ns != 0 && !isolate_is_inspectors(event->isolate))
		isolate->allocated_bytes = u64_add_saturating(
		    isolate->allocated_bytes,
		    u64_subtract_floor(event->used_before_bytes, isolate->used_bytes));
	isolate->used_bytes = event->used_after_bytes;
	if (event->committed_after_bytes > 0)
		isolate->committed_bytes = event->committed_after_bytes;
	if (!isnan(event->average_mutator_utilization))
		isolate->mutator_utilization = event->average_mutator_utilization;
}

void isolate_add_gc(struct isolate *isolate, uint64_t at_ns, const struct gc_event *event)
{
	bool is_full = event->kind == GC_MARK_COMPACT;
	size_t bucket = bucket_of(event->pause_ns);

	assert(event->kind < GC_KIND_COUNT);
	if (isolate->last_gc_ns != 0 &&
	    event->uptime_ns + CLOCK_STEP_BACK_NS < isolate->last_uptime_ns)
		begin_life(isolate);
	totals_add(&isolate->by_kind[event->kind], event, bucket);
	totals_add(&isolate->totals[is_full ? GC_GENERATION_FULL : GC_GENERATION_YOUNG], event,
	           bucket);
	if (!event->lacks_sizes)
		update_levels(isolate, event);
	update_clock(isolate, at_ns, event);
	if (event->is_last_resort)
		isolate->events[HEAP_EVENT_LAST_RESORT]++;
	if (event->is_scavenge_might_not_succeed)
		isolate->events[HEAP_EVENT_SCAVENGE_MIGHT_NOT_SUCCEED]++;
	if (event->lacks_sizes)
		return;
	if (is_full)
		add_full(isolate, at_ns, event);
	else
		add_young(isolate, at_ns, event);
}

void isolate_add_incident(struct isolate *isolate, enum heap_incident incident)
{
	static const enum heap_event events[] = {
	    [HEAP_INCIDENT_FATAL_OOM] = HEAP_EVENT_FATAL_OOM,
	    [HEAP_INCIDENT_MARKING_SPED_UP] = HEAP_EVENT_MARKING_SPED_UP,
	    [HEAP_INCIDENT_MARKING_STARTED] = HEAP_EVENT_MARKING_STARTED,
	    [HEAP_INCIDENT_MARKING_FINALIZED] = HEAP_EVENT_MARKING_FINALIZED,
	};

	_Static_assert(sizeof(events) / sizeof(events[0]) == HEAP_INCIDENT_COUNT, "an event each");
	assert(incident < HEAP_INCIDENT_COUNT);
	isolate->events[events[incident]]++;
}

/* ---- parts of the heap ---- */

static bool part_is_known(const struct isolate *isolate, enum heap_part part)
{
	return (isolate->parts_known & 1U << part) != 0;
}

bool isolate_external_bytes(const struct isolate *isolate, uint64_t *ret_bytes)
{
	enum heap_part part = part_is_known(isolate, HEAP_PART_BACKING_STORE)
	                          ? HEAP_PART_BACKING_STORE
	                          : HEAP_PART_EXTERNAL_REPORTED;

	if (!part_is_known(isolate, part))
		return false;
	*ret_bytes = isolate->parts[part].used_bytes;
	return true;
}

bool isolate_used_bytes(const struct isolate *isolate, uint64_t *ret_bytes)
{
	bool is_polled = isolate->polled_ns > isolate->last_gc_ns;

	if (!is_polled && isolate->used_bytes == 0)
		return false;
	*ret_bytes = is_polled ? isolate->polled_used_bytes : isolate->used_bytes;
	return true;
}

bool isolate_knows_reclaimed(const struct isolate *isolate)
{
	return !isolate_is_inspectors(isolate->address);
}

bool isolate_space(const struct isolate *isolate, enum heap_part space,
                   struct heap_part_level *ret_level)
{
	assert(space < HEAP_PART_SPACE_COUNT);
	if (!part_is_known(isolate, space))
		return false;
	*ret_level = isolate->parts[space];
	return true;
}

/* The reported part comes first and is the smaller one where both are printed. */
static bool is_external(const struct isolate *isolate, enum heap_part part)
{
	return part == HEAP_PART_BACKING_STORE ||
	       (part == HEAP_PART_EXTERNAL_REPORTED &&
	        !part_is_known(isolate, HEAP_PART_BACKING_STORE));
}

bool isolate_add_heap(struct isolate *isolate, uint64_t at_ns, const struct heap_sample *sample)
{
	_Static_assert(HEAP_PART_COUNT <= 32, "a bit each");
	assert(sample->part < HEAP_PART_COUNT);
	isolate->parts[sample->part] = (struct heap_part_level){
	    .used_bytes = sample->used_bytes,
	    .committed_bytes = sample->committed_bytes,
	    .available_bytes = sample->has_available ? sample->available_bytes : UINT64_MAX,
	    .physical_bytes = sample->physical_bytes,
	};
	isolate->parts_known |= 1U << sample->part;
	course_set_spaces(&isolate->course, isolate);
	if (!is_external(isolate, sample->part))
		return false;
	return series_add_with_work(&isolate->external, at_ns, sample->used_bytes,
	                            isolate->allocated_bytes);
}
