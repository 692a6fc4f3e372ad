// SPDX-License-Identifier: MIT
/*
 * Is a pid that a trace line names one of the processes below "heapwatch run"? Others may be named
 * by an application that prints lines like V8's.
 */
#ifndef HEAPWATCH_TOOL_TRACED_PIDS_H
#define HEAPWATCH_TOOL_TRACED_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TRACED_PIDS_MAX 256

struct traced_pids {
	pid_t root;                   /* the command that was started */
	struct stat stdout_end;       /* what it was given as stdout */
	pid_t known[TRACED_PIDS_MAX]; /* the latest that were confirmed */
	size_t known_count;           /* ever */
};

/*
 * It is the command, descends from it, or has the same stdout; or it is dead, and its pid was given
 * out since the command started.
 */
bool traced_pids_contain(struct traced_pids *pids, pid_t pid);

#endif
