// SPDX-License-Identifier: MIT
/*
 * The server's life: one libmicrohttpd daemon per listening socket, each with an epoll fd that the
 * loop polls, and their connections. What is answered is http_dispatch.c's.
 */
#include "daemon/exposition/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/exposition/http_admit.h"
#include "daemon/exposition/http_gate.h"
#include "daemon/exposition/http_request.h"
#include "daemon/exposition/http_server.h"
#include "daemon/exposition/http_tls.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define REQUESTS_DEFAULT        40
#define CONNECTIONS_DEFAULT     256
#define CONNECTIONS_MARGIN      16 /* accepted in one go, before one that is ended is closed */
#define DEADLINE_DEFAULT_NS     (30 * NS_PER_SECOND)
#define IDLE_SECONDS            120U                /* longer than usual scrape intervals */
#define CONNECTION_MEMORY_BYTES ((size_t)16 * 1024) /* bounds a request's line and headers */

DEFINE_CLEANUP(struct http_server, http_server_free)

static uint64_t boottime(void *context)
{
	(void)context;
	return clock_boottime_ns();
}

/* ---- connections ---- */

static struct http_connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static struct http_connection *open_connection(struct http_server *server,
                                               struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *connection;

	if (info == NULL)
		return NULL;
	connection = connections_open(&server->connections, mhd, info->connect_fd,
	                              http_server_now_ns(server));
	if (connection == NULL)
		return NULL;
	connection->server = server;
	if (!admit_connection(server, connection))
		(void)shutdown(info->connect_fd, SHUT_RDWR); /* closed by libmicrohttpd then */
	return connection;
}

static void on_connection(void *data, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = open_connection(server, mhd);
		return;
	}
	server->has_room = true;
	if (*socket_context != NULL) {
		admit_release(*socket_context);
		connections_close(&server->connections, *socket_context);
	}
	*socket_context = NULL;
}

static void *on_request_line(void *data, const char *uri, struct MHD_Connection *mhd)
{
	const struct http_server *server = data;
	struct http_connection *connection = connection_of(mhd);

	(void)uri;
	if (connection != NULL)
		connection_begin(&server->connections, connection, http_server_now_ns(server));
	return connection;
}

static void on_request_completed(void *data, struct MHD_Connection *mhd, void **request_context,
                                 enum MHD_RequestTerminationCode code)
{
	struct http_server *server = data;
	struct http_connection *connection = connection_of(mhd);

	(void)request_context;
	(void)code;
	if (connection != NULL)
		connection_complete(&server->connections, connection, http_server_now_ns(server));
}

/* It is suspended and would be for longer than it may. */
static void give_up(struct http_server *server, struct http_connection *connection, int result)
{
	if (!admit_give_up(server, connection))
		page_give_up(connection, result);
}

static void end_overdue(struct http_server *server)
{
	struct http_connection *waiting;

	while ((waiting = connections_end_overdue(&server->connections,
	                                          http_server_now_ns(server))) != NULL)
		give_up(server, waiting, -ETIME);
}

/* ---- the server ---- */

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
	bool has_tls = server->options.gate != NULL && http_gate_has_tls(server->options.gate);
	struct MHD_OptionItem tls_options[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, http_tls_no_certificate()},
	    {MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (has_tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
	    http_dispatch, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)(server->options.connections_max + CONNECTIONS_MARGIN),
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    CONNECTION_MEMORY_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
	    MHD_OPTION_NOTIFY_COMPLETED, on_request_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
	    on_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK, http_unescape, NULL,
	    MHD_OPTION_ARRAY, has_tls ? tls_options : &tls_options[1], MHD_OPTION_END);
}

/* Takes the listener. */
static int serve_on(struct http_server *server, struct listener *listener, char *reterr_message,
                    size_t message_size)
{
	struct http_listener *entry = &server->listeners[server->listener_count++];

	entry->listener = *listener;
	entry->daemon = start_daemon(server, listener->fd);
	entry->listener.fd = -1; /* libmicrohttpd's, also when it failed */
	if (entry->daemon != NULL)
		return 0;
	(void)snprintf(reterr_message, message_size, "cannot serve HTTP on %s",
	               listener->path[0] != '\0' ? listener->path : "a socket");
	return -EIO;
}

static int open_address(struct http_server *server, const char *address, char *reterr_message,
                        size_t message_size)
{
	struct listener listener;
	int result = listener_open(address, &listener, reterr_message, message_size);

	return result < 0 ? result : serve_on(server, &listener, reterr_message, message_size);
}

/* In the order in which they were given, all of them or an error. */
static int open_all(struct http_server *server, char *reterr_message, size_t message_size)
{
	const struct http_options *options = &server->options;
	int result = 0;
	size_t i;

	for (i = 0; i < options->listen_count && result == 0; i++)
		result = open_address(server, options->listen_addresses[i], reterr_message,
		                      message_size);
	for (i = 0; i < options->listen_fd_count && result == 0; i++) {
		struct listener listener;

		result =
		    listener_take(options->listen_fds[i], &listener, reterr_message, message_size);
		if (result == 0)
			result = serve_on(server, &listener, reterr_message, message_size);
	}
	return result;
}

