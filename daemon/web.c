// SPDX-License-Identifier: MIT
/*
 * libmicrohttpd's external epoll mode: run it when its descriptor is readable, and when it says
 * that a connection has waited for long enough.
 */
#include "daemon/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "daemon/exposition/http.h"
#include "daemon/loop.h"
#include "lib/log.h"

#define LISTEN_FDS_MAX 80 /* addresses that options take, and sockets of the service manager */
#define MESSAGE_SIZE   512

struct web {
	const struct collector_host *host;
	struct http_server *server;
	struct loop_timer *timer;
	struct collector_watch *watches[LISTEN_FDS_MAX];
	size_t watch_count;
};

static void schedule(struct web *web)
{
	int64_t timeout_ms = http_server_timeout_ms(web->server);

	if (timeout_ms < 0)
		loop_timer_stop(web->timer);
	else
		loop_timer_start(web->timer, (uint64_t)timeout_ms, 0);
}

static void serve(void *data)
{
	struct web *web = data;

	http_server_run(web->server);
	schedule(web);
}

static void wake(void *data)
{
	const struct web *web = data;

	loop_timer_start(web->timer, 0, 0);
}

static int watch(struct web *web)
{
	int fds[LISTEN_FDS_MAX];
	size_t count = http_server_fds(web->server, fds, LISTEN_FDS_MAX);
	size_t i;

	for (i = 0; i < count; i++) {
		web->watches[i] = web->host->watch_fd(web->host->context, fds[i], serve, web);
		if (web->watches[i] == NULL)
			return -ENOMEM;
		web->watch_count++;
	}
	schedule(web);
	return 0;
}

static void log_listening(const struct web *web, const struct http_options *options)
{
	size_t i;

	for (i = 0; i < options->listen_count; i++) {
		const char *address = options->listen_addresses[i];
		size_t length = strlen(address);

		/* ":0" asks the kernel for a port: say which one it chose. */
		if (i == 0 && length >= 2 && strcmp(address + length - 2, ":0") == 0)
			log_info("listening address=%.*s:%u", (int)length - 2, address,
			         http_server_port(web->server));
		else
			log_info("listening address=%s", address);
	}
}

struct web *web_start(const struct http_options *options, struct loop *loop,
                      const struct collector_host *host)
{
	struct web *web = calloc(1, sizeof(*web));
	struct http_options own = *options;
	char message[MESSAGE_SIZE];

	if (web == NULL)
		return NULL;
	own.wake = wake;
	own.wake_data = web;
	web->host = host;
	web->timer = loop_timer_new(loop, serve, web);
	if (web->timer == NULL)
		return web_stop(web);
	if (http_server_new(&own, &web->server, message, sizeof(message)) < 0) {
		log_errorx("%s", message);
		return web_stop(web);
	}
	if (watch(web) < 0) {
		log_errorx("cannot watch the listening sockets");
		return web_stop(web);
	}
	log_listening(web, options);
	return web;
}

struct web *web_stop(struct web *web)
{
	size_t i;

	if (web == NULL)
		return NULL;
	for (i = 0; i < web->watch_count; i++)
		web->host->unwatch_fd(web->host->context, web->watches[i]);
	if (web->timer != NULL)
		loop_timer_stop(web->timer);
	http_server_free(web->server);
	free(web);
	return NULL;
}
