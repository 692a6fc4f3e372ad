// SPDX-License-Identifier: MIT
/*
 * Examining processes in the pool: is the executable Node, and if so, what is the process? Batches
 * keep the number of jobs small; the results come back on the loop, one callback per process. At
 * most two jobs at a time, so that a process whose file system hangs cannot take the whole pool.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_EXAMINE_H
#define HEAPWATCH_COLLECTORS_PROC_EXAMINE_H

#include <stdbool.h>

#include "collectors/collector.h"
#include "collectors/proc/executables.h"
#include "collectors/proc/facts.h"
#include "collectors/proc/identity.h"

#define EXAMINE_QUEUE_MAX 4096

struct candidate {
	pid_t pid;
	struct executable_key key;
	bool is_known; /* executable is from the cache */
	struct executable executable;
	/* Results. identity and facts are open and set when error is 0 and executable.is_node; the
	 * callback may take them and leave IDENTITY_INIT and empty facts. */
	int error;
	struct identity identity;
	struct facts facts;
};

struct examiner_options {
	const struct collector_host *host;
	int proc_fd;
	const char *procfs_path;
	const char *rootfs_path;
	bool has_pidfds;
	void *context;
	void (*examined)(void *context, struct candidate *candidate);
	void (*batch_done)(void *context); /* after the callbacks of one job */
};

struct examiner;

struct examiner *examiner_new(const struct examiner_options *options);
/* No callback comes afterwards; jobs in flight are let go. */
struct examiner *examiner_free(struct examiner *examiner);
/* What is known of an executable, or NULL. */
const struct executable *examiner_executable(struct examiner *examiner,
                                             const struct executable_key *key);
/* False when the queue is full. */
bool examiner_add(struct examiner *examiner, pid_t pid, const struct executable_key *key);
/* Hands what was added to the pool, as far as it takes it; the rest at the next call. */
void examiner_submit(struct examiner *examiner);

#endif
