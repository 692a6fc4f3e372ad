// SPDX-License-Identifier: MIT
/*
 * Responses of libmicrohttpd: the few answers that never change, and those of one request. Knows
 * neither sockets nor pages.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_REPLY_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_REPLY_H

#include <stdbool.h>

#include <microhttpd.h>

struct http_answer;
struct http_header;
struct pair_list;

enum fixed_reply {
	REPLY_HEALTHY,
	REPLY_READY,
	REPLY_NOT_READY,
	REPLY_NOT_FOUND,
	REPLY_ONLY_GET,  /* 405 */
	REPLY_ONLY_POST, /* 405 */
	REPLY_NEITHER,   /* 405 where GET and POST are allowed */
	REPLY_UNAUTHORIZED,
	REPLY_TOO_MANY,     /* 429 */
	REPLY_NO_LIFECYCLE, /* 403 */
	REPLY_CROSS_ORIGIN, /* 403 */
	REPLY_LIMIT,        /* 503: too many requests at once */
	REPLY_BUSY,         /* 503: the pool is full */
	REPLY_TIMEOUT,      /* 503: the scraper will not wait for longer */
	REPLY_FAILED,
	REPLY_COUNT
};

struct reply_table;

/* NULL without memory. */
struct reply_table *reply_table_new(void);
/*
 * Of every response from now on, NULL: none; borrowed until the next call. Without memory a fixed
 * reply keeps those that it had.
 */
void reply_table_set_headers(struct reply_table *table, const struct pair_list *headers);
struct reply_table *reply_table_free(struct reply_table *table);

enum MHD_Result reply_fixed(const struct reply_table *table, struct MHD_Connection *connection,
                            enum fixed_reply reply);
/* Takes what is in the answer's body. */
enum MHD_Result reply_answer(const struct reply_table *table, struct MHD_Connection *connection,
                             struct http_answer *answer);

/* False without memory. */
bool reply_add_header(struct MHD_Response *response, const char *name, const char *value);
/* Those that every response has, and the configured ones. */
bool reply_add_headers(struct MHD_Response *response, const char *content_type,
                       const struct pair_list *headers);
/* Those of an endpoint, where no configured one has the same name. */
bool reply_add_own_headers(struct MHD_Response *response, const struct http_header *headers,
                           size_t count, const struct pair_list *configured);

#endif
