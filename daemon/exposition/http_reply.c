// SPDX-License-Identifier: MIT
/*
 * Responses of libmicrohttpd are reference-counted: a slow reader keeps the body it was given while
 * the next one is already rendered. The memory of a body that nobody reads any more is used for the
 * next, so that a steady daemon allocates nothing large.
 */
#include "daemon/exposition/http_reply.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/log.h"

/* 2,048 processes with a handful of heaps each; beyond it the answer is 500. */
#define BODY_MAX_BYTES (128U << 20)

struct rendered {
	struct MHD_Response *response; /* NULL: nothing rendered yet */
	uint64_t generation;
	struct buf spare; /* memory for the next body */
};

/* Lives as long as the response that sends it. */
struct body {
	struct rendered *owner;
	struct buf buf;
};

enum fixed_reply {
	REPLY_HEALTHY,
	REPLY_READY,
	REPLY_NOT_READY,
	REPLY_NOT_FOUND,
	REPLY_NOT_ALLOWED,
	REPLY_FAILED,
	REPLY_COUNT
};

struct fixed_row {
	unsigned status;
	const char *text;
};

static const struct fixed_row fixed_rows[REPLY_COUNT] = {
    [REPLY_HEALTHY] = {MHD_HTTP_OK, "heapwatch is healthy\n"},
    [REPLY_READY] = {MHD_HTTP_OK, "heapwatch is ready\n"},
    [REPLY_NOT_READY] = {MHD_HTTP_SERVICE_UNAVAILABLE, "heapwatch is not ready\n"},
    [REPLY_NOT_FOUND] = {MHD_HTTP_NOT_FOUND, "404 page not found\n"},
    [REPLY_NOT_ALLOWED] = {MHD_HTTP_METHOD_NOT_ALLOWED, "405 method not allowed\n"},
    [REPLY_FAILED] = {MHD_HTTP_INTERNAL_SERVER_ERROR, "500 cannot render this page\n"},
};

struct reply_table {
	const struct http_options *options;
	struct MHD_Response *fixed[REPLY_COUNT];
	struct log_limit render_failures;
	struct rendered rendered[]; /* one per endpoint */
};

/* ---- responses ---- */

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_common_headers(struct MHD_Response *response, const char *content_type)
{
	return add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) &&
	       add_header(response, "X-Content-Type-Options", "nosniff");
}

static struct MHD_Response *new_fixed(enum fixed_reply reply)
{
	const char *text = fixed_rows[reply].text;
	/* The library does not write to it, but its parameter lacks const. */
	void *buffer = (void *)(uintptr_t)text; // NOLINT(performance-no-int-to-ptr)
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(text), buffer, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return NULL;
	if (add_common_headers(response, "text/plain; charset=utf-8") &&
	    (reply != REPLY_NOT_ALLOWED ||
	     add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD")))
		return response;
	MHD_destroy_response(response);
	return NULL;
}

static void release_body(void *data)
{
	struct body *body = data;

	if (body->owner->spare.data == NULL)
		body->owner->spare = body->buf;
	else
		buf_done(&body->buf);
	free(body);
}

static void drop_response(struct rendered *rendered)
{
	if (rendered->response != NULL)
		MHD_destroy_response(rendered->response);
	rendered->response = NULL;
}

static int render_body(const struct http_endpoint *endpoint, void *context, struct body *body)
{
	int result;

	buf_clear(&body->buf);
	result = endpoint->render(context, &body->buf);
	if (result < 0)
		return result;
	return buf_failed(&body->buf) ? -ENOBUFS : 0;
}

static struct MHD_Response *new_rendered(const struct http_endpoint *endpoint, struct body *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
	    body->buf.length, body->buf.data, release_body, body);
	bool is_complete;
	size_t i;

	if (response == NULL) {
		release_body(body);
		return NULL;
	}
	is_complete = add_common_headers(response, endpoint->content_type);
	for (i = 0; i < endpoint->header_count; i++)
		is_complete = is_complete && add_header(response, endpoint->headers[i].name,
		                                        endpoint->headers[i].value);
	if (is_complete)
		return response;
	MHD_destroy_response(response); /* releases the body */
	return NULL;
}

static int render(struct reply_table *table, const struct http_endpoint *endpoint,
                  struct rendered *rendered)
{
	struct body *body;
	int result;

