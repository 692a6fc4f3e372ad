// SPDX-License-Identifier: MIT
/* See map_course.h. */
#include "daemon/model/map_course.h"

#include <stddef.h>
#include <string.h>

#include "daemon/model/course.h"
#include "lib/units.h"

/* Points are kept as they stand in memory. */
_Static_assert(sizeof(struct map_point) == 24, "no padding");

static uint32_t to_kib(uint64_t bytes)
{
	return bytes / KIB < UINT32_MAX ? (uint32_t)(bytes / KIB) : UINT32_MAX;
}

void map_course_add(struct map_course *course, const struct memory_map *map)
{
	struct map_point *points = course->points;
	size_t dropped;

	if (course->count == MAP_COURSE_POINTS_MAX) {
		dropped = course_thin(points, sizeof(*points), course->count);
		course->count--;
		memmove(points + dropped, points + dropped + 1,
		        (course->count - dropped) * sizeof(*points));
	}
	points[course->count++] = (struct map_point){
	    .at_ns = map->at_ns,
	    .page_kib = map->v8_page_bytes / KIB,
	    .large_kib = to_kib(map->v8_large_object_bytes),
	    .malloc_kib = to_kib(map->malloc_bytes),
	};
}

const struct map_point *map_course_at(const struct map_course *course, uint64_t at_ns)
{
	size_t i = course->count;

	if (i == 0)
		return NULL;
	while (i > 1 && course->points[i - 1].at_ns > at_ns)
		i--;
	return &course->points[i - 1];
}
