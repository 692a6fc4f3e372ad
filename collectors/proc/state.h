// SPDX-License-Identifier: MIT
/*
 * The state of the proc collector, shared by its three parts: proc.c (life and passes), discover.c
 * (processes come and go) and sample.c (what is measured). For no one else.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_STATE_H
#define HEAPWATCH_COLLECTORS_PROC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/proc/cgroup.h"
#include "collectors/proc/costly.h"
#include "collectors/proc/examine.h"
#include "collectors/proc/follow.h"
#include "collectors/proc/memory.h"
#include "collectors/proc/scan.h"

struct proc {
	const struct collector_host *host;
	const struct collector_sink *sink;
	const struct config *config;
	int proc_fd;
	bool has_pidfds;
	uint64_t fd_limit_count; /* of followed processes */
	struct scan *scan;
	struct examiner *examiner;
	struct cgroups *cgroups;
	struct costly *costly;
	struct memory_reader reader;
	struct followed *table; /* owned */
	uint64_t now_ns;        /* of the pass under way */
	unsigned pass_number;
	int scan_result; /* of the pass under way */
};

/* ---- errors.c ---- */

extern const char proc_collector_name[];

void state_tell_error(const struct proc *proc, enum collector_error error);
enum collector_error state_error_of(int error);
/* Once per process and cause. */
void state_tell_followed_error(const struct proc *proc, struct followed *followed, int error);

/* ---- discover.c: callbacks of scan and examiner, their context is the state ---- */

void discover_due(void *context, struct pid_entry *entry);
void discover_vanished(void *context, struct pid_entry *entry);
void discover_replaced(void *context, struct pid_entry *entry);
void discover_examined(void *context, struct candidate *candidate);
void discover_batch_done(void *context);
/* Lets go of a process without a word. */
void discover_stop(struct proc *proc, struct followed *followed);
/* Tells of its exit and lets go; is_replaced: by exec, so that nothing exited. */
void discover_end(struct proc *proc, struct followed *followed, bool is_replaced);

/* How many pids may not be told from Node: a level, not a counter. */
size_t discover_counters(void *self, struct collector_counter *ret_counters);

/* Names and ignores by the rules of the configuration of now, and tells of all again. */
void discover_apply_rules(struct proc *proc);

/* ---- sample.c ---- */

/* A slice of them at a time; true when all had their turn in this pass. */
bool sample_memory(struct proc *proc, uint64_t now_ns);
void sample_details(struct proc *proc, uint64_t now_ns);
/* Callbacks of costly. */
bool sample_pick(void *context, uint64_t now_ns, struct costly_read *ret_next);
void sample_costly_done(void *context, const struct costly_read *result, uint64_t now_ns);

#endif
