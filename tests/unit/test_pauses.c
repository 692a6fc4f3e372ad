// SPDX-License-Identifier: MIT
/*
 * Quantiles of pauses: exact while they are few, close when they are many.
 */
#include "tool/pauses.h"

#include <math.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

static double quantile_of(const uint64_t *pauses_us, size_t count, double quantile)
{
	struct pauses pauses = {0};
	double result;
	size_t i;

	for (i = 0; i < count; i++)
		pauses_add(&pauses, pauses_us[i] * NS_PER_US);
	result = pauses_quantile(&pauses, quantile);
	pauses_done(&pauses);
	return result;
}

START_TEST(test_no_pause_has_no_quantile)
{
	ck_assert(isnan(quantile_of(NULL, 0, 0.5)));
}
END_TEST

START_TEST(test_few_pauses_are_exact)
{
	static const uint64_t us[] = {5250, 10, 1230, 99990, 40};
	static const struct {
		double quantile;
		double ms;
	} rows[] = {{0, 0.01}, {0.2, 0.01}, {0.21, 0.04}, {0.5, 1.23}, {0.99, 99.99}, {1, 99.99}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_double_eq(quantile_of(us, 5, rows[i].quantile), rows[i].ms);
}
END_TEST

/* A microsecond to a quarter of a second, evenly in the logarithm. */
START_TEST(test_many_pauses_are_close)
{
	struct pauses pauses = {0};
	const size_t count = 8 * PAUSES_EXACT_MAX;
	double worst = 0;
	size_t i;

	for (i = 0; i < count; i++)
		pauses_add(&pauses, (uint64_t)(1e3 * pow(250e3, (double)i / (double)count)));
	ck_assert_uint_eq(pauses.count, count);
	for (i = 1; i <= 100; i++) {
		double expected = pow(250e3, (double)i / 100) / 1000;
		double error = fabs(pauses_quantile(&pauses, (double)i / 100) - expected);

		/* Microseconds are whole, buckets 1/256 wide. */
		worst = fmax(worst, error / (0.001 + expected / 256));
	}
	ck_assert_double_le(worst, 1);
	pauses_done(&pauses);
}
END_TEST

START_TEST(test_the_longest_pause_is_exact_among_many)
{
	struct pauses pauses = {0};
	size_t i;

	for (i = 0; i < 2 * PAUSES_EXACT_MAX; i++)
		pauses_add(&pauses, 777777 * NS_PER_US);
	ck_assert_double_le(pauses_quantile(&pauses, 1), 777.777);
	pauses_add(&pauses, UINT64_MAX);
	ck_assert_double_ge(pauses_quantile(&pauses, 1), 4.29e6 * (1 - 1.0 / 256));
	ck_assert_double_le(pauses_quantile(&pauses, 0.5), 777.777);
	pauses_done(&pauses);
}
END_TEST

UNIT_MAIN("pauses", test_no_pause_has_no_quantile, test_few_pauses_are_exact,
          test_many_pauses_are_close, test_the_longest_pause_is_exact_among_many)
