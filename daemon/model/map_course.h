// SPDX-License-Identifier: MIT
/*
 * Who mapped the memory of a process, then and now: as a course, for /proc/PID/maps.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_MAP_COURSE_H
#define HEAPWATCH_DAEMON_MODEL_MAP_COURSE_H

#include <stdint.h>

#include "collectors/collector.h"

#define MAP_COURSE_POINTS_MAX 12

struct map_point {
	uint64_t at_ns; /* the first member, see course_thin() */
	uint64_t page_kib;
	uint32_t large_kib;
	uint32_t malloc_kib;
};

/* Embedded; zero-initialised. */
struct map_course {
	struct map_point points[MAP_COURSE_POINTS_MAX]; /* oldest first */
	uint8_t count;
};

void map_course_add(struct map_course *course, const struct memory_map *map);
/* The latest point that is not after at_ns, else the oldest; NULL: there is none. */
const struct map_point *map_course_at(const struct map_course *course, uint64_t at_ns);

#endif
