// SPDX-License-Identifier: MIT
/*
 * Theil–Sen over all pairs (128 points: 8128 slopes, 64 KiB of stack) and Mann–Kendall.
 */
#include "daemon/scoring/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX ((size_t)STATISTICS_POINTS_MAX * (STATISTICS_POINTS_MAX - 1) / 2)

/* An autocorrelation counts when it is significant at 5 %. */
#define AUTOCORRELATION_Z 1.96
/*
 * Hamed and Rao sum over all lags; far lags of a short series are noise, and a factor below 1 would
 * make significance out of nothing.
 */
#define LAGS_MIN            3
#define LAGS_SHARE          4
#define VARIANCE_FACTOR_MAX 20.0

_Static_assert(PAIRS_MAX * sizeof(double) <= 65536, "the slopes live on the stack");

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Hoare's selection: afterwards values[rank] is in its sorted place. */
static double select_rank(double *values, size_t count, size_t rank)
{
	size_t low = 0;
	size_t high = count - 1;

	while (low < high) {
		double pivot = values[low + (high - low) / 2];
		size_t i = low;
		size_t j = high;

		for (;;) {
			double swapped;

			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i >= j)
				break;
			swapped = values[i];
			values[i++] = values[j];
			values[j--] = swapped;
		}
		if (rank <= j)
			high = j;
		else
			low = j + 1;
	}
	return values[rank];
}

double statistics_quantile(double *values, size_t count, double quantile)
{
	double place = quantile * (double)(count - 1);
	size_t below = (size_t)place;
	double share = place - (double)below;
	double low;

	assert(count > 0 && quantile >= 0 && quantile <= 1);
	low = select_rank(values, count, below);
	if (share <= 0)
		return low;
	return low + share * (select_rank(values, count, below + 1) - low);
}

double statistics_median(double *values, size_t count)
{
	return statistics_quantile(values, count, 0.5);
}

static size_t pair_slopes(const double *x, const double *y, size_t count, double *slopes)
{
	size_t pairs = 0;
	size_t i;
	size_t j;

	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count; j++) {
			if (x[j] > x[i])
				slopes[pairs++] = (y[j] - y[i]) / (x[j] - x[i]);
		}
	}
	return pairs;
}

static double sum_of_signs(const double *y, size_t count)
{
	long sum = 0;
	size_t i;
	size_t j;

	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count; j++)
			sum += (y[j] > y[i]) - (y[j] < y[i]);
	}
	return (double)sum;
}

/* Variance of the sum of signs among independent values, ties allowed for. */
static double variance_of_signs(const double *y, size_t count)
{
	double sorted[STATISTICS_POINTS_MAX];
	double n = (double)count;
	double sum = n * (n - 1) * (2 * n + 5);
	size_t start;
	size_t end;

	memcpy(sorted, y, count * sizeof(*y));
	qsort(sorted, count, sizeof(*sorted), compare_doubles);
	for (start = 0; start < count; start = end) {
		double ties;

		for (end = start + 1; end < count && !(sorted[end] > sorted[start]); end++)
			;
		ties = (double)(end - start);
		sum -= ties * (ties - 1) * (2 * ties + 5);
	}
	return sum / 18;
}

/* Ranks from 1, ties sharing their mean. */
static void rank_values(const double *values, size_t count, double *ranks)
{
	size_t i;
	size_t j;

	for (i = 0; i < count; i++) {
		double below = 0;
		double equal = 0;

		for (j = 0; j < count; j++) {
			below += values[j] < values[i];
			equal += !(values[j] < values[i]) && !(values[j] > values[i]);
		}
		ranks[i] = below + (equal + 1) / 2;
	}
}

static double covariance_at(const double *deviations, size_t count, size_t lag)
{
	double sum = 0;
	size_t i;

	for (i = 0; i + lag < count; i++)
		sum += deviations[i] * deviations[i + lag];
	return sum;
}

/* Hamed and Rao: by how much autocorrelation of the residuals widens the variance. */
static double variance_factor(const double *x, const double *y, size_t count, double slope)
{
	double residuals[STATISTICS_POINTS_MAX];
	double ranks[STATISTICS_POINTS_MAX];
	double n = (double)count;
	size_t lags = count / LAGS_SHARE > LAGS_MIN ? count / LAGS_SHARE : LAGS_MIN;
	double sum = 0;
	double variance;
	size_t i;

	for (i = 0; i < count; i++)
		residuals[i] = y[i] - slope * x[i];
	rank_values(residuals, count, ranks);
	for (i = 0; i < count; i++)
		ranks[i] -= (n + 1) / 2;
	variance = covariance_at(ranks, count, 0);
	if (variance <= 0)
		return 1;
	for (i = 1; i <= lags && i + 2 < count; i++) {
		double correlation = covariance_at(ranks, count, i) / variance;
		double k = (double)i;

		if (fabs(correlation) > AUTOCORRELATION_Z / sqrt(n))
			sum += (n - k) * (n - k - 1) * (n - k - 2) * correlation;
	}
	return fmin(fmax(1 + 2 * sum / (n * (n - 1) * (n - 2)), 1), VARIANCE_FACTOR_MAX);
}

static double continuity_corrected(double s, double variance)
{
	if (variance <= 0 || fabs(s) < 1)
		return 0;
	return (s - (s > 0 ? 1 : -1)) / sqrt(variance);
}

/* Sen (1968): the slopes whose ranks are half the spread of the sum of signs from the middle. */
static void sen_interval(double *slopes, size_t pairs, double spread, struct trend *trend)
{
	double middle = (double)pairs;
	double lower = fmax((middle - spread) / 2 - 1, 0);
	double upper = fmin((middle + spread) / 2, middle - 1);

	trend->slope_lower = select_rank(slopes, pairs, (size_t)lower);
	trend->slope_upper = select_rank(slopes, pairs, (size_t)ceil(upper));
}

bool statistics_trend(const double *x, const double *y, size_t count, double z_interval,
                      struct trend *ret_trend)
{
	double slopes[PAIRS_MAX];
	struct trend trend;
	size_t pairs;

	if (count < 3 || count > STATISTICS_POINTS_MAX)
		return false;
	pairs = pair_slopes(x, y, count, slopes);
	if (pairs == 0)
		return false;
	trend.slope = statistics_median(slopes, pairs);
	trend.s = sum_of_signs(y, count);
	trend.variance_factor = variance_factor(x, y, count, trend.slope);
	trend.variance = variance_of_signs(y, count) * trend.variance_factor;
	trend.z = continuity_corrected(trend.s, trend.variance);
	sen_interval(slopes, pairs, z_interval * sqrt(fmax(trend.variance, 0)), &trend);
	*ret_trend = trend;
	return true;
}
