// SPDX-License-Identifier: MIT
/*
 * The landing page. Everything that a process says of itself goes through append_escaped().
 */
#include "daemon/exposition/landing.h"

#include <stdlib.h>

#include "daemon/model/picture.h"
#include "lib/buf.h"
#include "lib/units.h"
#include "lib/utf8.h"

#define ROWS_MAX         100 /* the page is for people; /metrics has them all */
#define SECONDS_PER_HOUR 3600

const struct http_header landing_headers[LANDING_HEADER_COUNT] = {
    {"Content-Security-Policy",
     "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

/* ---- text ---- */

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* For text and quoted attributes; control characters mean nothing in HTML and become U+FFFD. */
static void append_escaped(struct buf *out, const char *text)
{
	while (*text != '\0') {
		const char *entity = entity_of(*text);
		size_t length = utf8_sequence_length(text);

		if (entity != NULL)
			buf_append_string(out, entity);
		else if (length == 0 || (length == 1 && (*text < ' ' || *text == 0x7f)))
			buf_append_string(out, UTF8_REPLACEMENT);
		else
			buf_append(out, text, length);
		text += length == 0 ? 1 : length;
	}
}

/* ---- processes ---- */

struct landing_row {
	const struct process *process;
	size_t index; /* by app and slot: decides between equal scores */
};

static int compare_rows(const void *left, const void *right)
{
	const struct landing_row *a = left;
	const struct landing_row *b = right;

	if (a->process->verdict.score > b->process->verdict.score)
		return -1;
	if (a->process->verdict.score < b->process->verdict.score)
		return 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool live_bytes(const struct process *process, double *ret_bytes)
{
	bool has_live = false;
	size_t i;

	*ret_bytes = 0;
	for (i = 0; i < process->isolate_count; i++) {
		if (!process->isolates[i]->has_live || process->isolates[i]->is_gone)
			continue;
		*ret_bytes += (double)process->isolates[i]->live_bytes;
		has_live = true;
	}
	return has_live;
}

static void write_size(struct buf *out, bool is_known, double bytes, const char *per)
{
	char text[UNIT_TEXT_SIZE];

	buf_append_string(out, "<td align=\"right\">");
	if (is_known) {
		buf_append_string(out, size_format(text, bytes));
		buf_append_string(out, per);
	} else {
		buf_append_string(out, "&ndash;");
	}
	buf_append_string(out, "</td>");
}

static void write_row(struct buf *out, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;
	double live;
	bool has_live = live_bytes(process, &live);

	buf_append_string(out, "<tr><td>");
	append_escaped(out, process->app);
	buf_printf(out,
	           "/%u</td><td align=\"right\">%d</td><td>%s</td><td align=\"right\">%.2f</td>"
	           "<td align=\"right\">%.2f</td>",
	           process->slot, (int)process->shown_pid, leak_state_name(verdict->state),
	           verdict->score, verdict->confidence);
	write_size(out, verdict->at_ns > 0, verdict->growth_bytes_per_second * SECONDS_PER_HOUR,
	           "/h");
	write_size(out, process->has_memory, (double)process->memory.rss_bytes, "");
	write_size(out, has_live, live, "");
	buf_append_string(out, "</tr>\n");
}

static void write_table(struct buf *out, struct landing_row *rows, size_t count, size_t young_count)
{
	size_t i;

	buf_printf(out, "<p>%zu %s", count, count == 1 ? "process" : "processes");
	if (young_count > 0)
		buf_printf(out, ", %zu more too young to be shown", young_count);
	if (count > ROWS_MAX)
		buf_printf(out, "; the %d with the highest score", ROWS_MAX);
	buf_append_string(out, "</p>\n");
	if (count == 0)
		return;
	qsort(rows, count, sizeof(*rows), compare_rows);
	buf_append_string(
	    out, "<table border=\"1\" cellpadding=\"4\">\n"
	         "<tr><th>app/slot</th><th>pid</th><th>state</th><th>score</th>"
	         "<th>confidence</th><th>growth</th><th>RSS</th><th>live heap</th></tr>\n");
	for (i = 0; i < count && i < ROWS_MAX; i++)
		write_row(out, rows[i].process);
	buf_append_string(out, "</table>\n");
}

static void write_processes(const struct picture *picture, struct buf *out)
{
	struct landing_row *rows;
	size_t count = picture->process_count;
	size_t shown = 0;
	size_t i;

	rows = calloc(count + 1, sizeof(*rows));
	if (rows == NULL) {
		out->has_failed = true;
		return;
	}
	for (i = 0; i < count; i++)
		if (picture->processes[i]->is_exported)
			rows[shown++] = (struct landing_row){picture->processes[i], i};
	write_table(out, rows, shown, count - shown);
	free(rows);
}

/* ---- the page ---- */

void landing_write(const struct picture *picture, const struct self_status *self,
                   const char *telemetry_path, struct buf *out)
{
	buf_append_string(out, "<!DOCTYPE html>\n"
	                       "<html lang=\"en\"><head><meta charset=\"utf-8\">"
	                       "<title>heapwatch</title></head><body>\n"
	                       "<h1>heapwatch</h1>\n<p>Finds memory leaks in Node.js processes. "
	                       "Version ");
	append_escaped(out, self->version);
	buf_append_string(out, " (");
	append_escaped(out, self->revision);
	buf_append_string(out, ")</p>\n<ul>\n<li><a href=\"");
	append_escaped(out, telemetry_path);
	buf_append_string(out, "\">Metrics</a></li>\n"
	                       "<li><a href=\"/-/healthy\">Healthy</a></li>\n"
	                       "<li><a href=\"/-/ready\">Ready</a></li>\n</ul>\n");
	write_processes(picture, out);
	buf_append_string(out, "</body></html>\n");
}
