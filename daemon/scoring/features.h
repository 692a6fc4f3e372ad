// SPDX-License-Identifier: MIT
/*
 * What the shape of one signal is, window by window: nothing here judges.
 *
 * A window runs from one of the signal's points to its last. Inside, minima over bins of one width
 * (those of the window's oldest bucket, for minima over wide buckets lie lower than minima over
 * narrow ones, and stationary noise would else seem to rise) are read as their lower envelope: what
 * was never given back until now. The envelope rises or stands, is blind to saw teeth, bursts and
 * floating garbage, and needs no estimate of the noise.
 *
 * Times are seconds of production since the birth of the process: real seconds times time_scale.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_FEATURES_H
#define HEAPWATCH_DAEMON_SCORING_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/model/series.h"

#define SEGMENT_COUNT 6
#define SAMPLES_MAX   SERIES_POINTS_MAX

struct samples {
	double at_seconds[SAMPLES_MAX]; /* oldest first */
	double value[SAMPLES_MAX];
	double work[SAMPLES_MAX];          /* done by then, a counter; all 0: unknown */
	double width_seconds[SAMPLES_MAX]; /* of its bucket; 0: a single measurement */
	size_t count;
	double silent_since_seconds; /* nothing was measured from here to the first one */
};

struct window {
	double start_seconds;
	double end_seconds; /* of the last point: silence is no evidence of growth */
	double length_seconds;
	double bin_at_seconds[SAMPLES_MAX];
	double bin_value[SAMPLES_MAX]; /* minima, not yet the envelope */
	size_t bin_count;
	double level[SEGMENT_COUNT + 1]; /* of the envelope, at equal steps */
	double gain[SEGMENT_COUNT];      /* per step, never negative */
	double net;                      /* sum of the gains, positive */
	double slope;                    /* net per second */
	double recent_ratio;             /* pace of the last stretch to that of all */
	double work_ratio; /* work per time in the last third to the first; 1: unknown */
	/* Work per time at the end to that at the start, by a line; 1 unless it rose all along. */
	double steady_work_ratio;
	double unseen_seconds; /* silence before the window, when it is the first */
	double before;         /* the highest trough before the window; not below level[0] */
	double span;           /* range of the troughs before the window, level[0] with them */
	bool is_from_start;    /* nothing is known from before the window */
	bool has_pace_before;
	double
	    pace_before; /* slope of the stretch before the window, of the same length if known */
};

/*
 * The window that starts at the sample first; scratch memory is the window's own. False when it
 * has fewer than three bins or no net growth.
 */
bool features_window(const struct samples *samples, size_t first, struct window *ret_window);

#endif
