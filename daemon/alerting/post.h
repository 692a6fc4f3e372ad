// SPDX-License-Identifier: MIT
/*
 * One POST by libcurl, to be called in the pool: it blocks, for as long as its timeouts allow.
 * Redirects are not followed, answers are not kept, TLS is verified, proxies are those of the
 * environment.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_POST_H
#define HEAPWATCH_DAEMON_ALERTING_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alerting/receiver.h"

#define POST_ERROR_SIZE 256

struct post {
	const char *url;
	const char *path; /* behind it, with one slash between them; "" for none */
	const struct receiver_request *request;
	const char *ca_file; /* NULL: the system's; likewise no client certificate */
	const char *cert_file;
	const char *key_file;
	const atomic_bool *is_aborted; /* set from outside: the call returns within a second */
};

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

void post_perform(const struct post *post, struct post_result *ret_result);

#endif
