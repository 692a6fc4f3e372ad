// SPDX-License-Identifier: MIT
/*
 * The clock of a recording: nanoseconds from a little before its beginning. What is recorded is
 * dated by the files beside the log, by the time of day that a log collector noted, or else by V8's
 * own count since each heap was made.
 */
#ifndef HEAPWATCH_TOOL_TIMEBASE_H
#define HEAPWATCH_TOOL_TIMEBASE_H

#include <stdint.h>

#include "lib/clock.h"

/* Recordings start at 0, where the model means "never". */
#define TIMEBASE_ORIGIN_NS NS_PER_DAY

/* Zero-initialised. */
struct timebase {
	uint64_t latest_ns;      /* of all that was played; 0: nothing */
	uint64_t origin_wall_ns; /* since 1970, what the origin stands for; 0: unknown */
};

/* What is known of when a line was written; 0: unknown. */
struct line_time {
	uint64_t recorded_ns; /* on this clock */
	uint64_t wall_ns;     /* since 1970 */
};

/* Nanoseconds since 1970; 0: no line told the time of day. */
uint64_t timebase_wall_ns(const struct timebase *base, uint64_t at_ns);
uint64_t timebase_from_ms(uint64_t ms);
uint64_t timebase_to_ms(uint64_t at_ns);
/* The latest time known so far. */
uint64_t timebase_latest_ns(const struct timebase *base);
void timebase_advance(struct timebase *base, uint64_t at_ns);
/*
 * When a heap was made whose first line says that it was uptime_ns old: as recorded, else as late
 * as fits what came before in a log that is written in the order of time.
 */
uint64_t timebase_heap_start_ns(struct timebase *base, uint64_t uptime_ns,
                                const struct line_time *time);

#endif
