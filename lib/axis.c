// SPDX-License-Identifier: MIT
/*
 * Steps are looked up from the smallest that would do.
 */
#include "lib/axis.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MINUTE 60.0
#define HOUR   3600.0
#define DAY    86400.0

/* At least 1; rounding must not make an even division one too many. */
static double least_step(double span, size_t count)
{
	if (!(span > 0) || !isfinite(span))
		return 1;
	return span / (double)(count > 0 ? count : 1) * (1 - 1e-9);
}

double axis_step(double span, size_t count)
{
	double least = least_step(span, count);
	double power = pow(10, floor(log10(least)));

	if (least <= power)
		return power;
	if (least <= 2 * power)
		return 2 * power;
	return least <= 5 * power ? 5 * power : 10 * power;
}

double axis_step_bytes(double span_bytes, size_t count)
{
	double least = least_step(span_bytes, count);
	double unit = 1;

	/* 1, 2, 5, …, 500 of a unit, then one of the next. */
	while (least > 500 * unit)
		unit *= 1024;
	return unit * axis_step(least / unit, 1);
}

double axis_step_seconds(double span_seconds, size_t count)
{
	static const double steps[] = {
	    1,      2,          5,          10,          15,          30,
	    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	    HOUR,   2 * HOUR,   3 * HOUR,   6 * HOUR,    12 * HOUR,   DAY};
	double least = least_step(span_seconds, count);
	size_t i;

	if (least <= 0.5)
		return axis_step(span_seconds, count);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (least <= steps[i])
			return steps[i];
	}
	return DAY * axis_step(span_seconds / DAY, count);
}

const char *axis_label_seconds(char out[AXIS_LABEL_SIZE], double seconds)
{
	uint64_t whole = (uint64_t)llround(fmin(fmax(seconds, 0), 1e15));
	uint64_t days = whole / (uint64_t)DAY;
	uint64_t hours = whole / (uint64_t)HOUR % 24;
	uint64_t minutes = whole / (uint64_t)MINUTE % 60;
	bool is_fraction = fabs(seconds - (double)whole) > 1e-6;

	if (is_fraction && seconds < MINUTE)
		(void)snprintf(out, AXIS_LABEL_SIZE, "%.4gs", seconds);
	else if (whole < (uint64_t)MINUTE)
		(void)snprintf(out, AXIS_LABEL_SIZE, "%us", (unsigned)whole);
	else if (whole < (uint64_t)HOUR)
		(void)snprintf(out, AXIS_LABEL_SIZE, whole % 60 > 0 ? "%um %us" : "%um",
		               (unsigned)minutes, (unsigned)(whole % 60));
	else if (days == 0)
		(void)snprintf(out, AXIS_LABEL_SIZE, minutes > 0 ? "%uh %um" : "%uh",
		               (unsigned)hours, (unsigned)minutes);
	else
		(void)snprintf(out, AXIS_LABEL_SIZE, hours > 0 ? "%llud %uh" : "%llud",
		               (unsigned long long)days, (unsigned)hours);
	return out;
}
