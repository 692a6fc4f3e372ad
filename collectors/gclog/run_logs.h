// SPDX-License-Identifier: MIT
/*
 * Where "heapwatch run" writes, so that its logs are followed without being asked for.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_RUN_LOGS_H
#define HEAPWATCH_COLLECTORS_GCLOG_RUN_LOGS_H

#include <limits.h>
#include <stdbool.h>

#define RUN_PATTERNS_MAX 3

struct run_logs {
	char patterns[RUN_PATTERNS_MAX][PATH_MAX]; /* "": none */
};

/* As root, as others, and as others without a session. */
void run_logs_init(struct run_logs *logs, const char *rootfs_path);
/*
 * Whether the file is one of them. Anybody may make files there: a link could lead to a file that
 * its maker may not read, and what is no regular file is no log of "heapwatch run".
 */
bool run_logs_match(const struct run_logs *logs, const char *path);

#endif
