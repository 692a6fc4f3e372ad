// SPDX-License-Identifier: MIT
/*
 * The list of alerts is what counts; the file repeats it. One job at a time writes what came since
 * the last, by appending while file and list agree, else by replacing the file as a whole.
 */
#include "daemon/alerting/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "daemon/alerting/queue_file.h"
#include "daemon/alerting/queue_list.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define COMPACT_BYTES_MIN ((size_t)256 << 10)

struct queue {
	const struct collector_host *host;
	struct queue_list list;
	uint64_t last_id;
	uint64_t safe_id;
	char *names[QUEUE_RECEIVERS_MAX];
	size_t name_count;

	char *path;       /* NULL: in memory */
	struct buf fresh; /* records since the last write */
	size_t file_bytes;
	size_t live_bytes; /* of the file when it was replaced last */
	bool needs_replace;

	struct queue_write write; /* under way */
	uint64_t writing_id;
	bool is_writing;
	uint64_t error_count;
	uint64_t dropped[QUEUE_DROP_COUNT];
	bool is_failing; /* the last write did */
};

static const char *const drop_texts[] = {
    [QUEUE_DROP_FULL] = "queue_full",
    [QUEUE_DROP_NO_MEMORY] = "no_memory",
    [QUEUE_DROP_RECEIVER] = "receiver_removed",
    [QUEUE_DROP_DAMAGED] = "damaged",
};
_Static_assert(sizeof(drop_texts) / sizeof(drop_texts[0]) == QUEUE_DROP_COUNT, "a name each");

const char *queue_drop_name(enum queue_drop reason)
{
	assert(reason < QUEUE_DROP_COUNT);
	return drop_texts[reason];
}

static uint64_t count_bits(uint64_t receivers)
{
	return (uint64_t)__builtin_popcountll(receivers);
}

/* ---- what need not be kept ---- */

bool queue_is_open(const struct queue *queue, const struct queued_alert *alert)
{
	(void)queue;
	return alert->is_firing && queue_list_is_newest(alert);
}

/* What nobody waits for and what is no state of an open episode. */
static void forget_if_settled(struct queue *queue, struct queued_alert *alert)
{
	if (alert->due == 0 && !queue_is_open(queue, alert))
		queue_list_remove(&queue->list, alert);
}

/* The alerts of an episode before its newest are only kept for those who have yet to get them. */
static struct queued_alert *append(struct queue *queue, const struct queued_alert *source)
{
	struct queued_alert *former = NULL;
	struct queued_alert *alert = queue_list_append(&queue->list, source, &former);

	if (alert == NULL)
		return NULL;
	if (alert->id > queue->last_id)
		queue->last_id = alert->id;
	if (former != NULL)
		forget_if_settled(queue, former);
	return alert;
}

/* ---- writing ---- */

static void render_all(struct queue *queue, struct buf *out)
{
	const struct queued_alert *alert;

	queue_file_begin(out);
	for (alert = queue->list.first; alert != NULL; alert = alert->next)
		queue_file_alert(out, alert, (const char *const *)queue->names, queue->name_count);
}

static void prepare(struct queue *queue)
{
	struct queue_write *write = &queue->write;

	buf_clear(&write->bytes);
	if (queue->file_bytes + queue->fresh.length > 2 * queue->live_bytes + COMPACT_BYTES_MIN)
		queue->needs_replace = true;
	write->path = queue->path;
	write->is_whole = queue->needs_replace || buf_failed(&queue->fresh);
	queue->needs_replace = false; /* until something else asks for it, also during the write */
	write->offset = queue->file_bytes;
	if (write->is_whole)
		render_all(queue, &write->bytes);
	else
		buf_append(&write->bytes, buf_string(&queue->fresh), queue->fresh.length);
	buf_clear(&queue->fresh);
	queue->writing_id = queue->last_id;
}

/* Once, until it works again. */
static void note_result(struct queue *queue, int result)
{
	if (result < 0) {
		queue->error_count++;
		if (!queue->is_failing)
			log_warn(result,
			         "cannot write alerts to disk, keeping them in memory and trying "
			         "again path=%s",
			         queue->path);
	} else if (queue->is_failing) {
		log_info("alerts can be written to disk again path=%s", queue->path);
	}
	queue->is_failing = result < 0;
}

static void finish_write(struct queue *queue)
{
	const struct queue_write *write = &queue->write;

	queue->is_writing = false;
	queue->safe_id = queue->writing_id; /* a failed one is safe in memory only, and said so */
	note_result(queue, write->result);
	if (write->result < 0) {
		queue->needs_replace = true;
		return;
	}
	queue->file_bytes =
	    write->is_whole ? write->bytes.length : queue->file_bytes + write->bytes.length;
	if (write->is_whole)
		queue->live_bytes = write->bytes.length;
}

static void write_work(void *data)
{
	struct queue *queue = data;

	queue_file_write(&queue->write);
}

static void note_change(struct queue *queue);

static void write_done(void *data)
{
	struct queue *queue = data;

	finish_write(queue);
	if (queue->fresh.length > 0)
		note_change(queue);
}

