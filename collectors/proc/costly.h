// SPDX-License-Identifier: MIT
/*
 * The files of /proc that cost too much for every pass: smaps_rollup (up to 20 ms of CPU per GB,
 * and it holds the mmap lock of the observed process meanwhile) and maps (0.6 us a mapping; the
 * lock is let go every few dozen of them). So: on a pool thread, one at a time, and under a common
 * budget of CPU time (a token bucket, charged with the measured time of the thread; a dear read is
 * paid off before the next).
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_COSTLY_H
#define HEAPWATCH_COLLECTORS_PROC_COSTLY_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

enum costly_file { COSTLY_SMAPS_ROLLUP, COSTLY_MAPS, COSTLY_COUNT };

/* What to read, and what came of it. */
struct costly_read {
	enum costly_file file;
	struct process_key key;
	int error;             /* negative errno; the values below are of no use then */
	uint64_t pss_bytes;    /* of smaps_rollup */
	struct memory_map map; /* of maps; at_ns is not set */
};

struct costly_options {
	const struct collector_host *host;
	int proc_fd;
	uint64_t budget_ns; /* per second; 0: never */
	void *context;
	/* Sets file and key of the next one to read; false when none is due. */
	bool (*pick)(void *context, uint64_t now_ns, struct costly_read *ret_next);
	/* The reading of pid as it was then: the callee checks that it is still that process. */
	void (*done)(void *context, const struct costly_read *result, uint64_t now_ns);
};

struct costly;

struct costly *costly_new(const struct costly_options *options);
/* No callback comes afterwards; a job in flight is let go. */
struct costly *costly_free(struct costly *costly);
/* Per second, from now on; 0: never. */
void costly_set_budget(struct costly *costly, uint64_t budget_ns);
void costly_turn(struct costly *costly, uint64_t now_ns);

#endif
