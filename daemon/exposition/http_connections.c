// SPDX-License-Identifier: MIT
/*
 * A list: a few hundred connections at most, looked through when one opens or a deadline comes.
 */
#include "daemon/exposition/http_connections.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <utlist.h>

#include "lib/clock.h"

#define SLOW_READER_NS (2 * NS_PER_SECOND) /* a scrape takes milliseconds */
#define GRACE_NS       (2 * NS_PER_SECOND) /* to tell a scraper that it took too long */
/* Of what one write gives to the kernel: bounds how long a large body keeps the loop. */
#define SEND_BUFFER_BYTES (128 * 1024)

static void end(struct http_connection *connection)
{
	connection->deadline_ns = UINT64_MAX;
	(void)shutdown(connection->fd, SHUT_RDWR); /* fails when the peer was faster */
}

/* ---- opening and closing ---- */

static void end_most_idle(const struct http_connections *connections)
{
	struct http_connection *found = NULL;
	struct http_connection *connection;

	for (connection = connections->list; connection != NULL; connection = connection->next)
		if (connection->stage <= HTTP_STAGE_REQUEST && !connection->is_counted &&
		    connection->deadline_ns != UINT64_MAX &&
		    (found == NULL || connection->stage_ns < found->stage_ns))
			found = connection;
	if (found != NULL)
		end(found);
}

struct http_connection *connections_open(struct http_connections *connections,
                                         struct MHD_Connection *mhd, int fd, uint64_t now_ns)
{
	const int send_buffer_bytes = SEND_BUFFER_BYTES;
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) { /* without a deadline it could stay for ever */
		(void)shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	/* Fails for no socket that was accepted; then the buffer is what the system gives. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(send_buffer_bytes));
	if (connections->count >= connections->connections_max)
		end_most_idle(connections);
	*connection = (struct http_connection){
	    .mhd = mhd,
	    .fd = fd,
	    .stage = HTTP_STAGE_IDLE,
	    .stage_ns = now_ns,
	    .deadline_ns = now_ns + connections->deadline_ns,
	};
	DL_APPEND(connections->list, connection);
	connections->count++;
	return connection;
}

static void uncount(struct http_connections *connections, struct http_connection *connection)
{
	if (connection->is_counted)
		connections->request_count--;
	connection->is_counted = false;
}

void connections_close(struct http_connections *connections, struct http_connection *connection)
{
	uncount(connections, connection);
	DL_DELETE(connections->list, connection);
	connections->count--;
	free(connection);
}

/* ---- the stages of a request ---- */

static void enter(struct http_connection *connection, enum http_stage stage, uint64_t now_ns)
{
	connection->stage = stage;
	connection->stage_ns = now_ns;
}

void connection_begin(const struct http_connections *connections,
                      struct http_connection *connection, uint64_t now_ns)
{
	enter(connection, HTTP_STAGE_REQUEST, now_ns);
	connection->has_headers = false;
	if (connection->deadline_ns != UINT64_MAX) /* ended already */
		connection->deadline_ns = now_ns + connections->deadline_ns;
}

void connection_wait(struct http_connection *connection, enum http_stage stage, uint64_t now_ns)
{
	enter(connection, stage, now_ns);
}

void connection_answer(struct http_connection *connection, uint64_t now_ns)
{
	enter(connection, HTTP_STAGE_ANSWERED, now_ns);
}

void connection_complete(struct http_connections *connections, struct http_connection *connection,
                         uint64_t now_ns)
{
	uncount(connections, connection);
	enter(connection, HTTP_STAGE_IDLE, now_ns);
	/* The next request line may take its time; it is not seen before it is complete. */
	if (connection->deadline_ns != UINT64_MAX)
		connection->deadline_ns = now_ns + connections->idle_ns + connections->deadline_ns;
}

/* ---- limits ---- */

static bool end_slow_reader(struct http_connections *connections, uint64_t now_ns)
{
	struct http_connection *found = NULL;
	struct http_connection *connection;

	for (connection = connections->list; connection != NULL; connection = connection->next)
		if (connection->is_counted && connection->stage == HTTP_STAGE_ANSWERED &&
		    (found == NULL || connection->stage_ns < found->stage_ns))
			found = connection;
	if (found == NULL || now_ns < found->stage_ns + SLOW_READER_NS)
		return false;
	uncount(connections, found);
	end(found);
	return true;
}

bool connections_admit(struct http_connections *connections, struct http_connection *connection,
                       uint64_t now_ns)
{
	if (connections->request_count >= connections->requests_max &&
	    !end_slow_reader(connections, now_ns))
		return false;
	connection->is_counted = true;
	connections->request_count++;
	return true;
}

/* ---- deadlines ---- */

static bool is_suspended(const struct http_connection *connection)
{
	return connection->stage == HTTP_STAGE_GATE || connection->stage == HTTP_STAGE_DEFERRED ||
	       connection->stage == HTTP_STAGE_WAITING;
}

struct http_connection *connections_end_overdue(struct http_connections *connections,
                                                uint64_t now_ns)
{
	struct http_connection *connection;

	for (connection = connections->list; connection != NULL; connection = connection->next) {
		if (connection->deadline_ns > now_ns)
			continue;
		if (is_suspended(connection)) {
			connection->deadline_ns = now_ns + GRACE_NS;
			return connection;
		}
		end(connection);
	}
	return NULL;
}

uint64_t connections_deadline(const struct http_connections *connections)
{
	uint64_t earliest_ns = UINT64_MAX;
	const struct http_connection *connection;

	for (connection = connections->list; connection != NULL; connection = connection->next)
		if (connection->deadline_ns < earliest_ns)
			earliest_ns = connection->deadline_ns;
	return earliest_ns;
}
