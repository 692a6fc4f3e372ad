// SPDX-License-Identifier: MIT
/*
 * The table of terms, the table of times, and the search for the window that fits a leak best.
 */
#include "daemon/scoring/terms.h"

#include <math.h>
#include <string.h>

const struct scoring_times scoring_times = {
    .evaluate = 10,
    .warmup_min = 180,
    .rise = 1020,
    .exhaustion_near = 37.5 * 3600.0,
    .smoothing_up = 20,
    .smoothing_down = 120,
    .episode_hold = 120,
    .carry_half_life = 3600,
    .standing_max = 7200,
    .enough = 36 * 3600.0,
    .experience = 30 * 86400.0,
    .forecast_max = 30 * 86400.0,
};

const struct term_row term_table[TERM_COUNT] = {
    /* A cache that fills evenly looks exactly like a leak until it is full; only time tells, or
     * nearness to the limit. Required: see required_duration(). */
    [TERM_DURATION] = {"duration", 0, "has not lasted long enough"},
    /* Relevance: demand->size_min or size_share of the level. */
    [TERM_SIZE] = {"size", 0, "is too small to matter"},
    /* What so few measurements could show at best, as Mann–Kendall's z: 2.6 is one-sided 0.5 %,
     * six without a single dip. A rise that lasts longer than required needs fewer. */
    [TERM_POINTS] = {"points", 2.6, "was measured too few times"},
    /* Second weakest segment to the mean one. Exchangeable noise rises in all segments with
     * probability 1/6! or so; rejects steps, one flank of a wave, ratchets. */
    [TERM_SPREAD] = {"spread", 0.30, "came in steps and not all along"},
    /* Rise of the last half to that of the first: linear 1, logarithmic fill about 0.35 over a
     * decade, exponential fill exp(-T/2tau). */
    [TERM_HALF] = {"half", 0.70, "is slowing down"},
    /* Share of the rise that is above the troughs before it: the second flank of a wave is none. */
    [TERM_FRESH] = {"fresh", 0.50, "has not gone far beyond earlier levels"},
    /* Pace to that of the stretch before: the far tail of a saturating curve is straight, but much
     * slower than what came before. */
    [TERM_OCTAVE] = {"octave", 0.45, "is much slower than before"},
    /* Pace of the last stretch to that of all: what was full a while ago is no leak. */
    [TERM_RECENT] = {"recent", 0.50, "has stopped or slowed down of late"},
    /* Share of the rise that a level in proportion to the work done would not have, see
     * explained_by_load(). */
    [TERM_LOAD] = {"load", 0.50, "goes with the load"},
    /* Share of the rise that is above what other lives of the app grew to and kept. */
    [TERM_HISTORY] = {"history", 0.50, "has not gone beyond what other lives of the app kept"},
    /* Mann–Kendall's z with the variance of Hamed and Rao: one-sided 2.5 %, or as much as so few
     * points can have. */
    [TERM_TREND] = {"trend", 1.96, "is not significant against its own noise"},
};

/* The oldest points are of a process that still loads its modules: this share of its age. */
#define WARMUP_AGE_SHARE 0.10
/* The shortest window, of the required rise, and the ratio of successive window lengths. */
#define WINDOW_RISE_MIN     0.15
#define WINDOW_LENGTH_RATIO 0.93
/* Pressure goes from 0 to 1 as the level goes from here to there of the limit. */
#define PRESSURE_START 0.45
#define PRESSURE_FULL  0.75
/* What full pressure takes away of the required rise, and of the demands on the shape. */
#define PRESSURE_RISE_SHARE  0.75
#define PRESSURE_SHAPE_SHARE 0.90
/*
 * A rise must also last this share of the time that is left to exhaustion: the further the end, the
 * more of the way may be spent on making sure, so that what would end in days outlasts a day and
 * what would end within the shift does not.
 */
#define EXHAUSTION_SHARE_MIN 0.05
#define EXHAUSTION_SHARE_MAX 0.15
/* The level is taken to go with a load that does not rise all along from this ratio on: less is the
 * noise of a third. */
#define LOAD_RATIO_MIN 1.3
/* … and this share of the age, unless it goes beyond all that was seen by its own range. */
#define AGE_SHARE   0.30
#define NOVELTY_MIN 1.0
/* A ratio counts for no more than this in the part of the score above SCORE_ALL_MET. */
#define RATIO_MAX 3.0
/* … and not less than this where other lives of the app rose as high. */
#define KNOWN_RATIO 0.05

static double clamp_unit(double value)
{
	return fmin(fmax(value, 0), 1);
}

static double pressure_of(double used_share)
{
	return clamp_unit((used_share - PRESSURE_START) / (PRESSURE_FULL - PRESSURE_START));
}

static double pressure(const struct window *window, const struct demand *demand)
{
	return demand->limit > 0 ? pressure_of(window->level[SEGMENT_COUNT] / demand->limit) : 0;
}

