// SPDX-License-Identifier: MIT
/*
 * Which pids exist: one readdir of procfs per pass, and a table of what is known of each, so that a
 * pid that is no Node process costs a hash lookup and nothing else.
 *
 * Pid reuse between two passes shows in the inode number that readdir gives: the kernel makes a new
 * one for a new process. An exec does not show; so what is not Node is looked at again, after 1, 2,
 * 4, … at most 60 seconds (programs are replaced soon after a fork if at all).
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_SCAN_H
#define HEAPWATCH_COLLECTORS_PROC_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/proc/executables.h"
#include "collectors/proc/table.h"

#define SCAN_PIDS_MAX 131072 /* entries; about 15 MB */

enum pid_state {
	PID_UNKNOWN,
	PID_EXAMINED, /* a job of the pool is looking at it */
	PID_OTHER,    /* no Node process, or one that is not followed: looked at again later */
	PID_FOLLOWED
};

struct followed; /* proc.c */

struct pid_entry {
	pid_t pid;
	enum pid_state state;
	uint64_t inode; /* of /proc/PID */
	uint64_t check_ns;
	unsigned check_count;
	unsigned generation;
	bool is_denied;       /* a missing permission has been counted */
	bool is_unidentified; /* its executable may not be read: Node or not, nobody knows */
	bool is_dropped;      /* counted as known but not followed */
	struct executable_key executable; /* of PID_OTHER: to see an exec */
	struct followed *followed;        /* of PID_FOLLOWED */
	UT_hash_handle hh;
};

struct scan_handler {
	void *context;
	void (*due)(void *context, struct pid_entry *entry);
	/* A followed pid vanished, or may now be another process. */
	void (*vanished)(void *context, struct pid_entry *entry);
	void (*replaced)(void *context, struct pid_entry *entry);
};

struct scan;

/* Takes no ownership of proc_fd. NULL without memory or fds. */
struct scan *scan_new(int proc_fd);
struct scan *scan_free(struct scan *scan);
/* -EOVERFLOW: more pids than SCAN_PIDS_MAX, the rest was left out. */
int scan_pass(struct scan *scan, uint64_t now_ns, const struct scan_handler *handler)
    __attribute__((warn_unused_result));
struct pid_entry *scan_find(struct scan *scan, pid_t pid);
/* Calls for each, in no order. */
void scan_visit(struct scan *scan, void (*visit)(void *context, struct pid_entry *entry),
                void *context);
/* Not to be followed now; look again later. */
void scan_set_other(struct pid_entry *entry, uint64_t now_ns);

#endif
