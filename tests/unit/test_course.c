// SPDX-License-Identifier: MIT
/* The course of a heap: sums that stay exact, distances in proportion to the age, levels. */
#include "daemon/model/course.h"

#include <math.h>

#include "daemon/model/isolate.h"
#include "daemon/model/map_course.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS NS_PER_HOUR

static struct isolate isolate;

static void collect(uint64_t minute, uint64_t before_mib, uint64_t after_mib)
{
	const struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = 1,
	    .uptime_ns = minute * NS_PER_MINUTE,
	    .used_before_bytes = before_mib * MIB,
	    .used_after_bytes = after_mib * MIB,
	    .committed_after_bytes = (after_mib + 3) * MIB,
	    .pause_ns = 5 * NS_PER_MS,
	    .average_mutator_utilization = 0.75,
	    .current_mutator_utilization = (double)NAN,
	};

	isolate_add_gc(&isolate, START_NS + minute * NS_PER_MINUTE, &event);
}

static void tell_space(enum heap_part part, uint64_t mib)
{
	const struct heap_sample sample = {.part = part, .used_bytes = mib * MIB};

	(void)isolate_add_heap(&isolate, START_NS, &sample);
}

static const struct course_point *last_point(void)
{
	return course_at(&isolate.course, UINT64_MAX);
}

START_TEST(test_sums_are_exact_however_many_points_were_dropped)
{
	uint64_t minute;

	isolate_init(&isolate, 1, NS_PER_MINUTE);
	ck_assert_ptr_null(last_point());
	for (minute = 1; minute <= 1000; minute++)
		collect(minute, 20, 8);
	ck_assert_uint_eq(isolate.course.count, COURSE_POINTS_MAX);
	ck_assert_uint_eq(last_point()->full_count, 1000);
	ck_assert_uint_eq(last_point()->full_before_kib, 20 * KIB * 1000);
	ck_assert_uint_eq(last_point()->full_freed_kib, 12 * KIB * 1000);
	ck_assert_uint_eq(last_point()->full_pause_ns, 5 * NS_PER_MS * 1000);
	ck_assert_uint_eq(last_point()->used_kib, 8 * KIB);
	ck_assert_uint_eq(course_unused_kib(last_point()), 3 * KIB);
	ck_assert_double_eq(last_point()->mutator_utilization, 0.75);
}
END_TEST

START_TEST(test_distances_are_in_proportion_to_the_age)
{
	uint64_t minute;
	size_t i;

	isolate_init(&isolate, 1, NS_PER_MINUTE);
	for (minute = 1; minute <= 10000; minute++)
		collect(minute, 20, 8);
	ck_assert_uint_eq(isolate.course.points[0].at_ns, START_NS + NS_PER_MINUTE);
	for (i = 1; i < COURSE_POINTS_MAX; i++) {
		uint64_t before_ns = isolate.course.points[i - 1].at_ns;
		uint64_t gap_ns = isolate.course.points[i].at_ns - before_ns;
		uint64_t age_ns = last_point()->at_ns - before_ns;

		ck_assert_uint_gt(isolate.course.points[i].at_ns, before_ns);
		ck_assert_msg(i + 2 >= COURSE_POINTS_MAX || (double)gap_ns < 0.7 * (double)age_ns,
		              "point %zu", i);
	}
}
END_TEST

START_TEST(test_the_point_of_a_time_is_the_latest_before_it)
{
	isolate_init(&isolate, 1, NS_PER_MINUTE);
	collect(1, 20, 8);
	collect(3, 20, 9);
	ck_assert_uint_eq(course_at(&isolate.course, 0)->used_kib, 8 * KIB);
	ck_assert_uint_eq(course_at(&isolate.course, START_NS + 2 * NS_PER_MINUTE)->used_kib,
	                  8 * KIB);
	ck_assert_uint_eq(course_at(&isolate.course, START_NS + 3 * NS_PER_MINUTE)->used_kib,
	                  9 * KIB);
}
END_TEST

START_TEST(test_spaces_count_until_the_next_collection)
{
	static const struct gc_event young = {
	    .kind = GC_SCAVENGE,
	    .uptime_ns = 2 * NS_PER_MINUTE,
	    .used_before_bytes = 30 * MIB,
	    .used_after_bytes = 29 * MIB,
	    .average_mutator_utilization = (double)NAN,
	};

	isolate_init(&isolate, 1, NS_PER_MINUTE);
	collect(1, 20, 8);
	ck_assert_uint_eq(last_point()->large_kib, COURSE_UNKNOWN_KIB);
	ck_assert_uint_eq(last_point()->code_kib, COURSE_UNKNOWN_KIB);
	tell_space(HEAP_PART_LARGE_OBJECT, 4);
	tell_space(HEAP_PART_CODE, 1);
	tell_space(HEAP_PART_TRUSTED, 2);
	ck_assert_uint_eq(last_point()->large_kib, 4 * KIB);
	ck_assert_uint_eq(last_point()->code_kib, 3 * KIB);
	isolate_add_gc(&isolate, START_NS + 2 * NS_PER_MINUTE, &young);
	tell_space(HEAP_PART_LARGE_OBJECT, 20);
	ck_assert_uint_eq(last_point()->large_kib, 4 * KIB);
}
END_TEST

START_TEST(test_another_heap_at_the_address_begins_anew)
{
	isolate_init(&isolate, 1, NS_PER_MINUTE);
	collect(50, 20, 8);
	collect(1, 30, 6);
	ck_assert_uint_eq(isolate.course.count, 1);
	ck_assert_uint_eq(last_point()->used_kib, 6 * KIB);
}
END_TEST

START_TEST(test_maps_keep_the_first_and_the_last)
{
	struct map_course course = {.count = 0};
	struct memory_map map = {.v8_large_object_bytes = 3 * MIB};
	uint64_t minute;

	ck_assert_ptr_null(map_course_at(&course, 0));
	for (minute = 1; minute <= 500; minute++) {
		map.at_ns = minute * NS_PER_MINUTE;
		map.v8_page_bytes = minute * MIB;
		map.malloc_bytes = 2 * minute * MIB;
		map_course_add(&course, &map);
	}
	ck_assert_uint_eq(course.count, MAP_COURSE_POINTS_MAX);
	ck_assert_uint_eq(map_course_at(&course, 0)->page_kib, 1024);
	ck_assert_uint_eq(map_course_at(&course, UINT64_MAX)->page_kib, 500 * KIB);
	ck_assert_uint_eq(map_course_at(&course, UINT64_MAX)->malloc_kib, 1000 * KIB);
	ck_assert_uint_eq(map_course_at(&course, UINT64_MAX)->large_kib, 3 * KIB);
}
END_TEST

UNIT_MAIN("course", test_sums_are_exact_however_many_points_were_dropped,
          test_distances_are_in_proportion_to_the_age,
          test_the_point_of_a_time_is_the_latest_before_it,
          test_spaces_count_until_the_next_collection, test_another_heap_at_the_address_begins_anew,
          test_maps_keep_the_first_and_the_last)
