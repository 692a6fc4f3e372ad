// SPDX-License-Identifier: MIT
/*
 * A process whose inspector is wanted. What is read is of one process: its directory in /proc is
 * kept open, so that a pid that is used again shows as -ESRCH.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SUBJECT_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/collector.h"

struct subject {
	int process_fd; /* of /proc/PID; -1: none */
	int network_fd; /* of its network namespace where that is not ours; else -1 */
	struct process_key key;
	pid_t inner_pid; /* what it calls itself */
};

#define SUBJECT_INIT                               \
	{                                          \
		.process_fd = -1, .network_fd = -1 \
	}

/* -ESRCH: no such process; -EACCES: it may not be looked into. */
int subject_open(const char *procfs_path, pid_t pid, struct subject *ret_subject)
    __attribute__((warn_unused_result));
void subject_close(struct subject *subject);
static inline void subject_closep(struct subject *subject)
{
	subject_close(subject);
}

#endif
