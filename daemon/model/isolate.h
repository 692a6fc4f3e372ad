// SPDX-License-Identifier: MIT
/*
 * One V8 heap: totals of its collections, what it holds now, and the history of its floor.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_ISOLATE_H
#define HEAPWATCH_DAEMON_MODEL_ISOLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/course.h"
#include "daemon/model/series.h"

/*
 * Upper bounds of the pause histogram in seconds; the last bucket, +Inf, is not listed. They are
 * those of every histogram that is shown: the native one, prom-client's and OpenTelemetry's.
 */
#define GC_PAUSE_BOUND_COUNT 17
extern const double gc_pause_bounds_seconds[GC_PAUSE_BOUND_COUNT];

/* The exported split: a full collection leaves only live objects, a young one does not. */
enum gc_generation { GC_GENERATION_YOUNG, GC_GENERATION_FULL, GC_GENERATION_COUNT };

const char *gc_generation_name(enum gc_generation generation); /* "young", "full" */

struct gc_totals {
	uint64_t count;
	uint64_t pause_ns;
	uint64_t pause_max_ns;
	uint64_t buckets[GC_PAUSE_BOUND_COUNT + 1]; /* not cumulative */
	uint64_t reclaimed_bytes;
};

/* How many pauses took at most so long; seconds is one of the bounds. */
uint64_t gc_totals_up_to(const struct gc_totals *totals, double seconds);

enum heap_event {
	HEAP_EVENT_INEFFECTIVE, /* V8's rule: >= 80 % of the limit and mutator utilisation < 0.4 */
	HEAP_EVENT_LAST_RESORT,
	HEAP_EVENT_SCAVENGE_MIGHT_NOT_SUCCEED,
	HEAP_EVENT_NEAR_LIMIT, /* a full collection left >= 80 % of the limit in use */
	HEAP_EVENT_MARKING_SPED_UP,
	HEAP_EVENT_MARKING_STARTED,
	HEAP_EVENT_MARKING_FINALIZED,
	HEAP_EVENT_FATAL_OOM,
	HEAP_EVENT_COUNT
};

const char *heap_event_name(enum heap_event event);

#define ISOLATE_NAME_SIZE 16

struct heap_part_level {
	uint64_t used_bytes;
	uint64_t committed_bytes; /* 0: not told */
	uint64_t available_bytes; /* UINT64_MAX: not told */
	uint64_t physical_bytes;  /* 0: not told */
};

/* As the inspector told it last. */
struct event_loop {
	uint64_t at_ns; /* 0: never */
	struct event_loop_sample sample;
	double utilization_ratio; /* between the last two samples; NAN: not known */
};

struct isolate {
	uint64_t address;
	char name[ISOLATE_NAME_SIZE]; /* main, worker-1, … in order of first sight */
	bool is_gone;                 /* its thread has ended, as far as can be told */
	uint64_t created_ns;          /* when V8 initialised it, boot-time clock (estimated) */
	uint64_t last_gc_ns;
	uint64_t last_uptime_ns;
	uint64_t used_bytes;        /* after the last collection */
	uint64_t committed_bytes;   /* after the last collection; 0: never printed */
	bool has_live;              /* a full collection was seen */
	uint64_t live_bytes;        /* the floor: used after the last full collection */
	double mutator_utilization; /* average, NAN until printed */
	uint64_t limit_bytes;       /* old-space limit; 0 unknown */
	bool limit_is_estimated;    /* V8's default for this version and memory */
	uint64_t allocated_bytes;   /* sum of used_before(i+1) - used_after(i) */
	struct gc_totals totals[GC_GENERATION_COUNT];
	struct gc_totals by_kind[GC_KIND_COUNT];
	uint64_t events[HEAP_EVENT_COUNT];
	unsigned ineffective_in_a_row; /* full collections; V8 gives up at the fourth */
	bool has_external_pressure;
	bool has_detached_contexts; /* these two are the inspector's, see below */
	bool has_array_buffers;
	struct series floor; /* used after full collections, or the bound below */
	struct course course;
	/* The lowest that a scavenge since then left below the last floor; 0 when none did. */
	uint64_t bound_ns;
	uint64_t bound_bytes;
	unsigned parts_known; /* 1 << enum heap_part: who has a level below */
	struct heap_part_level parts[HEAP_PART_COUNT];
	struct series external; /* as of isolate_external_bytes(), when it was told */

	/* What only the inspector tells, as of polled_ns; 0: it did not. */
	uint64_t polled_ns;
	uint64_t polled_used_bytes; /* with garbage */
	uint64_t told_limit_bytes;  /* heap_size_limit; 0: not told */
	uint64_t detached_contexts;
	uint64_t array_buffer_bytes;
	struct event_loop loop;
};

void isolate_init(struct isolate *isolate, uint64_t address, uint64_t bucket_width_ns);
/*
 * Takes one collection into the totals, levels and the floor. An isolate whose own clock goes back
 * by more than a second is another one at the same address: levels and floor start anew, counters
 * go on.
 */
void isolate_add_gc(struct isolate *isolate, uint64_t at_ns, const struct gc_event *event);
void isolate_add_incident(struct isolate *isolate, enum heap_incident incident);
/* True when it opened a bucket of the series of external memory. */
bool isolate_add_heap(struct isolate *isolate, uint64_t at_ns, const struct heap_sample *sample);
/*
 * Memory outside the heap that its objects keep alive, Buffers above all, as
 * process.memoryUsage().external counts it. False: no source has told.
 */
bool isolate_external_bytes(const struct isolate *isolate, uint64_t *ret_bytes);
/* In use now where the inspector tells, else after the last collection. False: not known. */
bool isolate_used_bytes(const struct isolate *isolate, uint64_t *ret_bytes);
/* False: what was in use before collections is not known, and so what they freed. */
bool isolate_knows_reclaimed(const struct isolate *isolate);
/* False: no source has told of this space. */
bool isolate_space(const struct isolate *isolate, enum heap_part space,
                   struct heap_part_level *ret_level);

#endif
