// SPDX-License-Identifier: MIT
/*
 * When the heaps of a recording were made, by whatever is known of the time; and who had a pid.
 */
#include "tool/timebase.h"

#include "lib/clock.h"
#include "tests/unit/unit.h"
#include "tool/lives.h"

#define AT(seconds) (TIMEBASE_ORIGIN_NS + (uint64_t)(seconds)*NS_PER_SECOND)

static uint64_t start(struct timebase *base, uint64_t uptime_seconds, const struct line_time *time)
{
	return timebase_heap_start_ns(base, uptime_seconds * NS_PER_SECOND, time);
}

START_TEST(test_without_times_the_order_of_lines_decides)
{
	const struct line_time unknown = {0};
	struct timebase base = {0};

	ck_assert_uint_eq(timebase_latest_ns(&base), AT(0));
	ck_assert_uint_eq(start(&base, 10, &unknown), AT(0));
	timebase_advance(&base, AT(100));
	timebase_advance(&base, AT(50));
	ck_assert_uint_eq(timebase_latest_ns(&base), AT(100));
	/* A worker or a process that was first heard of later was made later … */
	ck_assert_uint_eq(start(&base, 10, &unknown), AT(90));
	/* … unless it is older than all of the recording. */
	ck_assert_uint_eq(start(&base, 200, &unknown), AT(0));
	ck_assert_uint_eq(timebase_wall_ns(&base, AT(5)), 0);
}
END_TEST

START_TEST(test_recorded_times_come_first)
{
	const struct line_time time = {.recorded_ns = AT(30), .wall_ns = 5};
	struct timebase base = {0};

	ck_assert_uint_eq(start(&base, 10, &time), AT(20));
	ck_assert_uint_eq(base.origin_wall_ns, 0);
}
END_TEST

START_TEST(test_the_time_of_day_dates_heaps)
{
	struct line_time time = {.wall_ns = 1000010 * NS_PER_SECOND};
	struct timebase base = {0};

	ck_assert_uint_eq(start(&base, 10, &time), AT(0));
	time.wall_ns = 1000500 * NS_PER_SECOND;
	ck_assert_uint_eq(start(&base, 20, &time), AT(480));
	ck_assert_uint_eq(timebase_wall_ns(&base, AT(480)), 1000480 * NS_PER_SECOND);
}
END_TEST

START_TEST(test_milliseconds_are_those_of_the_recording)
{
	ck_assert_uint_eq(timebase_from_ms(1500), AT(0) + 1500 * NS_PER_MS);
	ck_assert_uint_eq(timebase_to_ms(timebase_from_ms(1500)), 1500);
	ck_assert_uint_eq(timebase_to_ms(5), 0);
	ck_assert_uint_eq(timebase_from_ms(UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(test_a_pid_has_lives)
{
	struct lives lives = {0};
	pid_t pid;

	ck_assert_uint_eq(lives_key(&lives, 1).start_ticks, 0);
	lives_end(&lives, 1);
	lives_end(&lives, 1);
	ck_assert_uint_eq(lives_key(&lives, 1).start_ticks, 2);
	ck_assert_uint_eq(lives_key(&lives, 2).start_ticks, 0);
	ck_assert_int_eq(lives_key(&lives, 2).pid, 2);
	for (pid = 1; pid <= 10000; pid++)
		lives_end(&lives, pid);
	ck_assert_uint_eq(lives_key(&lives, 1).start_ticks, 3);
	ck_assert_uint_eq(lives_key(&lives, 10000).start_ticks, 0);
	lives_done(&lives);
}
END_TEST

UNIT_MAIN("timebase", test_without_times_the_order_of_lines_decides, test_recorded_times_come_first,
          test_the_time_of_day_dates_heaps, test_milliseconds_are_those_of_the_recording,
          test_a_pid_has_lives)
