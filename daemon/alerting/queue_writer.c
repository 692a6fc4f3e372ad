// SPDX-License-Identifier: MIT
/*
 * Replacing costs as much as the list is long, so it waits until as much was appended: each alert
 * is written a few times at most.
 */
#include "daemon/alerting/queue_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define COMPACT_BYTES_MIN ((size_t)256 << 10)
#define OVERDUE_NS        (10 * NS_PER_SECOND)

static int prepare(struct queue_writer *writer)
{
	struct queue_write *write = &writer->write;
	int result = 0;

	if (writer->file_bytes + writer->fresh.length > 2 * writer->live_bytes + COMPACT_BYTES_MIN)
		writer->needs_replace = true;
	write->path = writer->path;
	write->is_whole = writer->needs_replace || buf_failed(&writer->fresh);
	writer->needs_replace = false; /* until something asks for it, also during the write */
	write->offset = writer->file_bytes;
	buf_clear(&write->bytes);
	queue_picture_release(&write->picture);
	if (write->is_whole)
		result = queue_list_take(writer->list, &write->picture);
	else
		buf_append(&write->bytes, buf_string(&writer->fresh), writer->fresh.length);
	if (buf_failed(&write->bytes))
		result = -ENOMEM;
	buf_clear(&writer->fresh);
	writer->writing_id = writer->list->last_id;
	return result;
}

static void count_error(struct queue_writer *writer, int result)
{
	writer->error_count++;
	if (!writer->is_failing)
		log_warn(result,
		         "cannot write alerts to disk, keeping them in memory and trying again "
		         "path=%s",
		         writer->path);
	writer->is_failing = true;
	writer->needs_replace = true;
	writer->safe_id = writer->list->last_id; /* in memory only, and said so */
}

static void count_success(struct queue_writer *writer)
{
	const struct queue_write *write = &writer->write;

	if (writer->is_failing)
		log_info("alerts can be written to disk again path=%s", writer->path);
	writer->is_failing = false;
	if (writer->safe_id < writer->writing_id)
		writer->safe_id = writer->writing_id;
	writer->file_bytes =
	    write->is_whole ? write->written_bytes : writer->file_bytes + write->written_bytes;
	if (write->is_whole)
		writer->live_bytes = write->written_bytes;
}

/* What came after one that is overdue is not on disk, whatever became of it. */
static void finish_write(struct queue_writer *writer)
{
	int result = writer->write.result;

	queue_picture_release(&writer->write.picture);
	writer->is_writing = false;
	if (result < 0)
		count_error(writer, result);
	else if (!writer->is_overdue)
		count_success(writer);
	writer->is_overdue = false;
}

static void write_work(void *data)
{
	struct queue_writer *writer = data;

	queue_file_write(&writer->write);
}

static void start_write(struct queue_writer *writer);

static void write_done(void *data)
{
	struct queue_writer *writer = data;
	bool was_overdue = writer->is_overdue;

	finish_write(writer);
	if (was_overdue && writer->write.result == 0)
		start_write(writer); /* the disk is back */
	else if (writer->fresh.length > 0 || buf_failed(&writer->fresh))
		queue_writer_note(writer);
}

static void start_write(struct queue_writer *writer)
{
	int result = prepare(writer);

	if (result < 0) {
		count_error(writer, result);
		return;
	}
	writer->is_writing = true;
	writer->write_start_ns = clock_boottime_ns();
	if (writer->host->submit(writer->host->context, write_work, write_done, writer) < 0) {
		queue_picture_release(&writer->write.picture);
		writer->is_writing = false; /* the pool is full: as a whole with the next sync */
		writer->needs_replace = true;
	}
}

/* A disk that fails is tried again with each sync, not with each of many changes. */
void queue_writer_note(struct queue_writer *writer)
{
	if (writer->path == NULL || writer->is_failing)
		writer->safe_id = writer->list->last_id;
	if (writer->is_writing && !writer->is_overdue)
		return;
	if (writer->path != NULL && !writer->is_failing)
		start_write(writer);
	else
		buf_clear(&writer->fresh);
}

void queue_writer_sync(struct queue_writer *writer)
{
	bool is_empty = writer->list->first == NULL && writer->file_bytes == 0;

	if (writer->path != NULL && writer->needs_replace && !writer->is_writing && !is_empty)
		start_write(writer);
}

void queue_writer_watch(struct queue_writer *writer, uint64_t now_ns)
{
	if (!writer->is_writing || writer->is_overdue ||
	    u64_subtract_floor(now_ns, writer->write_start_ns) < OVERDUE_NS)
		return;
	writer->is_overdue = true;
	buf_clear(&writer->fresh);
	count_error(writer, -ETIMEDOUT);
}

void queue_writer_init(struct queue_writer *writer, char *path, const struct collector_host *host,
                       const struct queue_list *list)
{
	*writer = (struct queue_writer){.host = host, .list = list, .path = path};
	buf_init(&writer->fresh, QUEUE_FILE_BYTES_MAX);
	buf_init(&writer->write.bytes, QUEUE_FILE_BYTES_MAX);
}

void queue_writer_done(struct queue_writer *writer)
{
	int result;

	if (writer->path != NULL && (writer->fresh.length > 0 || writer->needs_replace)) {
		result = prepare(writer);
		if (result == 0) {
			write_work(writer);
			finish_write(writer);
		} else {
			count_error(writer, result);
		}
	}
	queue_picture_release(&writer->write.picture);
	buf_done(&writer->fresh);
	buf_done(&writer->write.bytes);
	free(writer->path);
}
