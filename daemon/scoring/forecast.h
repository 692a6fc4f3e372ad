// SPDX-License-Identifier: MIT
/*
 * How fast it grows and when that ends, in real bytes and seconds.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_FORECAST_H
#define HEAPWATCH_DAEMON_SCORING_FORECAST_H

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"
#include "daemon/scoring/signals.h"

/*
 * Growth: of the window that was judged when it counts as a rise (score >= GROWTH_SCORE_MIN), else
 * of all that is known; 0 when unknown.
 */
#define GROWTH_SCORE_MIN 0.5

void forecast_growth(const struct process *process, const struct signal *signal,
                     const struct scoring_options *options, struct verdict *verdict);

/*
 * Time until the growth in verdict meets the nearest of heap limit and memory limit; INFINITY when
 * that is not known, not coming, further than a month of production, or score is too low.
 */
void forecast_exhaustion(const struct process *process, const struct signal *signal, double score,
                         const struct scoring_options *options, struct verdict *verdict);

#endif
