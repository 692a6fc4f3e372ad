// SPDX-License-Identifier: MIT
/*
 * The processes that had the same pid one after another, as containers have that append to one log:
 * each life has a key of its own. Bounded; pids beyond the bound stay one life.
 */
#ifndef HEAPWATCH_TOOL_LIVES_H
#define HEAPWATCH_TOOL_LIVES_H

#include <sys/types.h>

#include "collectors/collector.h"

struct life;

/* Zero-initialised; lives_done() frees it. */
struct lives {
	struct life *table; /* owned; of the pids that had more than one */
};

/* The process that has this pid now; its start_ticks counts the lives before. */
struct process_key lives_key(const struct lives *lives, pid_t pid);
/* Whoever has this pid from now on is another process. */
void lives_end(struct lives *lives, pid_t pid);
void lives_done(struct lives *lives);

#endif
