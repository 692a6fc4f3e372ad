// SPDX-License-Identifier: MIT
/*
 * The table. Columns that do not fit are left out, the least important first; the name takes what
 * is left.
 */
#include "tool/top_screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "lib/utf8.h"
#include "tool/top_text.h"

#define NAME_WIDTH_MIN   16
#define GAP              2
#define HEAD_LINES       2
#define CELL_SIZE        (TOP_NAME_SIZE + 1)
#define SECONDS_PER_HOUR 3600

/* ---- cells ---- */

static void write_name(const struct top_row *row, char *cell)
{
	(void)snprintf(cell, CELL_SIZE, "%s", row->name);
}

static void write_state(const struct top_row *row, char *cell)
{
	(void)snprintf(cell, CELL_SIZE, "%s", row->state);
}

static void write_kind(const struct top_row *row, char *cell)
{
	(void)snprintf(cell, CELL_SIZE, "%s", row->kind);
}

static void write_ratio(double ratio, char *cell)
{
	(void)snprintf(cell, CELL_SIZE, isnan(ratio) ? "-" : "%.2f", ratio);
}

static void write_score(const struct top_row *row, char *cell)
{
	write_ratio(row->score, cell);
}

static void write_confidence(const struct top_row *row, char *cell)
{
	write_ratio(row->confidence, cell);
}

static void write_growth(const struct top_row *row, char *cell)
{
	top_growth(cell, CELL_SIZE, row->growth_bytes_per_second);
}

static void write_left(const struct top_row *row, char *cell)
{
	top_duration(cell, CELL_SIZE, row->left_seconds);
}

static void write_floor(const struct top_row *row, char *cell)
{
	top_size(cell, CELL_SIZE, row->floor_bytes);
}

static void write_resident(const struct top_row *row, char *cell)
{
	top_size(cell, CELL_SIZE, row->resident_bytes);
}

static void write_pid(const struct top_row *row, char *cell)
{
	(void)snprintf(cell, CELL_SIZE, isnan(row->pid) ? "-" : "%.0f", row->pid);
}

struct column {
	const char *title;
	size_t width; /* 0: what is left */
	bool is_right;
	unsigned keep; /* the lower, the earlier it is left out */
	void (*write)(const struct top_row *row, char *cell);
};

#define COLUMN_COUNT 10
static const struct column columns[COLUMN_COUNT] = {
    {"PROCESS", 0, false, 10, write_name}, {"STATE", 12, false, 9, write_state},
    {"SCORE", 6, true, 8, write_score},    {"CONF", 5, true, 2, write_confidence},
    {"KIND", 13, false, 3, write_kind},    {"GROWTH", 13, true, 6, write_growth},
    {"LEFT", 7, true, 7, write_left},      {"FLOOR", 10, true, 4, write_floor},
    {"RSS", 10, true, 5, write_resident},  {"PID", 7, true, 1, write_pid},
};

/* ---- layout ---- */

struct layout {
	bool is_shown[COLUMN_COUNT];
	size_t name_width;
};

static size_t fixed_width(const struct layout *layout)
{
	size_t width = 0;
	size_t i;

	for (i = 1; i < COLUMN_COUNT; i++)
		if (layout->is_shown[i])
			width += GAP + columns[i].width;
	return width;
}

static void leave_out(struct layout *layout)
{
	size_t found = 0;
	size_t i;

	for (i = 1; i < COLUMN_COUNT; i++)
		if (layout->is_shown[i] && (found == 0 || columns[i].keep < columns[found].keep))
			found = i;
	layout->is_shown[found] = false;
}

static size_t longest_name(const struct top_list *list)
{
	size_t longest = NAME_WIDTH_MIN;
	size_t i;

	for (i = 0; i < list->count; i++) {
		size_t width = top_columns(list->rows[i].name);

		longest = width > longest ? width : longest;
	}
	return longest;
}

static struct layout lay_out(const struct top_view *view)
{
	struct layout layout;
	size_t i;

	for (i = 0; i < COLUMN_COUNT; i++)
		layout.is_shown[i] = true;
	if (view->height == 0) {
		layout.name_width = longest_name(view->list);
		return layout;
	}
	while (layout.is_shown[1] && fixed_width(&layout) + NAME_WIDTH_MIN > view->width)
		leave_out(&layout);
	layout.name_width =
	    view->width > fixed_width(&layout) ? view->width - fixed_width(&layout) : view->width;
	return layout;
}

/* ---- lines ---- */

