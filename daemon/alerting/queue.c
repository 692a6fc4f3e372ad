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

#include <utlist.h>

#include "daemon/alerting/queue_file.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define COMPACT_BYTES_MIN ((size_t)256 << 10)

struct queue {
	const struct collector_host *host;
	struct queued_alert *alerts;
	size_t count;
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
	uint64_t dropped_count;
	bool has_warned;
};

static struct queued_alert *alert_free(struct queued_alert *alert)
{
	if (alert == NULL)
		return NULL;
	free(alert->boot_id);
	free(alert->dedup_key);
	free(alert->body);
	free(alert);
	return NULL;
}

DEFINE_CLEANUP(struct queued_alert, alert_free)

/* ---- the list ---- */

static void remove_alert(struct queue *queue, struct queued_alert *alert)
{
	DL_DELETE2(queue->alerts, alert, previous, next);
	queue->count--;
	(void)alert_free(alert);
}

bool queue_is_open(const struct queue *queue, const struct queued_alert *alert)
{
	const struct queued_alert *later;

	(void)queue;
	if (!alert->is_firing)
		return false;
	for (later = alert->next; later != NULL; later = later->next)
		if (strcmp(later->dedup_key, alert->dedup_key) == 0)
			return false;
	return true;
}

/* What nobody waits for and what is no state of an open episode. */
static void forget_if_settled(struct queue *queue, struct queued_alert *alert)
{
	if (alert->due == 0 && !queue_is_open(queue, alert))
		remove_alert(queue, alert);
}

/* The alerts of an episode before its newest are only kept for those who have yet to get them. */
static void forget_former(struct queue *queue, const struct queued_alert *newest)
{
	struct queued_alert *alert;
	struct queued_alert *next;

	DL_FOREACH_SAFE2(queue->alerts, alert, next, next)
	{
		if (alert != newest && alert->due == 0 &&
		    strcmp(alert->dedup_key, newest->dedup_key) == 0)
			remove_alert(queue, alert);
	}
}

static struct queued_alert *copy_alert(const struct queued_alert *source)
{
	_cleanup_(alert_freep) struct queued_alert *alert = malloc(sizeof(*alert));

	if (alert == NULL)
		return NULL;
	*alert = *source;
	alert->boot_id = strdup(source->boot_id);
	alert->dedup_key = strdup(source->dedup_key);
	alert->body = strdup(source->body);
	if (alert->boot_id == NULL || alert->dedup_key == NULL || alert->body == NULL)
		return NULL;
	return TAKE_PTR(alert);
}

static struct queued_alert *append_copy(struct queue *queue, const struct queued_alert *source)
{
	struct queued_alert *alert = copy_alert(source);

	if (alert == NULL)
		return NULL;
	DL_APPEND2(queue->alerts, alert, previous, next);
	queue->count++;
	if (alert->id > queue->last_id)
		queue->last_id = alert->id;
	return alert;
}

/* ---- writing ---- */

static void render_all(struct queue *queue, struct buf *out)
{
	const struct queued_alert *alert;

	queue_file_begin(out);
	for (alert = queue->alerts; alert != NULL; alert = alert->next)
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
		if (!queue->has_warned)
			log_warn(result,
			         "cannot write alerts to disk, keeping them in memory and trying "
			         "again path=%s",
			         queue->path);
	} else if (queue->has_warned) {
		log_info("alerts can be written to disk again path=%s", queue->path);
	}
	queue->has_warned = result < 0;
}

static void start_write(struct queue *queue);

