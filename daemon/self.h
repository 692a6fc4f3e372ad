// SPDX-License-Identifier: MIT
/*
 * The daemon about itself: the process_* facts of its own /metrics.
 */
#ifndef HEAPWATCH_DAEMON_SELF_H
#define HEAPWATCH_DAEMON_SELF_H

struct self_status;

/* Once, at the start: build, clocks. */
void self_describe(struct self_status *status);
/* Fills version, cpu, memory and descriptors; a fact that cannot be read stays 0. */
void self_measure(struct self_status *status);

#endif
