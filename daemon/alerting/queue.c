// SPDX-License-Identifier: MIT
/*
 * The list of alerts is what counts; the file repeats it (queue_writer.h): each change is a record
 * that is appended.
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
#include "daemon/alerting/queue_writer.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

struct queue {
	struct queue_list list;
	struct queue_writer writer;
	uint64_t dropped[QUEUE_DROP_COUNT];
	struct log_limit full_limit;
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
	if (former != NULL)
		forget_if_settled(queue, former);
	return alert;
}

void queue_sync(struct queue *queue)
{
	queue_writer_sync(&queue->writer);
}

void queue_watch(struct queue *queue, uint64_t now_ns)
{
	queue_writer_watch(&queue->writer, now_ns);
}

/* ---- changes ---- */

static void note_settled(struct queue *queue, const struct queued_alert *alert, size_t receiver)
{
	queue_file_settled(&queue->writer.fresh, alert->id, queue->list.names[receiver]);
}

/* On disk nobody waits for it any more, too. */
static void give_up(struct queue *queue, struct queued_alert *alert)
{
	size_t i;

	if (log_limit_allows(&queue->full_limit, clock_boottime_ns()))
		log_warnx("the queue of alerts is full, giving up the oldest dedup_key=\"%s\"",
		          alert->dedup_key);
	queue->dropped[QUEUE_DROP_FULL] += count_bits(alert->due);
	for (i = 0; i < queue->list.name_count; i++)
		if ((alert->due >> i & 1) != 0)
			note_settled(queue, alert, i);
	queue_list_remove(&queue->list, alert);
}

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
		give_up(queue, alert);
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
	numbered.id = queue->list.last_id + 1;
	alert = append(queue, &numbered);
	if (alert == NULL)
		return drop(queue, source, QUEUE_DROP_NO_MEMORY);
	*ret_id = numbered.id;
	queue_file_alert(&queue->writer.fresh, alert, (const char *const *)queue->list.names,
	                 queue->list.name_count);
	forget_if_settled(queue, alert);
	queue_writer_note(&queue->writer);
	return 0;
}

void queue_settle(struct queue *queue, struct queued_alert *alert, unsigned receiver)
{
	assert(receiver < queue->list.name_count);
	alert->due &= ~(UINT64_C(1) << receiver);
	note_settled(queue, alert, receiver);
	forget_if_settled(queue, alert);
	queue_writer_note(&queue->writer);
}

static uint64_t translate(const struct queue *queue, uint64_t due, const char *const *names,
                          size_t count)
{
	uint64_t translated = 0;
	size_t old;
	size_t now;

	for (old = 0; old < queue->list.name_count; old++)
		for (now = 0; (due >> old & 1) != 0 && now < count; now++)
			if (strcmp(queue->list.names[old], names[now]) == 0)
				translated |= UINT64_C(1) << now;
	return translated;
}

static void note_removed(struct queue *queue, uint64_t due_count)
{
	if (due_count == 0)
		return;
	queue->dropped[QUEUE_DROP_RECEIVER] += due_count;
	queue->writer.needs_replace = true; /* nor due when a receiver of that name comes back */
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
	queue_list_drop_names(&queue->list);
	for (; queue->list.name_count < count; queue->list.name_count++) {
		queue->list.names[queue->list.name_count] = strdup(names[queue->list.name_count]);
		if (queue->list.names[queue->list.name_count] == NULL)
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

	for (i = 0; i < queue->list.name_count; i++)
		if (strcmp(queue->list.names[i], name) == 0)
			return i;
	if (i >= QUEUE_RECEIVERS_MAX || (queue->list.names[i] = strdup(name)) == NULL)
		return QUEUE_RECEIVERS_MAX;
	queue->list.name_count++;
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

	if (asprintf(&path, "%s.damaged", queue->writer.path) < 0) {
		path = NULL;
		return;
	}
	(void)unlink(path);
	if (link(queue->writer.path, path) < 0)
		log_warn(-errno, "cannot set the damaged alerts aside path=%s", path);
}

static void restore(struct queue *queue)
{
	const struct queue_reader reader = {queue, on_read_alert, on_read_settled};
	struct queued_alert *alert;
	struct queued_alert *next;
	int result = queue_file_read(queue->writer.path, &reader, &queue->writer.file_bytes);

	/* A file that is not whole is written anew before anything is appended to it. */
	queue->writer.needs_replace = result != 0;
	queue->writer.live_bytes = queue->writer.file_bytes;
	if (result != 0 && result != -ENOENT) {
		queue->dropped[QUEUE_DROP_DAMAGED] += result > 0 ? (uint64_t)result : 1;
		set_aside(queue);
	}
	if (result > 0)
		log_warnx("alerts on disk are damaged, going on with the others path=%s damaged=%d",
		          queue->writer.path, result);
	else if (result < 0 && result != -ENOENT)
		log_warn(result, "cannot read the alerts on disk, starting without path=%s",
		         queue->writer.path);
	DL_FOREACH_SAFE2(queue->list.first, alert, next, next)
	{
		forget_if_settled(queue, alert);
	}
	queue->writer.safe_id = queue->list.last_id;
}

struct queue *queue_open(const char *storage_path, const struct collector_host *host)
{
	_cleanup_(freep) struct queue *queue = calloc(1, sizeof(*queue));
	char *path = NULL;

	if (queue == NULL ||
	    (storage_path != NULL && asprintf(&path, "%s/alerts", storage_path) < 0))
		return NULL;
	queue_writer_init(&queue->writer, path, host, &queue->list);
	if (path != NULL)
		restore(queue);
	return TAKE_PTR(queue);
}

struct queue *queue_close(struct queue *queue)
{
	if (queue == NULL)
		return NULL;
	queue_writer_done(&queue->writer);
	queue_list_done(&queue->list);
	free(queue);
	return NULL;
}

/* ---- what is known ---- */

uint64_t queue_safe_id(const struct queue *queue)
{
	return queue->writer.safe_id;
}

struct queued_alert *queue_find(const struct queue *queue, uint64_t id)
{
	return queue_list_find(&queue->list, id);
}

struct queued_alert *queue_find_due(struct queue *queue, unsigned receiver, uint64_t after_id)
{
	return queue_list_find_due(&queue->list, receiver, queue->writer.safe_id, after_id);
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
	return queue->writer.error_count;
}

uint64_t queue_dropped_count(const struct queue *queue, enum queue_drop reason)
{
	return queue->dropped[reason];
}

bool queue_is_on_disk(const struct queue *queue)
{
	return queue->writer.path != NULL && !queue->writer.is_failing;
}
