// SPDX-License-Identifier: MIT
/*
 * One episode at a time, of one signal: that which was called first.
 */
#include "daemon/scoring/episode.h"

#include <math.h>

#include "daemon/scoring/terms.h"
#include "lib/clock.h"
#include "lib/units.h"

/* Less than this of the rise is left: it was given back. */
#define KEPT_SHARE 0.25
/* Growth goes on when this share of the rise was added: less is noise. */
#define STEP_SHARE 0.10
/* The floor is the lowest of this share of the rise's time: one measurement may hold garbage. */
#define FLOOR_SHARE 0.15

static void begin(struct score_memory *memory, const struct signal *signal, uint64_t now_ns)
{
	const struct judgement *judgement = &signal->judgement;

	memory->episode_peak_ns = now_ns;
	memory->episode_start = judgement->level_start;
	memory->episode_peak = judgement->level_end;
	memory->episode_rise_seconds = judgement->length_seconds;
	memory->episode_signal = signals_number(signal);
}

static bool is_over(const struct process *process, uint64_t now_ns,
                    const struct scoring_options *options)
{
	const struct score_memory *memory = &process->score_memory;
	double rise = memory->episode_peak - memory->episode_start;
	double rested = ns_to_seconds(u64_subtract_floor(now_ns, memory->episode_peak_ns)) *
	                options->time_scale;
	double level;

	if (!signals_recent_floor(process, memory->episode_signal,
	                          FLOOR_SHARE * memory->episode_rise_seconds, now_ns, options,
	                          &level))
		return true;
	return level < memory->episode_start + KEPT_SHARE * rise ||
	       rested > fmax(memory->episode_rise_seconds, scoring_times.rise);
}

static void follow(struct process *process, uint64_t now_ns, const struct scoring_options *options)
{
	struct score_memory *memory = &process->score_memory;
	double rise = memory->episode_peak - memory->episode_start;
	double level;

	if (!signals_recent_floor(process, memory->episode_signal,
	                          FLOOR_SHARE * memory->episode_rise_seconds, now_ns, options,
	                          &level))
		return;
	if (level < memory->episode_peak + STEP_SHARE * rise)
		return;
	memory->episode_peak = level;
	memory->episode_peak_ns = now_ns;
}

static bool is_held(const struct score_memory *memory, uint64_t now_ns,
                    const struct scoring_options *options)
{
	return memory->high_since_ns != 0 &&
	       ns_to_seconds(u64_subtract_floor(now_ns, memory->high_since_ns)) *
	               options->time_scale >=
	           scoring_times.episode_hold;
}

bool episode_follow(struct process *process, const struct signal *signal, double score,
                    uint64_t now_ns, const struct scoring_options *options)
{
	struct score_memory *memory = &process->score_memory;

	if (score < SCORE_ALL_MET)
		memory->high_since_ns = 0;
	else if (memory->high_since_ns == 0)
		memory->high_since_ns = now_ns;
	if (memory->episode_peak_ns == 0) {
		if (signal->judgement.has_ratios && is_held(memory, now_ns, options))
			begin(memory, signal, now_ns);
		return memory->episode_peak_ns != 0;
	}
	follow(process, now_ns, options);
	if (score < SCORE_ALL_MET && is_over(process, now_ns, options))
		memory->episode_peak_ns = 0;
	return memory->episode_peak_ns != 0;
}
