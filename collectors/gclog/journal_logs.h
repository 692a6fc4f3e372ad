// SPDX-License-Identifier: MIT
/*
 * The processes whose stdout is the journal: what each prints is read from its start on, as a log
 * of its own, each entry once, also over a restart of heapwatch. A process that was not started
 * with --trace-gc and prints much without a collection is let go.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_JOURNAL_LOGS_H
#define HEAPWATCH_COLLECTORS_GCLOG_JOURNAL_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

#define JOURNAL_LOGS_MAX ((size_t)1024)

struct buf;
struct journal;
struct journal_log;
struct journal_warming;
struct reader;
struct unpack;

struct journal_logs {
	struct reader *reader;
	const char *rootfs_path;
	void (*more)(void *context); /* journal_logs_slice() is wanted */
	void *context;

	struct journal_log *table;       /* by pid */
	struct journal *journal;         /* NULL: not needed, or it failed */
	struct journal_warming *warming; /* under way before it is opened; NULL: not */
	struct collector_watch *watch;
	uint64_t latest_us;       /* when the latest entry was written that was met */
	uint64_t suspended_ns;    /* that CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC */
	unsigned rest_passes;     /* before the journal is opened again */
	bool is_warm;             /* it may be opened without waiting */
	bool needs_select;        /* the set of processes has changed */
	bool has_more;            /* the latest slice did not come to the end */
	bool has_told_permission; /* reported once */
};

/* All is borrowed. */
void journal_logs_init(struct journal_logs *logs, struct reader *reader, const char *rootfs_path,
                       void (*more)(void *context), void *context);
/*
 * Of a process that was found or changed. -ENOENT: its stdout is not the journal; -ENOMEM, -EMFILE
 * at the limit.
 */
int journal_logs_add(struct journal_logs *logs, const char *procfs_path,
                     const struct process_facts *facts) __attribute__((warn_unused_result));
/* It has exited; its last words are still taken for a while. */
void journal_logs_gone(struct journal_logs *logs, const struct process_key *key);
/* Reads for a few milliseconds; true when there is more. */
bool journal_logs_slice(struct journal_logs *logs);
/* It is to be read without an event. */
bool journal_logs_wait(const struct journal_logs *logs);
void journal_logs_pass(struct journal_logs *logs);
/* Lets all go. */
void journal_logs_done(struct journal_logs *logs);

/* How far each was read. A process gets its place back when it is added again. */
void journal_logs_pack(const struct journal_logs *logs, struct buf *out);
void journal_logs_unpack(struct journal_logs *logs, struct unpack *in);

#endif
