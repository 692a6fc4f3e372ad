// SPDX-License-Identifier: MIT
/*
 * What is said of an episode: one JSON object, the body of a webhook and what other receivers take
 * their texts from. Valid UTF-8 whatever the names of the observed hold.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_BODY_H
#define HEAPWATCH_DAEMON_ALERTING_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/alerting/episode.h"

#define BODY_MAX_BYTES ((size_t)64 << 10)

struct label_pair;

/* What a body is written from; all borrowed. */
struct body_source {
	enum condition condition;
	enum severity severity;
	const struct process *process;
	const char *host;
	const char *dedup_key;
	const char *former; /* earlier body of this episode, whose starts_at stays; or NULL */
	const struct label_pair *labels;
	size_t label_count;
	uint64_t starts_unix_ns;
	uint64_t process_start_unix_ns;
};

/* What can be told from a body: who it is about, and since when. */
struct body_facts {
	char app[ENDED_APP_SIZE]; /* longer ones are cut */
	unsigned slot;
	pid_t shown_pid;
	uint64_t starts_unix_ns; /* 0: not known */
};

/* -EBADMSG: it is none; -ENOMEM looks like that. */
int body_read(const char *body, struct body_facts *ret_facts) __attribute__((warn_unused_result));

/* Host, app, slot, process start, condition, and the second at which the episode fired. */
char *body_dedup_key(const struct body_source *source, uint64_t fired_unix_ns);
/* Of a firing alert. Owned by the caller; NULL without memory or when it is too large. */
char *body_write(const struct body_source *source);
/* The same body, resolved, not before it began, whatever the clock says; NULL without memory or
 * when body is none. */
char *body_resolve(const char *body, uint64_t ends_unix_ns, enum resolution resolution);

#endif
