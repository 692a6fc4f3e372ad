// SPDX-License-Identifier: MIT
/*
 * What the lives of one app have in common: a level that one grew to and then kept excuses the next
 * while it grows to the same level in about the same time, and no further.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_LIVES_H
#define HEAPWATCH_DAEMON_SCORING_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/experience.h"
#include "daemon/scoring/features.h"
#include "daemon/scoring/terms.h"

/*
 * The level that these samples have kept for at least as long, and for as much work, as it took to
 * get there: a rest with the traffic is none. False when there is none yet.
 */
bool lives_plateau(const struct samples *samples, const struct demand *demand,
                   struct plateau *ret_plateau);

/* Takes a plateau seen now into what is known; time_scale as in the options of scoring. */
void lives_learn(struct plateau *known, const struct plateau *seen, double time_scale);

/* The level below which a life of this age is not beyond what is known; 0: there is none. */
double lives_known_level(const struct plateau *known, double age_seconds, uint64_t now_ns,
                         double time_scale);

#endif
