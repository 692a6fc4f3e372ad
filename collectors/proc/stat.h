// SPDX-License-Identifier: MIT
/*
 * Parsers of proc(5) texts: stat, statm, status. Pure; they run for every process on every pass, so
 * they are written by hand. Anything unexpected is -EBADMSG, never a guess.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_STAT_H
#define HEAPWATCH_COLLECTORS_PROC_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/collector.h"

#define STAT_TEXT_SIZE   1024 /* 52 fields of at most 20 digits and a comm of 64 */
#define STATM_TEXT_SIZE  160
#define STATUS_TEXT_SIZE 16384 /* "Groups:" stands before what we want and may be long */

struct process_stat {
	char state; /* 'Z': dead, waiting for its parent */
	uint64_t user_ticks;
	uint64_t system_ticks;
	uint64_t threads;
	uint64_t start_ticks;
	uint64_t virtual_bytes;
};

struct process_statm {
	uint64_t size_pages;
	uint64_t resident_pages;
	uint64_t shared_pages;
};

struct process_status {
	bool has_memory; /* false for a zombie */
	uint64_t rss_anon_bytes;
	uint64_t rss_file_bytes;
	uint64_t rss_shmem_bytes;
	uint64_t swap_bytes;
	uint64_t data_bytes;                       /* 0: not told */
	pid_t namespace_pids[NAMESPACE_DEPTH_MAX]; /* outermost first */
	size_t namespace_count;
};

int stat_parse(const char *text, size_t length, struct process_stat *ret_stat)
    __attribute__((warn_unused_result));
/* Field 52, as wait(2) would give it; the kernel shows 0 to those who may not know. */
int stat_parse_exit_status(const char *text, size_t length, int *ret_status)
    __attribute__((warn_unused_result));
int statm_parse(const char *text, size_t length, struct process_statm *ret_statm)
    __attribute__((warn_unused_result));
int status_parse(const char *text, size_t length, struct process_status *ret_status)
    __attribute__((warn_unused_result));

/* Soft limit of open files of limits; UINT64_MAX: unlimited, 0: not told. */
uint64_t limits_parse_max_fds(const char *text, size_t length);

/* The number behind "KEY" at the start of a line, as in status, meminfo, vmstat and cgroup files;
 * in the file's own unit. -ENOENT when there is no such line. */
int text_find_number(const char *text, size_t length, const char *key, uint64_t *ret_value)
    __attribute__((warn_unused_result));

#endif
