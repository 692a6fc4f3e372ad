// SPDX-License-Identifier: MIT
/*
 * One isolate over a session: installs the ring, polls it as often as it has something to say, and
 * hands what it says to the sink. Main thread and workers alike.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_TALK_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

struct session;

#define TALK_OBJECT_SIZE   128
#define TALK_WORKER_SIZE   32
#define TALK_PERIOD_MIN_NS (UINT64_C(1) * 1000000000)
#define TALK_PERIOD_MAX_NS (UINT64_C(15) * 1000000000)

struct talk {
	struct talk *next;       /* the owner's list */
	struct session *session; /* borrowed; calls under way end with it */
	const struct collector_sink *sink;
	struct process_key key;
	uint64_t isolate;              /* as the sink is told */
	char worker[TALK_WORKER_SIZE]; /* NodeWorker's sessionId; "": the main thread */
	char ring[TALK_OBJECT_SIZE];   /* objectId; "": not installed */
	uint64_t period_ns;
	uint64_t next_poll_ns;
	uint64_t timeout_ns;    /* of a call */
	uint64_t pause_ns;      /* since a worker does not hear; 0: it does */
	unsigned failure_count; /* how often the ring could not be installed */
	bool is_polling;        /* or installing */
	bool has_failed;        /* no ring, or no answer in time: nothing more is asked */
	bool is_gone;           /* to be freed by talk_sweep() */
	unsigned pending_count; /* calls that hold a pointer to this */
	uint64_t lost_count;    /* collections that the ring had no room for */
};

/* worker is "" for the main thread. NULL without memory. */
struct talk *talk_new(struct session *session, const struct collector_sink *sink,
                      const struct process_key *key, const char *worker, uint64_t isolate);
/* Installs the ring; again from talk_turn() where a thread that has just begun cannot have it yet.
 */
void talk_begin(struct talk *talk);
/* Polls when it is time. */
void talk_turn(struct talk *talk, uint64_t now_ns);
/* Ends the ring in the process; what is not sent at once is not sent. */
void talk_stop(struct talk *talk);
/* Its thread has ended: tells the sink, where it knows of it. */
void talk_gone(struct talk *talk, uint64_t now_ns);
/* Frees those of the list that are gone and that no call knows any more; how many are left. */
size_t talk_sweep(struct talk **list);
/* All of them; the session must be freed before. */
void talk_free_all(struct talk **list);

/* The next period: shorter while the ring fills, longer while it does not. Pure. */
uint64_t talk_next_period_ns(uint64_t period_ns, size_t gc_count);

#endif
