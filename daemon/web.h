// SPDX-License-Identifier: MIT
/*
 * The HTTP server on the loop: its descriptors are watched, its timeouts become a timer.
 */
#ifndef HEAPWATCH_DAEMON_WEB_H
#define HEAPWATCH_DAEMON_WEB_H

#include <stdbool.h>

#include "daemon/exposition/http.h"

struct collector_host;
struct loop;
struct web;

struct web_options {
	struct http_options http;  /* gate and listen_fds are filled in */
	const char *config_path;   /* --web.config.file; NULL: neither TLS nor passwords */
	bool uses_manager_sockets; /* instead of addresses */
};

/* Listens and serves from the next turn of the loop on; NULL when it cannot (logged). */
struct web *web_start(const struct web_options *options, struct loop *loop,
                      const struct collector_host *host);
/* Before the loop is freed. */
struct web *web_stop(struct web *web);

#endif
