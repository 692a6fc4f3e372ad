// SPDX-License-Identifier: MIT
/*
 * Growth from the slope and its interval; exhaustion as the room that is left over the growth.
 */
#include "daemon/scoring/forecast.h"

#include <math.h>
#include <stddef.h>

#include "lib/units.h"

void forecast_growth(const struct process *process, const struct signal *signal,
                     const struct scoring_options *options, struct verdict *verdict)
{
	const struct judgement *judgement = &signal->judgement;
	struct trend trend;

	verdict->growth_bytes_per_second = 0;
	verdict->growth_lower_bytes_per_second = 0;
	verdict->growth_upper_bytes_per_second = 0;
	if (signal->source == SIGNAL_THREADS)
		return;
	if (judgement->has_trend && judgement->score >= GROWTH_SCORE_MIN)
		trend = judgement->trend;
	else if (!signals_long_trend(process, signal, options, &trend))
		return;
	verdict->growth_bytes_per_second = trend.slope * options->time_scale;
	verdict->growth_lower_bytes_per_second = trend.slope_lower * options->time_scale;
	verdict->growth_upper_bytes_per_second = trend.slope_upper * options->time_scale;
}

/*
 * V8 begins to collect in vain at 80 % of its limit and gives up somewhere between there and all of
 * it: heap.cc, Heap::IsIneffectiveMarkCompact.
 */
static const struct percentile {
	size_t verdict_offset;
	size_t growth_offset;
	double limit_share;
	int widening; /* of the growth, see pace_margin() */
} percentiles[] = {
    {offsetof(struct verdict, exhaustion_p10_seconds),
     offsetof(struct verdict, growth_upper_bytes_per_second), 0.80, 1},
    {offsetof(struct verdict, exhaustion_p50_seconds),
     offsetof(struct verdict, growth_bytes_per_second), 0.92, 0},
    {offsetof(struct verdict, exhaustion_p90_seconds),
     offsetof(struct verdict, growth_lower_bytes_per_second), 1.00, -1},
};

static double *member(struct verdict *verdict, size_t offset)
{
	return (double *)(void *)((char *)verdict + offset);
}

static double seconds_until(double room, double growth)
{
	return growth > 0 ? fmax(room, 0) / growth : (double)INFINITY;
}

/*
 * The interval of the slope says how well the pace of the window is known, not how the pace itself
 * wanders with the traffic of days: the longer the way that is left against the way that was seen,
 * the wider. The factor was set by the coverage in the simulation.
 */
#define PACE_WANDER     0.08
#define PACE_MARGIN_MAX 0.5

static double pace_margin(const struct signal *signal, double seconds_left, double time_scale)
{
	double seen = fmax(signal->judgement.length_seconds, 1);

	return fmin(PACE_WANDER * sqrt(fmax(seconds_left, 0) * time_scale / seen), PACE_MARGIN_MAX);
}

static double widened(double seconds, const struct signal *signal, int widening, double time_scale)
{
	if (widening == 0 || isinf(seconds))
		return seconds;
	return seconds * exp(-widening * pace_margin(signal, seconds, time_scale));
}

/* The heap was measured at the end of the window, and has grown since. */
static double heap_seconds(const struct process *process, const struct signal *signal,
                           struct verdict *verdict, const struct percentile *row,
                           const struct scoring_options *options)
{
	const struct judgement *judgement = &signal->judgement;
	double end_seconds = judgement->start_seconds + judgement->length_seconds;
	double growth = *member(verdict, row->growth_offset);
	double since =
	    production_seconds(process, verdict->at_ns, options->time_scale) - end_seconds;

	if (signal->limit_bytes <= 0)
		return (double)INFINITY;
	return fmax(
	    seconds_until(row->limit_share * signal->limit_bytes - judgement->level_end, growth) -
	        fmax(since, 0) / options->time_scale,
	    0);
}

static double memory_seconds(const struct process *process, double growth)
{
	if (!process->has_detail || process->detail.limit_bytes == 0)
		return (double)INFINITY;
	return seconds_until((double)u64_subtract_floor(process->detail.limit_bytes,
	                                                process->detail.limit_usage_bytes),
	                     growth);
}

void forecast_exhaustion(const struct process *process, const struct signal *signal, double score,
                         const struct scoring_options *options, struct verdict *verdict)
{
	double seconds_max = scoring_times.forecast_max / options->time_scale;
	bool is_given = score >= GROWTH_SCORE_MIN && signal->judgement.has_trend &&
	                signal->source != SIGNAL_THREADS;
	size_t i;

	for (i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
		const struct percentile *row = &percentiles[i];
		double growth = *member(verdict, row->growth_offset);
		double seconds = fmin(heap_seconds(process, signal, verdict, row, options),
		                      memory_seconds(process, growth));

		*member(verdict, row->verdict_offset) =
		    is_given && seconds <= seconds_max
		        ? widened(seconds, signal, row->widening, options->time_scale)
		        : (double)INFINITY;
	}
}