static void set_defaults(struct http_options *options)
{
	if (options->requests_max == 0)
		options->requests_max = REQUESTS_DEFAULT;
	if (options->connections_max == 0)
		options->connections_max = CONNECTIONS_DEFAULT;
	if (options->deadline_ns == 0)
		options->deadline_ns = DEADLINE_DEFAULT_NS;
	if (options->now_ns == NULL)
		options->now_ns = boottime;
}

int http_server_new(const struct http_options *options, struct http_server **ret_server,
                    char *reterr_message, size_t message_size)
{
	_cleanup_(http_server_freep) struct http_server *server =
	    calloc(1, sizeof(*server) + (options->listen_count + options->listen_fd_count) *
	                                    sizeof(server->listeners[0]));
	int result;

	if (server != NULL) {
		server->options = *options;
		set_defaults(&server->options);
		server->connections = (struct http_connections){
		    .connections_max = server->options.connections_max,
		    .requests_max = server->options.requests_max,
		    .deadline_ns = server->options.deadline_ns,
		    .idle_ns = IDLE_SECONDS * NS_PER_SECOND,
		};
		server->replies = reply_table_new();
		server->pages = page_table_new(&server->options);
	}
	if (server == NULL || server->replies == NULL || server->pages == NULL) {
		(void)snprintf(reterr_message, message_size, "no memory for the HTTP server");
		return -ENOMEM;
	}
	result = open_all(server, reterr_message, message_size);
	if (result < 0)
		return result;
	*ret_server = TAKE_PTR(server);
	return 0;
}

/* Of a server that ends: nothing is to be run any more. */
static void sleep_on(void *data)
{
	(void)data;
}

struct http_server *http_server_free(struct http_server *server)
{
	struct http_connection *connection;
	size_t i;

	if (server == NULL)
		return NULL;
	server->options.wake = sleep_on;
	/* libmicrohttpd does not stop over suspended connections. */
	for (connection = server->connections.list; connection != NULL;
	     connection = connection->next)
		give_up(server, connection, -EAGAIN);
	for (i = 0; i < server->listener_count; i++) {
		if (server->listeners[i].daemon != NULL)
			MHD_stop_daemon(server->listeners[i].daemon);
		listener_done(&server->listeners[i].listener);
	}
	(void)page_table_free(server->pages);
	(void)reply_table_free(server->replies);
	free(server);
	return NULL;
}

size_t http_server_fds(const struct http_server *server, int *ret_fds, size_t maximum)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < server->listener_count && count < maximum; i++) {
		const union MHD_DaemonInfo *info =
		    MHD_get_daemon_info(server->listeners[i].daemon, MHD_DAEMON_INFO_EPOLL_FD);

		if (info != NULL)
			ret_fds[count++] = info->epoll_fd;
	}
	return count;
}

static int64_t deadline_timeout_ms(const struct http_server *server)
{
	uint64_t earliest_ns = connections_deadline(&server->connections);
	uint64_t now;

	if (earliest_ns == UINT64_MAX)
		return -1;
	now = http_server_now_ns(server);
	if (earliest_ns <= now)
		return 0;
	return (int64_t)((earliest_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

int64_t http_server_timeout_ms(const struct http_server *server)
{
	int64_t timeout_ms = deadline_timeout_ms(server);
	size_t i;

	/*
	 * At its limit libmicrohttpd stops to listen, and it starts again only at the beginning of
	 * a run, before it removes what has ended: no descriptor would ever ask for that run.
	 */
	if (server->has_room)
		return 0;
	for (i = 0; i < server->listener_count; i++) {
		MHD_UNSIGNED_LONG_LONG daemon_ms;

		if (MHD_get_timeout(server->listeners[i].daemon, &daemon_ms) != MHD_YES)
			continue;
		if (timeout_ms < 0 || daemon_ms < (MHD_UNSIGNED_LONG_LONG)timeout_ms)
			timeout_ms = daemon_ms > INT64_MAX ? INT64_MAX : (int64_t)daemon_ms;
	}
	return timeout_ms;
}

void http_server_run(struct http_server *server)
{
	size_t i;

	server->has_room = false;
	end_overdue(server);
	for (i = 0; i < server->listener_count; i++)
		(void)MHD_run(server->listeners[i].daemon); /* fails only for other modes */
}

unsigned http_server_port(const struct http_server *server)
{
	size_t i;

	for (i = 0; i < server->listener_count; i++)
		if (server->listeners[i].listener.port > 0)
			return server->listeners[i].listener.port;
	return 0;
}
