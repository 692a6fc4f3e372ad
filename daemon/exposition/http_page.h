// SPDX-License-Identifier: MIT
/*
 * Pages: bodies rendered and compressed in the pool, at most once per generation and format, when
 * the first request of a generation asks, and shared by all who ask meanwhile and after. Who asks
 * while a page is rendered is suspended and gets that one.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_HTTP_PAGE_H
#define HEAPWATCH_DAEMON_EXPOSITION_HTTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/exposition/http.h"

struct MHD_Response;
struct http_connection;
struct pair_list;
struct page_table;

/* options outlive the table. NULL without memory. */
struct page_table *page_table_new(const struct http_options *options);
/* Of every response from now on; borrowed until the next call. */
void page_table_set_headers(struct page_table *table, const struct pair_list *headers);
/* After the connections: their responses give their bodies back to the table. */
struct page_table *page_table_free(struct page_table *table);

struct page *page_find(struct page_table *table, size_t endpoint_index, size_t format_index);

/* Of this generation; NULL: it has to be waited for. Borrowed. */
struct MHD_Response *page_response(struct page *page, bool is_gzip);
/* What the connection waited for, of whatever generation; NULL: another one is rendered already. */
struct MHD_Response *page_awaited(const struct http_connection *connection);

/*
 * Suspends the connection, whose takes_gzip is set, until the page is there or page_give_up();
 * wait_result then says which. -EAGAIN when the pool is busy, -ENOMEM; it is not suspended then.
 */
int page_wait(struct page *page, struct http_connection *connection)
    __attribute__((warn_unused_result));
void page_give_up(struct http_connection *connection, int result);

#endif
