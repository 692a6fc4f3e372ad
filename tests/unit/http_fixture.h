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

#include "collectors/collector.h"
#include "daemon/exposition/http.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define BIG_BODY_BYTES (8U << 20) /* more than any socket buffer holds */
#define PATIENCE_MS    20000

struct fixture_job {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
};

struct fixture {
	uint64_t now_ns;
	uint64_t generation;
	unsigned render_count;
	unsigned picture_count; /* taken and not freed */
	int render_result;
	int submit_result;
	bool overflows;
	bool holds_jobs; /* as a pool that takes its time */
	bool is_woken;
	int is_ready;
	size_t requests_max;
	struct fixture_job jobs[8];
	size_t job_count;
	struct collector_host host;
	struct http_server *server;
};

/* ---- what is served ---- */

struct picture_of_fixture {
	struct fixture *fixture;
	uint64_t generation;
};

static inline void *take_picture(void *context)
{
	struct fixture *fixture = context;
	struct picture_of_fixture *picture = malloc(sizeof(*picture));

	ck_assert_ptr_nonnull(picture);
	*picture = (struct picture_of_fixture){fixture, fixture->generation};
	fixture->picture_count++;
	return picture;
}

static inline void free_picture(void *data)
{
	struct picture_of_fixture *picture = data;

	picture->fixture->picture_count--;
	free(picture);
}

static inline int render_small(const void *data, struct buf *out)
{
	const struct picture_of_fixture *picture = data;

	picture->fixture->render_count++;
	buf_printf(out, "generation %d\n", (int)picture->generation);
	out->has_failed = picture->fixture->overflows;
	return picture->fixture->render_result;
}

static inline int render_other(const void *data, struct buf *out)
{
	buf_append_string(out, "other ");
	return render_small(data, out);
}

static inline int render_big(const void *data, struct buf *out)
{
	const struct picture_of_fixture *picture = data;
	size_t i;

	for (i = 0; i < BIG_BODY_BYTES; i++)
		buf_append_char(out, (char)('a' + picture->generation % 26));
	return 0;
}

static inline size_t choose_other(const char *accept)
{
	return accept != NULL && strcmp(accept, "other") == 0;
}

static inline void echo(void *context, const struct http_request *request,
                        struct http_answer *answer)
{
	const char *argument = http_request_argument(request, "a");
	const char *header = http_request_header(request, "X-Echo");

	(void)context;
	answer->status = http_request_method(request) == HTTP_POST ? 202 : 200;
	answer->content_type = "application/json";
	buf_printf(&answer->body, "[%s][%s][%s]\n", http_request_rest(request),
	           argument != NULL ? argument : "-", header != NULL ? header : "-");
}

/* ---- a host whose pool is this thread ---- */

static inline int submit(void *context, void (*work)(void *data), void (*done)(void *data),
                         void *data)
{
	struct fixture *fixture = context;

	if (fixture->submit_result < 0)
		return fixture->submit_result;
	ck_assert_uint_lt(fixture->job_count, 8);
	fixture->jobs[fixture->job_count++] = (struct fixture_job){work, done, data};
	return 0;
}

static inline void wake(void *data)
{
	((struct fixture *)data)->is_woken = true;
}

static inline void run_jobs(struct fixture *fixture)
{
	size_t i;

	for (i = 0; i < fixture->job_count; i++) {
		struct fixture_job job = fixture->jobs[i];

		job.work(job.data);
		job.done(job.data);
	}
	fixture->job_count = 0;
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
    {.path = "/metrics",
     .formats = {{"text/plain; version=0.0.4", render_small}, {"text/other", render_other}},
     .choose = choose_other},
    {.path = "/big", .formats = {{"text/plain", render_big}}},
    {.path = "/echo", .methods = HTTP_POST, .respond = echo},
    {.path = "/echo/", .is_prefix = true, .methods = HTTP_GET | HTTP_POST, .respond = echo},
    {.path = "/",
     .formats = {{"text/html", render_small}},
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
	    .host = &fixture->host,
	    .connections_max = connections_max,
	    .requests_max = fixture->requests_max,
	    .picture_take = take_picture,
	    .picture_free = free_picture,
	    .generation = generation_of,
	    .is_ready = is_ready,
	    .wake = wake,
	    .wake_data = fixture,
	    .deadline_ns = 10 * NS_PER_SECOND,
	    .now_ns = now_of,
	};
	char message[256] = "";

	fixture->host = (struct collector_host){.context = fixture, .submit = submit};
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
	run_jobs(fixture);
	fixture->server = http_server_free(fixture->server);
	ck_assert_uint_eq(fixture->picture_count, 0);
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
static inline void turn(struct fixture *fixture, struct client *client, int timeout_ms)
{
	int epoll_fds[4];
	struct pollfd fds[5];
	size_t count = http_server_fds(fixture->server, epoll_fds, 4);
	int64_t server_ms = http_server_timeout_ms(fixture->server);
	bool is_due;
	size_t i;

	if (fixture->is_woken)
		server_ms = 0;
	fixture->is_woken = false;
	is_due = server_ms >= 0 && server_ms <= timeout_ms;
	for (i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = epoll_fds[i], .events = POLLIN};
	if (client != NULL)
		fds[count] = (struct pollfd){.fd = client->fd, .events = POLLIN};
	is_due = poll(fds, client == NULL ? count : count + 1,
	              is_due ? (int)server_ms : timeout_ms) == 0 &&
	         is_due;
	if (is_due || is_readable(fds, count))
		http_server_run(fixture->server);
	if (!fixture->holds_jobs)
		run_jobs(fixture);
	if (client != NULL)
		receive(client);
}

/* Until the server has nothing more to do at once. */
static inline void settle(struct fixture *fixture)
{
	int i;

	for (i = 0; i < 8; i++)
		turn(fixture, NULL, 0);
}

static inline void await_close(struct fixture *fixture, struct client *client)
{
	uint64_t end_ns = clock_boottime_ns() + PATIENCE_MS * NS_PER_MS;

	while (!client->is_closed && clock_boottime_ns() < end_ns)
		turn(fixture, client, 1000);
	ck_assert(client->is_closed);
}

static inline void await_text(struct fixture *fixture, struct client *client, const char *text)
{
	uint64_t end_ns = clock_boottime_ns() + PATIENCE_MS * NS_PER_MS;

	while (strstr(buf_string(&client->in), text) == NULL && clock_boottime_ns() < end_ns)
		turn(fixture, client, 1000);
	ck_assert_msg(strstr(buf_string(&client->in), text) != NULL, "no \"%s\" in: %s", text,
	              buf_string(&client->in));
}

static inline struct client exchange(struct fixture *fixture, const char *request)
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
