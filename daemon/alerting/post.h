// SPDX-License-Identifier: MIT
/*
 * POSTs by libcurl, all those of a poster at the same time: none waits for another. A poster blocks
 * whoever waits for it, so it belongs to one job of the pool at a time; only poster_wake() may be
 * called meanwhile. Redirects are not followed, answers are not kept, TLS is verified, proxies are
 * those of the environment. Connections are used again.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_POST_H
#define HEAPWATCH_DAEMON_ALERTING_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alerting/receiver.h"

#define POST_ERROR_SIZE 256

enum post_outcome {
	POST_DELIVERED,
	POST_RETRY,   /* no final answer, 408, 429 or 5xx */
	POST_REFUSED, /* never will be */
};

struct post_result {
	enum post_outcome outcome;
	unsigned status; /* of HTTP; 0: no answer */
	uint64_t retry_after_seconds;
	char error[POST_ERROR_SIZE]; /* "" when there is none; without the URL */
};

struct post_transfer;

/* Everything it points to is borrowed until it is over. */
struct post {
	const char *url;
	const char *path; /* behind it, with one slash between them; "" for none */
	const struct receiver_request *request;
	const char *ca_file; /* NULL: the system's; likewise no client certificate */
	const char *cert_file;
	const char *key_file;
	struct post_transfer *transfer; /* while it is under way */
	bool is_over;
	struct post_result result; /* once it is over */
};

struct poster;

/* NULL without memory, or without libcurl. */
struct poster *poster_new(void);
/* Ends what is under way. */
struct poster *poster_free(struct poster *poster);
/*
 * Over within 10 seconds, by an answer or without one; at once when it cannot begin, as when poster
 * is NULL.
 */
void poster_begin(struct poster *poster, struct post *post);
/* Ends it without an answer, if it is not over. poster may be NULL when it was never begun. */
void poster_cancel(struct poster *poster, struct post *post);
/* Until a post is over, poster_wake() is called, or a second has gone by. */
void poster_wait(struct poster *poster);
/* From any thread: ends the wait, or the next one. */
void poster_wake(struct poster *poster);

#endif
