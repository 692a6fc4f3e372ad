// SPDX-License-Identifier: MIT
/*
 * Windows, equal-width bins, lower envelope, and the stretch before.
 */
#include "daemon/scoring/features.h"

#include <math.h>

#define BINS_MIN 3
/* The last stretch of a window, of its length. */
#define RECENT_SHARE 0.15
/* Of the stretch before a window, what it must measure of the window to have a pace. */
#define PACE_STRETCH_MIN 0.25
/* Pairs of segments in which the later has the higher pace, less the others: of 15 in all,
 * one-sided 3 % by chance (Kendall's S for six values). */
#define STEADY_PAIRS_MIN 11
/* No line through paces that rise from nothing has a ratio; this is as good as any. */
#define WORK_RATIO_MAX 100.0
/* The level at the start of a stretch is the lowest of this share of it. */
#define PACE_START_SHARE 0.25

struct curve {
	const double *x;
	const double *y;
	size_t count;
};

static double interpolate(const struct curve *curve, double x)
{
	size_t right = 0;
	double share;

	while (right < curve->count && curve->x[right] <= x)
		right++;
	if (right == 0)
		return curve->y[0];
	if (right == curve->count)
		return curve->y[right - 1];
	share = (x - curve->x[right - 1]) / (curve->x[right] - curve->x[right - 1]);
	return curve->y[right - 1] + share * (curve->y[right] - curve->y[right - 1]);
}

/* A bin only just begun says too little of its own: it joins the one right before. */
static bool joins_last_bin(const struct samples *samples, size_t i, double width, double last_bin)
{
	double at = samples->at_seconds[i];
	double bin = floor(at / width);

	return i + 1 == samples->count && samples->width_seconds[i] < width &&
	       at - bin * width < width / 2 && bin <= last_bin + 1;
}

static void fill_bins(const struct samples *samples, size_t first, struct window *window)
{
	double width = samples->width_seconds[first];
	double current = -1;
	size_t count = 0;
	size_t i;

	for (i = first; i < samples->count; i++) {
		double at = samples->at_seconds[i];
		double bin = width > 0 ? floor(at / width) : (double)i;

		if (count == 0 || (bin > current && !joins_last_bin(samples, i, width, current))) {
			current = bin;
			count++;
		} else if (samples->value[i] > window->bin_value[count - 1]) {
			continue;
		}
		window->bin_at_seconds[count - 1] = at;
		window->bin_value[count - 1] = samples->value[i];
	}
	window->bin_count = count;
}

static void read_envelope(struct window *window)
{
	double envelope[SAMPLES_MAX];
	size_t last = window->bin_count - 1;
	const struct curve curve = {window->bin_at_seconds, envelope, window->bin_count};
	double step = (window->bin_at_seconds[last] - window->bin_at_seconds[0]) / SEGMENT_COUNT;
	size_t i;

	envelope[last] = window->bin_value[last];
	for (i = last; i-- > 0;)
		envelope[i] = fmin(window->bin_value[i], envelope[i + 1]);
	for (i = 0; i <= SEGMENT_COUNT; i++)
		window->level[i] =
		    interpolate(&curve, window->bin_at_seconds[0] + (double)i * step);
	for (i = 0; i < SEGMENT_COUNT; i++)
		window->gain[i] = window->level[i + 1] - window->level[i];
	window->net = window->level[SEGMENT_COUNT] - window->level[0];
	window->slope = window->net / (step * SEGMENT_COUNT);
}

/*
 * Like is compared with like, troughs with troughs: the points before the window are taken together
 * in stretches as long as one of its segments, counted back from its start.
 */
static void look_before(const struct samples *samples, size_t first, struct window *window)
{
	double stretch = window->length_seconds / SEGMENT_COUNT;
	double highest = window->level[0];
	double lowest = window->level[0];
	double trough = 0;
	double current = -1;
	size_t i;

	for (i = first; i-- > 0;) {
		double value = samples->value[i];
		double number = floor((window->start_seconds - samples->at_seconds[i]) / stretch);

		if (number > current) {
			if (current >= 0)
				highest = fmax(highest, trough);
			trough = value;
			current = number;
		}
		trough = fmin(trough, value);
		lowest = fmin(lowest, value);
	}
	if (current >= 0)
		highest = fmax(highest, trough);
	window->before = highest;
	window->span = highest - lowest;
	window->is_from_start = first == 0;
}

