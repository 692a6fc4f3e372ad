// SPDX-License-Identifier: MIT
/*
 * What the lives of one app have grown to and kept: a process that warms up as others of its app
 * did is no news. Scoring fills and reads it; it outlives the process and, in the histories that
 * heapwatchd keeps, its own restart.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_EXPERIENCE_H
#define HEAPWATCH_DAEMON_MODEL_EXPERIENCE_H

#include <stdint.h>

/* The signals by which lives are compared: one kind of memory each. */
enum experience_kind {
	EXPERIENCE_MAIN_HEAP,
	EXPERIENCE_OTHER_HEAPS, /* of workers */
	EXPERIENCE_OUTSIDE,
	EXPERIENCE_ANONYMOUS, /* where no GC source tells V8's part */
	EXPERIENCE_THREADS,
	EXPERIENCE_EXTERNAL, /* Buffers, where a source tells of them */
	EXPERIENCE_COUNT
};

/* The highest level that a life kept. */
struct plateau {
	double level;       /* bytes or threads; 0: none is known */
	double age_seconds; /* by when a life had reached it, of production */
	uint64_t seen_ns;   /* when it was last seen */
};

struct experience {
	struct plateau plateaus[EXPERIENCE_COUNT];
};

struct app_table;
struct buf;
struct unpack;

/* Of all apps that have some. */
void experiences_pack(struct app_table *apps, struct buf *out);
/* What cannot be right, or has other kinds, is left out; apps are made as needed. */
void experiences_unpack(struct app_table *apps, struct unpack *in);

#endif
