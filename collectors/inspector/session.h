// SPDX-License-Identifier: MIT
/*
 * A conversation with the inspector of one Node process, from connect(2) to the last reply.
 *
 * It asks /json/version and /json/list, opens the WebSocket, and lets nobody call a method before
 * process.pid there is that of the process that is meant. It follows no address that the peer
 * names. Everything that the peer sends is hostile input and bounded in size, depth and time.
 *
 * A Node process that ends waits for its debuggers to disconnect. A session hears that and ends at
 * once; so whoever owns one must not leave its fd unattended for long.
 *
 * It belongs to no event loop: the owner calls session_turn() whenever session_fd() is readable,
 * which covers writes and deadlines, too. Callbacks come from session_turn() alone. The owner may
 * free the session in any of them.
 *
 *	session = session_new(&options, &handler);
 *	watch session_fd(session) for reading → session_turn(session)
 *	handler.ready → session_call(session, &call) → call.done
 *	handler.ended → session_free(session), also at any other time
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SESSION_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/inspector/wire.h"

struct cJSON;
struct session;

enum session_result {
	SESSION_OK,            /* attached; only ever shown, never told to ended() */
	SESSION_UNREACHABLE,   /* nobody listens, or its network namespace is closed to us */
	SESSION_NOT_INSPECTOR, /* who listens answers otherwise than an inspector of Node */
	SESSION_BUSY,          /* Node 8 with another debugger: it allows one */
	SESSION_WRONG_PROCESS, /* process.pid is another one's */
	SESSION_TIMEOUT,       /* not attached in time: the process may be in a system call */
	SESSION_PROTOCOL,      /* broken frames or messages, or above the limits */
	SESSION_EXITING,       /* the process ends and waited for us */
	SESSION_DISCONNECTED,  /* the connection is gone, and commonly the process with it */
	SESSION_RESOURCES,     /* no memory or descriptors of ours */
	SESSION_RESULT_COUNT
};

/* "ok", "unreachable", … */
const char *session_result_name(enum session_result result);

struct session_options {
	struct inspector_address address;
	/* What process.pid says: the last of the process's NSpid (its own pid namespace). */
	pid_t inner_pid;
	uint64_t attach_timeout_ns; /* from session_new() to ready() */
	size_t message_limit_bytes; /* of one message of the peer; parsing takes 20 ms a MiB */
};

struct session_handler {
	void *context;
	/* Attached to the right process. */
	void (*ready)(void *context);
	/*
	 * Of the process itself (worker is "") or of one of its worker threads, by NodeWorker's
	 * sessionId. method and params are hostile. May be NULL.
	 */
	void (*event)(void *context, const char *worker, const char *method,
	              const struct cJSON *params);
	/* Once, unless freed before. Every pending call was told -ECONNRESET. */
	void (*ended)(void *context, enum session_result result);
};

struct session_reply {
	/*
	 * 0; -EREMOTEIO: the method failed; -ETIMEDOUT: a late reply is ignored; -ECONNRESET: the
	 * session, or the worker that was called, is over.
	 */
	int error;
	const struct cJSON *result; /* an object; NULL with an error; borrowed */
	const char *message;        /* of a method that failed: hostile text; else "" */
	uint64_t round_trip_ns;
};

struct session_call {
	const char *method;
	const struct cJSON *params; /* borrowed; NULL: none */
	const char *worker;         /* NodeWorker's sessionId; NULL: the process itself */
	uint64_t timeout_ns;        /* 0: none */
	void *context;
	void (*done)(void *context, const struct session_reply *reply);
};

#define SESSION_CALLS_MAX 64

/* NULL without memory or descriptors. What else is wrong comes by ended(). */
struct session *session_new(const struct session_options *options,
                            const struct session_handler *handler);
/* Says goodbye and disconnects; no callback comes any more. */
struct session *session_free(struct session *session);

int session_fd(const struct session *session);
void session_turn(struct session *session);

/*
 * After ready(). done() is called exactly once unless the session is freed before. -ENOTCONN;
 * -ENOBUFS: too many calls are under way; -ENOMEM. An error of the connection comes by ended().
 */
int session_call(struct session *session, const struct session_call *call)
    __attribute__((warn_unused_result));

/* "20.20.2", once it is known: ready() was called; hostile, but digits and dots. */
const char *session_node_version(const struct session *session);

#endif
