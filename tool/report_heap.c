// SPDX-License-Identifier: MIT
/*
 * One heap for people: verdict, chart, collections, signs, what to do.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tool/advice.h"
#include "tool/chart.h"
#include "tool/report.h"
#include "tool/signs.h"

#define CHART_ROWS 8
/* Indent, label and axis. */
#define CHART_MARGIN 16
/* A limit further away than this times the heap would press the chart to the floor. */
#define CHART_LIMIT_RATIO 2.0
#define SECONDS_MAX       (100 * 365 * 86400.0)

static const struct outlook_row outlook_rows[OUTLOOK_COUNT] = {
    [OUTLOOK_DIED_LEAKING] = {"leak, out of memory",
                              "The heap grew until V8 gave up with a fatal error.", TONE_BAD},
    [OUTLOOK_LEAK] = {"leak", "What survives full collections rises and does not come back.",
                      TONE_BAD},
    [OUTLOOK_DIED] = {"out of memory",
                      "V8 gave up with a fatal error; the heap was not seen growing before.",
                      TONE_BAD},
    [OUTLOOK_THRASH] = {"out of room", "V8 collects in vain at its limit and is about to give up.",
                        TONE_BAD},
    [OUTLOOK_SUSPECTED] = {"suspected", "It looks like a leak, but not every demand is met.",
                           TONE_WARNING},
    [OUTLOOK_SHORT_LEAK] = {"grows like a leak", "But this is too short to be sure.", TONE_WARNING},
    [OUTLOOK_FILLING] = {"filling", "It grows, but may still come to rest.", TONE_WARNING},
    [OUTLOOK_STEP] = {"step", "It holds more than before, and does not grow further.", TONE_GOOD},
    [OUTLOOK_LOAD] = {"load", "It follows the load.", TONE_GOOD},
    [OUTLOOK_SHORT] = {"too short", "No clear sign of a leak, but too short for a verdict.",
                       TONE_PLAIN},
    [OUTLOOK_FEW] = {"too little", "There were too few full collections for a verdict.",
                     TONE_PLAIN},
    [OUTLOOK_STABLE] = {"healthy", "What survives full collections shows no lasting rise.",
                        TONE_GOOD},
};

static void append_scores(struct buf *out, const struct verdict *verdict)
{
	buf_printf(out, "            state %s, score %.2f, confidence %.2f",
	           leak_state_name(verdict->state), verdict->score, verdict->confidence);
	if (verdict->kind != LEAK_KIND_NONE)
		buf_printf(out, ", kind %s", leak_kind_name(verdict->kind));
	buf_append_char(out, '\n');
}

static const char *seconds_text(char text[UNIT_TEXT_SIZE], double seconds)
{
	if (seconds > SECONDS_MAX)
		return "never";
	return duration_format(text, (uint64_t)(seconds * (double)NS_PER_SECOND));
}

/* Per second, minute, hour or day: whichever gives a figure to imagine. */
const char *report_growth(char text[NOTE_TEXT_SIZE], double bytes_per_second)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = {{1, "second"}, {60, "minute"}, {3600, "hour"}, {86400, "day"}};
	size_t count = sizeof(units) / sizeof(units[0]);
	char size[UNIT_TEXT_SIZE];
	size_t i = 0;

	while (i + 1 < count && fabs(bytes_per_second) * units[i].seconds < (double)MIB)
		i++;
	(void)snprintf(text, NOTE_TEXT_SIZE, "%s%s per %s", bytes_per_second < 0 ? "-" : "+",
	               size_format(size, fabs(bytes_per_second) * units[i].seconds), units[i].name);
	return text;
}

const char *report_exhaustion(char text[NOTE_TEXT_SIZE], const struct verdict *verdict)
{
	char early[UNIT_TEXT_SIZE];
	char middle[UNIT_TEXT_SIZE];
	char late[UNIT_TEXT_SIZE];

	if (isinf(verdict->exhaustion_p10_seconds))
		return "";
	if (isinf(verdict->exhaustion_p50_seconds)) {
		(void)snprintf(text, NOTE_TEXT_SIZE, "memory may run out, in %s at the earliest",
		               seconds_text(early, verdict->exhaustion_p10_seconds));
		return text;
	}
	(void)snprintf(text, NOTE_TEXT_SIZE,
	               "memory runs out in %s (eight times in ten between %s and %s)",
	               seconds_text(middle, verdict->exhaustion_p50_seconds),
	               seconds_text(early, verdict->exhaustion_p10_seconds),
	               seconds_text(late, verdict->exhaustion_p90_seconds));
	return text;
}

