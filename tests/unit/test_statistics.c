// SPDX-License-Identifier: MIT
/*
 * Statistics against figures worked out independently; the first series is the example of Sen
 * (1968), the rest have ties, autocorrelation and a plain line.
 */
#include "daemon/scoring/statistics.h"

#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

#define TOLERANCE 1e-9
#define Z_90      1.645

static double x[STATISTICS_POINTS_MAX + 1];
static double y[STATISTICS_POINTS_MAX + 1];

static void equal_steps(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		x[i] = (double)i;
}

START_TEST(test_quantiles_are_interpolated)
{
	static const struct {
		double quantile;
		double value;
	} rows[] = {{0, 1}, {0.25, 3}, {0.5, 5}, {0.75, 7}, {1, 9}, {0.375, 4}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double values[] = {9, 1, 5, 3, 7};

		ck_assert_double_eq_tol(statistics_quantile(values, 5, rows[i].quantile),
		                        rows[i].value, TOLERANCE);
	}
}
END_TEST

START_TEST(test_median_of_any_order_and_of_equal_values)
{
	double ascending[] = {1, 2, 3, 4};
	double descending[] = {4, 3, 2, 1};
	double equal[] = {2, 2, 2, 2, 2};
	double one[] = {7};
	double many[1000];
	size_t i;

	for (i = 0; i < 1000; i++)
		many[i] = (double)((i * 7919) % 1000);
	ck_assert_double_eq(statistics_median(ascending, 4), 2.5);
	ck_assert_double_eq(statistics_median(descending, 4), 2.5);
	ck_assert_double_eq(statistics_median(equal, 5), 2);
	ck_assert_double_eq(statistics_median(one, 1), 7);
	ck_assert_double_eq(statistics_median(many, 1000), 499.5);
}
END_TEST

START_TEST(test_the_example_of_sen)
{
	const double sen_x[] = {1, 2, 3, 4, 10, 12, 18};
	const double sen_y[] = {9, 15, 19, 20, 45, 55, 78};
	struct trend trend;

	ck_assert(statistics_trend(sen_x, sen_y, 7, Z_90, &trend));
	ck_assert_double_eq_tol(trend.slope, 4.0, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_lower, 3.75, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_upper, 4.181818181818182, TOLERANCE);
	ck_assert_double_eq_tol(trend.s, 21, TOLERANCE);
	ck_assert_double_eq_tol(trend.variance, 44.333333333333336, TOLERANCE);
	ck_assert_double_eq_tol(trend.z, 3.003757045930553, TOLERANCE);
}
END_TEST

START_TEST(test_ties_lower_the_variance)
{
	const double values[] = {5, 6, 5, 7, 9, 8, 8, 11, 12, 10};
	struct trend trend;

	equal_steps(10);
	ck_assert(statistics_trend(x, values, 10, Z_90, &trend));
	ck_assert_double_eq_tol(trend.slope, 0.7142857142857143, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_lower, 0.5, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_upper, 1.0, TOLERANCE);
	ck_assert_double_eq_tol(trend.variance, 123, TOLERANCE);
	ck_assert_double_eq_tol(trend.z, 2.8853428309357834, TOLERANCE);
}
END_TEST

START_TEST(test_autocorrelation_widens_the_variance)
{
	struct trend trend;
	size_t i;

	equal_steps(40);
	for (i = 0; i < 40; i++)
		y[i] = round(1000 * (10 * sin((double)i / 3) + 0.2 * (double)i)) / 1000;
	ck_assert(statistics_trend(x, y, 40, Z_90, &trend));
	ck_assert_double_eq_tol(trend.variance_factor, 1.6539909685456244, 1e-6);
	ck_assert_double_eq_tol(trend.slope, 0.012232352941176453, 1e-6);
	ck_assert_double_eq_tol(trend.slope_lower, -0.23384, 1e-4);
	ck_assert_double_eq_tol(trend.slope_upper, 0.22081818, 1e-4);
	ck_assert_double_eq_tol(trend.z, 0.04529684231051703, 1e-6);
}
END_TEST

START_TEST(test_a_line_is_found_beneath_jitter)
{
	struct trend trend;
	size_t i;

	equal_steps(60);
	for (i = 0; i < 60; i++)
		y[i] = 3 * (double)i + (double)((i * 7919) % 11);
	ck_assert(statistics_trend(x, y, 60, Z_90, &trend));
	ck_assert_double_eq_tol(trend.slope, 3, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_lower, 2.9361702127659575, TOLERANCE);
	ck_assert_double_eq_tol(trend.slope_upper, 3.03125, TOLERANCE);
	ck_assert_double_eq_tol(trend.z, 11.089795375572255, TOLERANCE);
}
END_TEST

START_TEST(test_a_falling_series_has_a_negative_trend)
{
	struct trend trend;
	size_t i;

	equal_steps(20);
	for (i = 0; i < 20; i++)
		y[i] = -2 * (double)i;
	ck_assert(statistics_trend(x, y, 20, Z_90, &trend));
	ck_assert_double_eq_tol(trend.slope, -2, TOLERANCE);
	ck_assert_double_lt(trend.z, -5);
}
END_TEST

START_TEST(test_a_constant_series_has_no_trend)
{
	struct trend trend;
	size_t i;

	equal_steps(30);
	for (i = 0; i < 30; i++)
		y[i] = 5;
	ck_assert(statistics_trend(x, y, 30, Z_90, &trend));
	ck_assert_double_eq(trend.slope, 0);
	ck_assert_double_eq(trend.z, 0);
	ck_assert_double_eq(trend.variance_factor, 1);
}
END_TEST

START_TEST(test_bounds_of_the_number_of_points)
{
	struct trend trend;
	size_t i;

	equal_steps(STATISTICS_POINTS_MAX + 1);
	for (i = 0; i <= STATISTICS_POINTS_MAX; i++)
		y[i] = (double)(i * i % 31);
	ck_assert(!statistics_trend(x, y, 2, Z_90, &trend));
	ck_assert(statistics_trend(x, y, 3, Z_90, &trend));
	ck_assert(statistics_trend(x, y, STATISTICS_POINTS_MAX, Z_90, &trend));
	ck_assert(!statistics_trend(x, y, STATISTICS_POINTS_MAX + 1, Z_90, &trend));
	memset(x, 0, sizeof(x));
	ck_assert(!statistics_trend(x, y, 10, Z_90, &trend));
}
END_TEST

UNIT_MAIN("statistics", test_quantiles_are_interpolated,
          test_median_of_any_order_and_of_equal_values, test_the_example_of_sen,
          test_ties_lower_the_variance, test_autocorrelation_widens_the_variance,
          test_a_line_is_found_beneath_jitter, test_a_falling_series_has_a_negative_trend,
          test_a_constant_series_has_no_trend, test_bounds_of_the_number_of_points)