static double required_size(const struct window *window, const struct demand *demand)
{
	return fmax(demand->size_min, demand->size_share * window->level[0]);
}

/* The new height to the range known before: 1 is a rise that the process has never shown. */
static double novelty(const struct window *window, double size)
{
	return (window->level[SEGMENT_COUNT] - window->before) / (window->span + size);
}

static double share_of_the_way(double seconds_left)
{
	double share = EXHAUSTION_SHARE_MIN * seconds_left / scoring_times.exhaustion_near;

	return seconds_left * fmin(fmax(share, EXHAUSTION_SHARE_MIN), EXHAUSTION_SHARE_MAX);
}

static double required_duration(const struct window *window, const struct demand *demand)
{
	double nearness = fmax(pressure(window, demand), pressure_of(demand->used_share));
	double required =
	    scoring_times.rise * demand->rise_factor * (1 - PRESSURE_RISE_SHARE * nearness);
	double room = demand->capacity - window->level[SEGMENT_COUNT];

	if (demand->capacity > 0 && room > 0)
		required = fmax(required, share_of_the_way(room / window->slope));
	if (window->is_from_start || novelty(window, required_size(window, demand)) < NOVELTY_MIN)
		required = fmax(required, AGE_SHARE * demand->observed_seconds);
	return required;
}

/* The gain of this rank, 0 the smallest, to the mean one. */
static double gain_ratio(const struct window *window, size_t rank)
{
	double gains[SEGMENT_COUNT];

	memcpy(gains, window->gain, sizeof(gains));
	return statistics_quantile(gains, SEGMENT_COUNT, (double)rank / (SEGMENT_COUNT - 1)) /
	       (window->net / SEGMENT_COUNT);
}

static double halves_ratio(const struct window *window)
{
	double first = window->level[SEGMENT_COUNT / 2] - window->level[0];
	double last = window->net - first;

	return last / fmax(first, 1e-9);
}

/* Mann–Kendall's z of so many points without a single dip. */
static double perfect_z(size_t count)
{
	double n = (double)count;
	double pairs = n * (n - 1) / 2;

	return (pairs - 1) / sqrt(n * (n - 1) * (2 * n + 5) / 18);
}

/* What the level would have risen by if all of it were in proportion to the work done. */
static double explained_by_load(const struct window *window)
{
	double ratio = fmax(window->work_ratio / LOAD_RATIO_MIN, window->steady_work_ratio);

	return window->level[0] * fmax(ratio - 1, 0);
}

/* A rise within what is known is still one to be told of. */
static double beyond_other_lives(const struct window *window, const struct demand *demand)
{
	double share = (window->level[SEGMENT_COUNT] - demand->known_level) / window->net;

	if (demand->known_level <= window->level[0])
		return RATIO_MAX;
	return fmax(share / term_table[TERM_HISTORY].required, KNOWN_RATIO);
}

/* All but the trend, which costs most. */
static void shape_ratios(const struct window *window, const struct demand *demand,
                         double ratios[TERM_COUNT])
{
	/* Close to the limit V8 collects back to back: the program slows down, its curve bends. */
	double ease = 1 - PRESSURE_SHAPE_SHARE * pressure(window, demand);

	/* On average a rise that was met under way began in the middle of the silence before. */
	ratios[TERM_DURATION] = (window->length_seconds + window->unseen_seconds / 2) /
	                        required_duration(window, demand);
	ratios[TERM_SIZE] = window->net / required_size(window, demand);
	ratios[TERM_POINTS] = perfect_z(window->bin_count) * fmax(ratios[TERM_DURATION], 1) /
	                      term_table[TERM_POINTS].required;
	ratios[TERM_SPREAD] = gain_ratio(window, 1) / (term_table[TERM_SPREAD].required * ease);
	ratios[TERM_HALF] = halves_ratio(window) / (term_table[TERM_HALF].required * ease);
	ratios[TERM_FRESH] = (window->level[SEGMENT_COUNT] - window->before) / window->net /
	                     term_table[TERM_FRESH].required;
	ratios[TERM_OCTAVE] = RATIO_MAX;
	if (window->has_pace_before && window->pace_before > 0)
		ratios[TERM_OCTAVE] =
		    window->slope / window->pace_before / (term_table[TERM_OCTAVE].required * ease);
	ratios[TERM_RECENT] = window->recent_ratio / (term_table[TERM_RECENT].required * ease);
	ratios[TERM_LOAD] =
	    (1 - explained_by_load(window) / window->net) / term_table[TERM_LOAD].required;
	ratios[TERM_HISTORY] = beyond_other_lives(window, demand);
	ratios[TERM_TREND] = RATIO_MAX;
}

static double combine(const double ratios[TERM_COUNT])
{
	double product = SCORE_ALL_MET;
	double surplus = 0;
	size_t i;

	for (i = 0; i < TERM_COUNT; i++) {
		product *= clamp_unit(ratios[i]);
		surplus += log(fmin(fmax(ratios[i], 1), RATIO_MAX));
	}
	if (product < SCORE_ALL_MET)
		return product;
	return SCORE_ALL_MET + (1 - SCORE_ALL_MET) * (1 - exp(-surplus / 3));
}

