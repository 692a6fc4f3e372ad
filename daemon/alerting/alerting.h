// SPDX-License-Identifier: MIT
/*
 * From verdicts and ends of processes to alerts: keeps the episodes of every process, hands what
 * changes to the queue, and logs it. Episodes go on over a restart of heapwatchd; those of
 * processes that went meanwhile are resolved.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_ALERTING_H
#define HEAPWATCH_DAEMON_ALERTING_ALERTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/alerting/delivery.h"
#include "daemon/alerting/queue.h"

#define RECEIVER_NAME_SIZE 128 /* longer names are cut where they are shown */

struct alerting;
struct config;
struct model;

struct alerting_options {
	const struct config *config; /* until alerting_reconfigure() */
	const char *storage_path;    /* NULL: alerts are kept in memory */
	const struct collector_host *host;
	struct model *model; /* it tells of ends from now on */
};

/* NULL without memory. */
struct alerting *alerting_new(const struct alerting_options *options);
/* After the loop's last turn, and before the model goes. */
struct alerting *alerting_free(struct alerting *alerting);
void alerting_reconfigure(struct alerting *alerting, const struct config *config);
/* After the verdicts of a pass, until it returns true: what remains then waits for the next call.
 */
bool alerting_pass(struct alerting *alerting, uint64_t now_ns) __attribute__((warn_unused_result));
/* About once a second: sends what is due. */
void alerting_tick(struct alerting *alerting, uint64_t now_ns);
/* The process was explained: tells of its sites where an alert about it is firing. */
void alerting_explained(struct alerting *alerting, const struct process *process);
/* Ends what is sent just now; before the loop is drained. */
void alerting_abort(struct alerting *alerting);

struct receiver_status {
	char name[RECEIVER_NAME_SIZE];
	uint64_t outcomes[DELIVERY_OUTCOME_COUNT];
};

struct alerting_status {
	uint64_t write_errors; /* of alerts to disk */
	uint64_t queue_length; /* deliveries that are due */
	uint64_t dropped[QUEUE_DROP_COUNT];
	bool queue_is_on_disk;
	struct ended_alerts ended;
	struct receiver_status receivers[QUEUE_RECEIVERS_MAX];
	size_t receiver_count;
};

void alerting_measure(const struct alerting *alerting, struct alerting_status *ret_status);

#endif
