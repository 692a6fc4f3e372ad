// SPDX-License-Identifier: MIT
/*
 * The HTTP server on the loop: its descriptors are watched, its timeouts become a timer.
 */
#ifndef HEAPWATCH_DAEMON_WEB_H
#define HEAPWATCH_DAEMON_WEB_H

struct collector_host;
struct http_options;
struct loop;
struct web;

/* Listens and serves from the next turn of the loop on; NULL when it cannot (logged). */
struct web *web_start(const struct http_options *options, struct loop *loop,
                      const struct collector_host *host);
/* Before the loop is freed. */
struct web *web_stop(struct web *web);

#endif
