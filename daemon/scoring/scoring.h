// SPDX-License-Identifier: MIT
/*
 * What it means: features of a process's signals → terms → score, confidence, state, kind,
 * evidence, growth and time to exhaustion. Pure: the same process at the same time gives the same
 * verdict.
 *
 * features.h reads shapes, terms.h holds the demands and all time constants, signals.h says what is
 * judged, forecast.h when it ends, evidence.h puts it into words; verdict.c joins them.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_SCORING_H
#define HEAPWATCH_DAEMON_SCORING_SCORING_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/process.h"

struct scoring_options {
	double time_scale; /* every time constant is divided by it */
};

/* Something arrived that could change the verdict, and the last one is not too fresh. */
bool scoring_is_due(const struct process *process, uint64_t now_ns,
                    const struct scoring_options *options);

/*
 * Evaluates process at now_ns and writes process->verdict, evidence and scored_ns. It does so even
 * when it is not due; without memory for the evidence there is none.
 */
void scoring_evaluate(struct process *process, uint64_t now_ns,
                      const struct scoring_options *options);

#endif
