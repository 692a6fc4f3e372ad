// SPDX-License-Identifier: MIT
/*
 * Everything is read from the row's history, which is bounded, and from its verdict.
 */
#include "tool/reading.h"

#include <math.h>

#include "daemon/scoring/scoring.h"
#include "daemon/scoring/statistics.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define STRETCHED_SECONDS 3600.0
/* 90 %, as scoring's own. */
#define INTERVAL_Z 1.645
/* A heap rose when the last quarter never fell below this times the floor of the first … */
#define RISE_RATIO 1.3
/* … and this much more. */
#define RISE_BYTES (1.0 * MIB)
/* As scoring calls a leak. */
#define LEAK_SCORE 0.8
/* A shape of fewer floors is none. */
#define FULL_FOR_SHAPE 4
/* That it ran out of memory is a fact; why is not. */
#define DEAD_CONFIDENCE 0.9

DEFINE_CLEANUP(struct process, process_free)

/* ---- shape ---- */

/* From the birth of the heap when the log begins soon after it. */
static uint64_t begin_of(const struct heap_row *row, const struct history_bucket *all)
{
	uint64_t unseen_ns = u64_subtract_floor(all->first_ns, row->start_ns);

	return unseen_ns < all->last_ns - all->first_ns ? row->start_ns : all->first_ns;
}

/* The lowest floor of the later half of a stretch, so that a start does not count, else the last.
 */
static bool floor_of(const struct history *history, uint64_t from_ns, uint64_t to_ns,
                     double *ret_bytes)
{
	uint64_t middle_ns = from_ns + (to_ns - from_ns) / 2;
	struct history_bucket late = history_span(history, middle_ns, to_ns);
	struct history_bucket all = history_span(history, from_ns, to_ns);

	if (all.full_count == 0)
		return false;
	*ret_bytes = (double)(late.full_count > 0 ? late.floor_min : all.floor_last);
	return true;
}

static void read_quarters(struct reading *reading)
{
	uint64_t width_ns = (reading->end_ns - reading->begin_ns) / READING_QUARTERS;
	size_t i;

	for (i = 0; i < READING_QUARTERS; i++) {
		uint64_t from_ns = reading->begin_ns + i * width_ns;
		uint64_t to_ns =
		    i + 1 < READING_QUARTERS ? from_ns + width_ns : reading->end_ns + 1;

		if (!floor_of(&reading->row->history, from_ns, to_ns, &reading->quarter_floor[i]))
			return;
	}
	reading->quarters = READING_QUARTERS;
}

static void read_falls(struct reading *reading)
{
	const struct history *history = &reading->row->history;
	double peak = 0;
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);

		if (bucket->full_count == 0)
			continue;
		reading->fallback_bytes =
		    fmax(reading->fallback_bytes, peak - (double)bucket->floor_min);
		peak = fmax(peak, (double)bucket->floor_max);
	}
	reading->peak_floor = peak;
}

/* Nothing that was left at the end was there at the beginning: no need of many full collections. */
static bool has_risen(const struct reading *reading)
{
	double first = (double)reading->first.used_after_min;
	double last = (double)reading->last.used_after_min;

	return reading->last.young_count + reading->last.full_count > 0 &&
	       last >= RISE_RATIO * first && last - first >= RISE_BYTES;
}

static void read_shape(struct reading *reading)
{
	const struct history *history = &reading->row->history;
	uint64_t third_ns;

	reading->all = history_span(history, 0, UINT64_MAX);
	if (history_count(history) == 0) {
		reading->begin_ns = reading->row->start_ns;
		reading->end_ns = reading->isolate->last_gc_ns;
		reading->seconds =
		    ns_to_seconds(u64_subtract_floor(reading->end_ns, reading->begin_ns));
		return;
	}
	reading->begin_ns = begin_of(reading->row, &reading->all);
	reading->end_ns = reading->all.last_ns;
	reading->seconds = ns_to_seconds(reading->end_ns - reading->begin_ns);
	third_ns = (reading->end_ns - reading->begin_ns) / 3;
	reading->first = history_span(history, 0, reading->begin_ns + third_ns);
	reading->last = history_span(history, reading->end_ns - third_ns, UINT64_MAX);
	reading->has_risen = has_risen(reading);
	read_quarters(reading);
	read_falls(reading);
}

/* ---- growth ---- */

static bool floor_trend(const struct history *history, struct trend *ret_trend)
{
	double x[STATISTICS_POINTS_MAX];
	double y[STATISTICS_POINTS_MAX];
	size_t step = history_count(history) / STATISTICS_POINTS_MAX + 1;
	size_t count = 0;
	size_t i;

	for (i = 0; i < history_count(history); i += step) {
		const struct history_bucket *bucket = history_at(history, i);

		if (bucket->full_count == 0)
			continue;
		x[count] = ns_to_seconds(bucket->floor_ns);
		y[count++] = (double)bucket->floor_min;
	}
	return statistics_trend(x, y, count, INTERVAL_Z, ret_trend);
}

/* The series of scoring holds minutes; a shorter recording has a trend, too. */
static void read_growth(struct reading *reading)
{
	const struct verdict *verdict = &reading->verdict;
	struct trend trend;

	if (fabs(verdict->growth_bytes_per_second) > 0) {
		reading->has_growth = true;
		reading->growth_bytes_per_second = verdict->growth_bytes_per_second;
	} else if (floor_trend(&reading->row->history, &trend)) {
		reading->has_growth = true;
		reading->growth_bytes_per_second = trend.slope;
	}
}

