// SPDX-License-Identifier: MIT
/*
 * All processes. What needs attention is told in sentences before the table, so that it is read
 * first and on any screen.
 */
#include <math.h>
#include <stdlib.h>

#include "daemon/exposition/status_parts.h"
#include "daemon/model/picture.h"
#include "lib/markup.h"
#include "lib/units.h"

#define ROWS_MAX  500 /* the page is for people; /api/v1/processes has them all */
#define CARDS_MAX 4
#define PERCENT   100

struct row {
	const struct process *process;
	size_t index; /* by app and slot: decides between equal verdicts */
};

struct list {
	const struct status_source *source;
	const struct picture *picture;
	struct buf *out;
	struct row *rows;
	size_t count;
	size_t young_count;
	size_t attention_count;
	size_t tones[STATUS_BAD + 1];
	size_t states[LEAK_STATE_COUNT];
};

/* ---- order ---- */

static int compare_doubles(double a, double b)
{
	if (a > b)
		return -1;
	return a < b;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	const struct verdict *va = &a->process->verdict;
	const struct verdict *vb = &b->process->verdict;
	int order =
	    compare_doubles(status_needs_attention(a->process), status_needs_attention(b->process));

	if (order == 0)
		order = compare_doubles(va->score, vb->score);
	if (order == 0)
		order =
		    compare_doubles(status_state(va->state)->rank, status_state(vb->state)->rank);
	if (order != 0)
		return order;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool collect_rows(struct list *list)
{
	size_t i;

	list->rows = calloc(list->picture->process_count + 1, sizeof(*list->rows));
	if (list->rows == NULL)
		return false;
	for (i = 0; i < list->picture->process_count; i++) {
		const struct process *process = list->picture->processes[i];

		if (!process->is_exported) {
			list->young_count++;
			continue;
		}
		list->rows[list->count++] = (struct row){process, i};
		list->attention_count += status_needs_attention(process);
		list->tones[status_state(process->verdict.state)->tone]++;
		list->states[process->verdict.state]++;
	}
	qsort(list->rows, list->count, sizeof(*list->rows), compare_rows);
	return true;
}

/* ---- at a glance ---- */

static void write_count(struct list *list, size_t count, enum status_tone tone, const char *word)
{
	if (count > 0)
		buf_printf(list->out, "<li class=\"%s\"><b>%zu</b> %s</li>\n",
		           status_tone_class(tone), count, word);
}

/* "2 of 30 processes leak, 1 thrashes" */
static void write_bad(struct list *list)
{
	size_t leak_count = list->states[LEAK_STATE_LEAK];
	size_t thrash_count = list->states[LEAK_STATE_THRASH];

	if (leak_count > 0)
		buf_printf(list->out, "%zu of %zu processes %s", leak_count, list->count,
		           leak_count == 1 ? "leaks" : "leak");
	if (leak_count > 0 && thrash_count > 0)
		buf_printf(list->out, ", %zu", thrash_count);
	else if (thrash_count > 0)
		buf_printf(list->out, "%zu of %zu processes", thrash_count, list->count);
	if (thrash_count > 0)
		buf_append_string(list->out, thrash_count == 1 ? " thrashes" : " thrash");
}

static void write_summary(struct list *list)
{
	buf_append_string(list->out, "<h1>");
	if (list->tones[STATUS_BAD] > 0)
		write_bad(list);
	else if (list->attention_count > 0)
		buf_printf(list->out, "%zu of %zu processes may leak", list->attention_count,
		           list->count);
	else if (list->tones[STATUS_NEUTRAL] == list->count)
		buf_append_string(list->out, "Nothing can be said yet");
	else
		buf_append_string(list->out, "Nothing leaks");
	buf_append_string(list->out, "</h1>\n<ul class=\"counts\">\n");
	write_count(list, list->states[LEAK_STATE_LEAK], STATUS_BAD, "leaking");
	write_count(list, list->states[LEAK_STATE_THRASH], STATUS_BAD, "thrashing");
	write_count(list, list->tones[STATUS_WARNING], STATUS_WARNING, "suspected");
	write_count(list, list->tones[STATUS_INFO], STATUS_INFO, "growing for a reason");
	write_count(list, list->tones[STATUS_GOOD], STATUS_GOOD, "stable");
	write_count(list, list->tones[STATUS_NEUTRAL], STATUS_NEUTRAL, "not known well enough");
	write_count(list, list->young_count, STATUS_NEUTRAL, "too young to be shown");
	buf_append_string(list->out, "</ul>\n");
}

static void write_link(struct buf *out, const struct process *process)
{
	buf_append_string(out, "<a href=\"process/");
	status_append_path(out, process);
	buf_append_string(out, "\">");
	status_name(out, process);
	buf_append_string(out, "</a>");
}

static void write_card(const struct list *list, const struct process *process)
{
	struct buf *out = list->out;
	const char *name;
	const struct series *floor = status_floor(process, &name);

	buf_printf(out, "<article class=\"card %s\">\n<h2>",
	           status_tone_class(status_state(process->verdict.state)->tone));
	write_link(out, process);
	buf_append_char(out, ' ');
	status_badge(out, process->verdict.state);
	status_alerts(out, list->source, process);
	buf_append_string(out, "</h2>\n<div class=\"big\">");
	status_sparkline(out, floor, list->source->now_ns);
	buf_append_string(out, "</div>\n<p class=\"what\">");
	status_sentence(out, list->source, process);
	buf_append_string(out, "</p>\n");
	if (process->evidence_count > 0) {
		buf_append_string(out, "<p class=\"why\">");
		markup_append(out, process->evidence[0]);
		buf_append_string(out, "</p>\n");
	}
	status_next_step(out, process);
	buf_append_string(out, "</article>\n");
}

static void write_cards(const struct list *list)
{
	size_t i;

	if (list->attention_count == 0)
		return;
	buf_append_string(list->out, "<section class=\"cards\" aria-label=\"Needs attention\">\n");
	for (i = 0; i < list->attention_count && i < CARDS_MAX; i++)
		write_card(list, list->rows[i].process);
	buf_append_string(list->out, "</section>\n");
}

/* ---- the table ---- */

static void begin_cell(struct buf *out, const char *class_name, const char *label)
{
	buf_printf(out, "<td role=\"cell\" class=\"%s\" data-label=\"%s\">", class_name, label);
}

static void end_cell(struct buf *out)
{
	buf_append_string(out, "</td>\n");
}

static void write_verdict(const struct list *list, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;
	struct buf *out = list->out;

	begin_cell(out, "state", "State");
	status_badge(out, verdict->state);
	status_alerts(out, list->source, process);
	end_cell(out);
	begin_cell(out, "number", "Score");
	status_score_bar(out, process);
	buf_printf(out, "%.2f", verdict->score);
	end_cell(out);
	begin_cell(out, "number", "Confidence");
	buf_printf(out, "%.2f", verdict->confidence);
	end_cell(out);
	begin_cell(out, "kind", "Kind");
	buf_append_string(out, verdict->kind == LEAK_KIND_NONE ? "<span class=\"none\">none</span>"
	                                                       : leak_kind_name(verdict->kind));
	end_cell(out);
	begin_cell(out, "number", "Growth");
	status_growth(out, process);
	end_cell(out);
	begin_cell(out, "number", "Time left");
	status_seconds(out,
	               verdict->at_ns > 0 ? verdict->exhaustion_p50_seconds : (double)INFINITY);
	end_cell(out);
}

static void write_floor(const struct list *list, const struct process *process)
{
	const char *name;
	const struct series *floor = status_floor(process, &name);
	uint64_t value;
	bool is_known = status_floor_now(floor, &value);

	begin_cell(list->out, "number", "Floor");
	if (floor == &process->threads && is_known)
		buf_printf(list->out, "%llu threads", (unsigned long long)value);
	else
		status_size(list->out, is_known, is_known ? (double)value : 0);
	buf_printf(list->out, "<small>%s</small>", is_known ? name : "");
	end_cell(list->out);
	begin_cell(list->out, "trend", "Its history");
	status_sparkline(list->out, floor, list->source->now_ns);
	end_cell(list->out);
}

static void write_resident(struct buf *out, const struct process *process)
{
	uint64_t limit = process->has_detail ? process->detail.limit_bytes : 0;

	begin_cell(out, "number", "Resident");
	status_size(out, process->has_memory, (double)process->memory.rss_bytes);
	if (process->has_memory && limit > 0 && process->detail.limit_is_cgroup)
		buf_printf(out, "<small>%.0f&thinsp;%% of limit</small>",
		           PERCENT * (double)process->memory.rss_bytes / (double)limit);
	end_cell(out);
}

static void write_row(const struct list *list, const struct process *process)
{
	struct buf *out = list->out;

	buf_printf(out, "<tr role=\"row\" class=\"%s\">\n<th role=\"rowheader\" scope=\"row\">",
	           status_tone_class(status_state(process->verdict.state)->tone));
	write_link(out, process);
	buf_printf(out, "<small>pid %d</small></th>\n", (int)process->shown_pid);
	write_verdict(list, process);
	write_floor(list, process);
	write_resident(out, process);
	buf_append_string(out, "</tr>\n");
}

static void write_header(struct buf *out)
{
	static const struct {
		const char *class_name;
		const char *text;
	} columns[] = {
	    {"", "Process"},          {"", "State"},       {"number", "Score"},
	    {"number", "Confidence"}, {"", "Kind"},        {"number", "Growth"},
	    {"number", "Time left"},  {"number", "Floor"}, {"", "Its history"},
	    {"number", "Resident"},
	};
	size_t i;

	buf_append_string(out, "<thead role=\"rowgroup\"><tr role=\"row\">\n");
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		buf_printf(out, "<th role=\"columnheader\" scope=\"col\" class=\"%s\">%s</th>\n",
		           columns[i].class_name, columns[i].text);
	buf_append_string(out, "</tr></thead>\n");
}

static void write_table(const struct list *list)
{
	struct buf *out = list->out;
	size_t i;

	buf_append_string(out, "<div class=\"tablehead\"><h2 id=\"all\">All processes</h2>"
	                       "<label class=\"filter\" hidden>Filter "
	                       "<input type=\"search\" id=\"filter\" autocomplete=\"off\"></label>"
	                       "</div>\n");
	if (list->count > ROWS_MAX)
		buf_printf(out,
		           "<p>Of %zu processes the %d with the worst verdicts; "
		           "<a href=\"api/v1/processes\">the API</a> has them all.</p>\n",
		           list->count, ROWS_MAX);
	buf_append_string(out, "<table role=\"table\" aria-labelledby=\"all\">\n");
	write_header(out);
	buf_append_string(out, "<tbody role=\"rowgroup\">\n");
	for (i = 0; i < list->count && i < ROWS_MAX; i++)
		write_row(list, list->rows[i].process);
	buf_append_string(out, "</tbody>\n</table>\n");
}

/* ---- what is not seen ---- */

static uint64_t refused_count(const struct self_status *self)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < self->collector_count; i++)
		count += self->collectors[i].errors[COLLECTOR_ERROR_PERMISSION];
	return count;
}

