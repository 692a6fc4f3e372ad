// SPDX-License-Identifier: MIT
/*
 * What a whole recording says of a heap: its outlook, its death, its shape if it were longer.
 */
#include "tool/reading.h"

#include <string.h>

#include "tests/unit/heap_recording.h"

struct outlook_case {
	const char *name;
	double (*floor)(double t);
	size_t seconds;
	double time_scale;
	bool dies;
	enum outlook outlook;
	enum leak_state state;
};

static const struct outlook_case cases[] = {
    {"a long rise", floor_rising, 120, 60, false, OUTLOOK_LEAK, LEAK_STATE_LEAK},
    {"a long flat floor", floor_flat, 120, 60, false, OUTLOOK_STABLE, LEAK_STATE_STABLE},
    {"a saw tooth", floor_saw, 120, 60, false, OUTLOOK_STABLE, LEAK_STATE_STABLE},
    {"a short rise", floor_rising, 30, 1, false, OUTLOOK_SHORT_LEAK, LEAK_STATE_WARMUP},
    {"a short flat floor", floor_flat, 30, 1, false, OUTLOOK_SHORT, LEAK_STATE_WARMUP},
    {"a short saw tooth", floor_saw, 30, 1, false, OUTLOOK_SHORT, LEAK_STATE_WARMUP},
    {"a rise into death", floor_rising, 30, 1, true, OUTLOOK_DIED_LEAKING, LEAK_STATE_LEAK},
    {"a sudden death", floor_flat, 30, 1, true, OUTLOOK_DIED, LEAK_STATE_THRASH},
};

START_TEST(test_the_outlook_of_a_heap)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct outlook_case *row = &cases[i];
		struct recording recording;
		struct reading reading;

		recording_begin(&recording, row->time_scale, 0);
		recording_fill(&recording, row->seconds, row->floor, 10);
		if (row->dies)
			recording_die(&recording);
		reading = recording_end(&recording);
		ck_assert_msg(reading.outlook == row->outlook, "%s: %d", row->name,
		              (int)reading.outlook);
		ck_assert_msg(reading.verdict.state == row->state, "%s: %s", row->name,
		              leak_state_name(reading.verdict.state));
		heap_table_done(&recording.heaps);
	}
}
END_TEST

START_TEST(test_death_leaves_no_time_and_no_doubt)
{
	struct recording recording;
	struct reading reading;

	recording_begin(&recording, 1, 0);
	recording_fill(&recording, 30, floor_rising, 10);
	recording_die(&recording);
	reading = recording_end(&recording);
	ck_assert(reading.is_dead);
	ck_assert_double_eq(reading.verdict.exhaustion_p10_seconds, 0);
	ck_assert_double_eq(reading.verdict.exhaustion_p90_seconds, 0);
	ck_assert_double_ge(reading.verdict.confidence, 0.9);
	ck_assert_double_ge(reading.verdict.score, 0.8);
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_a_short_recording_has_a_growth)
{
	struct recording recording;
	struct reading reading;

	recording_begin(&recording, 1, 0);
	recording_fill(&recording, 30, floor_rising, 10);
	reading = recording_end(&recording);
	ck_assert(reading.has_growth);
	ck_assert_double_eq_tol(reading.growth_bytes_per_second, 2.0 * MIB, 0.01 * MIB);
	ck_assert_double_eq_tol(reading.stretch * reading.seconds, 3600, 31);
	ck_assert_uint_eq(reading.quarters, 4);
	ck_assert_double_eq(reading.fallback_bytes, 0);
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_nothing_but_the_fatal_error_is_a_death)
{
	struct recording recording;
	struct reading reading;

	recording_begin(&recording, 1, 0);
	recording_die(&recording);
	reading = recording_end(&recording);
	ck_assert_int_eq(reading.outlook, OUTLOOK_DIED);
	ck_assert_double_eq(reading.seconds, 0);
	ck_assert(!reading.has_growth);
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_the_log_of_an_old_heap_begins_with_its_first_line)
{
	struct recording recording;
	struct reading reading;

	recording_begin(&recording, 1, 0);
	recording_add(&recording, 86400, GC_SCAVENGE, 30, 20);
	recording_add(&recording, 86460, GC_SCAVENGE, 30, 20);
	reading = recording_end(&recording);
	ck_assert_double_eq(reading.seconds, 60);
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_what_fell_back_is_remembered)
{
	struct recording recording;
	struct reading reading;

	recording_begin(&recording, 60, 0);
	recording_fill(&recording, 120, floor_saw, 10);
	reading = recording_end(&recording);
	ck_assert_double_ge(reading.fallback_bytes, 38.0 * MIB);
	ck_assert(!reading_is_suspicious(&reading));
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_the_worst_comes_first)
{
	static const double scores[] = {0.1, 0.9};
	struct reading left = {.outlook = OUTLOOK_STABLE};
	struct reading right = {.outlook = OUTLOOK_LEAK};

	ck_assert_int_gt(reading_compare(&left, &right), 0);
	ck_assert_int_lt(reading_compare(&right, &left), 0);
	left.outlook = OUTLOOK_LEAK;
	left.verdict.score = scores[0];
	right.verdict.score = scores[1];
	ck_assert_int_gt(reading_compare(&left, &right), 0);
	right.verdict.score = scores[0];
	right.stretched.score = scores[1];
	ck_assert_int_gt(reading_compare(&left, &right), 0);
}
END_TEST

START_TEST(test_a_process_ends_with_its_heap)
{
	struct recording recording;
	struct reading readings[2];
	struct verdict verdict;

	recording_begin(&recording, 1, 0);
	recording_fill(&recording, 30, floor_rising, 10);
	recording_die(&recording);
	readings[0] = recording_end(&recording);
	readings[1] = readings[0];
	readings[1].is_dead = false;
	verdict = reading_process_verdict(recording.row->alone, &readings[1], 1);
	ck_assert_int_eq(verdict.state, LEAK_STATE_THRASH);
	verdict = reading_process_verdict(recording.row->alone, readings, 2);
	ck_assert_int_eq(verdict.state, LEAK_STATE_LEAK);
	ck_assert_double_eq(verdict.exhaustion_p50_seconds, 0);
	heap_table_done(&recording.heaps);
}
END_TEST

UNIT_MAIN("reading", test_the_outlook_of_a_heap, test_death_leaves_no_time_and_no_doubt,
          test_a_short_recording_has_a_growth, test_nothing_but_the_fatal_error_is_a_death,
          test_the_log_of_an_old_heap_begins_with_its_first_line, test_what_fell_back_is_remembered,
          test_the_worst_comes_first, test_a_process_ends_with_its_heap)
