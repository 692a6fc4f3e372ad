// SPDX-License-Identifier: MIT
/*
 * What heapwatch top draws: lines of text with colours, none wider than it may be. Pure.
 */
#ifndef HEAPWATCH_TOOL_TOP_SCREEN_H
#define HEAPWATCH_TOOL_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "tool/terminal.h"
#include "tool/top_list.h"

struct top_view {
	const struct terminal *terminal;
	size_t width;
	size_t height; /* 0: as many lines as there are rows, and no line of help */
	const struct top_list *list;
	const struct top_order *order;
	bool is_reversed;
	bool is_paused;
	size_t selected;     /* row */
	size_t first;        /* row that is shown at the top */
	const char *source;  /* where it comes from, as the user gave it */
	const char *trouble; /* why what is shown is old; "" when it is not */
};

/* Rows that fit. */
size_t top_table_rows(const struct top_view *view);
void top_draw_table(struct buf *out, const struct top_view *view);
/* One process: document is its object in the API. */
void top_draw_detail(struct buf *out, const struct top_view *view, const char *document,
                     size_t length, uint64_t now_unix_seconds);

#endif
