// SPDX-License-Identifier: MIT
/*
 * The demands on a rise that is to be called a leak, each as a ratio observed / required.
 *
 * A leak is a rise of a floor that lasts until now, has lasted long enough, is significant, spread
 * over its whole length, does not slow down, goes above what was seen before, and is of relevant
 * size. The score says how far the worst of these demands is met: below 0.8 it is the product of
 * the unmet ratios, from 0.8 on all of them are met. The weakest term is the explanation.
 *
 * Nothing is fitted: every requirement below has a meaning of its own.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_TERMS_H
#define HEAPWATCH_DAEMON_SCORING_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/scoring/features.h"
#include "daemon/scoring/statistics.h"

#define SCORE_ALL_MET 0.8

/* Normal quantile of the interval of growth: 90 %. */
#define TREND_INTERVAL_Z 1.645

enum term {
	TERM_DURATION,
	TERM_SIZE,
	TERM_POINTS,
	TERM_SPREAD,
	TERM_HALF,
	TERM_FRESH,
	TERM_OCTAVE,
	TERM_RECENT,
	TERM_LOAD,
	TERM_HISTORY,
	TERM_TREND,
	TERM_COUNT
};

struct term_row {
	const char *name;
	double required;       /* ratio 1 is reached here; 0: depends on the case, see terms.c */
	const char *shortfall; /* completes "not called a leak: it …" */
};

extern const struct term_row term_table[TERM_COUNT];

/* Every duration of scoring, in seconds of production; time_scale divides them all. */
struct scoring_times {
	double evaluate;        /* at most one evaluation in this time */
	double warmup_min;      /* of every life, not judged … */
	double rise;            /* how long a rise must last, far from any limit */
	double exhaustion_near; /* up to here the least share of the time left must have passed */
	double smoothing_up;    /* time constants of the score */
	double smoothing_down;
	double episode_hold;    /* a score that calls a leak for this long begins an episode */
	double carry_half_life; /* of what a life that ended leaking says of the next */
	double standing_max;    /* a call that has stood for so long stands, however far its end */
	double enough;          /* a rise of this length needs no more, wherever it leads */
	double experience;      /* what no life of an app has come near for so long is forgotten */
	double forecast_max;    /* an exhaustion later than this is none */
};

extern const struct scoring_times scoring_times;

/* What is demanded of one kind of signal in its place. */
struct demand {
	double size_min;         /* absolute: bytes or threads */
	double size_share;       /* of the level at the start of the rise */
	double limit;            /* V8 throttles the program as this comes near; 0: none */
	double capacity;         /* what there is to fill; 0: unknown */
	double used_share;       /* of what kills when it is full, whatever uses it; 0: unknown */
	double rise_factor;      /* how much longer than others this signal must rise */
	double age_seconds;      /* of the process */
	double observed_seconds; /* of its age, what heapwatch has seen */
	double known_level;      /* other lives grew as high and kept it; 0: none known */
};

struct judgement {
	double score;
	bool goes_with_load; /* a window meets all demands but that one */
	enum term weakest;
	bool has_ratios; /* false: no window could be looked at */
	double ratios[TERM_COUNT];
	double start_seconds;
	double length_seconds;
	double level_start; /* of the envelope */
	double level_end;
	double net;
	double way_share;          /* of what was left to fill before the rise; INFINITY: unknown */
	double slowest_gain_ratio; /* weakest segment to the mean one */
	double largest_gain_share; /* of the net rise */
	double halves_ratio;       /* rise of the last half to the first's */
	size_t bin_count;
	bool has_trend;
	struct trend trend; /* over the bins of the window, per second */
};

/* The best of all windows. */
void terms_judge(const struct samples *samples, const struct demand *demand,
                 struct judgement *ret_judgement);

#endif
