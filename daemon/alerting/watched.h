// SPDX-License-Identifier: MIT
/*
 * The processes that have an episode, pending or firing; of most processes nothing is kept. Private
 * to the room.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_WATCHED_H
#define HEAPWATCH_DAEMON_ALERTING_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

#include "collectors/collector.h"
#include "daemon/alerting/episode.h"

struct process;

struct watched {
	uint64_t hash_key[2]; /* pid, start_ticks: struct process_key has padding */
	struct episode episodes[CONDITION_COUNT];
	uint64_t alerts[CONDITION_COUNT]; /* id of the newest of each open episode, 0: none */
	bool is_here;                     /* seen since the start of heapwatchd */
	bool is_gone;
	uint64_t gone_ns;
	/* Who it was, for those that are gone; app is owned, NULL: not known. */
	char *app;
	unsigned slot;
	pid_t shown_pid;
	UT_hash_handle hh;
};

/* all is the head of the table; NULL: empty. */
struct watched *watched_find(const struct watched *all, const struct process_key *key);
/* The one that is there, or a new one. NULL without memory: tried again with the next pass. */
struct watched *watched_add(struct watched **all, const struct process_key *key);
void watched_remove(struct watched **all, struct watched *watched);
/* No episode is left. */
bool watched_is_quiet(const struct watched *watched);

/* Who it is; app is copied. */
void watched_name(struct watched *watched, const char *app, unsigned slot, pid_t shown_pid);

/* What others see: alerts up to safe_id, of process (which shows none yet), and of who is gone. */
void watched_show(const struct watched *watched, uint64_t safe_id, struct process *process);
void watched_show_ended(const struct watched *all, uint64_t safe_id, struct ended_alerts *ended);

#endif
