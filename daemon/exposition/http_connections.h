// SPDX-License-Identifier: MIT
/*
 * The open connections: how far each is, until when it may take, and which has to go when there are
 * too many. libmicrohttpd's own timeout counts from the last byte, which a client that drips bytes
 * never reaches; here every connection has a deadline. A connection is ended by shutting its socket
 * down, which libmicrohttpd notices and then closes it.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_CONNECTIONS_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct auth_ticket;
struct http_deferred;
struct http_server;
struct http_tls;
struct page;

enum http_stage {
	HTTP_STAGE_IDLE,     /* no request yet, or none any more */
	HTTP_STAGE_REQUEST,  /* its first line is there */
	HTTP_STAGE_GATE,     /* its password is being checked; suspended */
	HTTP_STAGE_DEFERRED, /* what it asked for is being done; suspended */
	HTTP_STAGE_WAITING,  /* for a page that is being rendered; suspended */
	HTTP_STAGE_ANSWERED, /* the answer is on its way */
};

struct http_connection {
	struct MHD_Connection *mhd;
	int fd; /* libmicrohttpd's */
	enum http_stage stage;
	uint64_t stage_ns; /* since when */
	uint64_t deadline_ns;
	bool is_counted; /* among the requests that are served */
	bool has_headers;

	/* http_admit.h */
	struct http_server *server;
	struct http_tls *tls;       /* a reference; NULL without TLS */
	struct auth_ticket *ticket; /* at the gate; NULL once it is answered */
	int verdict;                /* enum auth_verdict, of the gate */
	struct http_deferred *deferred;

	struct page *page; /* asked for; http_page.h */
	bool takes_gzip;
	bool is_waiting;
	int wait_result; /* 0: the page is there; -ETIME: it took too long; or another error */
	struct http_connection *prev_waiter, *next_waiter;

	struct http_connection *prev, *next;
};

struct http_connections {
	struct http_connection *list;
	size_t count;
	size_t request_count; /* counted ones */
	size_t connections_max;
	size_t requests_max;
	uint64_t deadline_ns; /* from opening or first line; a duration */
	uint64_t idle_ns;     /* granted between two requests, on top */
};

/*
 * NULL without memory: the socket is shut down. Beyond the maximum the connection that has been
 * idle for longest is ended.
 */
struct http_connection *connections_open(struct http_connections *connections,
                                         struct MHD_Connection *mhd, int fd, uint64_t now_ns);
void connections_close(struct http_connections *connections, struct http_connection *connection);

/* The stages of a request; times as above. */
void connection_begin(const struct http_connections *connections,
                      struct http_connection *connection, uint64_t now_ns);
/* stage: one of those that are suspended, or HTTP_STAGE_REQUEST when it goes on. */
void connection_wait(struct http_connection *connection, enum http_stage stage, uint64_t now_ns);
void connection_answer(struct http_connection *connection, uint64_t now_ns);
void connection_complete(struct http_connections *connections, struct http_connection *connection,
                         uint64_t now_ns);

/*
 * Counts the request among those that are served. At the maximum a reader that has been taking in
 * its answer for more than two seconds is ended for it; false when there is none.
 */
bool connections_admit(struct http_connections *connections, struct http_connection *connection,
                       uint64_t now_ns);

/*
 * Ends what is overdue. Waiting ones cannot be ended as long as they are suspended: the first of
 * them is returned, its deadline put off so that an answer can be sent; NULL when there is none.
 */
struct http_connection *connections_end_overdue(struct http_connections *connections,
                                                uint64_t now_ns);
/* Of the earliest deadline; UINT64_MAX: none. */
uint64_t connections_deadline(const struct http_connections *connections);

#endif
