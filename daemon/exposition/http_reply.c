// SPDX-License-Identifier: MIT
/*
 * What does not change is made once and shared by all who get it.
 */
#include "daemon/exposition/http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "daemon/exposition/http.h"

#define PLAIN_TEXT "text/plain; charset=utf-8"
#define NO_SNIFF   "X-Content-Type-Options"

struct fixed_row {
	unsigned status;
	const char *text;
	const char *header; /* one more; NULL: none */
	const char *value;
};

static const struct fixed_row fixed_rows[REPLY_COUNT] = {
    [REPLY_HEALTHY] = {MHD_HTTP_OK, "heapwatch is healthy\n", NULL, NULL},
    [REPLY_READY] = {MHD_HTTP_OK, "heapwatch is ready\n", NULL, NULL},
    [REPLY_NOT_READY] = {MHD_HTTP_SERVICE_UNAVAILABLE, "heapwatch is not ready\n", NULL, NULL},
    [REPLY_NOT_FOUND] = {MHD_HTTP_NOT_FOUND, "404 page not found\n", NULL, NULL},
    [REPLY_ONLY_GET] = {MHD_HTTP_METHOD_NOT_ALLOWED, "405 method not allowed\n",
                        MHD_HTTP_HEADER_ALLOW, "GET, HEAD"},
    [REPLY_ONLY_POST] = {MHD_HTTP_METHOD_NOT_ALLOWED, "405 method not allowed\n",
                         MHD_HTTP_HEADER_ALLOW, "POST"},
    [REPLY_NEITHER] = {MHD_HTTP_METHOD_NOT_ALLOWED, "405 method not allowed\n",
                       MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST"},
    [REPLY_UNAUTHORIZED] = {MHD_HTTP_UNAUTHORIZED, "401 unauthorized\n",
                            MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"heapwatch\""},
    [REPLY_TOO_MANY] = {MHD_HTTP_TOO_MANY_REQUESTS, "429 too many requests, try again later\n",
                        MHD_HTTP_HEADER_RETRY_AFTER, "10"},
    [REPLY_NO_LIFECYCLE] = {MHD_HTTP_FORBIDDEN, "Lifecycle API is not enabled.", NULL, NULL},
    [REPLY_CROSS_ORIGIN] = {MHD_HTTP_FORBIDDEN, "403 cross-origin request refused\n", NULL, NULL},
    [REPLY_LIMIT] = {MHD_HTTP_SERVICE_UNAVAILABLE,
                     "503 too many requests at once, try again later\n", NULL, NULL},
    [REPLY_BUSY] = {MHD_HTTP_SERVICE_UNAVAILABLE, "503 busy, try again later\n", NULL, NULL},
    [REPLY_TIMEOUT] = {MHD_HTTP_SERVICE_UNAVAILABLE, "503 not rendered in time\n", NULL, NULL},
    [REPLY_FAILED] = {MHD_HTTP_INTERNAL_SERVER_ERROR, "500 cannot render this page\n", NULL, NULL},
};

struct reply_table {
	const struct pair_list *headers;
	struct MHD_Response *fixed[REPLY_COUNT];
};

bool reply_add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool has_header(const struct pair_list *headers, const char *name)
{
	size_t i;

	for (i = 0; headers != NULL && i < headers->count; i++)
		if (strcasecmp(headers->pairs[i].name, name) == 0)
			return true;
	return false;
}

bool reply_add_headers(struct MHD_Response *response, const char *content_type,
                       const struct pair_list *headers)
{
	bool is_complete =
	    reply_add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) &&
	    (has_header(headers, NO_SNIFF) || reply_add_header(response, NO_SNIFF, "nosniff"));
	size_t i;

	for (i = 0; headers != NULL && i < headers->count; i++)
		if (headers->pairs[i].value[0] != '\0') /* "unset if blank" */
			is_complete =
			    is_complete && reply_add_header(response, headers->pairs[i].name,
			                                    headers->pairs[i].value);
	return is_complete;
}

bool reply_add_own_headers(struct MHD_Response *response, const struct http_header *headers,
                           size_t count, const struct pair_list *configured)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!has_header(configured, headers[i].name) &&
		    !reply_add_header(response, headers[i].name, headers[i].value))
			return false;
	return true;
}

/* ---- fixed ones ---- */

static struct MHD_Response *new_fixed(const struct reply_table *table, const struct fixed_row *row)
{
	/* The library does not write to it, but its parameter lacks const. */
	void *buffer = (void *)(uintptr_t)row->text; // NOLINT(performance-no-int-to-ptr)
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(row->text), buffer, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return NULL;
	if (reply_add_headers(response, PLAIN_TEXT, table->headers) &&
	    (row->header == NULL || reply_add_header(response, row->header, row->value)))
		return response;
	MHD_destroy_response(response);
	return NULL;
}

struct reply_table *reply_table_new(void)
{
	struct reply_table *table = calloc(1, sizeof(*table));
	enum fixed_reply reply;

	if (table == NULL)
		return NULL;
	reply_table_set_headers(table, NULL);
	for (reply = 0; reply < REPLY_COUNT; reply++)
		if (table->fixed[reply] == NULL)
			return reply_table_free(table);
	return table;
}

void reply_table_set_headers(struct reply_table *table, const struct pair_list *headers)
{
	enum fixed_reply reply;

	table->headers = headers;
	for (reply = 0; reply < REPLY_COUNT; reply++) {
		struct MHD_Response *response = new_fixed(table, &fixed_rows[reply]);

		if (response == NULL)
			continue;
		if (table->fixed[reply] != NULL)
			MHD_destroy_response(table->fixed[reply]);
		table->fixed[reply] = response;
	}
}

struct reply_table *reply_table_free(struct reply_table *table)
{
	enum fixed_reply reply;

	if (table == NULL)
		return NULL;
	for (reply = 0; reply < REPLY_COUNT; reply++)
		if (table->fixed[reply] != NULL)
			MHD_destroy_response(table->fixed[reply]);
	free(table);
	return NULL;
}

enum MHD_Result reply_fixed(const struct reply_table *table, struct MHD_Connection *connection,
                            enum fixed_reply reply)
{
	return MHD_queue_response(connection, fixed_rows[reply].status, table->fixed[reply]);
}

/* ---- answers ---- */

static struct MHD_Response *new_response(struct http_answer *answer)
{
	struct MHD_Response *response;

	buf_append(&answer->body, "", 0); /* so that there are bytes, also of an empty body */
	if (buf_failed(&answer->body))
		return NULL;
	response = MHD_create_response_from_buffer(answer->body.length, answer->body.data,
	                                           MHD_RESPMEM_MUST_FREE);
	if (response != NULL)
		answer->body = BUF_INIT(0); /* the response's now */
	return response;
}

enum MHD_Result reply_answer(const struct reply_table *table, struct MHD_Connection *connection,
                             struct http_answer *answer)
{
	struct MHD_Response *response = new_response(answer);
	enum MHD_Result result;

	if (response == NULL)
		return reply_fixed(table, connection, REPLY_FAILED);
	if (!reply_add_headers(response,
	                       answer->content_type != NULL ? answer->content_type : PLAIN_TEXT,
	                       table->headers) ||
	    !reply_add_own_headers(response, answer->headers, answer->header_count,
	                           table->headers)) {
		MHD_destroy_response(response);
		return reply_fixed(table, connection, REPLY_FAILED);
	}
	result = MHD_queue_response(connection, answer->status != 0 ? answer->status : MHD_HTTP_OK,
	                            response);
	MHD_destroy_response(response); /* the connection's now */
	return result;
}
