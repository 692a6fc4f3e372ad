// SPDX-License-Identifier: MIT
/*
 * Proportional memory from smaps_rollup, which costs up to 20 ms of CPU per GB and holds the mmap
 * lock of the observed process meanwhile. So: on a pool thread, one at a time, never for large
 * processes, and under a budget of CPU time (a token bucket, charged with the measured time of the
 * thread; a dear read is paid off before the next).
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_SMAPS_H
#define HEAPWATCH_COLLECTORS_PROC_SMAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

struct smaps_options {
	const struct collector_host *host;
	int proc_fd;
	uint64_t budget_ns; /* per second; 0: never */
	void *context;
	/* The next process to read, false when none is due. */
	bool (*pick)(void *context, uint64_t now_ns, struct process_key *ret_key);
	/* The reading of pid as it was then: the callee checks that it is still that process. */
	void (*read)(void *context, const struct process_key *key, int error, uint64_t pss_bytes,
	             uint64_t now_ns);
};

struct smaps;

struct smaps *smaps_new(const struct smaps_options *options);
/* No callback comes afterwards; a job in flight is let go. */
struct smaps *smaps_free(struct smaps *smaps);
/* Per second, from now on; 0: never. */
void smaps_set_budget(struct smaps *smaps, uint64_t budget_ns);
void smaps_turn(struct smaps *smaps, uint64_t now_ns);

#endif
