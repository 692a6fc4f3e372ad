// SPDX-License-Identifier: MIT
/*
 * Errands under way at the same time, in one job of the pool that waits for all of them (post.h):
 * whoever hangs, or whose name is looked up for long, holds up nobody else and takes no other
 * thread. The job is over whenever an errand is, so that its end is told on the loop, and goes on
 * then; there is none while nothing is under way.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_SENDER_H
#define HEAPWATCH_DAEMON_ALERTING_SENDER_H

#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/alerting/errand.h"

struct sender;

/* Embedded by whoever sends; private to the sender until done is called. */
struct sending {
	struct errand *errand; /* prepared; borrowed */
	void (*done)(void *data);
	void *data;
	struct sending *prev; /* lists: utlist.h */
	struct sending *next;
};

/* NULL without memory. host is borrowed. */
struct sender *sender_new(const struct collector_host *host);
/*
 * Takes its turn behind 16 posts at most, and calls done(data) on the loop, never from within, with
 * the result in the errand.
 */
void sender_send(struct sender *sender, struct sending *sending);
/* About once a second: lets connections go that nobody has used for a while. */
void sender_tick(struct sender *sender);
/* What is under way ends at once, failing; done is called for it before the loop is drained. */
void sender_abort(struct sender *sender);
/* After the loop's last turn. */
struct sender *sender_free(struct sender *sender);

#endif
