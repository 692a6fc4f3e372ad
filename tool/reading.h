// SPDX-License-Identifier: MIT
/*
 * What a whole recording says of one heap, beside the verdict of scoring as of its end: how its
 * floor moved from quarter to quarter, whether it ended out of memory, and what the verdict would
 * be if a recording too short for one stood for an hour. All reports are written from readings.
 */
#ifndef HEAPWATCH_TOOL_READING_H
#define HEAPWATCH_TOOL_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/verdict.h"
#include "tool/heaps.h"
#include "tool/history.h"

#define READING_QUARTERS 4

/* What to call it, the worst first. */
enum outlook {
	OUTLOOK_DIED_LEAKING, /* grew until V8 gave up */
	OUTLOOK_LEAK,
	OUTLOOK_DIED, /* V8 gave up, and it is not known to have grown */
	OUTLOOK_THRASH,
	OUTLOOK_SUSPECTED,
	OUTLOOK_SHORT_LEAK, /* too short for a verdict, in the shape of a leak */
	OUTLOOK_FILLING,
	OUTLOOK_STEP,
	OUTLOOK_LOAD,
	OUTLOOK_SHORT, /* too short for a verdict, no sign of a leak */
	OUTLOOK_FEW,   /* too few full collections */
	OUTLOOK_STABLE,
	OUTLOOK_COUNT
};

struct reading {
	const struct heap_row *row;
	const struct isolate *isolate;
	enum outlook outlook;
	/* As of the end; of a heap that died the exhaustion is 0 and a rise is a leak. */
	struct verdict verdict;
	bool has_growth;
	double growth_bytes_per_second; /* the verdict's, else of all floors */
	bool is_dead;                   /* V8 reported that it is out of memory */
	bool has_risen;           /* all that survived grew by a good part and never came back */
	bool is_short;            /* for a verdict: warm-up */
	double stretch;           /* time scale at which it would be an hour; 0: it is longer */
	struct verdict stretched; /* at that scale */

	uint64_t begin_ns; /* of what was seen of it */
	uint64_t end_ns;
	uint64_t begin_wall_ns; /* since 1970; 0: unknown. Who reads the whole recording sets it. */
	double seconds;         /* between */
	struct history_bucket all;
	struct history_bucket first; /* third of its time */
	struct history_bucket last;
	size_t quarters;                        /* 4, or 0: too few full collections */
	double quarter_floor[READING_QUARTERS]; /* how low it came in the later half of each */
	double peak_floor;
	double fallback_bytes; /* the deepest fall of the floor below its highest before */
};

void reading_take(struct reading *ret_reading, const struct heap_row *row, double time_scale);
/* Applies what readings know of deaths to the verdict on a process of several heaps. */
struct verdict reading_process_verdict(const struct process *process,
                                       const struct reading *readings, size_t count);
/* Below 0: left is worse; never 0 for two of one table. */
int reading_compare(const struct reading *left, const struct reading *right);
/* It says or hints that something is wrong. */
bool reading_is_suspicious(const struct reading *reading);

#endif
