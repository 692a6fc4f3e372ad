// SPDX-License-Identifier: MIT
/*
 * One process: the verdict, its reasons, the code that is to blame and what to do first, then what
 * it looked like over time, then who it is, and what would have to be done to know more.
 */
#include <math.h>

#include "daemon/exposition/status_parts.h"
#include "daemon/model/sites.h"
#include "lib/clock.h"
#include "lib/markup.h"
#include "lib/units.h"

#define ROOT  "../../"
#define TITLE " \xe2\x80\x93 heapwatch"

/* ---- the verdict ---- */

static void begin_fact(struct buf *out, const char *name)
{
	buf_printf(out, "<div><dt>%s</dt><dd>", name);
}

static void end_fact(struct buf *out)
{
	buf_append_string(out, "</dd></div>\n");
}

static void write_interval(struct buf *out, const struct verdict *verdict)
{
	char lower[UNIT_TEXT_SIZE];
	char upper[UNIT_TEXT_SIZE];

	if (verdict->growth_lower_bytes_per_second >= verdict->growth_upper_bytes_per_second)
		return;
	buf_printf(out, "<small>90&thinsp;%%: %s/h to %s/h</small>",
	           size_format(lower, verdict->growth_lower_bytes_per_second * 3600),
	           size_format(upper, verdict->growth_upper_bytes_per_second * 3600));
}

static void write_time_left(struct buf *out, const struct verdict *verdict)
{
	bool is_coming = verdict->at_ns > 0 && isfinite(verdict->exhaustion_p50_seconds);

	begin_fact(out, "Time left");
	status_seconds(out, is_coming ? verdict->exhaustion_p50_seconds : (double)INFINITY);
	if (is_coming) {
		buf_append_string(out, "<small>");
		status_seconds(out, verdict->exhaustion_p10_seconds);
		buf_append_string(out, " to ");
		status_seconds(out, verdict->exhaustion_p90_seconds);
		buf_append_string(out, "</small>");
	}
	end_fact(out);
}

static void write_numbers(struct buf *out, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;

	buf_append_string(out, "<dl class=\"numbers\">\n");
	begin_fact(out, "Score");
	status_score_bar(out, process);
	buf_printf(out, "%.2f<small>how sure that it leaks</small>", verdict->score);
	end_fact(out);
	begin_fact(out, "Confidence");
	buf_printf(out, "%.2f<small>how much is known</small>", verdict->confidence);
	end_fact(out);
	begin_fact(out, "Kind");
	buf_append_string(out, leak_kind_name(verdict->kind));
	end_fact(out);
	begin_fact(out, "Growth");
	status_growth(out, process);
	write_interval(out, verdict);
	end_fact(out);
	write_time_left(out, verdict);
	buf_append_string(out, "</dl>\n");
}

static void write_evidence(struct buf *out, const struct process *process)
{
	size_t i;

	if (process->evidence_count == 0)
		return;
	buf_append_string(out, "<section class=\"why\">\n<h2>Why</h2>\n<ul>\n");
	for (i = 0; i < process->evidence_count; i++) {
		buf_append_string(out, "<li>");
		markup_append(out, process->evidence[i]);
		buf_append_string(out, "</li>\n");
	}
	buf_append_string(out, "</ul>\n</section>\n");
}

static void write_verdict(struct buf *out, const struct status_source *source,
                          const struct process *process)
{
	buf_printf(out,
	           "<nav aria-label=\"Breadcrumb\"><a href=\"" ROOT "\">All processes</a></nav>\n"
	           "<section class=\"card verdict %s\">\n<h1>",
	           status_tone_class(status_state(process->verdict.state)->tone));
	status_name(out, process);
	buf_append_char(out, ' ');
	status_badge(out, process->verdict.state);
	status_alerts(out, source, process);
	buf_append_string(out, "</h1>\n<p class=\"what\">");
	status_sentence(out, source, process);
	buf_append_string(out, "</p>\n");
	write_numbers(out, process);
	buf_append_string(out, "</section>\n");
}

