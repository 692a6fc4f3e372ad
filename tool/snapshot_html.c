// SPDX-License-Identifier: MIT
/*
 * The largest rows only: a browser copes with some thousand.
 */
#include "tool/snapshot_html.h"

#include <inttypes.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/units.h"
#include "tool/contents_report.h"
#include "tool/diff_report.h"
#include "tool/html.h"
#include "tool/output.h"

#define PAGE_MAX       ((size_t)256 * 1024 * 1024)
#define ROWS_MAX       2000
#define LINE_MAX_BYTES ((size_t)64 * 1024)

#define COLUMNS(columns) columns, sizeof(columns) / sizeof(columns[0])

static int print_page(struct buf *page, FILE *out)
{
	html_end(page);
	return output_print(page, out);
}

/* Behind a table: who filters it must know that it is not all. */
static void end_rows(struct buf *page, size_t row_count)
{
	char text[64];

	html_table_end(page);
	if (row_count <= ROWS_MAX)
		return;
	(void)snprintf(text, sizeof(text), "%zu more rows; --format=json has them",
	               row_count - ROWS_MAX);
	html_paragraph(page, text);
}

/* ---- summary ---- */

static void append_class(struct buf *page, const struct heap *heap, const struct heap_class *class)
{
	html_row_begin(page);
	html_text(page, class->name);
	html_text(page, heap->layout.node_types.names[class->type]);
	html_count(page, class->count);
	html_bytes(page, class->self_bytes);
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH))
		html_bytes(page, class->retained_bytes);
	else
		html_unknown(page);
	html_row_end(page);
}

int snapshot_html(const struct heap *heap, FILE *out)
{
	static const struct html_column columns[] = {{"Constructor", false},
	                                             {"Type", false},
	                                             {"Count", true},
	                                             {"Self", true},
	                                             {"Retained", true}};
	struct buf page = BUF_INIT(PAGE_MAX);
	char size[UNIT_TEXT_SIZE], text[256];
	uint32_t i;

	html_begin(&page, "Heap snapshot");
	(void)snprintf(text, sizeof(text),
	               "%" PRIu32 " nodes, %s, %" PRIu32 " edges, %" PRIu64 " strings, %" PRIu64
	               " detached nodes",
	               heap->node_count, size_format(size, (double)heap->self_bytes),
	               heap->edge_count, heap->string_count, heap->detached_count);
	html_paragraph(&page, text);
	html_table_begin(&page, "By constructor", COLUMNS(columns));
	for (i = 0; i < heap->class_count && i < ROWS_MAX; i++)
		append_class(&page, heap, &heap->classes[i]);
	end_rows(&page, heap->class_count);
	contents_report_html(&page, heap);
	return print_page(&page, out);
}

/* ---- by constructor ---- */

static void append_totals(struct buf *page, const struct diff *diff)
{
	static const struct html_column columns[] = {
	    {"Snapshot", false}, {"Nodes", true}, {"Size", true}};
	char note[DIFF_NOTE_SIZE];
	size_t i;

	for (i = 1; i < diff->snapshot_count; i++)
		if (diff_note(diff, i, note) != NULL)
			html_paragraph(page, note);

	html_table_begin(page, "Snapshots", COLUMNS(columns));
	for (i = 0; i < diff->snapshot_count; i++) {
		html_row_begin(page);
		html_text(page, (char[]){(char)('A' + i), '\0'});
		html_count(page, diff->totals[i].node_count);
		html_bytes(page, diff->totals[i].self_bytes);
		html_row_end(page);
	}
	html_table_end(page);
	if (diff->snapshot_count == DIFF_SNAPSHOTS_MAX)
		html_paragraph(page, "New is what is not in A, is in B, and is still in C.");
}

static void append_difference(struct buf *page, const struct diff *diff, const struct diff_row *row)
{
	const struct diff_amount *first = &row->at[0];
	const struct diff_amount *last = &row->at[diff->snapshot_count - 1];

	html_row_begin(page);
	html_text(page, row->name);
	html_text(page, row->type);
	html_count(page, row->new.count);
	html_count(page, row->deleted.count);
	html_delta_count(page, diff_delta(last->count, first->count));
	html_delta_bytes(page, diff_delta(last->self_bytes, first->self_bytes));
	if (diff->has_retained) {
		html_bytes(page, row->new.retained_bytes);
		html_delta_bytes(page, diff_delta(last->retained_bytes, first->retained_bytes));
	} else {
		html_unknown(page);
		html_unknown(page);
	}
	html_row_end(page);
}

int diff_html(const struct diff *diff, FILE *out)
{
	static const struct html_column columns[] = {
	    {"Constructor", false}, {"Type", false}, {"New", true},        {"Deleted", true},
	    {"Delta", true},        {"Self", true},  {"New retain", true}, {"Retained", true},
	};
	struct buf page = BUF_INIT(PAGE_MAX);
	size_t i;

	html_begin(&page, "Growth between heap snapshots");
	append_totals(&page, diff);
	html_table_begin(&page, "By constructor", COLUMNS(columns));
	for (i = 0; i < diff->row_count && i < ROWS_MAX; i++)
		append_difference(&page, diff, &diff->rows[i]);
	end_rows(&page, diff->row_count);
	return print_page(&page, out);
}

/* ---- by retainer ---- */

static void append_retained(struct buf *page, const struct retainer_report *report, uint32_t index)
{
	const struct trail *trail = &report->retainers->trails[index];
	struct buf text = BUF_INIT(LINE_MAX_BYTES);
	struct buf below = BUF_INIT(LINE_MAX_BYTES);

	html_row_begin(page);
	retainer_append_name(&text, report, trail);
	retainer_append_place(&below, report->heap, trail->example);
	html_text_below(page, buf_string(&text), buf_string(&below));
	buf_clear(&text);
	retainer_append_path(&text, report, index, " → ");
	html_text(page, buf_string(&text));
	html_count(page, trail->count);
	html_bytes(page, trail->growth_bytes);
	html_bytes(page, trail->retained_bytes);
	html_row_end(page);
	buf_done(&text);
	buf_done(&below);
}

int retainer_html(const struct retainer_report *report, FILE *out)
{
	static const struct html_column columns[] = {{"New", false},
	                                             {"Held by", false},
	                                             {"Count", true},
	                                             {"Growth", true},
	                                             {"Retained", true}};
	const struct retainers *retainers = report->retainers;
	const char *hint = retainer_hint(report);
	struct buf page = BUF_INIT(PAGE_MAX);
	size_t i;

	html_begin(&page, "What holds the growth between heap snapshots");
	append_totals(&page, report->diff);
	html_table_begin(&page, "New objects by the path that holds them", COLUMNS(columns));
	for (i = 0; i < retainers->row_count && i < ROWS_MAX; i++)
		append_retained(&page, report, retainers->rows[i]);
	end_rows(&page, retainers->row_count);
	if (hint != NULL)
		html_paragraph(&page, hint);
	return print_page(&page, out);
}
