// SPDX-License-Identifier: MIT
/*
 * One self-contained HTML page of tables: no external asset, and a script of a few lines that sorts
 * by a column and filters rows. Without the script all of it can be read. Text may be any bytes.
 */
#ifndef HEAPWATCH_TOOL_HTML_H
#define HEAPWATCH_TOOL_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct html_column {
	const char *title;
	bool is_number;
};

void html_begin(struct buf *out, const char *title);
void html_end(struct buf *out);
void html_paragraph(struct buf *out, const char *text);
void html_table_begin(struct buf *out, const char *caption, const struct html_column *columns,
                      size_t count);
void html_table_end(struct buf *out);
void html_row_begin(struct buf *out);
void html_row_end(struct buf *out);
void html_text(struct buf *out, const char *text);
/* The second text stands below, smaller. */
void html_text_below(struct buf *out, const char *text, const char *below);
void html_count(struct buf *out, uint64_t count);
void html_bytes(struct buf *out, uint64_t bytes);
void html_delta_count(struct buf *out, int64_t delta);
void html_delta_bytes(struct buf *out, int64_t delta_bytes);
void html_unknown(struct buf *out);

#endif