/* ---- which code ---- */

static void write_site(struct buf *out, const struct leak_site *site)
{
	buf_append_string(out, "<li><code>");
	markup_append(out, site->function);
	buf_printf(out, "</code> <b>%.0f&thinsp;%%</b>", site->share * 100);
	if (site->script[0] != '\0') {
		buf_append_string(out, "<small>");
		markup_append(out, site->script);
		if (site->line > 0) {
			buf_append_char(out, ':');
			buf_append_u64(out, site->line);
		}
		buf_append_string(out, "</small>");
	}
	buf_append_string(out, "</li>\n");
}

static void write_sites(struct buf *out, const struct leak_sites *sites)
{
	size_t i;

	if (sites == NULL || sites->count == 0)
		return;
	buf_append_string(out, "<section class=\"why\">\n<h2>Which code</h2>\n"
	                       "<p>Who allocated what it grew by, in the sample of its last "
	                       "explanation:</p>\n<ol>\n");
	for (i = 0; i < sites->count; i++)
		write_site(out, &sites->items[i]);
	buf_append_string(out, "</ol>\n</section>\n");
}

/* ---- heaps ---- */

static void write_pauses(struct buf *out, const char *label, const struct gc_totals *totals)
{
	buf_printf(out, "<td role=\"cell\" class=\"number\" data-label=\"%s\">%llu", label,
	           (unsigned long long)totals->count);
	if (totals->count > 0)
		buf_printf(out, "<small>up to %.1f&thinsp;ms</small>",
		           (double)totals->pause_max_ns / (double)NS_PER_MS);
	buf_append_string(out, "</td>\n");
}

static void write_heap_size(struct buf *out, const char *label, bool is_known, uint64_t bytes)
{
	buf_printf(out, "<td role=\"cell\" class=\"number\" data-label=\"%s\">", label);
	status_size(out, is_known, (double)bytes);
	buf_append_string(out, "</td>\n");
}

static void write_heap(struct buf *out, const struct isolate *isolate)
{
	bool has_gc = isolate->last_gc_ns > 0;

	buf_printf(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">%s%s</th>\n",
	           isolate->name, isolate->is_gone ? "<small>ended</small>" : "");
	write_heap_size(out, "Used", has_gc, isolate->used_bytes);
	write_heap_size(out, "Floor", isolate->has_live, isolate->live_bytes);
	write_heap_size(out, "Committed", isolate->committed_bytes > 0, isolate->committed_bytes);
	buf_append_string(out, "<td role=\"cell\" class=\"number\" data-label=\"Limit\">");
	status_size(out, isolate->limit_bytes > 0, (double)isolate->limit_bytes);
	if (isolate->limit_bytes > 0 && isolate->limit_is_estimated)
		buf_append_string(out, "<small>V8&rsquo;s default</small>");
	buf_append_string(out, "</td>\n");
	write_pauses(out, "Young GCs", &isolate->totals[GC_GENERATION_YOUNG]);
	write_pauses(out, "Full GCs", &isolate->totals[GC_GENERATION_FULL]);
	buf_append_string(out, "</tr>\n");
}