static enum tone tone_of(const struct top_row *row)
{
	static const enum tone tones[] = {TONE_PLAIN, TONE_GOOD, TONE_WARNING, TONE_BAD};

	return tones[top_state_rank(row->state)];
}

static void append_titles(struct buf *out, const struct top_view *view, const struct layout *layout)
{
	struct buf line = BUF_INIT(4096);
	size_t i;

	for (i = 0; i < COLUMN_COUNT; i++) {
		char title[TOP_WORD_SIZE];
		bool is_order = strcmp(columns[i].title, view->order->column) == 0;

		if (!layout->is_shown[i])
			continue;
		(void)snprintf(title, sizeof(title), "%s%s", columns[i].title,
		               !is_order || view->height == 0 ? ""
		               : view->is_reversed            ? "^"
		                                              : "*");
		buf_append_string(&line, i > 0 ? "  " : "");
		top_append_cell(&line, view->terminal, title,
		                i == 0 ? layout->name_width : columns[i].width,
		                columns[i].is_right);
	}
	terminal_append(out, view->terminal, TONE_BOLD, buf_string(&line));
	buf_append_char(out, '\n');
	buf_done(&line);
}

static void append_row(struct buf *out, const struct top_view *view, const struct layout *layout,
                       const struct top_row *row)
{
	bool is_selected = view->height > 0 && row == &view->list->rows[view->selected];
	struct buf cell = BUF_INIT(4096);
	size_t i;

	buf_append_string(out, is_selected ? "\033[7m" : "");
	for (i = 0; i < COLUMN_COUNT; i++) {
		char text[CELL_SIZE];
		bool is_toned = !is_selected && (i == 1 || (i == 2 && tone_of(row) == TONE_BAD));

		if (!layout->is_shown[i])
			continue;
		columns[i].write(row, text);
		buf_clear(&cell);
		top_append_cell(&cell, view->terminal, text,
		                i == 0 ? layout->name_width : columns[i].width,
		                columns[i].is_right);
		buf_append_string(out, i > 0 ? "  " : "");
		terminal_append(out, view->terminal, is_toned ? tone_of(row) : TONE_PLAIN,
		                buf_string(&cell));
	}
	buf_append_string(out, is_selected ? "\033[0m\n" : "\n");
	buf_done(&cell);
}

static size_t count_rank(const struct top_list *list, unsigned rank)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		count += top_state_rank(list->rows[i].state) == rank;
	return count;
}

static void append_head(struct buf *out, const struct top_view *view)
{
	struct buf line = BUF_INIT(4096);
	const char *trouble = view->is_paused ? "paused" : view->trouble;
	char counts[128];

	(void)snprintf(counts, sizeof(counts), "%zu processes, %zu leak or thrash, %zu suspected",
	               view->list->count, count_rank(view->list, 3), count_rank(view->list, 2));
	if (*trouble != '\0')
		buf_printf(&line, "heapwatch  %s  -- %s", counts, trouble);
	else
		buf_printf(&line, "heapwatch  %s  %s", counts, view->source);
	top_append_toned(out, view->terminal, *view->trouble != '\0' ? TONE_BAD : TONE_DIM,
	                 buf_string(&line), view->width);
	buf_append_char(out, '\n');
	buf_done(&line);
}

/* ---- the table ---- */

size_t top_table_rows(const struct top_view *view)
{
	return view->height > HEAD_LINES + 1 ? view->height - HEAD_LINES - 1 : 0;
}

static void append_help(struct buf *out, const struct top_view *view)
{
	top_append_toned(out, view->terminal, TONE_DIM,
	                 "q quit  Enter details  sort by: v verdict g growth t time left f floor "
	                 "m memory n name  r reverse  p pause",
	                 view->width);
}

void top_draw_table(struct buf *out, const struct top_view *view)
{
	struct layout layout = lay_out(view);
	size_t end = view->list->count;
	size_t i;

	if (view->height == 0) {
		append_titles(out, view, &layout);
		for (i = 0; i < end; i++)
			append_row(out, view, &layout, &view->list->rows[i]);
		return;
	}
	append_head(out, view);
	append_titles(out, view, &layout);
	if (end > view->first + top_table_rows(view))
		end = view->first + top_table_rows(view);
	for (i = view->first; i < end; i++)
		append_row(out, view, &layout, &view->list->rows[i]);
	for (i = end - view->first; i < top_table_rows(view); i++)
		buf_append_char(out, '\n');
	append_help(out, view);
}