	drop_response(rendered); /* first: the spare memory may come from it */
	body = calloc(1, sizeof(*body));
	if (body == NULL)
		return -ENOMEM;
	body->owner = rendered;
	body->buf = rendered->spare;
	buf_init(&rendered->spare, BODY_MAX_BYTES);
	result = render_body(endpoint, table->options->context, body);
	if (result < 0) {
		release_body(body);
		return result;
	}
	rendered->response = new_rendered(endpoint, body);
	return rendered->response == NULL ? -ENOMEM : 0;
}

/* ---- requests ---- */

static enum MHD_Result send_fixed(const struct reply_table *table,
                                  struct MHD_Connection *connection, enum fixed_reply reply)
{
	return MHD_queue_response(connection, fixed_rows[reply].status, table->fixed[reply]);
}

static enum MHD_Result send_rendered(struct reply_table *table, struct MHD_Connection *connection,
                                     size_t index)
{
	const struct http_options *options = table->options;
	const struct http_endpoint *endpoint = &options->endpoints[index];
	struct rendered *rendered = &table->rendered[index];
	uint64_t generation = options->generation(options->context);
	int result = 0;

	if (rendered->response == NULL || rendered->generation != generation)
		result = render(table, endpoint, rendered);
	if (result < 0) {
		if (log_limit_allows(&table->render_failures, options->now_ns(options->context)))
			log_warn(result, "cannot render a page, answering 500 path=%s",
			         endpoint->path);
		return send_fixed(table, connection, REPLY_FAILED);
	}
	rendered->generation = generation;
	return MHD_queue_response(connection, MHD_HTTP_OK, rendered->response);
}

static bool find_endpoint(const struct http_options *options, const char *path, size_t *ret_index)
{
	size_t i;

	for (i = 0; i < options->endpoint_count; i++)
		if (strcmp(options->endpoints[i].path, path) == 0) {
			*ret_index = i;
			return true;
		}
	return false;
}

enum MHD_Result reply_send(struct reply_table *table, struct MHD_Connection *connection,
                           const char *path, const char *method)
{
	const struct http_options *options = table->options;
	bool is_healthy = strcmp(path, "/-/healthy") == 0;
	bool is_ready = strcmp(path, "/-/ready") == 0;
	size_t index = 0;

	if (!is_healthy && !is_ready && !find_endpoint(options, path, &index))
		return send_fixed(table, connection, REPLY_NOT_FOUND);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_fixed(table, connection, REPLY_NOT_ALLOWED);
	if (is_healthy)
		return send_fixed(table, connection, REPLY_HEALTHY);
	if (is_ready)
		return send_fixed(table, connection,
		                  options->is_ready(options->context) ? REPLY_READY
		                                                      : REPLY_NOT_READY);
	return send_rendered(table, connection, index);
}

/* ---- the table ---- */

struct reply_table *reply_table_new(const struct http_options *options)
{
	struct reply_table *table =
	    calloc(1, sizeof(*table) + options->endpoint_count * sizeof(table->rendered[0]));
	enum fixed_reply reply;
	size_t i;

	if (table == NULL)
		return NULL;
	table->options = options;
	for (i = 0; i < options->endpoint_count; i++)
		buf_init(&table->rendered[i].spare, BODY_MAX_BYTES);
	for (reply = 0; reply < REPLY_COUNT; reply++) {
		table->fixed[reply] = new_fixed(reply);
		if (table->fixed[reply] == NULL)
			return reply_table_free(table);
	}
	return table;
}

struct reply_table *reply_table_free(struct reply_table *table)
{
	enum fixed_reply reply;
	size_t i;

	if (table == NULL)
		return NULL;
	for (reply = 0; reply < REPLY_COUNT; reply++)
		if (table->fixed[reply] != NULL)
			MHD_destroy_response(table->fixed[reply]);
	for (i = 0; i < table->options->endpoint_count; i++) {
		drop_response(&table->rendered[i]);
		buf_done(&table->rendered[i].spare);
	}
	free(table);
	return NULL;
}
