// SPDX-License-Identifier: MIT
/*
 * Requests over connections that stay open, the next one as soon as the last was answered or, with
 * a rate, when it is due; until stdin ends. Prints how many were answered.
 *
 *	http_load PORT [CONNECTIONS [REQUESTS_PER_SECOND]]
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/numbers.h"

#define CONNECTIONS_MAX 256
#define REPLY_MAX       65536

struct connection {
	int fd;
	bool is_waiting; /* for a reply */
	size_t length;   /* of what came of it */
	char reply[REPLY_MAX + 1];
};

struct load {
	struct connection connections[CONNECTIONS_MAX];
	size_t count;
	uint64_t rate; /* 0: as many as are answered */
	uint64_t started_ns;
	uint64_t sent_count;
	uint64_t answered_count;
};

static const char request[] = "GET /items HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void connect_all(struct load *load, uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	                                    .sin_port = htons(port),
	                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t i;

	for (i = 0; i < load->count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
			fail("http_load: connect");
		load->connections[i].fd = fd;
	}
}

static bool is_due(const struct load *load)
{
	double seconds = (double)(clock_boottime_ns() - load->started_ns) / 1e9;

	return load->rate == 0 || (double)load->sent_count < seconds * (double)load->rate;
}

static void send_due(struct load *load, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < load->count; i++) {
		struct connection *connection = &load->connections[i];

		if (!connection->is_waiting && is_due(load)) {
			if (send(connection->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) !=
			    sizeof(request) - 1)
				fail("http_load: send");
			connection->is_waiting = true;
			connection->length = 0;
			load->sent_count++;
		}
		fds[i] = (struct pollfd){.fd = connection->fd, .events = POLLIN};
	}
}

/* Of one with a Content-Length. */
static bool is_whole(const struct connection *connection)
{
	static const char name[] = "Content-Length: ";
	const char *body = strstr(connection->reply, "\r\n\r\n");
	const char *length = strstr(connection->reply, name);

	return body != NULL && length != NULL &&
	       (size_t)(connection->reply + connection->length - (body + 4)) >=
	           strtoul(length + sizeof(name) - 1, NULL, 10);
}

static void receive(struct load *load, struct connection *connection)
{
	ssize_t length = recv(connection->fd, connection->reply + connection->length,
	                      REPLY_MAX - connection->length, 0);

	if (length <= 0 || memcmp(connection->reply, "HTTP/1.1 200", 12) != 0)
		fail("http_load: no good reply");
	connection->length += (size_t)length;
	connection->reply[connection->length] = '\0';
	if (!is_whole(connection))
		return;
	connection->is_waiting = false;
	load->answered_count++;
}

static void run(struct load *load)
{
	struct pollfd fds[CONNECTIONS_MAX + 1];
	size_t i;

	load->started_ns = clock_boottime_ns();
	for (;;) {
		send_due(load, fds);
		fds[load->count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
		if (poll(fds, load->count + 1, load->rate == 0 ? -1 : 1) < 0)
			fail("http_load: poll");
		if (fds[load->count].revents != 0)
			return;
		for (i = 0; i < load->count; i++)
			if (fds[i].revents != 0)
				receive(load, &load->connections[i]);
	}
}

int main(int argc, char **argv)
{
	static struct load load;
	uint64_t numbers[] = {0, 16, 0}; /* port, connections, rate */
	size_t i;

	for (i = 1; i < (size_t)argc && i <= 3; i++)
		if (number_parse_u64(argv[i], strlen(argv[i]), &numbers[i - 1]) < 0)
			numbers[0] = 0;
	if (numbers[0] == 0 || numbers[0] > UINT16_MAX || numbers[1] == 0 ||
	    numbers[1] > CONNECTIONS_MAX) {
		(void)fputs("usage: http_load PORT [CONNECTIONS [REQUESTS_PER_SECOND]]\n", stderr);
		return EXIT_FAILURE;
	}
	load.count = numbers[1];
	load.rate = numbers[2];
	connect_all(&load, (uint16_t)numbers[0]);
	run(&load);
	(void)printf("%lu\n", (unsigned long)load.answered_count);
	return EXIT_SUCCESS;
}