static void finish_write(struct queue *queue)
{
	const struct queue_write *write = &queue->write;

	queue->is_writing = false;
	queue->safe_id = queue->writing_id; /* a failed one is safe in memory only, and said so */
	note_result(queue, write->result);
	queue->needs_replace = write->result < 0;
	if (write->result < 0)
		return;
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

static void write_done(void *data)
{
	struct queue *queue = data;

	finish_write(queue);
	if (queue->fresh.length > 0)
		start_write(queue);
}

static void start_write(struct queue *queue)
{
	if (queue->is_writing)
		return;
	if (queue->path == NULL) {
		buf_clear(&queue->fresh);
		queue->safe_id = queue->last_id;
		return;
	}
	prepare(queue);
	queue->is_writing = true;
	if (queue->host->submit(queue->host->context, write_work, write_done, queue) < 0) {
		queue->is_writing = false; /* the pool is full: as a whole with the next change */
		queue->needs_replace = true;
	}
}

/* ---- changes ---- */

/* Room for one more: the oldest that only waits for a receiver is given up. */
static int make_room(struct queue *queue)
{
	struct queued_alert *alert;

	if (queue->count < QUEUE_ALERTS_MAX)
		return 0;
	DL_FOREACH2(queue->alerts, alert, next)
	{
		if (queue_is_open(queue, alert))
			continue;
		log_warnx("the queue of alerts is full, giving up the oldest dedup_key=\"%s\"",
		          alert->dedup_key);
		queue->dropped_count += (uint64_t)__builtin_popcountll(alert->due);
		remove_alert(queue, alert);
		queue->needs_replace = true;
		return 0;
	}
	return -ENOSPC;
}

int queue_add(struct queue *queue, const struct queued_alert *source, uint64_t *ret_id)
{
	struct queued_alert numbered = *source;
	struct queued_alert *alert;
	int result = make_room(queue);

	if (result < 0)
		return result;
	numbered.id = queue->last_id + 1;
	alert = append_copy(queue, &numbered);
	if (alert == NULL)
		return -ENOMEM;
	*ret_id = numbered.id;
	queue_file_alert(&queue->fresh, alert, (const char *const *)queue->names,
	                 queue->name_count);
	forget_former(queue, alert);
	forget_if_settled(queue, alert);
	start_write(queue);
	return 0;
}

void queue_sync(struct queue *queue)
{
	if (queue->needs_replace && queue->path != NULL)
		start_write(queue);
}

void queue_settle(struct queue *queue, struct queued_alert *alert, unsigned receiver)
{
	assert(receiver < queue->name_count);
	alert->due &= ~(UINT64_C(1) << receiver);
	queue_file_settled(&queue->fresh, alert->id, queue->names[receiver]);
	forget_if_settled(queue, alert);
	start_write(queue);
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

int queue_set_receivers(struct queue *queue, const char *const *names, size_t count)
{
	struct queued_alert *alert;
	struct queued_alert *next;

	assert(count <= QUEUE_RECEIVERS_MAX);
	DL_FOREACH2(queue->alerts, alert, next)
	{
		alert->audience = translate(queue, alert->audience, names, count);
		alert->due = translate(queue, alert->due, names, count);
	}
	drop_names(queue);
	for (; queue->name_count < count; queue->name_count++) {
		queue->names[queue->name_count] = strdup(names[queue->name_count]);
		if (queue->names[queue->name_count] == NULL)
			return -ENOMEM;
	}
	DL_FOREACH_SAFE2(queue->alerts, alert, next, next)
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
	if (i >= QUEUE_RECEIVERS_MAX)
		return QUEUE_RECEIVERS_MAX;
	queue->names[i] = strdup(name);
	if (queue->names[i] == NULL)
		return QUEUE_RECEIVERS_MAX;
	queue->name_count++;
	return i;
}

static void on_read_alert(void *context, const struct queued_alert *alert,
                          const struct queue_names *names)
{
	struct queue *queue = context;
	struct queued_alert with_due = *alert;
	struct queued_alert *added;
	size_t i;

	if (queue->count >= QUEUE_ALERTS_MAX)
		return;
	with_due.audience = 0;
	with_due.due = 0;
	for (i = 0; i < names->count; i++) {
		unsigned index = name_index(queue, names->names[i]);

		if (index >= QUEUE_RECEIVERS_MAX)
			continue;
		with_due.audience |= UINT64_C(1) << index;
		with_due.due |= (uint64_t)names->is_due[i] << index;
	}
	added = append_copy(queue, &with_due);
	if (added != NULL)
		forget_former(queue, added);
}

static void on_read_settled(void *context, uint64_t id, const char *name)
{
	struct queue *queue = context;
	unsigned index = name_index(queue, name);
	struct queued_alert *alert;

	DL_FOREACH2(queue->alerts, alert, next)
	{
		if (alert->id != id || index >= QUEUE_RECEIVERS_MAX)
			continue;
		alert->due &= ~(UINT64_C(1) << index);
		return;
	}
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
	if (result > 0)
		log_warnx("alerts on disk are damaged, going on with the others path=%s "
		          "damaged=%d",
		          queue->path, result);
	else if (result < 0 && result != -ENOENT)
		log_warn(result, "cannot read the alerts on disk, starting without path=%s",
		         queue->path);
	DL_FOREACH_SAFE2(queue->alerts, alert, next, next)
	{
		forget_if_settled(queue, alert);
	}
	queue->safe_id = queue->last_id;
}

static struct queue *queue_free(struct queue *queue)
{
	if (queue == NULL)
		return NULL;
	while (queue->alerts != NULL)
		remove_alert(queue, queue->alerts);
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
	struct queued_alert *alert;

	DL_FOREACH2(queue->alerts, alert, next)
	{
		if (alert->id == id)
			return alert;
	}
	return NULL;
}

struct queued_alert *queue_first(const struct queue *queue)
{
	return queue->alerts;
}

uint64_t queue_length(const struct queue *queue)
{
	const struct queued_alert *alert;
	uint64_t length = 0;

	DL_FOREACH2(queue->alerts, alert, next)
	length += (uint64_t)__builtin_popcountll(alert->due);
	return length;
}

uint64_t queue_error_count(const struct queue *queue)
{
	return queue->error_count;
}

uint64_t queue_dropped_count(const struct queue *queue)
{
	return queue->dropped_count;
}
