// SPDX-License-Identifier: MIT
/*
 * From the best signal to the verdict: smoothing, the life before, sources, confidence and state.
 */
#include <math.h>

#include "daemon/scoring/episode.h"
#include "daemon/scoring/evidence.h"
#include "daemon/scoring/forecast.h"
#include "daemon/scoring/scoring.h"
#include "daemon/scoring/signals.h"
#include "lib/units.h"

#define SUSPECTED_SCORE 0.5
#define LEAK_SCORE      SCORE_ALL_MET
/* Without a GC source memory that V8 may just be holding cannot be told from a leak. */
#define PROC_ONLY_SCORE_MAX        0.70
#define PROC_ONLY_CONFIDENCE_SHARE 0.5
/* A difference of two measurements is worth less than one of them. */
#define SAMPLED_CONFIDENCE_SHARE 0.8
#define FLOORS_FOR_CONFIDENCE    4
/* A rise is sure when it has filled this share of the room that it found: most fills end before. */
#define CERTAIN_WAY_SHARE 0.18
/* … and when it was called for this share of the time that is left: what ends soon cannot wait. */
#define CERTAIN_STANDING_SHARE 0.04
#define FLOORS_MIN             3
/* Young: the warm-up and as long again. */
#define WARMUP_STATE_FACTOR 2
/* A rise of which one segment in six holds so much is a step. */
#define STEP_GAIN_SHARE 0.5
/* A carried score below this is forgotten. */
#define CARRIED_MIN 0.01

static double elapsed(uint64_t from_ns, uint64_t to_ns, const struct scoring_options *options)
{
	return ns_to_seconds(u64_subtract_floor(to_ns, from_ns)) * options->time_scale;
}

static bool has_gc_source(const struct process *process)
{
	return process->isolate_count > 0;
}

/* There is no later for a heap that is out of memory: its score is not smoothed. */
static void smooth(struct process *process, const struct signal *signal, uint64_t now_ns,
                   const struct scoring_options *options)
{
	struct score_memory *memory = &process->score_memory;
	double score = signal->judgement.score;
	uint64_t last_ns = process->scored_ns > 0 ? process->scored_ns : process->first_seen_ns;
	double time_constant =
	    score > memory->level ? scoring_times.smoothing_up : scoring_times.smoothing_down;

	if (signal->is_dead && score > memory->level) {
		memory->level = score;
		return;
	}
	memory->level +=
	    (score - memory->level) * (1 - exp(-elapsed(last_ns, now_ns, options) / time_constant));
}

/* What the life before in this slot still says. */
static double carried_score(struct process *process, uint64_t now_ns,
                            const struct scoring_options *options)
{
	struct score_memory *memory = &process->score_memory;
	double halvings =
	    elapsed(memory->carried_at_ns, now_ns, options) / scoring_times.carry_half_life;
	double score = memory->carried * exp2(-halvings);

	if (score < CARRIED_MIN)
		memory->carried = 0;
	return score;
}

/* Half of it is what an alert wants: so the far end may be waited for, and the near one may not. */
static double way_gone(const struct signal *signal)
{
	const struct judgement *judgement = &signal->judgement;

	if (signal->is_dying || signal->is_dead || !judgement->has_ratios ||
	    judgement->score < SUSPECTED_SCORE)
		return 1;
	return fmin(fmax(judgement->way_share / CERTAIN_WAY_SHARE,
	                 judgement->length_seconds / scoring_times.enough),
	            1);
}

/* The far end leaves time to see whether the call stands. */
static double standing(const struct process *process, const struct signal *signal, uint64_t now_ns,
                       const struct scoring_options *options)
{
	const struct judgement *judgement = &signal->judgement;
	uint64_t since_ns = process->score_memory.high_since_ns;
	double left_seconds;
	double enough;

	if (signal->is_dying || signal->is_dead || !judgement->has_ratios || since_ns == 0 ||
	    isinf(judgement->way_share))
		return 1;
	left_seconds = judgement->length_seconds * (1 / judgement->way_share - 1);
	enough = fmin(CERTAIN_STANDING_SHARE * left_seconds, scoring_times.standing_max);
	return fmin((scoring_times.episode_hold + elapsed(since_ns, now_ns, options)) / enough, 1);
}

