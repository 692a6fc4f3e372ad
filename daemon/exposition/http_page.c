// SPDX-License-Identifier: MIT
/*
 * Responses of libmicrohttpd are reference-counted: a slow reader keeps the body it was given while
 * the next one is already rendered. The memory of a body that nobody reads any more is used for the
 * next, so that a steady daemon allocates nothing large.
 */
#include "daemon/exposition/http_page.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "collectors/collector.h"
#include "daemon/exposition/http_connections.h"
#include "daemon/exposition/http_reply.h"
#include "lib/cleanup.h"
#include "lib/gzip.h"
#include "lib/log.h"

/* 2,048 processes with a handful of heaps each; beyond it the answer is 500. */
#define BODY_MAX_BYTES (128U << 20)
#define STALE          UINT64_MAX /* a generation that never comes */

enum coding { CODING_NONE, CODING_GZIP, CODING_COUNT };

/* Lives as long as the response that sends it. */
struct body {
	struct coded *owner;
	struct buf buf;
};

struct coded {
	struct MHD_Response *response; /* NULL: not rendered yet */
	const struct body *body;       /* of response */
	uint64_t generation;
	struct buf spare; /* memory for the next body */
};

struct page {
	struct page_table *table;
	const struct http_endpoint *endpoint;
	const struct http_format *format;
	struct coded coded[CODING_COUNT];
	struct http_connection *waiters;
	bool is_rendering;
};

struct page_table {
	const struct http_options *options;
	const struct pair_list *headers; /* configured ones; NULL: none */
	struct log_limit failures;
	size_t page_count;
	struct page pages[]; /* HTTP_FORMATS_MAX per endpoint */
};

/* What the pool does: render into plain (picture), compress plain or what is there already. */
struct job {
	struct page *page;
	uint64_t generation;
	void *picture; /* NULL: nothing to render */
	struct body *plain;
	struct body *gzip; /* NULL: nobody asked for it */
	const struct buf *source;
	int result;
};

/* ---- bodies ---- */

static void release_body(void *data)
{
	struct body *body = data;

	if (body == NULL)
		return;
	if (body->owner->spare.data == NULL)
		body->owner->spare = body->buf;
	else
		buf_done(&body->buf);
	free(body);
}

static struct body *new_body(struct coded *owner)
{
	struct body *body = calloc(1, sizeof(*body));

	if (body == NULL)
		return NULL;
	body->owner = owner;
	body->buf = owner->spare;
	buf_init(&owner->spare, BODY_MAX_BYTES);
	buf_clear(&body->buf);
	return body;
}

static void drop_response(struct coded *coded)
{
	if (coded->response != NULL)
		MHD_destroy_response(coded->response);
	coded->response = NULL;
	coded->body = NULL;
}

static bool add_headers(const struct page *page, enum coding coding, struct MHD_Response *response)
{
	const struct http_endpoint *endpoint = page->endpoint;
	const char *vary = endpoint->choose != NULL ? "Accept, Accept-Encoding" : "Accept-Encoding";
	const struct pair_list *configured = page->table->headers;
	bool is_complete = reply_add_headers(response, page->format->content_type, configured) &&
	                   reply_add_header(response, MHD_HTTP_HEADER_VARY, vary);

	if (coding == CODING_GZIP)
		is_complete = is_complete &&
		              reply_add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return is_complete && reply_add_own_headers(response, endpoint->headers,
	                                            endpoint->header_count, configured);
}

/* Takes ownership of the body. */
static int publish(struct page *page, enum coding coding, struct body *body, uint64_t generation)
{
	struct coded *coded = &page->coded[coding];
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
	    body->buf.length, body->buf.data, release_body, body);

	if (response == NULL) {
		release_body(body);
		return -ENOMEM;
	}
	if (!add_headers(page, coding, response)) {
		MHD_destroy_response(response); /* releases the body */
		return -ENOMEM;
	}
	drop_response(coded);
	coded->response = response;
	coded->body = body;
	coded->generation = generation;
	return 0;
}

/* ---- waiting ---- */

void page_give_up(struct http_connection *connection, int result)
{
	const struct http_options *options;

	if (!connection->is_waiting)
		return;
	options = connection->page->table->options;
	DL_DELETE2(connection->page->waiters, connection, prev_waiter, next_waiter);
	connection->is_waiting = false;
	connection->wait_result = result;
	MHD_resume_connection(connection->mhd);
	options->wake(options->wake_data); /* the library has no descriptor that would tell */
}

static enum coding coding_for(const struct http_connection *connection)
{
	return connection->takes_gzip ? CODING_GZIP : CODING_NONE;
}

/* All who wait get the error, or only those whose body is there. */
static void wake_waiters(struct page *page, int result)
{
	struct http_connection *connection, *next;

	DL_FOREACH_SAFE2(page->waiters, connection, next, next_waiter)
	{
		if (result < 0 || page->coded[coding_for(connection)].response != NULL)
			page_give_up(connection, result);
	}
}

/* ---- the job ---- */

static struct job *job_free(struct job *job)
{
	const struct http_options *options = job->page->table->options;

	if (job->picture != NULL)
		options->picture_free(job->picture);
	release_body(job->plain);
	release_body(job->gzip);
	free(job);
	return NULL;
}

static void work(void *data)
{
	struct job *job = data;

	if (job->picture != NULL) {
		job->result = job->page->format->render(job->picture, &job->plain->buf);
		if (job->result == 0 && buf_failed(&job->plain->buf))
			job->result = -ENOBUFS;
	}
	if (job->result == 0 && job->gzip != NULL)
		job->result =
		    gzip_compress(job->source->data, job->source->length, &job->gzip->buf);
}

