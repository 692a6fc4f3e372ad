// SPDX-License-Identifier: MIT
/*
 * The HTTP server and its clients over real sockets in one thread: the test plays the loop, and
 * time is a number of the test's.
 */
#ifndef HEAPWATCH_TESTS_UNIT_HTTP_FIXTURE_H
#define HEAPWATCH_TESTS_UNIT_HTTP_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/exposition/http.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define BIG_BODY_BYTES (8U << 20) /* more than any socket buffer holds */
#define PATIENCE_MS    20000

struct fixture {
	uint64_t now_ns;
	uint64_t generation;
	unsigned render_count;
	int render_result;
	bool overflows;
	int is_ready;
	struct http_server *server;
};

static inline int render_small(void *context, struct buf *out)
{
	struct fixture *fixture = context;

	fixture->render_count++;
	buf_printf(out, "generation %d\n", (int)fixture->generation);
	out->has_failed = fixture->overflows;
	return fixture->render_result;
}

static inline int render_big(void *context, struct buf *out)
{
	const struct fixture *fixture = context;
	size_t i;

	for (i = 0; i < BIG_BODY_BYTES; i++)
		buf_append_char(out, (char)('a' + fixture->generation % 26));
	return 0;
}

static inline uint64_t generation_of(void *context)
{
	return ((const struct fixture *)context)->generation;
}

static inline uint64_t now_of(void *context)
{
	return ((const struct fixture *)context)->now_ns;
}

static inline int is_ready(void *context)
{
	return ((const struct fixture *)context)->is_ready;
}

static const struct http_header page_headers[] = {
    {"Content-Security-Policy", "default-src 'none'"},
};

static const struct http_endpoint endpoints[] = {
    {.path = "/metrics", .content_type = "text/plain; version=0.0.4", .render = render_small},
    {.path = "/big", .content_type = "text/plain", .render = render_big},
    {.path = "/",
     .content_type = "text/html",
     .render = render_small,
     .headers = page_headers,
     .header_count = 1},
};

static inline void start(struct fixture *fixture, const char *const *addresses, size_t count,
                         size_t connections_max)
{
	const struct http_options options = {
	    .listen_addresses = addresses,
	    .listen_count = count,
	    .endpoints = endpoints,
	    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
	    .context = fixture,
	    .connections_max = connections_max,
	    .generation = generation_of,
	    .is_ready = is_ready,
	    .deadline_ns = 10 * NS_PER_SECOND,
	    .now_ns = now_of,
	};
	char message[256] = "";

	ck_assert_msg(http_server_new(&options, &fixture->server, message, sizeof(message)) == 0,
	              "%s", message);
}

static inline void start_loopback(struct fixture *fixture)
{
	static const char *const addresses[] = {"127.0.0.1:0"};

	*fixture = (struct fixture){.now_ns = NS_PER_SECOND, .is_ready = 1};
	start(fixture, addresses, 1, 8);
}

static inline void stop(struct fixture *fixture)
{
	fixture->server = http_server_free(fixture->server);
}

/* ---- clients ---- */

struct client {
	int fd;
	bool is_closed; /* by the server */
	struct buf in;
};

static inline struct client connect_to(const struct sockaddr *address, socklen_t length)
{
	struct client client = {.in = BUF_INIT(64U << 20)};

	client.fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(client.fd, 0);
	ck_assert_int_eq(connect(client.fd, address, length), 0);
	ck_assert_int_eq(fcntl(client.fd, F_SETFL, O_NONBLOCK), 0);
	return client;
}

static inline struct client connect_port(unsigned port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	                                    .sin_port = htons((uint16_t)port),
	                                    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return connect_to((const struct sockaddr *)&address, sizeof(address));
}

static inline struct client connect_server(const struct fixture *fixture)
{
	return connect_port(http_server_port(fixture->server));
}

static inline void disconnect(struct client *client)
{
	(void)close(client->fd);
	buf_done(&client->in);
}

static inline void send_text(const struct client *client, const char *text)
{
	ck_assert_int_eq(send(client->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline void receive(struct client *client)
{
	char bytes[65536];
	ssize_t length;

	while ((length = recv(client->fd, bytes, sizeof(bytes), 0)) > 0)
		buf_append(&client->in, bytes, (size_t)length);
	if (length == 0 || errno != EAGAIN)
		client->is_closed = true;
}

static inline bool is_readable(const struct pollfd *fds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (fds[i].revents != 0)
			return true;
	return false;
}

/* One turn of a loop that runs the server only when it asks for it. */
static inline void turn(const struct fixture *fixture, struct client *client, int timeout_ms)
{
	int epoll_fds[4];
	struct pollfd fds[5];
	size_t count = http_server_fds(fixture->server, epoll_fds, 4);
	int64_t server_ms = http_server_timeout_ms(fixture->server);
	bool is_due = server_ms >= 0 && server_ms <= timeout_ms;
	size_t i;

	for (i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = epoll_fds[i], .events = POLLIN};
	if (client != NULL)
		fds[count] = (struct pollfd){.fd = client->fd, .events = POLLIN};
	is_due = poll(fds, client == NULL ? count : count + 1,
	              is_due ? (int)server_ms : timeout_ms) == 0 &&
	         is_due;
	if (is_due || is_readable(fds, count))
		http_server_run(fixture->server);
	if (client != NULL)
		receive(client);
}

/* Until the server has nothing more to do at once. */
static inline void settle(const struct fixture *fixture)
{
	int i;

	for (i = 0; i < 8; i++)
		turn(fixture, NULL, 0);
}

static inline void await_close(const struct fixture *fixture, struct client *client)
{
	uint64_t end_ns = clock_boottime_ns() + PATIENCE_MS * NS_PER_MS;

	while (!client->is_closed && clock_boottime_ns() < end_ns)
		turn(fixture, client, 1000);
	ck_assert(client->is_closed);
}

static inline void await_text(const struct fixture *fixture, struct client *client,
                              const char *text)
{
	uint64_t end_ns = clock_boottime_ns() + PATIENCE_MS * NS_PER_MS;

	while (strstr(buf_string(&client->in), text) == NULL && clock_boottime_ns() < end_ns)
		turn(fixture, client, 1000);
	ck_assert_msg(strstr(buf_string(&client->in), text) != NULL, "no \"%s\" in: %s", text,
	              buf_string(&client->in));
}

static inline struct client exchange(const struct fixture *fixture, const char *request)
{
	struct client client = connect_server(fixture);

	send_text(&client, request);
	await_close(fixture, &client);
	return client;
}

static inline const char *body_of(const struct client *client)
{
	const char *end = strstr(buf_string(&client->in), "\r\n\r\n");

	ck_assert_ptr_nonnull(end);
	return end + 4;
}

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

#endif