static double confidence_of(const struct process *process, const struct signal *signal,
                            uint64_t now_ns, const struct scoring_options *options)
{
	uint64_t seen_ns =
	    process->first_seen_ns > process->start_ns ? process->first_seen_ns : process->start_ns;
	double confidence =
	    fmin(elapsed(seen_ns, now_ns, options) / scoring_times.rise, way_gone(signal));

	confidence = fmin(confidence, standing(process, signal, now_ns, options));
	if (signal->source == SIGNAL_FLOOR)
		return confidence *
		       fmin((double)signal->full_collections / FLOORS_FOR_CONFIDENCE, 1);
	confidence *= SAMPLED_CONFIDENCE_SHARE;
	return has_gc_source(process) ? confidence : confidence * PROC_ONLY_CONFIDENCE_SHARE;
}

static enum leak_state state_of(const struct process *process, const struct signal *signal,
                                double score, double age_seconds)
{
	const struct judgement *judgement = &signal->judgement;
	bool is_big = judgement->has_ratios && judgement->ratios[TERM_SIZE] >= 1;

	if (signal->is_dying || signal->is_dead)
		return LEAK_STATE_THRASH;
	if (score >= LEAK_SCORE)
		return LEAK_STATE_LEAK;
	if (score >= SUSPECTED_SCORE)
		return LEAK_STATE_SUSPECTED;
	if (age_seconds < WARMUP_STATE_FACTOR * scoring_times.warmup_min)
		return LEAK_STATE_WARMUP;
	if (judgement->goes_with_load)
		return LEAK_STATE_LOAD;
	if (is_big && judgement->largest_gain_share >= STEP_GAIN_SHARE)
		return LEAK_STATE_STEP;
	if (is_big && judgement->ratios[TERM_FRESH] >= 1)
		return LEAK_STATE_FILLING;
	if (has_gc_source(process) && signal->source == SIGNAL_FLOOR &&
	    signal->full_collections < FLOORS_MIN)
		return LEAK_STATE_INSUFFICIENT;
	return LEAK_STATE_STABLE;
}

static uint64_t onset_of(const struct process *process, const struct signal *signal, double score,
                         const struct scoring_options *options)
{
	if (score < SUSPECTED_SCORE || !signal->judgement.has_ratios)
		return 0;
	return signals_rise_ns(process, signal, options);
}

static void write_verdict(struct process *process, const struct signal *signal, uint64_t now_ns,
                          const struct scoring_options *options)
{
	struct verdict verdict = {.at_ns = now_ns};
	double age_seconds = production_seconds(process, now_ns, options->time_scale);
	double score = fmax(process->score_memory.level, carried_score(process, now_ns, options));

	if (episode_follow(process, signal, score, now_ns, options))
		score = fmax(score, EPISODE_SCORE);
	if (!has_gc_source(process))
		score = fmin(score, PROC_ONLY_SCORE_MAX);
	verdict.score = score;
	verdict.confidence = confidence_of(process, signal, now_ns, options);
	verdict.state = state_of(process, signal, score, age_seconds);
	verdict.kind = score >= SUSPECTED_SCORE ? signal->kind : LEAK_KIND_NONE;
	verdict.onset_ns = onset_of(process, signal, score, options);
	forecast_growth(process, signal, options, &verdict);
	forecast_exhaustion(process, signal, score, options, &verdict);
	process->verdict = verdict;
}

bool scoring_is_due(const struct process *process, uint64_t now_ns,
                    const struct scoring_options *options)
{
	return process->needs_scoring &&
	       (process->scored_ns == 0 ||
	        elapsed(process->scored_ns, now_ns, options) >= scoring_times.evaluate);
}

void scoring_evaluate(struct process *process, uint64_t now_ns,
                      const struct scoring_options *options)
{
	struct signal signal;
	bool has_signal = signals_judge(process, now_ns, options, &signal);

	process->needs_scoring = false;
	if (has_signal) {
		smooth(process, &signal, now_ns, options);
		write_verdict(process, &signal, now_ns, options);
	} else {
		process->verdict = (struct verdict){
		    .state = LEAK_STATE_WARMUP,
		    .exhaustion_p10_seconds = (double)INFINITY,
		    .exhaustion_p50_seconds = (double)INFINITY,
		    .exhaustion_p90_seconds = (double)INFINITY,
		    .at_ns = now_ns,
		};
	}
	process->scored_ns = now_ns;
	evidence_write(process, has_signal ? &signal : NULL, now_ns, options);
}
