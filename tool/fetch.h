// SPDX-License-Identifier: MIT
/*
 * GET from heapwatchd, one request at a time, without blocking: http, https and unix:/path. User
 * and password come from the URL or ~/.netrc; proxies are those of the environment.
 */
#ifndef HEAPWATCH_TOOL_FETCH_H
#define HEAPWATCH_TOOL_FETCH_H

#include <stddef.h>

#include "lib/buf.h"

#define FETCH_MESSAGE_SIZE 256

struct fetch;

struct fetch_options {
	const char *url;     /* of the daemon, without a path, or below the path of a proxy */
	const char *path;    /* of the request, with its first slash */
	const char *ca_file; /* NULL: those of the system */
	long timeout_ms;
};

/* -EINVAL: no URL of ours, with the message; -ENOMEM. */
int fetch_new(const struct fetch_options *options, struct fetch **ret_fetch,
              char reterr_message[FETCH_MESSAGE_SIZE]) __attribute__((warn_unused_result));
struct fetch *fetch_free(struct fetch *fetch);

/* Begins a request, unless one is under way. */
void fetch_start(struct fetch *fetch);

enum fetch_state {
	FETCH_IDLE, /* or waiting for its answer */
	FETCH_DONE, /* the body is there, until the next start */
	FETCH_FAILED,
};

/*
 * Waits for what comes first of the answer, one of the descriptors being readable, and the timeout.
 * message: why it failed.
 */
enum fetch_state fetch_wait(struct fetch *fetch, const int *fds, size_t fd_count, int timeout_ms,
                            char reterr_message[FETCH_MESSAGE_SIZE]);
/* Exchanges the body for what is in the buffer, whose memory is used for the next one. */
void fetch_take(struct fetch *fetch, struct buf *body);

#endif