const char *report_forecast(char text[NOTE_TEXT_SIZE], const struct reading *reading)
{
	char used[UNIT_TEXT_SIZE];
	char seconds[UNIT_TEXT_SIZE];

	if (reading->is_dead && reading->seconds <= 0)
		return "";
	if (reading->is_dead) {
		(void)snprintf(text, NOTE_TEXT_SIZE,
		               "it has run out of memory, after %s, with %s in use",
		               seconds_text(seconds, reading->seconds),
		               size_format(used, (double)reading->all.used_before_max));
		return text;
	}
	if (reading->outlook > OUTLOOK_SHORT_LEAK)
		return report_exhaustion(text, &reading->verdict);
	if (reading->isolate->limit_bytes == 0)
		return "unknown, as the limit is (--heap-limit=SIZE)";
	return report_exhaustion(text, reading->outlook == OUTLOOK_SHORT_LEAK ? &reading->stretched
	                                                                      : &reading->verdict);
}

void report_verdict(struct buf *out, const struct terminal *terminal,
                    const struct report_verdict *what)
{
	char growth[NOTE_TEXT_SIZE];

	buf_append_string(out, "  Verdict   ");
	terminal_append(out, terminal, what->tone, what->word);
	buf_append_char(out, '\n');
	if (*what->headline != '\0')
		terminal_wrap(out, terminal, "            ", what->headline);
	append_scores(out, what->verdict);
	if (what->has_growth)
		buf_printf(out, "  Growth    %s\n",
		           report_growth(growth, what->growth_bytes_per_second));
	if (*what->forecast != '\0')
		terminal_wrap(out, terminal, "  Forecast  ", what->forecast);
}

/* ---- title ---- */

void report_identity(struct buf *out, const struct heap_row *row)
{
	if (row->key.pid > 0)
		buf_printf(out, "pid %lld, ", (long long)row->key.pid);
	if (row->key.start_ticks > 0)
		buf_printf(out, "life %" PRIu64 ", ", row->key.start_ticks + 1);
	buf_append_string(out, row->name);
}

static void append_date(struct buf *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
	struct tm date;
	char text[sizeof("2026-11-22 03:12:44")];

	if (gmtime_r(&seconds, &date) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &date) > 0)
		buf_printf(out, " from %s UTC", text);
}

static void append_title(struct buf *out, const struct terminal *terminal,
                         const struct reading *reading)
{
	const char *versions = gclog_family_versions(reading->row->family);
	struct buf name = BUF_INIT(256);
	char seen[UNIT_TEXT_SIZE];

	report_identity(&name, reading->row);
	buf_append_char(out, '\n');
	terminal_append(out, terminal, TONE_BOLD, buf_string(&name));
	buf_done(&name);
	if (*versions != '\0')
		buf_printf(out, "  (Node %s", versions);
	if (reading->seconds > 0)
		buf_printf(out, "%s%s seen", *versions != '\0' ? "; " : "  (",
		           seconds_text(seen, reading->seconds));
	if (reading->begin_wall_ns > 0)
		append_date(out, reading->begin_wall_ns);
	if (*versions != '\0' || reading->seconds > 0)
		buf_append_char(out, ')');
	buf_append_char(out, '\n');
}

/* ---- chart ---- */

static size_t column_of(const struct reading *reading, uint64_t at_ns, size_t columns)
{
	double share = (double)(at_ns - reading->begin_ns) /
	               fmax((double)(reading->end_ns - reading->begin_ns), 1);
	size_t column = (size_t)(share * (double)columns);

	return column < columns ? column : columns - 1;
}

/* A floor stands until the next one. */
static void hold(double values[CHART_COLUMNS_MAX], size_t columns)
{
	size_t i;

	for (i = 1; i < columns; i++) {
		if (values[i] < 0)
			values[i] = values[i - 1];
	}
}

