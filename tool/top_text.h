// SPDX-License-Identifier: MIT
/*
 * Numbers and cells of heapwatch top. Pure.
 */
#ifndef HEAPWATCH_TOOL_TOP_TEXT_H
#define HEAPWATCH_TOOL_TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "tool/terminal.h"

/* "-" for what is not finite. */
void top_size(char *out, size_t size, double bytes);
void top_growth(char *out, size_t size, double bytes_per_second);
void top_duration(char *out, size_t size, double seconds);

/* Columns that the text takes: wide characters of East Asia and pictures take two. */
size_t top_columns(const char *text);
/* Cut or filled with blanks to exactly width columns; what the terminal cannot show is "?". */
void top_append_cell(struct buf *out, const struct terminal *terminal, const char *text,
                     size_t width, bool is_right);
/* One line of at most width columns, not filled. */
void top_append_toned(struct buf *out, const struct terminal *terminal, enum tone tone,
                      const char *text, size_t width);

#endif