static void pace_before(const struct samples *samples, size_t first, struct window *window)
{
	const struct curve curve = {samples->at_seconds, samples->value, samples->count};
	double oldest = samples->at_seconds[0];
	double start = fmax(oldest, window->start_seconds - window->length_seconds);
	double length = window->start_seconds - start;
	double level;
	size_t i;

	window->has_pace_before =
	    window->start_seconds - oldest > PACE_STRETCH_MIN * window->length_seconds;
	if (!window->has_pace_before)
		return;
	level = interpolate(&curve, start);
	for (i = 0; i < first; i++) {
		double into = samples->at_seconds[i] - start;

		if (into >= 0 && into <= PACE_START_SHARE * length)
			level = fmin(level, samples->value[i]);
	}
	window->pace_before = (window->level[0] - level) / length;
}

/*
 * What the last stretch added for good: minima from there to now, in the finest buckets there are.
 * By time or by the work done, whichever speaks more for growth: a leak rests with the traffic, and
 * when a heap that is almost full leaves the program no time to work.
 */
static void read_recent(const struct samples *samples, size_t first, struct window *window)
{
	size_t last = samples->count - 1;
	double end = samples->at_seconds[last];
	double lowest = samples->value[last];
	double all_work = samples->work[last] - samples->work[first];
	size_t i = last;
	double growth;
	double work;

	while (i > first && end - samples->at_seconds[i] < RECENT_SHARE * window->length_seconds)
		lowest = fmin(lowest, samples->value[--i]);
	growth = samples->value[last] - lowest;
	work = samples->work[last] - samples->work[i];
	window->recent_ratio = growth / (end - samples->at_seconds[i]) / window->slope;
	if (work > 0)
		window->recent_ratio =
		    fmax(window->recent_ratio, growth / work / (window->net / all_work));
}

static void compare_work(const struct samples *samples, size_t first, struct window *window)
{
	const struct curve curve = {samples->at_seconds + first, samples->work + first,
	                            samples->count - first};
	double third = window->length_seconds / 3;
	double early = interpolate(&curve, window->start_seconds + third) - curve.y[0];
	double late = curve.y[curve.count - 1] - interpolate(&curve, window->end_seconds - third);

	window->work_ratio = early > 0 ? late / early : 1;
}

/* A line through the paces of the segments, from the window's start to its end. */
static double tilt_ratio(const double pace[SEGMENT_COUNT])
{
	const double middle = (SEGMENT_COUNT - 1) / 2.0;
	double mean = 0;
	double tilt = 0;
	double squares = 0;
	size_t i;

	for (i = 0; i < SEGMENT_COUNT; i++) {
		mean += pace[i] / SEGMENT_COUNT;
		tilt += pace[i] * ((double)i - middle);
		squares += ((double)i - middle) * ((double)i - middle);
	}
	tilt *= SEGMENT_COUNT / 2.0 / squares;
	return mean > tilt ? fmin((mean + tilt) / (mean - tilt), WORK_RATIO_MAX) : WORK_RATIO_MAX;
}

static void follow_work(const struct samples *samples, size_t first, struct window *window)
{
	const struct curve curve = {samples->at_seconds + first, samples->work + first,
	                            samples->count - first};
	double step = window->length_seconds / SEGMENT_COUNT;
	double pace[SEGMENT_COUNT];
	double before = curve.y[0];
	int later_is_higher = 0;
	size_t i;
	size_t j;

	for (i = 0; i < SEGMENT_COUNT; i++) {
		double work = interpolate(&curve, window->start_seconds + (double)(i + 1) * step);

		pace[i] = work - before;
		before = work;
		for (j = 0; j < i; j++)
			later_is_higher += (pace[i] > pace[j]) - (pace[i] < pace[j]);
	}
	window->steady_work_ratio = later_is_higher >= STEADY_PAIRS_MIN ? tilt_ratio(pace) : 1;
}

bool features_window(const struct samples *samples, size_t first, struct window *ret_window)
{
	ret_window->start_seconds = samples->at_seconds[first];
	ret_window->end_seconds = samples->at_seconds[samples->count - 1];
	ret_window->length_seconds = ret_window->end_seconds - ret_window->start_seconds;
	fill_bins(samples, first, ret_window);
	if (ret_window->bin_count < BINS_MIN)
		return false;
	read_envelope(ret_window);
	if (ret_window->net <= 0)
		return false;
	read_recent(samples, first, ret_window);
	compare_work(samples, first, ret_window);
	follow_work(samples, first, ret_window);
	ret_window->unseen_seconds =
	    first == 0 ? fmax(samples->at_seconds[0] - samples->silent_since_seconds, 0) : 0;
	look_before(samples, first, ret_window);
	pace_before(samples, first, ret_window);
	return true;
}
