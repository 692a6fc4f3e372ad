// SPDX-License-Identifier: MIT
/*
 * The verdict in complete sentences with figures, for people. Times in them are real time.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_EVIDENCE_H
#define HEAPWATCH_DAEMON_SCORING_EVIDENCE_H

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"
#include "daemon/scoring/signals.h"

/* Writes the evidence of process for its verdict, which signal decided; NULL: no signal at all. */
void evidence_write(struct process *process, const struct signal *signal, uint64_t now_ns,
                    const struct scoring_options *options);

#endif
