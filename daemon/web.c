// SPDX-License-Identifier: MIT
/*
 * libmicrohttpd's external epoll mode: run it when its descriptor is readable, and when it says
 * that a connection has waited for long enough.
 */
#include "daemon/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/http_gate.h"
#include "daemon/loop.h"
#include "daemon/service.h"
#include "lib/log.h"

#define LISTEN_FDS_MAX 80 /* addresses that options take, and sockets of the service manager */
#define SOCKETS_MAX    16
#define MESSAGE_SIZE   1024

struct web {
	const struct collector_host *host;
	struct http_gate *gate;
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

static int open_gate(struct web *web, const char *path, char *reterr_message)
{
	int r;

	if (path == NULL)
		return 0;
	r = http_gate_new(path, web->host, &web->gate, reterr_message, MESSAGE_SIZE);
	if (r >= 0)
		log_info("TLS is %s path=%s", http_gate_has_tls(web->gate) ? "on" : "off", path);
	return r;
}

/* The sockets of the service manager instead of addresses. */
static int take_sockets(int fds[SOCKETS_MAX], struct http_options *http, char *reterr_message)
{
	int first, count = service_sockets(&first), i;

	if (count <= 0 || count > SOCKETS_MAX) {
		(void)snprintf(reterr_message, MESSAGE_SIZE,
		               "--web.systemd-socket: expected 1 to %d sockets of the service "
		               "manager, got %d",
		               SOCKETS_MAX, count < 0 ? 0 : count);
		return -EINVAL;
	}
	for (i = 0; i < count; i++)
		fds[i] = first + i;
	http->listen_count = 0;
	http->listen_fds = fds;
	http->listen_fd_count = (size_t)count;
	log_info("listening on sockets of the service manager count=%d", count);
	return 0;
}

static int open_server(struct web *web, const struct web_options *options, char *reterr_message)
{
	struct http_options http = options->http;
	int fds[SOCKETS_MAX];
	int r = open_gate(web, options->config_path, reterr_message);

	if (r >= 0 && options->uses_manager_sockets)
		r = take_sockets(fds, &http, reterr_message);
	if (r < 0)
		return r;
	http.gate = web->gate;
	http.wake = wake;
	http.wake_data = web;
	r = http_server_new(&http, &web->server, reterr_message, MESSAGE_SIZE);
	if (r >= 0)
		log_listening(web, &http);
	return r;
}

struct web *web_start(const struct web_options *options, struct loop *loop,
                      const struct collector_host *host)
{
	struct web *web = calloc(1, sizeof(*web));
	char message[MESSAGE_SIZE];

	if (web == NULL)
		return NULL;
	web->host = host;
	web->timer = loop_timer_new(loop, serve, web);
	if (web->timer == NULL)
		return web_stop(web);
	if (open_server(web, options, message) < 0) {
		log_errorx("%s", message);
		return web_stop(web);
	}
	if (watch(web) < 0) {
		log_errorx("cannot watch the listening sockets");
		return web_stop(web);
	}
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
	(void)http_gate_free(web->gate);
	free(web);
	return NULL;
}
