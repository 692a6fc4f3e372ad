// SPDX-License-Identifier: MIT
/*
 * The file of the queue: a title line, then records, each with its length and a CRC (lib/pack.h).
 * Knows of bytes only; what they mean together is the queue's.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_QUEUE_FILE_H
#define HEAPWATCH_DAEMON_ALERTING_QUEUE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alerting/queue.h"
#include "daemon/alerting/queue_list.h"
#include "lib/buf.h"

#define QUEUE_FILE_BYTES_MAX ((size_t)256 << 20)

/* ---- records ---- */

void queue_file_begin(struct buf *out);
/* With the names of those whom it is meant for. */
void queue_file_alert(struct buf *out, const struct queued_alert *alert, const char *const *names,
                      size_t name_count);
void queue_file_settled(struct buf *out, uint64_t id, const char *name);

/* ---- reading ---- */

struct queue_names {
	const char *names[QUEUE_RECEIVERS_MAX];
	bool is_due[QUEUE_RECEIVERS_MAX];
	size_t count;
};

/* Told of each record in turn; everything is borrowed for the call. */
struct queue_reader {
	void *context;
	void (*alert)(void *context, const struct queued_alert *alert,
	              const struct queue_names *names);
	void (*settled)(void *context, uint64_t id, const char *name);
};

/*
 * 0; the number of damaged places, between which every whole record is read; or -ENOENT and other
 * errors of reading, -EBADMSG for what is no file or too large.
 */
int queue_file_read(const char *path, const struct queue_reader *reader, size_t *ret_bytes)
    __attribute__((warn_unused_result));

/* ---- writing, in the pool ---- */

struct queue_write {
	const char *path;
	struct buf bytes;             /* to be appended */
	bool is_whole;                /* all of the picture replaces the file instead */
	struct queue_picture picture; /* then */
	size_t offset;                /* the length that the file must have for an append */
	int result;                   /* 0 once all is on disk */
	size_t written_bytes;         /* then */
};

void queue_file_write(struct queue_write *write);

#endif