static void write_heaps(struct buf *out, const struct process *process)
{
	size_t i;

	if (process->isolate_count == 0)
		return;
	buf_append_string(out,
	                  "<section>\n<h2 id=\"heaps\">Heaps</h2>\n"
	                  "<table role=\"table\" class=\"heaps\" aria-labelledby=\"heaps\">\n"
	                  "<thead role=\"rowgroup\"><tr role=\"row\">"
	                  "<th role=\"columnheader\" scope=\"col\">Isolate</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Used</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Floor</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Committed</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Limit</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Young GCs</th>"
	                  "<th role=\"columnheader\" scope=\"col\" class=\"number\">Full GCs</th>"
	                  "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (i = 0; i < process->isolate_count; i++)
		write_heap(out, process->isolates[i]);
	buf_append_string(out, "</tbody>\n</table>\n</section>\n");
}

/* ---- who it is ---- */

static void write_text(struct buf *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	begin_fact(out, name);
	markup_append(out, text);
	end_fact(out);
}

static void write_sources(struct buf *out, const struct process *process)
{
	static const char *const names[] = {
	    [SOURCE_PROC] = "/proc",
	    [SOURCE_GCLOG] = "GC log",
	    [SOURCE_INSPECTOR] = "inspector",
	};
	const char *separator = "";
	enum source source;

	_Static_assert(sizeof(names) / sizeof(names[0]) == SOURCE_COUNT, "a name each");
	begin_fact(out, "Known from");
	for (source = 0; source < SOURCE_COUNT; source++) {
		if ((process->sources & (1U << source)) == 0)
			continue;
		buf_printf(out, "%s%s", separator, names[source]);
		separator = ", ";
	}
	end_fact(out);
}

static void write_count(struct buf *out, const char *name, bool is_known, uint64_t count)
{
	if (!is_known)
		return;
	begin_fact(out, name);
	buf_append_u64(out, count);
	end_fact(out);
}

static void write_identity(struct buf *out, const struct status_source *source,
                           const struct process *process)
{
	buf_append_string(out, "<section>\n<h2>Identity</h2>\n<dl class=\"facts\">\n");
	begin_fact(out, "Process id");
	buf_printf(out, "%d", (int)process->shown_pid);
	end_fact(out);
	begin_fact(out, "Started");
	status_time(out, source, process->start_ns);
	buf_append_string(out, " (");
	status_age(out, source, process->start_ns);
	buf_append_string(out, " ago)");
	end_fact(out);
	write_text(out, "Script", process->script);
	write_text(out, "Node.js", process->node_version);
	write_text(out, "Unit", process->unit);
	write_text(out, "Container", process->container_name);
	write_text(out, "Container id", process->container_id);
	write_text(out, "Pod", process->pod_uid);
	write_sources(out, process);
	write_count(out, "Threads", process->has_memory, process->memory.threads);
	write_count(out, "Open files", process->has_detail && process->detail.has_open_fds,
	            process->detail.open_fds);
	buf_append_string(out, "</dl>\n<p class=\"links\"><a href=\"" ROOT "api/v1/processes/");
	status_append_path(out, process);
	buf_append_string(out, "\">As JSON</a> <a href=\"" ROOT "probe?target=");
	status_append_path(out, process);
	buf_append_string(out, "\">As metrics</a></p>\n</section>\n");
}

/* A heading with the items that there are; nothing without any. */
static void write_items(struct buf *out, const char *heading, const struct process *process,
                        size_t (*write_each)(struct buf *out, const struct process *process))
{
	struct buf items = BUF_INIT((size_t)16 * KIB);

	if (write_each(&items, process) > 0)
		buf_printf(out,
		           "<section class=\"advice\">\n<h2>%s</h2>\n<ul>\n%s</ul>\n</section>\n",
		           heading, buf_string(&items));
	buf_done(&items);
}

void status_write_process(const struct status_source *source, const struct process *process,
                          const char *range, struct buf *out)
{
	struct buf title = BUF_INIT((size_t)16 * KIB);

	if (status_needs_attention(process))
		buf_printf(&title, "%s: ", leak_state_name(process->verdict.state));
	buf_printf(&title, "%s/%u" TITLE, process->app, process->slot);
	status_begin(out, source, ROOT, buf_string(&title));
	buf_done(&title);
	write_verdict(out, source, process);
	write_evidence(out, process);
	status_ended(out, source, process);
	write_sites(out, process->sites);
	write_items(out, "What to do", process, status_steps);
	status_charts(out, source, process, range);
	write_items(out, "To know more", process, status_advice);
	write_heaps(out, process);
	write_identity(out, source, process);
	status_end(out, source, ROOT);
}