static void fill_chart(struct chart *chart, const struct reading *reading)
{
	const struct history *history = &reading->row->history;
	size_t i;

	for (i = 0; i < chart->columns; i++)
		chart->front[i] = chart->back[i] = -1;
	for (i = 0; i < history_count(history); i++) {
		const struct history_bucket *bucket = history_at(history, i);
		size_t column = column_of(reading, bucket->last_ns, chart->columns);

		chart->back[column] = fmax(chart->back[column], (double)bucket->used_before_max);
		if (bucket->full_count == 0)
			continue;
		column = column_of(reading, bucket->floor_ns, chart->columns);
		if (chart->front[column] < 0 || (double)bucket->floor_min < chart->front[column])
			chart->front[column] = (double)bucket->floor_min;
	}
	hold(chart->front, chart->columns);
	hold(chart->back, chart->columns);
}

static void append_chart(struct buf *out, const struct terminal *terminal,
                         const struct reading *reading)
{
	double limit = (double)reading->isolate->limit_bytes;
	char end[UNIT_TEXT_SIZE];
	struct chart chart = {
	    .columns = terminal->width - CHART_MARGIN,
	    .rows = CHART_ROWS,
	    .from = "0s",
	    .to = seconds_text(end, reading->seconds),
	    .indent = 2,
	    .is_utf8 = terminal->is_utf8,
	};

	if (history_count(&reading->row->history) < 2)
		return;
	if (limit <= CHART_LIMIT_RATIO * (double)reading->all.used_before_max)
		chart.limit = limit;
	fill_chart(&chart, reading);
	buf_append_char(out, '\n');
	chart_append(out, &chart);
	buf_printf(out, "%*s%s survived full collections   %s heap before collections%s%s\n",
	           CHART_MARGIN - 2, "", terminal->is_utf8 ? "█" : "#",
	           terminal->is_utf8 ? "░" : ".", chart.limit > 0 ? "   " : "",
	           chart.limit <= 0    ? ""
	           : terminal->is_utf8 ? "╌ limit"
	                               : "- limit");
}

/* ---- collections ---- */

static void append_kind(struct buf *out, const struct reading *reading, enum gc_kind kind)
{
	static const char *const titles[GC_KIND_COUNT] = {
	    [GC_SCAVENGE] = "scavenge",
	    [GC_MARK_COMPACT] = "mark-compact",
	    [GC_MINOR_MARK_COMPACT] = "minor mark-compact",
	};
	const struct gc_totals *totals = &reading->isolate->by_kind[kind];
	const struct pauses *pauses = &reading->row->pauses[kind];
	char freed[UNIT_TEXT_SIZE] = "-";

	if (totals->count == 0)
		return;
	if (reading->isolate->used_bytes > 0)
		(void)size_format(freed, (double)totals->reclaimed_bytes);
	buf_printf(out, "  %-18s %7" PRIu64 " %9.1f %7.2f %7.2f %7.2f %10s", titles[kind],
	           totals->count, (double)totals->pause_ns / (double)NS_PER_MS,
	           pauses_quantile(pauses, 0.5), pauses_quantile(pauses, 0.99),
	           (double)totals->pause_max_ns / (double)NS_PER_MS, freed);
	if (reading->seconds > 0)
		buf_printf(out, " %5.1f%%",
		           100 * ns_to_seconds(totals->pause_ns) / reading->seconds);
	buf_append_char(out, '\n');
}

static void append_collections(struct buf *out, const struct reading *reading)
{
	size_t kind;

	if (reading->isolate->last_gc_ns == 0)
		return;
	buf_printf(out, "\n  %-18s %7s %9s %7s %7s %7s %10s %6s\n", "Collections", "count",
	           "pause ms", "p50", "p99", "max", "freed", "time");
	for (kind = 0; kind < GC_KIND_COUNT; kind++)
		append_kind(out, reading, (enum gc_kind)kind);
}

static void append_heap(struct buf *out, const struct terminal *terminal,
                        const struct reading *reading)
{
	const struct isolate *isolate = reading->isolate;
	char size[UNIT_TEXT_SIZE];
	struct buf text = BUF_INIT(1024);
	uint64_t external_bytes;

	if (history_count(&reading->row->history) == 0)
		return;
	buf_printf(&text, "%s in use", size_format(size, (double)isolate->used_bytes));
	if (isolate->committed_bytes > 0)
		buf_printf(&text, " of %s committed",
		           size_format(size, (double)isolate->committed_bytes));
	if (isolate->has_live)
		buf_printf(&text, ", %s survived the last full collection",
		           size_format(size, (double)isolate->live_bytes));
	if (isolate->limit_bytes > 0)
		buf_printf(&text, ", limit %s", size_format(size, (double)isolate->limit_bytes));
	if (isolate_external_bytes(isolate, &external_bytes))
		buf_printf(&text, ", %s outside (Buffers)",
		           size_format(size, (double)external_bytes));
	buf_append_char(out, '\n');
	terminal_wrap(out, terminal, "  At the end  ", buf_string(&text));
	buf_done(&text);
	if (reading->seconds <= 0)
		return;
	buf_printf(out, "  Allocation  %s per second\n",
	           size_format(size, (double)isolate->allocated_bytes / reading->seconds));
}

