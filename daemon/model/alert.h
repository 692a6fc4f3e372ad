// SPDX-License-Identifier: MIT
/*
 * What is told of a process that is not well: sort and severity, and the alerts that are firing
 * just now, as alerting says them, for whoever shows them. One that is not safe on disk yet, or in
 * memory for want of a disk, is none.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_ALERT_H
#define HEAPWATCH_DAEMON_MODEL_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum condition {
	CONDITION_LEAK,
	CONDITION_THRASH,
	/* Ways to die: such an alert begins with the end of the process. */
	CONDITION_HEAP_OOM,
	CONDITION_OOM_KILL,
	CONDITION_COUNT
};

#define CONDITION_LIVING_COUNT CONDITION_HEAP_OOM

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

const char *condition_name(enum condition condition);
const char *severity_name(enum severity severity);

/* Of a process that lives, for each of the conditions before CONDITION_LIVING_COUNT. */
struct firing_alert {
	bool is_firing;
	enum severity severity;
	uint64_t since_ns; /* of the boot-time clock, as all here; 0: not known */
};

#define ENDED_ALERTS_MAX 32
#define ENDED_APP_SIZE   256 /* longer names are cut */

/* Of a process that is gone. */
struct ended_alert {
	char app[ENDED_APP_SIZE];
	unsigned slot;
	pid_t shown_pid;
	enum condition condition;
	enum severity severity;
	uint64_t since_ns;
};

/* The latest first. All zero: none. */
struct ended_alerts {
	struct ended_alert items[ENDED_ALERTS_MAX];
	size_t count;
	size_t total; /* also those that are left out */
};

/* Keeps its place among those that are there. */
void ended_alerts_add(struct ended_alerts *ended, const struct ended_alert *alert);

#endif
