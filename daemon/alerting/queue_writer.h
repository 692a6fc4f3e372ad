// SPDX-License-Identifier: MIT
/*
 * The queue's file, kept by one job of the pool at a time: it appends what came since the last, or
 * replaces the file by a picture of the list, when most of it is history or it cannot be trusted.
 * A disk that fails, or that has not answered for 10 seconds, keeps nobody waiting: what is in
 * memory counts as safe then, an error is counted, and the whole file is tried again. Private to
 * the queue.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_QUEUE_WRITER_H
#define HEAPWATCH_DAEMON_ALERTING_QUEUE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/alerting/queue_file.h"
#include "daemon/alerting/queue_list.h"
#include "lib/buf.h"

struct queue_writer {
	const struct collector_host *host;
	const struct queue_list *list;
	char *path;       /* NULL: in memory */
	struct buf fresh; /* records since the last write, by queue_file_…() */
	uint64_t safe_id; /* up to this one alerts are on disk, or cannot be */
	size_t file_bytes;
	size_t live_bytes;  /* of the file when it was replaced last */
	bool needs_replace; /* set by whoever knows that the file is not what the list is */

	struct queue_write write; /* under way */
	uint64_t writing_id;
	uint64_t write_start_ns;
	bool is_writing;
	bool is_overdue; /* the write under way is: its result counts no more */
	bool is_failing; /* the last write did */
	uint64_t error_count;
};

/* path is taken over; NULL: nothing is written. host and list are borrowed. */
void queue_writer_init(struct queue_writer *writer, char *path, const struct collector_host *host,
                       const struct queue_list *list);
/* Something was added to fresh. */
void queue_writer_note(struct queue_writer *writer);
/* Tries again what could not be written; once per pass. */
void queue_writer_sync(struct queue_writer *writer);
/* About once a second: gives a disk up that does not answer. */
void queue_writer_watch(struct queue_writer *writer, uint64_t now_ns);
/* Writes what is left, now, and frees it all. No job may be under way. */
void queue_writer_done(struct queue_writer *writer);

#endif
