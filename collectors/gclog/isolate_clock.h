// SPDX-License-Identifier: MIT
/*
 * When a collection happened. A GC line tells the milliseconds since its isolate was initialised
 * and no more. The main isolate is as old as its process; for workers the earliest arrival decides.
 * Pure: time is an argument.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_ISOLATE_CLOCK_H
#define HEAPWATCH_COLLECTORS_GCLOG_ISOLATE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISOLATE_CLOCKS_MAX 256 /* of one process; workers come and go */

struct buf;
struct isolate_clock;
struct unpack;

/* The isolates of one process. Zero-initialised but for start_ns. */
struct isolate_clocks {
	struct isolate_clock *table;
	size_t count;
	uint64_t start_ns;   /* of the process */
	uint64_t last_at_ns; /* latest date given out */
	bool has_main;
	/* Which of its sources has told collections: a process may write a text and trace events.
	 */
	bool has_text;
	bool has_trace_events;
};

/*
 * The boot time at which isolate was uptime_ns old. arrival_ns: when the line was read. is_live: it
 * was read as soon as it was written, not from a file's past. The result is never after the arrival
 * and never before an earlier result for the same isolate.
 */
uint64_t isolate_clocks_date(struct isolate_clocks *clocks, uint64_t isolate, uint64_t uptime_ns,
                             uint64_t arrival_ns, bool is_live);
/*
 * Whether this line tells its collection first. A process that prints its trace and writes trace
 * events tells each twice; the text has more of it. What was there before the text was followed may
 * have been told by events already.
 */
bool isolate_clocks_is_first(struct isolate_clocks *clocks, bool is_trace_event, bool is_live);
/* For the next start of heapwatch. */
void isolate_clocks_pack(const struct isolate_clocks *clocks, struct buf *out);
/* Into empty clocks; what is damaged is left out. */
void isolate_clocks_unpack(struct isolate_clocks *clocks, struct unpack *in);
void isolate_clocks_done(struct isolate_clocks *clocks);

#endif
