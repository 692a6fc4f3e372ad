// SPDX-License-Identifier: MIT
/*
 * A heap of a made-up recording, for the tests of what is read from one.
 */
#ifndef HEAPWATCH_TESTS_UNIT_HEAP_RECORDING_H
#define HEAPWATCH_TESTS_UNIT_HEAP_RECORDING_H

#include <math.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"
#include "tool/heaps.h"
#include "tool/reading.h"
#include "tool/timebase.h"

struct recording {
	struct heap_table heaps;
	struct scoring_options options;
	struct heap_row *row;
};

static inline void recording_begin(struct recording *recording, double time_scale,
                                   uint64_t heap_limit_bytes)
{
	const struct process_key key = {.pid = 7};
	const struct process_facts process =
	    heap_process_facts(&key, TIMEBASE_ORIGIN_NS, heap_limit_bytes);
	const struct heap_facts facts = {
	    .process = &process, .address = 0x55, .start_ns = TIMEBASE_ORIGIN_NS};

	*recording = (struct recording){.options.time_scale = time_scale};
	recording->row = heap_table_add(&recording->heaps, &facts, &recording->options);
	ck_assert_ptr_nonnull(recording->row);
}

/* Sizes in MiB; of a full collection when it leaves a floor, else of a young one. */
static inline void recording_add(struct recording *recording, double seconds, enum gc_kind kind,
                                 double before, double after)
{
	const struct gc_event event = {
	    .kind = kind,
	    .isolate = 0x55,
	    .uptime_ns = (uint64_t)(seconds * 1e9),
	    .used_before_bytes = (uint64_t)(before * (double)MIB),
	    .used_after_bytes = (uint64_t)(after * (double)MIB),
	    .committed_before_bytes = (uint64_t)(before * 1.5 * (double)MIB),
	    .committed_after_bytes = (uint64_t)(before * 1.5 * (double)MIB),
	    .pause_ns = 2 * NS_PER_MS,
	    .average_mutator_utilization = (double)NAN,
	    .current_mutator_utilization = (double)NAN,
	};

	heap_row_add_gc(recording->row, TIMEBASE_ORIGIN_NS + event.uptime_ns, &event,
	                &recording->options);
}

/* A full collection each second; what it leaves is floor(t) of t = 0 … 1. */
static inline void recording_fill(struct recording *recording, size_t seconds,
                                  double (*floor)(double t), double garbage)
{
	size_t i;

	for (i = 1; i <= seconds; i++) {
		double left = floor((double)i / (double)seconds);

		recording_add(recording, (double)i - 0.5, GC_SCAVENGE, left + garbage,
		              left + garbage / 2);
		recording_add(recording, (double)i, GC_MARK_COMPACT, left + garbage, left);
	}
}

static inline void recording_die(struct recording *recording)
{
	process_add_incident(recording->row->alone, 0x55,
	                     recording->row->alone->isolates[0]->last_gc_ns,
	                     HEAP_INCIDENT_FATAL_OOM);
}

static inline struct reading recording_end(struct recording *recording)
{
	uint64_t end_ns = recording->row->alone->isolates[0]->last_gc_ns;
	struct reading reading;

	scoring_evaluate(recording->row->alone, end_ns, &recording->options);
	reading_take(&reading, recording->row, recording->options.time_scale);
	return reading;
}

static inline double floor_rising(double t)
{
	return 20 + 60 * t;
}

static inline double floor_flat(double t)
{
	(void)t;
	return 20;
}

static inline double floor_saturating(double t)
{
	return 20 + 60 * (1 - exp(-4 * t));
}

static inline double floor_step(double t)
{
	return t < 0.6 ? 20 : 60;
}

/* Rises and is let go four times. */
static inline double floor_saw(double t)
{
	return 20 + 40 * (4 * t - floor(4 * t));
}

#endif
