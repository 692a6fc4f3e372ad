// SPDX-License-Identifier: MIT
/*
 * Growth from the slope and its interval; exhaustion as the room that is left over the growth.
 */
#include "daemon/scoring/forecast.h"

#include <math.h>

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

/* Room before the first of the limits that this signal runs into; negative when none is known. */
static double room_bytes(const struct process *process, const struct signal *signal)
{
	double room = -1;

	if (signal->limit_bytes > 0)
		room = fmax(signal->limit_bytes - signal->judgement.level_end, 0);
	if (process->has_detail && process->detail.limit_bytes > 0) {
		double memory = (double)u64_subtract_floor(process->detail.limit_bytes,
		                                           process->detail.limit_usage_bytes);

		room = room < 0 ? memory : fmin(room, memory);
	}
	return room;
}

static double seconds_until(double room, double growth, double seconds_max)
{
	double seconds;

	if (growth <= 0)
		return (double)INFINITY;
	seconds = room / growth;
	return seconds <= seconds_max ? seconds : (double)INFINITY;
}

void forecast_exhaustion(const struct process *process, const struct signal *signal, double score,
                         const struct scoring_options *options, struct verdict *verdict)
{
	double seconds_max = scoring_times.forecast_max / options->time_scale;
	double room = -1;

	if (score >= GROWTH_SCORE_MIN && signal->judgement.has_trend &&
	    signal->source != SIGNAL_THREADS)
		room = room_bytes(process, signal);
	if (room < 0) {
		verdict->exhaustion_p10_seconds = (double)INFINITY;
		verdict->exhaustion_p50_seconds = (double)INFINITY;
		verdict->exhaustion_p90_seconds = (double)INFINITY;
		return;
	}
	verdict->exhaustion_p10_seconds =
	    seconds_until(room, verdict->growth_upper_bytes_per_second, seconds_max);
	verdict->exhaustion_p50_seconds =
	    seconds_until(room, verdict->growth_bytes_per_second, seconds_max);
	verdict->exhaustion_p90_seconds =
	    seconds_until(room, verdict->growth_lower_bytes_per_second, seconds_max);
}
