// SPDX-License-Identifier: MIT
/*
 * From the queue to the receivers: one request at a time for each, the alerts of a process in their
 * order, tried again with backoff until they are taken, refused or too old. One that fails waits
 * until the others had their try. Requests of all receivers are under way at the same time, in one
 * job of the pool (sender.h), so receivers that hang hold up neither others nor other jobs.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_DELIVERY_H
#define HEAPWATCH_DAEMON_ALERTING_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

struct config;
struct delivery;
struct queue;

enum delivery_outcome {
	DELIVERY_SENT,
	DELIVERY_RETRIED, /* a try that failed and will be followed by another */
	DELIVERY_REFUSED, /* another 4xx, or the secret cannot be what it must be */
	DELIVERY_EXPIRED, /* too old after many tries */
	DELIVERY_OUTCOME_COUNT
};

const char *delivery_outcome_name(enum delivery_outcome outcome);

/* Of one receiver; the name is borrowed until the next configuration. */
struct delivery_counts {
	const char *receiver;
	uint64_t outcomes[DELIVERY_OUTCOME_COUNT];
};

/* NULL without memory. queue and host are borrowed. */
struct delivery *delivery_new(const struct config *config, struct queue *queue,
                              const struct collector_host *host);
/* Requests under way end soon, failing; before the loop is drained. */
void delivery_abort(struct delivery *delivery);
/* After the loop's last turn. */
struct delivery *delivery_free(struct delivery *delivery);
/* The order of receivers is that of queue_set_receivers(). -ENOMEM: nobody is served then. */
int delivery_reconfigure(struct delivery *delivery, const struct config *config)
    __attribute__((warn_unused_result));
/* About once a second. */
void delivery_tick(struct delivery *delivery, uint64_t now_ns);

size_t delivery_count(const struct delivery *delivery);
struct delivery_counts delivery_counts_of(const struct delivery *delivery, size_t i);

#endif
