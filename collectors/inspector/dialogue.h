// SPDX-License-Identifier: MIT
/*
 * A session whose owner has a thread to wait in: the tool, or a job of the pool. One call at a
 * time, and while the owner waits the session is attended, so that an ending process is let go at
 * once.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_DIALOGUE_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/inspector/session.h"

struct dialogue;

struct dialogue_options {
	struct session_options session;
	int cancel_fd; /* readable: everything ends with -ECANCELED; -1: none. Borrowed */
	void *context;
	/* Events of the process itself; hostile. May be NULL. */
	void (*event)(void *context, const char *method, const struct cJSON *params);
};

struct dialogue_call {
	const char *method;
	const char *params; /* JSON, of ours; NULL: none */
	const char *worker; /* NodeWorker's sessionId; NULL or "": the process itself */
	uint64_t timeout_ns;
	void *context;
	/* The result, borrowed for the call; may be NULL. What it returns, dialogue_call() returns.
	 */
	int (*take)(void *context, const struct cJSON *result);
};

/* Attaches. NULL: *reterr_result says why; SESSION_OK: it was cancelled. */
struct dialogue *dialogue_open(const struct dialogue_options *options,
                               enum session_result *reterr_result);
struct dialogue *dialogue_close(struct dialogue *dialogue);

/*
 * 0 or what take() returned. -EREMOTEIO: the method failed; -ETIMEDOUT; -ECONNRESET: the session is
 * over, see dialogue_result(), or the worker; -ECANCELED; -ENOMEM.
 */
int dialogue_call(struct dialogue *dialogue, const struct dialogue_call *call)
    __attribute__((warn_unused_result));
/* Waits until a moment on the boot-time clock; errors as above. */
int dialogue_wait(struct dialogue *dialogue, uint64_t until_ns) __attribute__((warn_unused_result));
/* Why the session is over; SESSION_OK while it is not. */
enum session_result dialogue_result(const struct dialogue *dialogue);
/* What a method that failed said last: hostile, cut, "" when none did. */
const char *dialogue_message(const struct dialogue *dialogue);
const char *dialogue_node_version(const struct dialogue *dialogue);

/* A negative errno for why the session is over. */
int dialogue_session_error(enum session_result result);
/* A sentence for an error r of a call; returns r, or that of the session when it is over. */
int dialogue_describe(const struct dialogue *dialogue, int r, char *reterr_message, size_t size);

#endif
