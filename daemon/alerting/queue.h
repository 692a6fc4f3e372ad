// SPDX-License-Identifier: MIT
/*
 * Alerts on disk until every receiver has them, and as long as their episode is open: an
 * append-only file of sealed records (lib/pack.h), synced by the pool before an alert counts as
 * safe, rewritten when most of it is history. A record that is damaged or cut short is left out and
 * counted, the others stay, and the damaged file is kept beside the new one. Without a disk that
 * can be written to, alerts are kept in memory, an error is counted, and the whole file is tried
 * again.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_QUEUE_H
#define HEAPWATCH_DAEMON_ALERTING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/alerting/episode.h"

#define QUEUE_ALERTS_MAX    16384
#define QUEUE_RECEIVERS_MAX 64 /* bits of due */

struct queue;

/* Why somebody does not get what was due to them. */
enum queue_drop {
	QUEUE_DROP_FULL,      /* more than QUEUE_ALERTS_MAX: the oldest, else the new one */
	QUEUE_DROP_NO_MEMORY, /* or an alert that is larger than any should be */
	QUEUE_DROP_RECEIVER,  /* it is in the configuration no more */
	QUEUE_DROP_DAMAGED,   /* on disk: counted once per damaged place */
	QUEUE_DROP_COUNT
};

const char *queue_drop_name(enum queue_drop reason);

/* Strings are owned by the queue. */
struct queued_alert {
	uint64_t id;            /* ascending, also over restarts */
	struct process_key key; /* of the boot that boot_id names */
	char *boot_id;
	enum condition condition;
	bool is_firing; /* false: resolved */
	enum severity severity;
	char *dedup_key;
	char *body;
	uint64_t audience; /* a bit per receiver that it is meant for */
	uint64_t due;      /* of those, who has yet to get it */
	uint64_t accepted_unix_ns;
	uint64_t accepted_boot_ns;     /* likewise of the boot that boot_id names; 0: of another */
	struct queued_alert *previous; /* by id */
	struct queued_alert *next;
};

/*
 * Reads what is there. storage_path NULL: in memory. Deliveries that are due to a receiver that is
 * no more are dropped. NULL without memory.
 */
struct queue *queue_open(const char *storage_path, const struct collector_host *host);
/* Writes what is not on disk yet, now. No job may be under way: after the loop's last turn. */
struct queue *queue_close(struct queue *queue);
/* The names that bits of due stand for, in their order; what was due to others is dropped. */
int queue_set_receivers(struct queue *queue, const char *const *names, size_t count)
    __attribute__((warn_unused_result));

/*
 * Copies alert but for id and links, and returns its id; it is safe once queue_safe_id() has
 * reached that. -ENOSPC when the queue is full of open episodes; -ENOMEM, also when body or
 * dedup_key are NULL for want of it. What fails is counted as dropped.
 */
int queue_add(struct queue *queue, const struct queued_alert *alert, uint64_t *ret_id)
    __attribute__((warn_unused_result));
/* Tries again what could not be written; once per pass. */
void queue_sync(struct queue *queue);
/* About once a second: a disk that has not answered for 10 seconds is one that fails. */
void queue_watch(struct queue *queue, uint64_t now_ns);
/* A receiver has it, or never will. The alert may be gone afterwards. */
void queue_settle(struct queue *queue, struct queued_alert *alert, unsigned receiver);
/* Alerts up to this one are on disk, or the disk cannot be written to. */
uint64_t queue_safe_id(const struct queue *queue);

/* By id; valid until the next change. NULL when there is none. */
struct queued_alert *queue_find(const struct queue *queue, uint64_t id);
struct queued_alert *queue_first(const struct queue *queue);
/*
 * The oldest that is safe and due to receiver behind after_id, else the oldest at all; never one of
 * a process of which an older one is due to it. The cost is that of one walk over the queue.
 */
struct queued_alert *queue_find_due(struct queue *queue, unsigned receiver, uint64_t after_id);
/* True for the last word on an episode that is firing. */
bool queue_is_open(const struct queue *queue, const struct queued_alert *alert);

/* Deliveries due, over all receivers. */
uint64_t queue_length(const struct queue *queue);
/* Writes that failed. */
uint64_t queue_error_count(const struct queue *queue);
/* Deliveries that will not be tried. */
uint64_t queue_dropped_count(const struct queue *queue, enum queue_drop reason);
/* False as long as alerts are in memory only. */
bool queue_is_on_disk(const struct queue *queue);

#endif