static void start_write(struct queue *queue)
{
	prepare(queue);
	queue->is_writing = true;
	if (queue->host->submit(queue->host->context, write_work, write_done, queue) < 0) {
		queue->is_writing = false; /* the pool is full: as a whole with queue_sync() */
		queue->needs_replace = true;
	}
}

/* A disk that fails is tried again with queue_sync(), not with each of many changes. */
static void note_change(struct queue *queue)
{
	if (queue->is_writing)
		return;
	if (queue->path != NULL && !queue->is_failing) {
		start_write(queue);
		return;
	}
	buf_clear(&queue->fresh);
	queue->safe_id = queue->last_id;
}

void queue_sync(struct queue *queue)
{
	bool is_empty = queue->list.first == NULL && queue->file_bytes == 0;

	if (queue->path != NULL && queue->needs_replace && !queue->is_writing && !is_empty)
		start_write(queue);
}

/* ---- changes ---- */

/* Room for one more: the oldest that only waits for a receiver is given up. */
static int make_room(struct queue *queue)
{
	struct queued_alert *alert;

	if (queue->list.count < QUEUE_ALERTS_MAX)
		return 0;
	DL_FOREACH2(queue->list.first, alert, next)
	{
		if (queue_is_open(queue, alert))
			continue;
		log_warnx("the queue of alerts is full, giving up the oldest dedup_key=\"%s\"",
		          alert->dedup_key);
		queue->dropped[QUEUE_DROP_FULL] += count_bits(alert->due);
		queue_list_remove(&queue->list, alert);
		queue->needs_replace = true;
		return 0;
	}
	return -ENOSPC;
}

static int drop(struct queue *queue, const struct queued_alert *alert, enum queue_drop reason)
{
	queue->dropped[reason] += count_bits(alert->due);
	return reason == QUEUE_DROP_FULL ? -ENOSPC : -ENOMEM;
}

int queue_add(struct queue *queue, const struct queued_alert *source, uint64_t *ret_id)
{
	struct queued_alert numbered = *source;
	struct queued_alert *alert;

	if (source->body == NULL || source->dedup_key == NULL)
		return drop(queue, source, QUEUE_DROP_NO_MEMORY);
	if (make_room(queue) < 0)
		return drop(queue, source, QUEUE_DROP_FULL);
	numbered.id = queue->last_id + 1;
	alert = append(queue, &numbered);
	if (alert == NULL)
		return drop(queue, source, QUEUE_DROP_NO_MEMORY);
	*ret_id = numbered.id;
	queue_file_alert(&queue->fresh, alert, (const char *const *)queue->names,
	                 queue->name_count);
	forget_if_settled(queue, alert);
	note_change(queue);
	return 0;
}

void queue_settle(struct queue *queue, struct queued_alert *alert, unsigned receiver)
{
	assert(receiver < queue->name_count);
	alert->due &= ~(UINT64_C(1) << receiver);
	queue_file_settled(&queue->fresh, alert->id, queue->names[receiver]);
	forget_if_settled(queue, alert);
	note_change(queue);
}

static uint64_t translate(const struct queue *queue, uint64_t due, const char *const *names,
                          size_t count)
{
	uint64_t translated = 0;
	size_t old;
	size_t now;

	for (old = 0; old < queue->name_count; old++)
		for (now = 0; (due >> old & 1) != 0 && now < count; now++)
			if (strcmp(queue->names[old], names[now]) == 0)
				translated |= UINT64_C(1) << now;
	return translated;
}

static void drop_names(struct queue *queue)
{
	while (queue->name_count > 0)
		free(queue->names[--queue->name_count]);
}

static void note_removed(struct queue *queue, uint64_t due_count)
{
	if (due_count == 0)
		return;
	queue->dropped[QUEUE_DROP_RECEIVER] += due_count;
	queue->needs_replace = true; /* nor due when a receiver of that name comes back */
	log_warnx("receivers are gone, giving up what was due to them notifications=%llu",
	          (unsigned long long)due_count);
}

int queue_set_receivers(struct queue *queue, const char *const *names, size_t count)
{
	struct queued_alert *alert;
	struct queued_alert *next;
	uint64_t due_count = queue_length(queue);

	assert(count <= QUEUE_RECEIVERS_MAX);
	DL_FOREACH2(queue->list.first, alert, next)
	{
		alert->audience = translate(queue, alert->audience, names, count);
		alert->due = translate(queue, alert->due, names, count);
	}
	note_removed(queue, due_count - queue_length(queue));
	drop_names(queue);
	for (; queue->name_count < count; queue->name_count++) {
		queue->names[queue->name_count] = strdup(names[queue->name_count]);
		if (queue->names[queue->name_count] == NULL)
			return -ENOMEM;
	}
	DL_FOREACH_SAFE2(queue->list.first, alert, next, next)
	{
		forget_if_settled(queue, alert);
	}
	return 0;
}

/* ---- start and end ---- */

