// SPDX-License-Identifier: MIT
/*
 * The HTTP server (libmicrohttpd, external epoll): endpoints from one table, bodies rendered at
 * most once per pass. It owns the listening sockets and nothing of the model.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Renders one body on the loop's thread; 0 or a negative errno (answered as 500). */
typedef int (*http_render)(void *context, struct buf *out);

struct http_header {
	const char *name;
	const char *value;
};

struct http_endpoint {
	const char *path; /* exact */
	const char *content_type;
	http_render render;
	const struct http_header *headers; /* more of them; NULL: none */
	size_t header_count;
};

struct http_options {
	const char *const *listen_addresses; /* host:port, :port, [v6]:port, unix:/path */
	size_t listen_count;
	const struct http_endpoint *endpoints; /* outlive the server */
	size_t endpoint_count;
	void *context;          /* of the render functions */
	size_t connections_max; /* per address; further ones wait to be accepted */
	/* Bodies rendered in the same generation are shared by all requests. */
	uint64_t (*generation)(void *context);
	int (*is_ready)(void *context); /* /-/ready: 200 or 503 */
	/*
	 * From a connection's opening or a request's first line until the answer has been taken
	 * in; then the connection is shut down, however busy it looks. 0: 30 s.
	 */
	uint64_t deadline_ns;
	uint64_t (*now_ns)(void *context); /* NULL: the boot-time clock */
};

struct http_server;

/* -EADDRINUSE, -EINVAL (address), …; the message for the user in reterr_message. */
int http_server_new(const struct http_options *options, struct http_server **ret_server,
                    char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
struct http_server *http_server_free(struct http_server *server);

/*
 * For the loop: poll each fd for reading; run when one is readable or the timeout
 * is over. Writing to a peer that is gone raises no signal.
 */
size_t http_server_fds(const struct http_server *server, int *ret_fds, size_t maximum);
/* Milliseconds until run must be called, -1: no need. */
int64_t http_server_timeout_ms(const struct http_server *server);
void http_server_run(struct http_server *server);
/* The port bound for the first TCP address (0 when none): for --web.listen-address=…:0. */
unsigned http_server_port(const struct http_server *server);

#endif