static bool only_load_refuses(const double ratios[TERM_COUNT])
{
	double others[TERM_COUNT];

	memcpy(others, ratios, sizeof(others));
	others[TERM_LOAD] = RATIO_MAX;
	return ratios[TERM_LOAD] < 1 && combine(others) >= SCORE_ALL_MET;
}

/* No more than a rise without a single dip can reach with so few points. */
static double required_z(size_t count)
{
	return fmin(term_table[TERM_TREND].required, perfect_z(count));
}

static enum term weakest_term(const double ratios[TERM_COUNT])
{
	enum term weakest = 0;
	enum term term;

	for (term = 1; term < TERM_COUNT; term++) {
		if (ratios[term] < ratios[weakest])
			weakest = term;
	}
	return weakest;
}

/* Of the room that there was at the start of the rise. */
static double way_share(const struct window *window, const struct demand *demand)
{
	double room = demand->capacity - window->level[0];

	return demand->capacity > 0 && room > window->net ? window->net / room : (double)INFINITY;
}

static void keep(const struct window *window, const struct demand *demand,
                 const double ratios[TERM_COUNT], struct judgement *judgement)
{
	judgement->has_ratios = true;
	memcpy(judgement->ratios, ratios, sizeof(judgement->ratios));
	judgement->weakest = weakest_term(ratios);
	judgement->start_seconds = window->start_seconds;
	judgement->length_seconds = window->length_seconds;
	judgement->level_start = window->level[0];
	judgement->level_end = window->level[SEGMENT_COUNT];
	judgement->net = window->net;
	judgement->way_share = way_share(window, demand);
	judgement->slowest_gain_ratio = gain_ratio(window, 0);
	judgement->largest_gain_share = gain_ratio(window, SEGMENT_COUNT - 1) / SEGMENT_COUNT;
	judgement->halves_ratio = halves_ratio(window);
	judgement->bin_count = window->bin_count;
}

static void consider(const struct window *window, const struct demand *demand,
                     struct judgement *best)
{
	double ratios[TERM_COUNT];
	struct trend trend;
	bool has_trend;
	double score;

	shape_ratios(window, demand, ratios);
	best->goes_with_load |= only_load_refuses(ratios);
	if (combine(ratios) <= best->score)
		return;
	has_trend = statistics_trend(window->bin_at_seconds, window->bin_value, window->bin_count,
	                             TREND_INTERVAL_Z, &trend);
	ratios[TERM_TREND] = has_trend ? trend.z / required_z(window->bin_count) : 0;
	score = combine(ratios);
	if (score <= best->score)
		return;
	best->score = score;
	best->has_trend = has_trend;
	if (has_trend)
		best->trend = trend;
	keep(window, demand, ratios, best);
}

static double warmup_seconds(double age_seconds)
{
	return fmax(scoring_times.warmup_min, WARMUP_AGE_SHARE * age_seconds);
}

static size_t first_warm(const struct samples *samples, double age_seconds)
{
	double warmup = warmup_seconds(age_seconds);
	size_t first = 0;

	while (first < samples->count && samples->at_seconds[first] < warmup)
		first++;
	return first;
}

static void drop_oldest(const struct samples *samples, size_t count, struct samples *ret_samples)
{
	size_t rest = samples->count - count;

	memcpy(ret_samples->at_seconds, samples->at_seconds + count, rest * sizeof(double));
	memcpy(ret_samples->value, samples->value + count, rest * sizeof(double));
	memcpy(ret_samples->work, samples->work + count, rest * sizeof(double));
	memcpy(ret_samples->width_seconds, samples->width_seconds + count, rest * sizeof(double));
	ret_samples->count = rest;
}

void terms_judge(const struct samples *samples, const struct demand *demand,
                 struct judgement *ret_judgement)
{
	struct samples warm;
	struct window window;
	double last_length = (double)INFINITY;
	double length;
	size_t i;

	memset(ret_judgement, 0, sizeof(*ret_judgement));
	ret_judgement->weakest = TERM_POINTS;
	drop_oldest(samples, first_warm(samples, demand->age_seconds), &warm);
	warm.silent_since_seconds = fmax(warmup_seconds(demand->age_seconds),
	                                 demand->age_seconds - demand->observed_seconds);
	for (i = 0; i + 2 < warm.count; i++) {
		length = warm.at_seconds[warm.count - 1] - warm.at_seconds[i];
		if (length < WINDOW_RISE_MIN * scoring_times.rise)
			break;
		if (length > WINDOW_LENGTH_RATIO * last_length)
			continue;
		last_length = length;
		if (features_window(&warm, i, &window))
			consider(&window, demand, ret_judgement);
	}
}