static void write_unseen(const struct list *list)
{
	uint64_t dropped =
	    list->picture->dropped[DROP_PROCESS_LIMIT] + list->picture->dropped[DROP_FD_LIMIT];
	uint64_t refused = refused_count(list->source->self);

	if (refused > 0)
		buf_printf(list->out,
		           "<p class=\"note\"><b>Not everything may be read</b>: %llu denied "
		           "since the start. What belongs to other users needs "
		           "<code>CAP_SYS_PTRACE</code>, see heapwatchd(8).</p>\n",
		           (unsigned long long)refused);
	if (dropped > 0)
		buf_printf(list->out,
		           "<p class=\"note\"><b>Left out: %llu</b> because of "
		           "<code>limits.processes</code> or the limit of open files.</p>\n",
		           (unsigned long long)dropped);
}

static void write_nothing(struct buf *out, size_t young_count)
{
	buf_append_string(out, "<h1>No Node.js process is seen</h1>\n<div class=\"empty\">\n");
	if (young_count > 0)
		buf_printf(out,
		           "<p><b>%zu</b> %s too young to be shown yet "
		           "(<code>discovery.min_age</code>).</p>\n",
		           young_count, young_count == 1 ? "is" : "are");
	buf_append_string(
	    out,
	    "<p>heapwatchd looks for processes of Node.js with each pass; they appear here by "
	    "themselves. If one should be here and is not:</p>\n<ul>\n"
	    "<li>It must be in the pid namespace of heapwatchd, or below it: in a container start "
	    "heapwatchd with the host's (<code>--pid=host</code>), or share that of the pod.</li>\n"
	    "<li>Processes of other users are read with <code>CAP_SYS_PTRACE</code> only.</li>\n"
	    "<li>A rule of <code>apps</code> with <code>ignore: true</code> hides it.</li>\n"
	    "</ul>\n<p>To try it: <code>heapwatch run -- node app.js</code></p>\n</div>\n");
}

void status_write_list(const struct status_source *source, const struct picture *picture,
                       struct buf *out)
{
	struct list list = {.source = source, .picture = picture, .out = out};
	struct buf title = BUF_INIT(256);

	if (!collect_rows(&list)) {
		out->has_failed = true;
		return;
	}
	if (list.attention_count > 0)
		buf_printf(&title, "(%zu) ", list.attention_count);
	buf_append_string(&title, "heapwatch");
	status_begin(out, source, "", buf_string(&title));
	buf_done(&title);
	if (list.count > 0) {
		write_summary(&list);
		write_cards(&list);
		status_ended(out, source, NULL);
		write_unseen(&list);
		write_table(&list);
	} else {
		write_nothing(out, list.young_count);
		status_ended(out, source, NULL);
		write_unseen(&list);
	}
	status_end(out, source, "");
	free(list.rows);
}
