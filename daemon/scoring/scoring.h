// SPDX-License-Identifier: MIT
/*
 * What it means: features of a process's signals → terms → score, confidence, state, kind,
 * evidence, growth and time to exhaustion. Pure: the same process at the same time gives the same
 * verdict.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_SCORING_H
#define HEAPWATCH_DAEMON_SCORING_SCORING_H

#include <stdint.h>

#include "daemon/model/process.h"

struct scoring_options {
	double time_scale; /* every time constant is divided by it */
};

/* Evaluates process at now_ns and writes process->verdict, evidence and scored_ns. */
void scoring_evaluate(struct process *process, uint64_t now_ns,
                      const struct scoring_options *options);

#endif
