// SPDX-License-Identifier: MIT
/*
 * Robust statistics of short series: quantiles, Theil–Sen slope with Sen's interval, Mann–Kendall
 * with the variance of Hamed and Rao (1998). No memory is allocated; inputs are bounded.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_STATISTICS_H
#define HEAPWATCH_DAEMON_SCORING_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_POINTS_MAX 128

/* Reorders values. The quantile is of 0…1, interpolated between neighbours; count > 0. */
double statistics_quantile(double *values, size_t count, double quantile);
double statistics_median(double *values, size_t count);

struct trend {
	double slope;       /* Theil–Sen: median of the slopes of all pairs */
	double slope_lower; /* Sen's interval at the given normal quantile */
	double slope_upper;
	double s;               /* Mann–Kendall's sum of signs */
	double variance;        /* of s without trend, ties and autocorrelation allowed for */
	double variance_factor; /* by which autocorrelation widened it: 1…20 */
	double z;               /* s in standard deviations, continuity-corrected */
};

/*
 * The trend of y over x, x ascending. z_interval: 1.645 gives the 90 % interval. False with fewer
 * than 3 or more than STATISTICS_POINTS_MAX points, or when no two x differ.
 */
bool statistics_trend(const double *x, const double *y, size_t count, double z_interval,
                      struct trend *ret_trend);

#endif
