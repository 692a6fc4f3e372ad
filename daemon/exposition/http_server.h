// SPDX-License-Identifier: MIT
/*
 * The server between its life (http.c) and its answers (http_dispatch.c); private to both.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_SERVER_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_SERVER_H

#include <stdbool.h>

#include "daemon/exposition/http.h"
#include "daemon/exposition/http_connections.h"
#include "daemon/exposition/http_page.h"
#include "daemon/exposition/http_reply.h"
#include "daemon/exposition/listen.h"

struct http_listener {
	struct listener listener;
	struct MHD_Daemon *daemon;
};

struct http_server {
	struct http_options options;
	struct reply_table *replies;
	struct page_table *pages;
	struct http_connections connections;
	uint64_t gate_generation; /* whose headers are used */
	bool has_room; /* a connection ended since libmicrohttpd last looked at its limit */
	size_t listener_count;
	struct http_listener listeners[];
};

static inline uint64_t http_server_now_ns(const struct http_server *server)
{
	return server->options.now_ns(server->options.context);
}

/*
 * libmicrohttpd calls it when the headers of a request are there, for each piece of a body, at the
 * end, and when a connection is resumed. request_context is the struct http_connection, NULL when
 * there was no memory for it. The parameters are the library's.
 */
enum MHD_Result http_dispatch( // NOLINT(readability-function-size)
    void *data, struct MHD_Connection *mhd, const char *path, const char *method,
    const char *version, const char *body, size_t *body_length, void **request_context);

#endif
