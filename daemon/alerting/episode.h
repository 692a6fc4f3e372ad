// SPDX-License-Identifier: MIT
/*
 * Whether something is wrong with a process for long enough to tell somebody: one episode per
 * condition, pending → firing → resolved. Pure; no condition looks at another, so that none can
 * hide another.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_EPISODE_H
#define HEAPWATCH_DAEMON_ALERTING_EPISODE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/alert.h"

struct alerting_config;
struct process;

/* Why an episode is over. */
enum resolution {
	RESOLUTION_NONE, /* of an end that was told for long enough */
	RESOLUTION_FLOOR_RETURNED,
	RESOLUTION_EXIT, /* by itself or by a signal, as in a deployment */
	RESOLUTION_OOM_KILL,
	RESOLUTION_HEAP_OOM,
	RESOLUTION_COUNT
};

/* NULL for none. */
const char *resolution_name(enum resolution resolution);

enum episode_phase { EPISODE_NONE, EPISODE_PENDING, EPISODE_FIRING };

/* All zero: none. Times are of the boot-time clock. */
struct episode {
	enum episode_phase phase;
	uint64_t since_ns;      /* pending: since when; firing: clear since when, 0: not clear */
	uint64_t onset_ns;      /* while firing: when it began, as well as can be told */
	enum severity severity; /* while firing; it never falls */
};

enum episode_change { EPISODE_UNCHANGED, EPISODE_FIRED, EPISODE_WORSENED, EPISODE_RESOLVED };

struct episode_limits {
	const struct alerting_config *config; /* of the app; unscaled */
	double time_scale;                    /* shrinks all of its times */
};

/* For the conditions of a living process (leak, thrash), once per pass. */
enum episode_change episode_advance(struct episode *episode, enum condition condition,
                                    const struct process *process,
                                    const struct episode_limits *limits, uint64_t now_ns);
/* True when the condition holds now, whatever else is asked of an episode. */
bool episode_is_wanted(enum condition condition, const struct process *process,
                       const struct alerting_config *config);

#endif
