// SPDX-License-Identifier: MIT
/*
 * One process whose inspector may be used: tries the candidates for its inspector one after the
 * other, keeps the session, and has a talk with each of its isolates.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_TARGET_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/inspector/find.h"
#include "collectors/inspector/session.h"

struct talk;
struct target;

/* What all targets share; outlives them. */
struct target_owner {
	const struct collector_host *host;
	const struct collector_sink *sink;
	int proc_fd;
	void *context;
	/* An attempt to attach has ended, well (SESSION_OK) or not. */
	void (*attempted)(void *context, enum session_result result);
	/* It was attached and is no more. */
	void (*released)(void *context);
};

/* Sockets of its own that are no inspectors: they are asked once. */
#define TARGET_REJECTED_MAX 32

struct target {
	const struct target_owner *owner;
	struct process_key key;
	pid_t inner_pid;
	unsigned rule;
	struct find_result found;
	size_t next_candidate;
	uint64_t rejected[TARGET_REJECTED_MAX]; /* inodes; the oldest gives way */
	size_t rejected_count;
	struct session *session; /* NULL: none */
	struct collector_watch *watch;
	int network_fd; /* -1: our own namespace */
	bool is_attached;
	bool has_told_permission;
	uint64_t next_search_ns;
	uint64_t backoff_ns;
	struct talk *talks; /* owned */
	size_t talk_count;
};

/* NULL without memory. */
struct target *target_new(const struct target_owner *owner, const struct process_facts *facts);
/* Ends what there is politely. */
struct target *target_free(struct target *target);

/* Takes what a search found and begins with its first candidate. */
void target_found(struct target *target, const struct find_result *found, uint64_t now_ns);
/* Polls of its isolates that are due. */
void target_turn(struct target *target, uint64_t now_ns);
/* Lets go, with a word to the rings. */
void target_release(struct target *target);

#endif
