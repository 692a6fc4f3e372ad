// SPDX-License-Identifier: MIT
/*
 * When all places are taken, that point goes which is missed least.
 */
#include "daemon/model/course.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "daemon/model/isolate.h"
#include "lib/units.h"

/* Points are kept as they stand in memory. */
_Static_assert(sizeof(struct course_point) == 96, "no padding");
_Static_assert(COURSE_EVENTS_MAX == HEAP_EVENT_COUNT, "a count each");

static uint64_t time_of(const void *points, size_t stride, size_t index)
{
	uint64_t at_ns;

	memcpy(&at_ns, (const char *)points + index * stride, sizeof(at_ns));
	return at_ns;
}

size_t course_thin(const void *points, size_t stride, size_t count)
{
	uint64_t now_ns = time_of(points, stride, count - 1);
	double least = (double)INFINITY;
	size_t chosen = 1;
	size_t i;

	assert(count >= 4);
	for (i = 1; i + 2 < count; i++) {
		uint64_t before_ns = time_of(points, stride, i - 1);
		uint64_t gap_ns = u64_subtract_floor(time_of(points, stride, i + 1), before_ns);
		uint64_t age_ns = u64_subtract_floor(now_ns, before_ns);
		double share = age_ns > 0 ? (double)gap_ns / (double)age_ns : 0;

		if (share < least) {
			least = share;
			chosen = i;
		}
	}
	return chosen;
}

static uint32_t to_kib(uint64_t bytes)
{
	uint64_t kib = bytes / KIB;

	return kib < COURSE_UNKNOWN_KIB ? (uint32_t)kib : COURSE_UNKNOWN_KIB - 1;
}

/* Over those that were told; unknown when none was. */
static uint32_t sum_of_spaces(const struct isolate *isolate, const enum heap_part *spaces,
                              size_t count)
{
	struct heap_part_level level;
	uint64_t bytes = 0;
	bool is_known = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!isolate_space(isolate, spaces[i], &level))
			continue;
		bytes = u64_add_saturating(bytes, level.used_bytes);
		is_known = true;
	}
	return is_known ? to_kib(bytes) : COURSE_UNKNOWN_KIB;
}

static void read_spaces(struct course_point *point, const struct isolate *isolate)
{
	static const enum heap_part large[] = {HEAP_PART_LARGE_OBJECT, HEAP_PART_NEW_LARGE_OBJECT,
	                                       HEAP_PART_SHARED_LARGE_OBJECT};
	static const enum heap_part code[] = {HEAP_PART_CODE, HEAP_PART_CODE_LARGE_OBJECT,
	                                      HEAP_PART_TRUSTED, HEAP_PART_TRUSTED_LARGE_OBJECT};

	point->large_kib = sum_of_spaces(isolate, large, sizeof(large) / sizeof(large[0]));
	point->code_kib = sum_of_spaces(isolate, code, sizeof(code) / sizeof(code[0]));
}

static struct course_point read_point(const struct isolate *isolate, uint64_t at_ns)
{
	const struct gc_totals *young = &isolate->totals[GC_GENERATION_YOUNG];
	const struct gc_totals *full = &isolate->totals[GC_GENERATION_FULL];
	struct course_point point = {
	    .at_ns = at_ns,
	    .young_pause_ns = young->pause_ns,
	    .full_pause_ns = full->pause_ns,
	    .full_freed_kib = full->reclaimed_bytes / KIB,
	    .allocated_bytes = isolate->allocated_bytes,
	    .young_count = (uint32_t)young->count,
	    .full_count = (uint32_t)full->count,
	    .used_kib = to_kib(isolate->used_bytes),
	    .committed_kib = COURSE_UNKNOWN_KIB,
	    .mutator_utilization = isolate->mutator_utilization,
	};
	size_t i;

	for (i = 0; i < HEAP_EVENT_COUNT; i++)
		point.events[i] = (uint16_t)isolate->events[i];
	if (isolate->committed_bytes > 0)
		point.committed_kib = to_kib(isolate->committed_bytes);
	read_spaces(&point, isolate);
	return point;
}

void course_add(struct course *course, const struct isolate *isolate, uint64_t at_ns,
                uint64_t before_bytes)
{
	struct course_point point = read_point(isolate, at_ns);
	struct course_point *points = course->points;
	size_t dropped;

	if (course->count > 0) {
		const struct course_point *last = &points[course->count - 1];

		point.full_before_kib = last->full_before_kib;
		if (at_ns < last->at_ns)
			point.at_ns = last->at_ns;
	}
	point.full_before_kib += before_bytes / KIB;
	if (course->count == COURSE_POINTS_MAX) {
		dropped = course_thin(points, sizeof(*points), course->count);
		course->count--;
		memmove(points + dropped, points + dropped + 1,
		        (course->count - dropped) * sizeof(*points));
	}
	points[course->count++] = point;
	course->is_open = true;
}

void course_set_spaces(struct course *course, const struct isolate *isolate)
{
	if (course->is_open && course->count > 0)
		read_spaces(&course->points[course->count - 1], isolate);
}

uint32_t course_unused_kib(const struct course_point *point)
{
	if (point->committed_kib == COURSE_UNKNOWN_KIB)
		return COURSE_UNKNOWN_KIB;
	return point->committed_kib > point->used_kib ? point->committed_kib - point->used_kib : 0;
}

const struct course_point *course_at(const struct course *course, uint64_t at_ns)
{
	size_t i = course->count;

	if (i == 0)
		return NULL;
	while (i > 1 && course->points[i - 1].at_ns > at_ns)
		i--;
	return &course->points[i - 1];
}
