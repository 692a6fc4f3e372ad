// SPDX-License-Identifier: MIT
/*
 * How a process looked over time, for people: memory, pauses and verdicts in buckets that widen
 * with age as those of a series do, and that hold the highest of their time. Bounded: 1.9 KB per
 * process. Verdicts are not made from it.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_TRAIL_H
#define HEAPWATCH_DAEMON_MODEL_TRAIL_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/model/verdict.h"

/* With a finest width of a minute they reach back 28 days. */
#define TRAIL_LEVEL_COUNT  13
#define TRAIL_LEVEL_POINTS 5
#define TRAIL_POINTS_MAX   (TRAIL_LEVEL_COUNT * TRAIL_LEVEL_POINTS)

/* What is not known is 0. Sums over the heaps that live. */
struct trail_point {
	uint64_t at_ns;    /* boot-time clock; read back: the begin of the bucket */
	uint64_t width_ns; /* of the bucket; not read when it is added */
	uint64_t used_bytes;
	uint64_t committed_bytes;
	uint64_t anon_bytes;
	uint64_t file_bytes;
	uint64_t shmem_bytes;
	uint64_t pause_ns[2]; /* the longest, by enum gc_generation */
	double score;         /* with the state: of the moment when it was highest */
	enum leak_state state;
};

/* Units as small as a chart needs them: there are many of these. */
struct trail_entry {
	uint32_t bucket; /* of the finest width */
	uint32_t used_kib;
	uint32_t committed_kib;
	uint32_t anon_kib;
	uint32_t file_kib;
	uint16_t shmem_mib;
	uint16_t pause_tenths[2];
	uint8_t score_percent;
	uint8_t state;
};

/* Embedded, but its members are trail.c's own. */
struct trail {
	uint64_t width_ns; /* of the finest bucket */
	uint8_t counts[TRAIL_LEVEL_COUNT];
	struct trail_entry levels[TRAIL_LEVEL_COUNT][TRAIL_LEVEL_POINTS];
};

void trail_init(struct trail *trail, uint64_t width_ns);
/* Times do not go backwards; an older one is taken as the latest seen. */
void trail_add(struct trail *trail, const struct trail_point *point);
/* Oldest first; returns how many. */
size_t trail_points(const struct trail *trail, struct trail_point ret_points[TRAIL_POINTS_MAX]);

#endif
