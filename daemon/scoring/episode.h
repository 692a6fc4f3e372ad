// SPDX-License-Identifier: MIT
/*
 * The episode of a leak: from when it is called until it is revoked. Its score does not go below
 * EPISODE_SCORE meanwhile, so that a pause at night or a burst is no end and the same leak is not
 * called twice.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_EPISODE_H
#define HEAPWATCH_DAEMON_SCORING_EPISODE_H

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"
#include "daemon/scoring/signals.h"

#define EPISODE_SCORE 0.55

/*
 * Begins, follows and ends the episode with the best signal of now, of this smoothed score.
 * Revoked when most of the rise was given back, or when nothing was added for longer than it had
 * risen: then what rose is full. True while it lasts.
 */
bool episode_follow(struct process *process, const struct signal *signal, double score,
                    uint64_t now_ns, const struct scoring_options *options);

#endif
