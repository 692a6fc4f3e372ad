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
struct queue_process;

/* All zero: empty. */
struct queue_list {
	struct queued_alert *first;
	struct queue_entry *by_id;
	struct queue_entry *by_key; /* only the newest of each episode */
	struct queue_process *by_process;
	size_t count;
	uint64_t last_id;                 /* the highest that there ever was */
	uint64_t walk;                    /* numbers those of queue_list_find_due() */
	char *names[QUEUE_RECEIVERS_MAX]; /* that bits of due stand for; owned */
	size_t name_count;
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
/*
 * Of those up to last_id that are due to receiver the first behind after_id, else the first at all;
 * but none of a process of which an older one is due to it. NULL: none. One walk over the list.
 */
struct queued_alert *queue_list_find_due(struct queue_list *list, unsigned receiver,
                                         uint64_t last_id, uint64_t after_id);

void queue_list_drop_names(struct queue_list *list);

/* ---- for the pool ---- */

/* What the list is just now. Strings are shared with it, and never change. */
struct queue_picture {
	struct queued_alert *alerts; /* their links mean nothing */
	struct queue_entry **entries;
	size_t count;
	char *names[QUEUE_RECEIVERS_MAX];
	size_t name_count;
};

/* On the loop, as releasing is; ret_picture is to be empty (all zero). -ENOMEM. */
int queue_list_take(const struct queue_list *list, struct queue_picture *ret_picture)
    __attribute__((warn_unused_result));
/* Leaves it empty. */
void queue_picture_release(struct queue_picture *picture);

#endif
