// SPDX-License-Identifier: MIT
/* Windows and the demands on them, on hand-made samples: one a minute, of a day-old process. */
#include "daemon/scoring/terms.h"

#include <math.h>

#include "tests/unit/unit.h"

#define MINUTES  60
#define AGE      86400.0
#define MEBIBYTE 1048576.0
#define FIRST_AT 80000.0

static struct samples samples;
static struct window window;

typedef double (*curve)(double minute);

static void sample(curve level)
{
	size_t i;

	for (i = 0; i < MINUTES; i++) {
		samples.at_seconds[i] = FIRST_AT + 60 * (double)i;
		samples.value[i] = level((double)i) * MEBIBYTE;
		samples.width_seconds[i] = 60;
	}
	samples.count = MINUTES;
}

static double line(double minute)
{
	return 50 + minute;
}

static double falling(double minute)
{
	return 150 - minute;
}

static double saw(double minute)
{
	return 50 + 0.5 * minute + 3 * fmod(minute, 5);
}

static double jump(double minute)
{
	return minute < 30 ? 50 : 80;
}

static double bend(double minute)
{
	return 50 + 30 * (1 - exp(-minute / 15));
}

static double back_to_where_it_was(double minute)
{
	return minute < 25 ? 90 : 50 + (minute - 25);
}

static struct demand plain_demand(void)
{
	return (struct demand){
	    .size_min = MEBIBYTE,
	    .rise_factor = 1,
	    .age_seconds = AGE,
	    .observed_seconds = 3600,
	};
}

START_TEST(test_a_window_reads_the_envelope)
{
	size_t i;

	sample(saw);
	ck_assert(features_window(&samples, 0, &window));
	ck_assert_double_eq(window.length_seconds, 59 * 60);
	ck_assert(window.is_from_start);
	ck_assert(!window.has_pace_before);
	for (i = 0; i < SEGMENT_COUNT; i++)
		ck_assert_double_ge(window.gain[i], 0);
	ck_assert_double_eq_tol(window.slope * 60 / MEBIBYTE, 0.65, 0.1);
}
END_TEST

START_TEST(test_what_falls_or_is_too_short_has_no_window)
{
	sample(falling);
	ck_assert(!features_window(&samples, 0, &window));
	sample(line);
	samples.count = 2;
	ck_assert(!features_window(&samples, 0, &window));
}
END_TEST

START_TEST(test_fine_buckets_are_merged_into_the_width_of_the_oldest)
{
	size_t i;

	sample(line);
	for (i = 0; i < 30; i++)
		samples.width_seconds[i] = 600;
	ck_assert(features_window(&samples, 0, &window));
	ck_assert_uint_eq(window.bin_count, 7);
	ck_assert_double_eq(window.bin_value[0], 50 * MEBIBYTE);
	/* A bin that is only just begun joins the one before: 84000 is where one begins. */
	samples.at_seconds[MINUTES - 1] = 84010;
	ck_assert(features_window(&samples, 0, &window));
	ck_assert_uint_eq(window.bin_count, 7);
	samples.at_seconds[MINUTES - 1] = 84310;
	ck_assert(features_window(&samples, 0, &window));
	ck_assert_uint_eq(window.bin_count, 8);
}
END_TEST

START_TEST(test_what_was_before_the_window_is_known)
{
	sample(back_to_where_it_was);
	ck_assert(features_window(&samples, 25, &window));
	ck_assert(!window.is_from_start);
	ck_assert_double_eq(window.before, 90 * MEBIBYTE);
	ck_assert_double_eq(window.span, 40 * MEBIBYTE);
	ck_assert(window.has_pace_before);
	ck_assert_double_lt(window.pace_before, 0);
}
END_TEST

