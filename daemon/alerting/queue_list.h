// SPDX-License-Identifier: MIT
/*
 * The alerts of the queue in memory: in the order of their ids, found by id, and per episode
 * (dedup_key) the newest. Private to the queue.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_QUEUE_LIST_H
#define HEAPWATCH_DAEMON_ALERTING_QUEUE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alerting/queue.h"

struct queue_entry;

/* All zero: empty. */
struct queue_list {
	struct queued_alert *first;
	struct queue_entry *by_id;
	struct queue_entry *by_key; /* only the newest of each episode */
	size_t count;
};

void queue_list_done(struct queue_list *list);
/*
 * Copies source behind the others. The alert that was the newest of its episode before, or NULL, is
 * in ret_former. NULL without memory.
 */
struct queued_alert *queue_list_append(struct queue_list *list, const struct queued_alert *source,
                                       struct queued_alert **ret_former);
void queue_list_remove(struct queue_list *list, struct queued_alert *alert);
struct queued_alert *queue_list_find(const struct queue_list *list, uint64_t id);
bool queue_list_is_newest(const struct queued_alert *alert);

#endif
