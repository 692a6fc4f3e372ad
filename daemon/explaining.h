// SPDX-License-Identifier: MIT
/*
 * Explanations: asked for over HTTP, or of each episode of an alert where the configuration says
 * so. One at a time, a job of the pool; what it finds goes to the model and to those who were told
 * of the alert. Opens an inspector by signal only where the app's configuration says so.
 */
#ifndef HEAPWATCH_DAEMON_EXPLAINING_H
#define HEAPWATCH_DAEMON_EXPLAINING_H

#include <stdint.h>

struct alerting;
struct buf;
struct collector_host;
struct config;
struct explaining;
struct explaining_status;
struct model;
struct process;

struct explaining_options {
	const struct config *config;
	const struct collector_host *host;
	struct model *model;
	struct alerting *alerting;
	const char *procfs_path;
	const char *storage_path; /* NULL: nothing is kept, and nothing is opened by signal */
};

/* Closes what a crash left open, if anything. NULL without memory; what options point to outlives
 * it. */
struct explaining *explaining_new(const struct explaining_options *options);
/* Lets go of the process that is being sampled; before the loop is drained. NULL is fine. */
void explaining_abort(struct explaining *explaining);
/* After the loop is drained, before the model and the alerting go. */
struct explaining *explaining_free(struct explaining *explaining);
void explaining_reconfigure(struct explaining *explaining, const struct config *config);
/* About once a second: begins what an alert asks for, and clears what is over. */
void explaining_tick(struct explaining *explaining);

/* -EBUSY: one is under way; -ESRCH: the process cannot be looked into; -EAGAIN: the pool is full;
 * -ENOMEM. */
int explaining_start(struct explaining *explaining, const struct process *process)
    __attribute__((warn_unused_result));
/* The last one of a process as JSON; -ENOENT: there was none. */
int explaining_write(const struct explaining *explaining, const struct process *process,
                     struct buf *out) __attribute__((warn_unused_result));

void explaining_measure(const struct explaining *explaining, struct explaining_status *ret_status);

#endif
