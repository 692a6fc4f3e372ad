// SPDX-License-Identifier: MIT
/*
 * Ticks that people like, and never too many of them.
 */
#include "lib/axis.h"

#include <math.h>

#include "lib/units.h"
#include "tests/unit/unit.h"

struct step_row {
	double span;
	size_t count;
	double step;
};

static void check(double (*step)(double, size_t), const struct step_row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ck_assert_double_eq_tol(step(rows[i].span, rows[i].count), rows[i].step,
		                        rows[i].step * 1e-12);
}

START_TEST(test_steps_are_round)
{
	static const struct step_row rows[] = {
	    {10, 5, 2}, {11, 5, 5}, {26, 5, 10}, {1, 5, 0.2},
	    {0, 5, 1},  {-1, 5, 1}, {7, 0, 10},  {1000, 10, 100},
	};

	check(axis_step, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(test_steps_of_bytes_are_round_in_their_unit)
{
	static const struct step_row rows[] = {
	    {100.0 * MIB, 5, 20.0 * MIB},
	    {1024.0 * MIB, 4, 500.0 * MIB},
	    {3.0 * GIB, 4, 1.0 * GIB},
	    {900.0 * KIB, 5, 200.0 * KIB},
	    {4000, 4, 1024},
	};

	check(axis_step_bytes, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(test_steps_of_time_are_those_of_a_clock)
{
	static const struct step_row rows[] = {
	    {3.5, 8, 0.5},
	    {60, 8, 10},
	    {100, 8, 15},
	    {500, 8, 120},
	    {7200, 8, 900},
	    {86400, 8, 10800},
	    {8 * 86400.0, 8, 86400},
	    {40 * 86400.0, 8, 5 * 86400.0},
	};

	check(axis_step_seconds, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(test_there_are_never_too_many)
{
	double span;

	for (span = 1e-3; span < 1e12; span *= 1.37) {
		ck_assert_double_le(span / axis_step(span, 6), 6.0001);
		ck_assert_double_le(span / axis_step_bytes(span, 6), 6.0001);
		ck_assert_double_le(span / axis_step_seconds(span, 6), 6.0001);
	}
}
END_TEST

START_TEST(test_labels_of_time)
{
	static const struct {
		double seconds;
		const char *label;
	} rows[] = {
	    {0, "0s"},          {0.5, "0.5s"},     {59, "59s"},      {60, "1m"},
	    {90, "1m 30s"},     {3600, "1h"},      {5400, "1h 30m"}, {86400, "1d"},
	    {129600, "1d 12h"}, {0.2 * 3, "0.6s"}, {-1, "0s"},
	};
	char text[AXIS_LABEL_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(axis_label_seconds(text, fmax(rows[i].seconds, 0)), rows[i].label);
}
END_TEST

UNIT_MAIN("axis", test_steps_are_round, test_steps_of_bytes_are_round_in_their_unit,
          test_steps_of_time_are_those_of_a_clock, test_there_are_never_too_many,
          test_labels_of_time)
