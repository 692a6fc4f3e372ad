// SPDX-License-Identifier: MIT
/* The history of minima: merging, cascade over levels, bounds over days. */
#include "daemon/model/series.h"

#include "lib/clock.h"
#include "tests/unit/unit.h"

static struct series series;
static struct series_point points[SERIES_POINTS_MAX];

START_TEST(test_a_bucket_keeps_its_minimum_and_when_it_was)
{
	series_init(&series, 100);
	ck_assert(series_add(&series, 10, 50));
	ck_assert(!series_add(&series, 20, 40));
	ck_assert(!series_add(&series, 30, 60));
	ck_assert(series_add(&series, 130, 70));
	ck_assert_uint_eq(series_points(&series, points), 2);
	ck_assert_uint_eq(points[0].value, 40);
	ck_assert_uint_eq(points[0].at_ns, 20);
	ck_assert_uint_eq(points[0].width_ns, 100);
	ck_assert_uint_eq(points[1].value, 70);
	ck_assert_uint_eq(series.added_count, 4);
}
END_TEST

START_TEST(test_of_equal_minima_the_later_one_stays)
{
	series_init(&series, 100);
	(void)series_add(&series, 10, 50);
	(void)series_add(&series, 90, 50);
	ck_assert_uint_eq(series_points(&series, points), 1);
	ck_assert_uint_eq(points[0].at_ns, 90);
}
END_TEST

START_TEST(test_time_does_not_go_back)
{
	series_init(&series, 100);
	(void)series_add(&series, 1000, 5);
	ck_assert(!series_add(&series, 10, 3));
	ck_assert_uint_eq(series_points(&series, points), 1);
	ck_assert_uint_eq(points[0].at_ns, 1000);
	ck_assert_uint_eq(points[0].value, 3);
}
END_TEST

START_TEST(test_older_points_are_coarser_and_none_is_out_of_order)
{
	size_t count;
	size_t i;

	series_init(&series, 10);
	for (i = 0; i < 2000; i++)
		(void)series_add(&series, i * 10, 5000 - i);
	count = series_points(&series, points);
	ck_assert_uint_gt(count, 50);
	ck_assert_uint_le(count, SERIES_POINTS_MAX);
	for (i = 1; i < count; i++) {
		ck_assert_uint_lt(points[i - 1].at_ns, points[i].at_ns);
		ck_assert_uint_ge(points[i - 1].width_ns, points[i].width_ns);
	}
	ck_assert_uint_eq(points[count - 1].value, 5000 - 1999);
	ck_assert_uint_eq(points[count - 1].width_ns, 10);
	/* 2000 buckets of 10: 8 x (1 + 2 + 4 + ... ) reach back to level 7. */
	ck_assert_uint_eq(points[0].width_ns, 10 << 7);
	ck_assert_uint_lt(points[0].at_ns, 2 * (10 << 7));
}
END_TEST

START_TEST(test_no_minimum_is_lost_on_the_way_up)
{
	size_t count;
	size_t i;
	uint64_t least = UINT64_MAX;

	series_init(&series, 1);
	for (i = 0; i < 300; i++)
		(void)series_add(&series, i, i == 17 ? 1 : 100 + i % 7);
	count = series_points(&series, points);
	for (i = 0; i < count; i++)
		least = points[i].value < least ? points[i].value : least;
	ck_assert_uint_eq(least, 1);
}
END_TEST

START_TEST(test_months_fit_and_forget_the_oldest)
{
	uint64_t minute;
	size_t count;

	series_init(&series, NS_PER_MINUTE);
	for (minute = 0; minute < 100 * 24 * 60; minute++)
		(void)series_add(&series, minute * NS_PER_MINUTE, 1000 + minute);
	count = series_points(&series, points);
	ck_assert_uint_le(count, SERIES_POINTS_MAX);
	ck_assert_uint_ge(count, SERIES_LEVEL_COUNT * 4);
	ck_assert_uint_gt(points[count - 1].at_ns - points[0].at_ns, 30 * NS_PER_DAY);
	ck_assert_uint_gt(points[0].at_ns, 40 * NS_PER_DAY);
}
END_TEST

START_TEST(test_sparse_values_keep_their_order)
{
	size_t count;
	size_t i;

	series_init(&series, 10);
	for (i = 0; i < 200; i++)
		(void)series_add(&series, i * i * 37, 10000 - i);
	count = series_points(&series, points);
	for (i = 1; i < count; i++)
		ck_assert_uint_lt(points[i - 1].at_ns, points[i].at_ns);
	ck_assert_uint_eq(points[count - 1].value, 10000 - 199);
}
END_TEST

START_TEST(test_a_lower_value_takes_the_place_of_the_last)
{
	series_init(&series, 100);
	series_lower_last(&series, 10, 50, 0);
	ck_assert_uint_eq(series_points(&series, points), 0);
	(void)series_add_with_work(&series, 10, 40, 1);
	(void)series_add_with_work(&series, 110, 60, 2);
	series_lower_last(&series, 350, 60, 3);
	series_lower_last(&series, 360, 55, 4);
	ck_assert_uint_eq(series_points(&series, points), 2);
	ck_assert_uint_eq(points[0].value, 40);
	ck_assert_uint_eq(points[1].value, 55);
	ck_assert_uint_eq(points[1].at_ns, 360);
	ck_assert_uint_eq(points[1].work, 4);
}
END_TEST

UNIT_MAIN("series", test_a_bucket_keeps_its_minimum_and_when_it_was,
          test_of_equal_minima_the_later_one_stays, test_time_does_not_go_back,
          test_older_points_are_coarser_and_none_is_out_of_order,
          test_no_minimum_is_lost_on_the_way_up, test_months_fit_and_forget_the_oldest,
          test_sparse_values_keep_their_order, test_a_lower_value_takes_the_place_of_the_last)