static int start_job(struct page *page) __attribute__((warn_unused_result));

static void report_failure(struct page *page, int result)
{
	struct page_table *table = page->table;
	const struct http_options *options = table->options;

	if (log_limit_allows(&table->failures, options->now_ns(options->context)))
		log_warn(result, "cannot render a page, answering an error path=%s",
		         page->endpoint->path);
}

static void done(void *data)
{
	struct job *job = data;
	struct page *page = job->page;
	int result = job->result;

	if (result == 0 && job->plain != NULL)
		result = publish(page, CODING_NONE, TAKE_PTR(job->plain), job->generation);
	if (result == 0 && job->gzip != NULL)
		result = publish(page, CODING_GZIP, TAKE_PTR(job->gzip), job->generation);
	(void)job_free(job);
	page->is_rendering = false;
	if (result < 0)
		report_failure(page, result);
	wake_waiters(page, result);
	if (page->waiters == NULL) /* else some came later and take the other coding */
		return;
	result = start_job(page);
	if (result < 0)
		wake_waiters(page, result);
}

static bool is_current(const struct page *page, enum coding coding, uint64_t generation)
{
	return page->coded[coding].response != NULL && page->coded[coding].generation == generation;
}

static bool is_gzip_wanted(const struct page *page)
{
	const struct http_connection *connection;

	for (connection = page->waiters; connection != NULL; connection = connection->next_waiter)
		if (connection->takes_gzip)
			return true;
	return false;
}

/* The picture, the bodies and what to compress; false without memory. */
static bool fill_job(struct job *job)
{
	struct page *page = job->page;
	const struct http_options *options = page->table->options;

	if (is_current(page, CODING_NONE, job->generation)) {
		job->source = &page->coded[CODING_NONE].body->buf;
	} else {
		drop_response(&page->coded[CODING_NONE]); /* its memory serves the next one */
		drop_response(&page->coded[CODING_GZIP]);
		job->plain = new_body(&page->coded[CODING_NONE]);
		job->picture = options->picture_take(options->context);
		if (job->plain == NULL || job->picture == NULL)
			return false;
		job->source = &job->plain->buf;
	}
	if (is_gzip_wanted(page)) {
		job->gzip = new_body(&page->coded[CODING_GZIP]);
		return job->gzip != NULL;
	}
	return true;
}

static int start_job(struct page *page)
{
	const struct http_options *options = page->table->options;
	struct job *job = calloc(1, sizeof(*job));
	int result = -ENOMEM;

	if (job == NULL)
		return -ENOMEM;
	job->page = page;
	job->generation = options->generation(options->context);
	if (fill_job(job))
		result = options->host->submit(options->host->context, work, done, job);
	if (result < 0) {
		(void)job_free(job);
		return result;
	}
	page->is_rendering = true;
	return 0;
}

/* ---- pages ---- */

struct page *page_find(struct page_table *table, size_t endpoint_index, size_t format_index)
{
	return &table->pages[endpoint_index * HTTP_FORMATS_MAX + format_index];
}

struct MHD_Response *page_response(struct page *page, bool is_gzip)
{
	const struct http_options *options = page->table->options;
	enum coding coding = is_gzip ? CODING_GZIP : CODING_NONE;

	if (!is_current(page, coding, options->generation(options->context)))
		return NULL;
	return page->coded[coding].response;
}

struct MHD_Response *page_awaited(const struct http_connection *connection)
{
	return connection->page->coded[coding_for(connection)].response;
}

int page_wait(struct page *page, struct http_connection *connection)
{
	int result = 0;

	if (!page->is_rendering)
		result = start_job(page); /* done later, from the loop */
	if (result < 0) {
		report_failure(page, result);
		return result;
	}
	connection->page = page;
	connection->is_waiting = true;
	connection->wait_result = 0;
	DL_APPEND2(page->waiters, connection, prev_waiter, next_waiter);
	MHD_suspend_connection(connection->mhd);
	return 0;
}

struct page_table *page_table_new(const struct http_options *options)
{
	size_t count = options->endpoint_count * HTTP_FORMATS_MAX;
	struct page_table *table = calloc(1, sizeof(*table) + count * sizeof(table->pages[0]));
	enum coding coding;
	size_t i;

	if (table == NULL)
		return NULL;
	table->options = options;
	table->page_count = count;
	for (i = 0; i < count; i++) {
		table->pages[i].table = table;
		table->pages[i].endpoint = &options->endpoints[i / HTTP_FORMATS_MAX];
		table->pages[i].format = &table->pages[i].endpoint->formats[i % HTTP_FORMATS_MAX];
		for (coding = 0; coding < CODING_COUNT; coding++)
			buf_init(&table->pages[i].coded[coding].spare, BODY_MAX_BYTES);
	}
	return table;
}

void page_table_set_headers(struct page_table *table, const struct pair_list *headers)
{
	enum coding coding;
	size_t i;

	table->headers = headers;
	for (i = 0; i < table->page_count; i++)
		for (coding = 0; coding < CODING_COUNT; coding++)
			table->pages[i].coded[coding].generation = STALE;
}

struct page_table *page_table_free(struct page_table *table)
{
	enum coding coding;
	size_t i;

	if (table == NULL)
		return NULL;
	for (i = 0; i < table->page_count; i++) {
		for (coding = 0; coding < CODING_COUNT; coding++) {
			drop_response(&table->pages[i].coded[coding]);
			buf_done(&table->pages[i].coded[coding].spare);
		}
	}
	free(table);
	return NULL;
}
