// SPDX-License-Identifier: MIT
/*
 * The journal of systemd, as far as it holds what processes print: entries of the current boot by
 * process, in their order, from a time on. Knows no positions (journal_logs.h). In a build without
 * libsystemd there is never one.
 *
 * Journal files are mapped into memory by libsystemd; a page that is not cached is read from disk,
 * as with every file that is followed.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_JOURNAL_H
#define HEAPWATCH_COLLECTORS_GCLOG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/collector.h"

/* What a process wrote to its stdout or stderr: a line, or a part of one. */
struct journal_entry {
	pid_t pid;           /* in the pid namespace of journald, which is the host's */
	uint64_t at_us;      /* when journald took it, on CLOCK_MONOTONIC */
	const char *message; /* without a newline; valid until the next call */
	size_t length;
	bool is_unfinished; /* the next entry of the process goes on with the line */
};

struct journal;

bool journal_is_built_in(void);
/*
 * The journal below rootfs (sd_journal_open_directory(3), SD_JOURNAL_OS_ROOT). Files that may not
 * be read are left out. -EOPNOTSUPP: not built in.
 */
int journal_open(struct journal **ret_journal, const char *rootfs_path)
    __attribute__((warn_unused_result));
struct journal *journal_close(struct journal *journal);
/*
 * Opens the journal and closes it again, on any thread, so that to open it then does not wait for a
 * disk. A handle itself may be used by one thread only (sd-journal(3), THREAD SAFETY).
 */
void journal_warm(const char *rootfs_path);
/* -EACCES: there is a journal of the system, and it may not be read. */
int journal_check_access(const char *rootfs_path) __attribute__((warn_unused_result));
/* Readable after changes; negative: there are no events. journal_settle() makes it wait again. */
int journal_fd(const struct journal *journal);
void journal_settle(struct journal *journal);
/* Entries of these processes only, from the time on. */
int journal_select(struct journal *journal, const pid_t *pids, size_t count, uint64_t since_us)
    __attribute__((warn_unused_result));
/*
 * The next entry; 0: there is none yet. -EBADMSG for one that is damaged or says too little, behind
 * which it goes on; after any other error the journal is of no more use.
 */
int journal_next(struct journal *journal, struct journal_entry *ret_entry)
    __attribute__((warn_unused_result));

/*
 * The socket by which systemd has connected the stdout of a process with the journal, as its
 * environment says (JOURNAL_STREAM, systemd.exec(5)); buffer: for the environment, which is looked
 * at as far as it fits. -ENOENT: its stdout is something else.
 */
int journal_find_stdout(const char *process_path, char *buffer, size_t size,
                        struct file_identity *ret_socket) __attribute__((warn_unused_result));

#endif
