// SPDX-License-Identifier: MIT
/*
 * From verdicts and ends of processes to alerts: keeps the episodes of every process, hands what
 * changes to the queue, and logs it. Episodes go on over a restart of heapwatchd; those of
 * processes that went meanwhile are resolved.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_ALERTING_H
#define HEAPWATCH_DAEMON_ALERTING_ALERTING_H

#include <stdint.h>

#include "collectors/collector.h"

struct alerting;
struct config;
struct model;
struct queue;

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
/* Once per pass, after the verdicts: returns at once. */
void alerting_pass(struct alerting *alerting, uint64_t now_ns);
/* Writes of alerts to disk that failed. */
uint64_t alerting_error_count(const struct alerting *alerting);

#endif