START_TEST(test_the_weakest_term_explains)
{
	static const struct {
		curve level;
		enum term weakest;
		double score_min;
		double score_max;
	} rows[] = {
	    {line, TERM_DURATION, 0.8, 1},
	    {saw, TERM_TREND, 0, 1},
	    {jump, TERM_SPREAD, 0, 0.3},
	    {bend, TERM_HALF, 0, 0.6},
	    {back_to_where_it_was, TERM_FRESH, 0, 0.5},
	};
	struct demand demand = plain_demand();
	struct judgement judgement;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sample(rows[i].level);
		/* The warm-up is a tenth of the age, long past. */
		terms_judge(&samples, &demand, &judgement);
		ck_assert_msg(
		    judgement.score >= rows[i].score_min && judgement.score <= rows[i].score_max,
		    "row %zu: %.2f, %s", i, judgement.score, term_table[judgement.weakest].name);
		if (judgement.score < SCORE_ALL_MET && judgement.has_ratios && rows[i].level != saw)
			ck_assert_msg(judgement.ratios[rows[i].weakest] < 1, "row %zu: %s %.2f", i,
			              term_table[rows[i].weakest].name,
			              judgement.ratios[rows[i].weakest]);
	}
}
END_TEST

START_TEST(test_each_demand_can_refuse)
{
	static const struct {
		struct demand demand;
		enum term refused;
	} rows[] = {
	    {{.size_min = 500 * MEBIBYTE, .rise_factor = 1}, TERM_SIZE},
	    {{.size_share = 5, .rise_factor = 1}, TERM_SIZE},
	    {{.size_min = MEBIBYTE, .rise_factor = 100}, TERM_DURATION},
	    {{.size_min = MEBIBYTE, .rise_factor = 1, .capacity = 1e15}, TERM_DURATION},
	};
	struct judgement judgement;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sample(line);
		terms_judge(&samples, &rows[i].demand, &judgement);
		ck_assert_msg(judgement.score < SCORE_ALL_MET, "row %zu: %.2f", i, judgement.score);
		ck_assert_int_eq(judgement.weakest, rows[i].refused);
	}
}
END_TEST

START_TEST(test_near_the_limit_less_is_demanded)
{
	struct demand demand = plain_demand();
	struct judgement far;
	struct judgement near;

	sample(bend);
	terms_judge(&samples, &demand, &far);
	demand.limit = 100 * MEBIBYTE;
	terms_judge(&samples, &demand, &near);
	ck_assert_double_gt(near.score, far.score);
}
END_TEST

/* Outside V8 nothing slows down near the end: only the time is shorter, the shape is demanded. */
START_TEST(test_near_the_limit_of_the_container_a_shorter_rise_will_do)
{
	struct demand demand = plain_demand();
	struct judgement judgement;

	demand.rise_factor = 5;
	sample(line);
	terms_judge(&samples, &demand, &judgement);
	ck_assert_double_lt(judgement.score, SCORE_ALL_MET);
	ck_assert_int_eq(judgement.weakest, TERM_DURATION);
	demand.used_share = 0.4;
	terms_judge(&samples, &demand, &judgement);
	ck_assert_double_lt(judgement.score, SCORE_ALL_MET);
	demand.used_share = 0.75;
	terms_judge(&samples, &demand, &judgement);
	ck_assert_double_ge(judgement.score, SCORE_ALL_MET);
	sample(jump);
	terms_judge(&samples, &demand, &judgement);
	ck_assert_double_lt(judgement.score, SCORE_ALL_MET);
}
END_TEST

START_TEST(test_young_points_are_not_judged)
{
	struct demand demand = plain_demand();
	struct judgement judgement;

	sample(line);
	demand.age_seconds = 20 * FIRST_AT;
	terms_judge(&samples, &demand, &judgement);
	ck_assert(!judgement.has_ratios);
	ck_assert_double_eq(judgement.score, 0);
	ck_assert_int_eq(judgement.weakest, TERM_POINTS);
}
END_TEST

START_TEST(test_every_term_can_be_named_and_explained)
{
	size_t i;

	for (i = 0; i < TERM_COUNT; i++) {
		ck_assert_ptr_nonnull(term_table[i].name);
		ck_assert_ptr_nonnull(term_table[i].shortfall);
	}
}
END_TEST

UNIT_MAIN("terms", test_a_window_reads_the_envelope, test_what_falls_or_is_too_short_has_no_window,
          test_fine_buckets_are_merged_into_the_width_of_the_oldest,
          test_what_was_before_the_window_is_known, test_the_weakest_term_explains,
          test_each_demand_can_refuse, test_near_the_limit_less_is_demanded,
          test_near_the_limit_of_the_container_a_shorter_rise_will_do,
          test_young_points_are_not_judged, test_every_term_can_be_named_and_explained)