/* ---- the verdict if it were an hour ---- */

static void play_floors(struct process *process, const struct history *history,
                        const struct scoring_options *options)
{
	struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .average_mutator_utilization = (double)NAN,
	    .current_mutator_utilization = (double)NAN,
	};
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);

		if (bucket->full_count == 0)
			continue;
		event.used_before_bytes = bucket->used_before_max;
		event.used_after_bytes = bucket->floor_min;
		event.uptime_ns = u64_subtract_floor(bucket->floor_ns, process->start_ns);
		process_add_gc(process, bucket->floor_ns, &event);
		if (scoring_is_due(process, bucket->floor_ns, options))
			scoring_evaluate(process, bucket->floor_ns, options);
	}
}

static void read_stretched(struct reading *reading, double time_scale)
{
	_cleanup_(process_freep) struct process *process = NULL;
	const struct process_facts facts = heap_process_facts(&reading->row->key, reading->begin_ns,
	                                                      reading->isolate->limit_bytes);
	struct scoring_options options;

	if (!reading->is_short || reading->seconds <= 0 ||
	    reading->seconds * time_scale >= STRETCHED_SECONDS)
		return;
	options.time_scale = ceil(STRETCHED_SECONDS / reading->seconds);
	process = process_new(&facts, reading->begin_ns, options.time_scale);
	if (process == NULL)
		return;
	play_floors(process, &reading->row->history, &options);
	scoring_evaluate(process, reading->end_ns, &options);
	reading->stretch = options.time_scale;
	reading->stretched = process->verdict;
}

/* ---- outlook ---- */

static void read_death(struct reading *reading)
{
	struct verdict *verdict = &reading->verdict;

	reading->is_dead = reading->isolate->events[HEAP_EVENT_FATAL_OOM] > 0;
	if (!reading->is_dead)
		return;
	verdict->exhaustion_p10_seconds = 0;
	verdict->exhaustion_p50_seconds = 0;
	verdict->exhaustion_p90_seconds = 0;
	verdict->confidence = fmax(verdict->confidence, DEAD_CONFIDENCE);
	if (reading->has_risen)
		verdict->state = LEAK_STATE_LEAK;
}

static enum outlook outlook_of(const struct reading *reading)
{
	static const enum outlook outlooks[LEAK_STATE_COUNT] = {
	    [LEAK_STATE_WARMUP] = OUTLOOK_SHORT,        [LEAK_STATE_INSUFFICIENT] = OUTLOOK_FEW,
	    [LEAK_STATE_STABLE] = OUTLOOK_STABLE,       [LEAK_STATE_FILLING] = OUTLOOK_FILLING,
	    [LEAK_STATE_STEP] = OUTLOOK_STEP,           [LEAK_STATE_LOAD] = OUTLOOK_LOAD,
	    [LEAK_STATE_SUSPECTED] = OUTLOOK_SUSPECTED, [LEAK_STATE_LEAK] = OUTLOOK_LEAK,
	    [LEAK_STATE_THRASH] = OUTLOOK_THRASH,
	};

	if (reading->is_dead)
		return reading->has_risen ? OUTLOOK_DIED_LEAKING : OUTLOOK_DIED;
	if (reading->is_short && reading->stretched.score >= LEAK_SCORE &&
	    reading->all.full_count >= FULL_FOR_SHAPE)
		return OUTLOOK_SHORT_LEAK;
	return outlooks[reading->verdict.state];
}

void reading_take(struct reading *ret_reading, const struct heap_row *row, double time_scale)
{
	*ret_reading = (struct reading){
	    .row = row,
	    .isolate = heap_row_isolate(row),
	    .verdict = row->alone->verdict,
	    .is_short = row->alone->verdict.state == LEAK_STATE_WARMUP,
	};
	read_shape(ret_reading);
	read_death(ret_reading);
	read_growth(ret_reading);
	read_stretched(ret_reading, time_scale);
	ret_reading->outlook = outlook_of(ret_reading);
}

struct verdict reading_process_verdict(const struct process *process,
                                       const struct reading *readings, size_t count)
{
	struct verdict verdict = process->verdict;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct reading *reading = &readings[i];

		if (!reading->is_dead || !process_key_equal(&reading->row->key, &process->key))
			continue;
		verdict.exhaustion_p10_seconds = reading->verdict.exhaustion_p10_seconds;
		verdict.exhaustion_p50_seconds = reading->verdict.exhaustion_p50_seconds;
		verdict.exhaustion_p90_seconds = reading->verdict.exhaustion_p90_seconds;
		verdict.confidence = fmax(verdict.confidence, reading->verdict.confidence);
		if (verdict.state == LEAK_STATE_THRASH)
			verdict.state = reading->verdict.state;
	}
	return verdict;
}

int reading_compare(const struct reading *left, const struct reading *right)
{
	double left_score = fmax(left->verdict.score, left->stretched.score);
	double right_score = fmax(right->verdict.score, right->stretched.score);

	if (left->outlook != right->outlook)
		return left->outlook < right->outlook ? -1 : 1;
	if (left_score > right_score || left_score < right_score)
		return left_score > right_score ? -1 : 1;
	return left->row < right->row ? -1 : left->row > right->row;
}

bool reading_is_suspicious(const struct reading *reading)
{
	return reading->outlook <= OUTLOOK_FILLING;
}
