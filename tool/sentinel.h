// SPDX-License-Identifier: MIT
/*
 * Tells whether a signal went to a whole group: a process group (kill(1) of a job, timeout(1)), a
 * control group (systemd) or a tree of processes (PM2). Then the application has it already, and
 * passing it on would deliver it twice, which ends an application that handles it once.
 *
 * The sentinel is a child of ours that does nothing and never takes a signal, so that one sent to
 * it stays pending and can be seen in /proc.
 */
#ifndef HEAPWATCH_TOOL_SENTINEL_H
#define HEAPWATCH_TOOL_SENTINEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sentinel {
	pid_t pid; /* 0: there is none, and no signal went to a group */
};

/* All signals must be blocked. */
void sentinel_start(struct sentinel *sentinel);
/* The signals that it got since the last call: bit N - 1 for signal N. */
uint64_t sentinel_take(struct sentinel *sentinel);
void sentinel_stop(struct sentinel *sentinel);

#endif