static unsigned name_index(struct queue *queue, const char *name)
{
	unsigned i;

	for (i = 0; i < queue->name_count; i++)
		if (strcmp(queue->names[i], name) == 0)
			return i;
	if (i >= QUEUE_RECEIVERS_MAX || (queue->names[i] = strdup(name)) == NULL)
		return QUEUE_RECEIVERS_MAX;
	queue->name_count++;
	return i;
}

static void on_read_alert(void *context, const struct queued_alert *alert,
                          const struct queue_names *names)
{
	struct queue *queue = context;
	struct queued_alert with_due = *alert;
	size_t i;

	with_due.audience = 0;
	with_due.due = 0;
	for (i = 0; i < names->count; i++) {
		unsigned index = name_index(queue, names->names[i]);

		if (index >= QUEUE_RECEIVERS_MAX) {
			queue->dropped[QUEUE_DROP_RECEIVER] += names->is_due[i];
			continue;
		}
		with_due.audience |= UINT64_C(1) << index;
		with_due.due |= (uint64_t)names->is_due[i] << index;
	}
	if (append(queue, &with_due) == NULL)
		queue->dropped[QUEUE_DROP_NO_MEMORY] += count_bits(with_due.due);
}

static void on_read_settled(void *context, uint64_t id, const char *name)
{
	struct queue *queue = context;
	unsigned index = name_index(queue, name);
	struct queued_alert *alert = queue_list_find(&queue->list, id);

	if (alert == NULL || index >= QUEUE_RECEIVERS_MAX)
		return;
	alert->due &= ~(UINT64_C(1) << index);
	forget_if_settled(queue, alert);
}

/* For those who want to know what was lost: the file is replaced as a whole, not written to. */
static void set_aside(const struct queue *queue)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s.damaged", queue->path) < 0) {
		path = NULL;
		return;
	}
	(void)unlink(path);
	if (link(queue->path, path) < 0)
		log_warn(-errno, "cannot set the damaged alerts aside path=%s", path);
}

static void restore(struct queue *queue)
{
	const struct queue_reader reader = {queue, on_read_alert, on_read_settled};
	struct queued_alert *alert;
	struct queued_alert *next;
	int result = queue_file_read(queue->path, &reader, &queue->file_bytes);

	/* A file that is not whole is written anew before anything is appended to it. */
	queue->needs_replace = result != 0;
	queue->live_bytes = queue->file_bytes;
	if (result != 0 && result != -ENOENT) {
		queue->dropped[QUEUE_DROP_DAMAGED] += result > 0 ? (uint64_t)result : 1;
		set_aside(queue);
	}
	if (result > 0)
		log_warnx("alerts on disk are damaged, going on with the others path=%s damaged=%d",
		          queue->path, result);
	else if (result < 0 && result != -ENOENT)
		log_warn(result, "cannot read the alerts on disk, starting without path=%s",
		         queue->path);
	DL_FOREACH_SAFE2(queue->list.first, alert, next, next)
	{
		forget_if_settled(queue, alert);
	}
	queue->safe_id = queue->last_id;
}

static struct queue *queue_free(struct queue *queue)
{
	if (queue == NULL)
		return NULL;
	queue_list_done(&queue->list);
	drop_names(queue);
	buf_done(&queue->fresh);
	buf_done(&queue->write.bytes);
	free(queue->path);
	free(queue);
	return NULL;
}

DEFINE_CLEANUP(struct queue, queue_free)

struct queue *queue_open(const char *storage_path, const struct collector_host *host)
{
	_cleanup_(queue_freep) struct queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->host = host;
	buf_init(&queue->fresh, QUEUE_FILE_BYTES_MAX);
	buf_init(&queue->write.bytes, QUEUE_FILE_BYTES_MAX);
	if (storage_path != NULL) {
		if (asprintf(&queue->path, "%s/alerts", storage_path) < 0) {
			queue->path = NULL;
			return NULL;
		}
		restore(queue);
	}
	return TAKE_PTR(queue);
}

struct queue *queue_close(struct queue *queue)
{
	if (queue == NULL)
		return NULL;
	if (queue->path != NULL && (queue->fresh.length > 0 || queue->needs_replace)) {
		prepare(queue);
		write_work(queue);
		finish_write(queue);
	}
	return queue_free(queue);
}

/* ---- what is known ---- */

uint64_t queue_safe_id(const struct queue *queue)
{
	return queue->safe_id;
}

struct queued_alert *queue_find(const struct queue *queue, uint64_t id)
{
	return queue_list_find(&queue->list, id);
}

struct queued_alert *queue_first(const struct queue *queue)
{
	return queue->list.first;
}

uint64_t queue_length(const struct queue *queue)
{
	const struct queued_alert *alert;
	uint64_t length = 0;

	DL_FOREACH2(queue->list.first, alert, next)
	length += count_bits(alert->due);
	return length;
}

uint64_t queue_error_count(const struct queue *queue)
{
	return queue->error_count;
}

uint64_t queue_dropped_count(const struct queue *queue, enum queue_drop reason)
{
	return queue->dropped[reason];
}

bool queue_is_on_disk(const struct queue *queue)
{
	return queue->path != NULL && !queue->is_failing;
}
