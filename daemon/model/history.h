// SPDX-License-Identifier: MIT
/*
 * What a process has shown so far, for the next start of heapwatchd: heaps with their totals and
 * floors, memory over time, and what scoring remembers. Not what the next pass reads anyway.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_HISTORY_H
#define HEAPWATCH_DAEMON_MODEL_HISTORY_H

#include <stddef.h>

struct app_table;
struct buf;
struct history_entry;
struct process;
struct unpack;

void history_pack(const struct process *process, struct buf *out);
/*
 * Into a process that was just made. -EBADMSG: it cannot be right, -ENOMEM; the process is half
 * filled then and of no more use.
 */
int history_unpack(struct process *process, struct unpack *in) __attribute__((warn_unused_result));

/*
 * Histories that wait for their processes to be found again. Zero-initialised; histories_done()
 * frees them.
 */
struct histories {
	char *bytes; /* owned */
	struct history_entry *table;
};

/* What histories_read() wants in front of the histories: another layout is not read. */
void histories_begin(struct buf *out);
void histories_add(const struct process *process, struct buf *out);
/* Copies what it keeps. -EBADMSG: of another layout, or damaged; -ENOMEM. */
int histories_read(struct histories *histories, const char *bytes, size_t length)
    __attribute__((warn_unused_result));
/* Fills a process that was just made with its history, if there is one. As history_unpack(). */
int histories_give(struct histories *histories, struct process *process)
    __attribute__((warn_unused_result));
/* Those that still wait, as they were read: as histories_add(). */
void histories_add_waiting(const struct histories *histories, struct buf *out);
/*
 * What the lives of apps have shown, as an entry of a process that cannot be: versions that do not
 * know of it pass it over.
 */
void histories_add_apps(struct app_table *apps, struct buf *out);
void histories_give_apps(struct histories *histories, struct app_table *apps);
void histories_done(struct histories *histories);

#endif
