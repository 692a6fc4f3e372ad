// SPDX-License-Identifier: MIT
/*
 * Passwords of requests (HTTP basic, bcrypt). A hash takes tens of milliseconds and more, so it is
 * computed in the pool, one at a time, and its outcome is remembered: who scrapes with the right
 * password pays once. A name that does not exist costs what one that does costs. Whoever fails
 * often has to wait before anything is computed for them again; who is already known does not.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_AUTH_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_AUTH_H

#include <stddef.h>
#include <stdint.h>

struct collector_host;
struct http_auth;
struct pair_list;

#define AUTH_PEER_SIZE 16 /* an address; of IPv6 only the first half tells peers apart */

enum auth_verdict {
	AUTH_GRANTED,
	AUTH_DENIED,   /* 401 */
	AUTH_TOO_MANY, /* 429: failed too often */
	AUTH_BUSY,     /* 503: too many wait already, or the pool is full */
	AUTH_WAIT,     /* the answer comes later */
};

struct auth_request {
	const struct pair_list *users; /* names and hashes; copied from what is needed later */
	const char *authorization;     /* the header; NULL: none */
	uint8_t peer[AUTH_PEER_SIZE];
	/* After AUTH_WAIT, once, unless the check was cancelled. */
	void (*answer)(void *data, enum auth_verdict verdict);
	void *data;
};

struct auth_ticket; /* somebody who waits */

/* NULL without memory or randomness. */
struct http_auth *http_auth_new(const struct collector_host *host);
/* After the host's jobs are done. */
struct http_auth *http_auth_free(struct http_auth *auth);

/* With AUTH_WAIT, *ret_ticket is set; it ends with the answer. */
enum auth_verdict http_auth_check(struct http_auth *auth, const struct auth_request *request,
                                  struct auth_ticket **ret_ticket);
/* No answer is given any more. */
void http_auth_cancel(struct auth_ticket *ticket);

#endif