/* ---- signs ---- */

static void append_notes(struct buf *out, const struct terminal *terminal, const char *title,
                         const char *bullet, const struct notes *notes)
{
	size_t i;

	if (notes->count == 0)
		return;
	buf_append_string(out, "\n  ");
	terminal_append(out, terminal, TONE_BOLD, title);
	buf_append_char(out, '\n');
	for (i = 0; i < notes->count; i++)
		terminal_wrap(out, terminal, bullet, notes->text[i]);
}

static void append_advice(struct buf *out, const struct terminal *terminal,
                          const struct reading *reading)
{
	struct notes advice;
	char number[32];
	size_t i;

	advice_find(&advice, reading);
	if (advice.count == 0)
		return;
	buf_append_string(out, "\n  ");
	terminal_append(out, terminal, TONE_BOLD, "What to do");
	buf_append_char(out, '\n');
	for (i = 0; i < advice.count; i++) {
		(void)snprintf(number, sizeof(number), "  %zu. ", i + 1);
		terminal_wrap(out, terminal, number, advice.text[i]);
	}
}

/* The score of a heap that is too young or dead needs no explanation. */
static void append_evidence(struct buf *out, const struct terminal *terminal,
                            const struct reading *reading)
{
	const struct process *alone = reading->row->alone;
	struct notes notes = {.count = 0};
	size_t i;

	if (reading->is_short || reading->is_dead)
		return;
	for (i = 0; i < alone->evidence_count; i++)
		notes_add(&notes, "%s", alone->evidence[i]);
	append_notes(out, terminal, "How the score comes about", "  * ", &notes);
}

static void append_signs(struct buf *out, const struct terminal *terminal,
                         const struct reading *reading)
{
	struct signs signs;

	signs_find(&signs, reading);
	append_notes(out, terminal, "Speaks for a leak", "  + ", &signs.in_favour);
	append_notes(out, terminal, "Speaks against it", "  - ", &signs.against);
	append_notes(out, terminal, "Cannot be told", "  ? ", &signs.open);
	append_evidence(out, terminal, reading);
}

const struct outlook_row *report_outlook(const struct reading *reading)
{
	return &outlook_rows[reading->outlook];
}

void report_heap(struct buf *out, const struct terminal *terminal, const struct reading *reading)
{
	const struct outlook_row *row = &outlook_rows[reading->outlook];
	char text[NOTE_TEXT_SIZE];
	const struct report_verdict what = {
	    .verdict = &reading->verdict,
	    .word = row->word,
	    .tone = row->tone,
	    .headline = row->headline,
	    .forecast = report_forecast(text, reading),
	    .has_growth = reading->has_growth && reading_is_suspicious(reading),
	    .growth_bytes_per_second = reading->growth_bytes_per_second,
	};

	append_title(out, terminal, reading);
	report_verdict(out, terminal, &what);
	append_chart(out, terminal, reading);
	append_collections(out, reading);
	append_heap(out, terminal, reading);
	append_signs(out, terminal, reading);
	append_advice(out, terminal, reading);
}

void report_heap_line(struct buf *out, const struct terminal *terminal,
                      const struct reading *reading)
{
	const struct outlook_row *row = &outlook_rows[reading->outlook];
	struct buf name = BUF_INIT(256);
	char live[UNIT_TEXT_SIZE] = "-";
	char seen[UNIT_TEXT_SIZE];

	report_identity(&name, reading->row);
	if (reading->isolate->has_live)
		(void)size_format(live, (double)reading->isolate->live_bytes);
	buf_printf(out, "  %-24s ", buf_string(&name));
	buf_done(&name);
	terminal_append(out, terminal, row->tone, row->word);
	buf_printf(out, "%*s score %.2f  floor %9s  %4" PRIu64 " full  %s\n",
	           20 - (int)strlen(row->word), "", reading->verdict.score, live,
	           reading->isolate->by_kind[GC_MARK_COMPACT].count,
	           seconds_text(seen, reading->seconds));
}
