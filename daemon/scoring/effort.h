// SPDX-License-Identifier: MIT
/*
 * How hard V8 works on a heap, then and now: the first and the last third of what is known of its
 * collections since a time. Evidence, no part of the score: what a rising floor does to collections
 * is no second witness of it.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_EFFORT_H
#define HEAPWATCH_DAEMON_SCORING_EFFORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/model/isolate.h"

/* One third; NAN: not known. */
struct effort_span {
	double freed_share; /* of the heap, by full collections */
	double freed_bytes; /* by each of them */
	double interval_seconds;
	double full_pause_seconds; /* the mean of one */
	double young_pause_seconds;
	double mutator_utilization; /* at its end */
	double allocation;          /* bytes per second */
	double committed_bytes;     /* at its end */
};

struct effort {
	struct effort_span then;
	struct effort_span now;
	uint16_t events[HEAP_EVENT_COUNT]; /* in all of the time */
	uint32_t full_count;
};

/* False with fewer than three full collections in either third; events and full_count are set. */
bool effort_compare(const struct isolate *isolate, uint64_t since_ns, struct effort *ret_effort);

/*
 * Appends what became worse, as "full collections free 6 % of the heap (41 %), …": now, and then;
 * returns how many signs there were.
 */
size_t effort_tell_worse(const struct effort *effort, char *text, size_t size);
/* What did not, in the same form. */
size_t effort_tell_steady(const struct effort *effort, char *text, size_t size);

#endif
