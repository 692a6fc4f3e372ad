// SPDX-License-Identifier: MIT
/*
 * The HTTP server (libmicrohttpd, external epoll): endpoints from one table. Pages are rendered in
 * the pool, at most once per generation and format, and shared by all who ask; what is about one
 * process is answered at once. It owns the listening sockets and nothing of the model.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct collector_host;
struct http_gate;

/* ---- answered at once, on the loop ---- */

enum http_method {
	HTTP_GET = 1, /* and HEAD */
	HTTP_POST = 2,
};

struct http_request; /* valid during the call */

enum http_method http_request_method(const struct http_request *request);
/*
 * The path behind that of a prefix endpoint, percent-decoded. What would be a NUL stays encoded, so
 * that no byte hides another.
 */
const char *http_request_rest(const struct http_request *request);
/* Of the query, decoded likewise, and of the headers; NULL when it is not there. */
const char *http_request_argument(const struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name);

struct http_header {
	const char *name;
	const char *value;
};

struct http_answer {
	unsigned status;          /* 200 unless set */
	const char *content_type; /* plain text unless set */
	struct buf body;
	/* Those of the endpoint, unless it sets others. */
	const struct http_header *headers;
	size_t header_count;
};

typedef void (*http_respond)(void *context, const struct http_request *request,
                             struct http_answer *answer);

/* ---- pages ---- */

struct http_format {
	const char *content_type;
	/* In the pool: reads the picture and nothing else. 0 or a negative errno (then 500). */
	int (*render)(const void *picture, struct buf *out);
};

#define HTTP_FORMATS_MAX 2

struct http_endpoint {
	const char *path;
	bool is_prefix;       /* stands for all paths below path, which ends in '/' */
	unsigned methods;     /* of enum http_method; 0: HTTP_GET */
	http_respond respond; /* NULL: a page */
	struct http_format formats[HTTP_FORMATS_MAX];
	/* Which of the formats suits an Accept header (NULL: none was sent); NULL: the first. */
	size_t (*choose)(const char *accept);
	const struct http_header *headers; /* more of them; NULL: none */
	size_t header_count;
};

struct http_options {
	const char *const *listen_addresses; /* host:port, :port, [v6]:port, unix:/path */
	size_t listen_count;
	const int *listen_fds; /* sockets that listen already; the server's from now on */
	size_t listen_fd_count;
	struct http_gate *gate; /* TLS and passwords; NULL: neither. Outlives the server */
	const struct http_endpoint *endpoints; /* outlive the server */
	size_t endpoint_count;
	void *context;                     /* of the functions */
	const struct collector_host *host; /* its submit() runs what is long */
	/*
	 * Served at once, /-/healthy and /-/ready aside; beyond it 503. A reader that takes longer
	 * than others for its answer makes room first. 0: 40.
	 */
	size_t requests_max;
	/* Open at once; beyond it the one that has been idle for longest is closed. 0: 256. */
	size_t connections_max;
	/* Pages of the same generation are shared by all requests. */
	uint64_t (*generation)(void *context);
	/* What the pages of a generation are rendered from; taken and freed on the loop. */
	void *(*picture_take)(void *context); /* NULL: no memory */
	void (*picture_free)(void *picture);
	int (*is_ready)(void *context); /* /-/ready: 200 or 503 */
	/*
	 * POST /-/reload: answer(data, message) is called once, later or at once, with NULL for
	 * success. -EAGAIN, -ENOMEM. NULL: the lifecycle API is not enabled (403).
	 */
	int (*reload)(void *reload_context, void (*answer)(void *data, const char *message),
	              void *data);
	void *reload_context;
	/* Run is wanted at the next turn of the loop: a page is ready. Called on the loop. */
	void (*wake)(void *wake_data);
	void *wake_data;
	/*
	 * From a connection's opening or a request's first line until the answer has been taken
	 * in; then the connection is shut down, however busy it looks. 0: 30 s. A scraper that
	 * says how long it waits (X-Prometheus-Scrape-Timeout-Seconds) shortens it.
	 */
	uint64_t deadline_ns;
	uint64_t (*now_ns)(void *context); /* NULL: the boot-time clock */
};

struct http_server;

/* -EADDRINUSE, -EINVAL (address), …; the message for the user in reterr_message. */
int http_server_new(const struct http_options *options, struct http_server **ret_server,
                    char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
/* After the host's jobs are done. */
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
