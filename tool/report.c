// SPDX-License-Identifier: MIT
/*
 * analyze for people: what was read, the heaps that matter in full, the others in a line each, the
 * process when it is more than its heap.
 */
#include "tool/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tool/output.h"

#define TEXT_MAX ((size_t)16 * MIB)
/* Heaps that are told in full; there is always one. */
#define FULL_MAX 5
/* Healthy ones that get a line. */
#define LINES_MAX 40

static int compare(const void *a, const void *b)
{
	return reading_compare(*(const struct reading *const *)a,
	                       *(const struct reading *const *)b);
}

int report_init(struct report *report, const struct replay *replay, double time_scale)
{
	const struct heap_table *heaps = replay_heaps(replay);
	size_t i;

	*report = (struct report){.replay = replay, .count = heaps->count};
	if (heaps->count == 0)
		return 0;
	report->readings = calloc(heaps->count, sizeof(*report->readings));
	report->worst_first = calloc(heaps->count, sizeof(*report->worst_first));
	if (report->readings == NULL || report->worst_first == NULL)
		return -ENOMEM;
	for (i = 0; i < heaps->count; i++) {
		struct reading *reading = &report->readings[i];

		reading_take(reading, &heaps->rows[i], time_scale);
		reading->begin_wall_ns = replay_wall_ns(replay, reading->begin_ns);
		report->worst_first[i] = reading;
	}
	qsort(report->worst_first, report->count, sizeof(*report->worst_first), compare);
	return 0;
}

void report_done(struct report *report)
{
	free(report->readings);
	free(report->worst_first);
	*report = (struct report){0};
}

void report_timeline(FILE *out, uint64_t at_ms, const struct verdict *verdict)
{
	(void)fprintf(out,
	              "{\"t_ms\":%llu,\"score\":%.4f,\"confidence\":%.3f,\"state\":\"%s\","
	              "\"kind\":\"%s\"}\n",
	              (unsigned long long)at_ms, verdict->score, verdict->confidence,
	              leak_state_name(verdict->state), leak_kind_name(verdict->kind));
}

/* ---- what was read ---- */

static size_t count_processes(const struct report *report)
{
	size_t count = 0;
	size_t i, j;

	for (i = 0; i < report->count; i++) {
		for (j = 0; j < i; j++) {
			if (process_key_equal(&report->readings[i].row->key,
			                      &report->readings[j].row->key))
				break;
		}
		count += j == i;
	}
	return count;
}

static void append_counts(struct buf *out, const struct report *report)
{
	const struct stream_counts *counts = replay_counts(report->replay);
	size_t processes = count_processes(report);

	if (report->count == 0 && counts->gc == 0) {
		buf_append_string(out, "No garbage collections in this log");
		buf_printf(out, " (%llu other lines, %llu torn).\n",
		           (unsigned long long)counts->other, (unsigned long long)counts->torn);
		return;
	}
	buf_printf(out, "%llu garbage collections of %zu heap%s in %zu process%s",
	           (unsigned long long)counts->gc, report->count, report->count == 1 ? "" : "s",
	           processes, processes == 1 ? "" : "es");
	buf_printf(out, "; %llu other line%s, %llu torn.\n", (unsigned long long)counts->other,
	           counts->other == 1 ? "" : "s", (unsigned long long)counts->torn);
}

static void append_no_lines(struct buf *out, const struct terminal *terminal)
{
	terminal_wrap(out, terminal, "",
	              "V8 prints them to the standard output of a program that is started with "
	              "node --trace-gc (it is refused in NODE_OPTIONS).");
}

/* ---- heaps ---- */

/* Nobody reads a hundred healthy heaps. */
static void append_lines(struct buf *out, const struct terminal *terminal,
                         const struct report *report, size_t first)
{
	size_t last = report->count - first > LINES_MAX ? first + LINES_MAX : report->count;
	size_t i;

	if (first == last)
		return;
	buf_append_char(out, '\n');
	terminal_append(out, terminal, TONE_BOLD, first == 0 ? "Heaps" : "Other heaps");
	buf_append_char(out, '\n');
	for (i = first; i < last; i++)
		report_heap_line(out, terminal, report->worst_first[i]);
	if (last < report->count)
		buf_printf(out, "  and %zu more\n", report->count - last);
}

static void append_heaps(struct buf *out, const struct terminal *terminal,
                         const struct report *report)
{
	size_t full = 0;
	size_t i;

	while (full < report->count && full < FULL_MAX &&
	       (full == 0 || reading_is_suspicious(report->worst_first[full])))
		full++;
	for (i = 0; i < full; i++)
		report_heap(out, terminal, report->worst_first[i]);
	append_lines(out, terminal, report, full);
}

/* ---- the process ---- */

/* Without /proc the verdict on a process is that on its worst heap. */
static bool has_more_than_a_heap(const struct process *process)
{
	return process != NULL && process->has_memory;
}

static void append_process(struct buf *out, const struct terminal *terminal,
                           const struct report *report)
{
	const struct process *process = replay_process(report->replay);
	struct verdict verdict;
	struct report_verdict what;
	char forecast[NOTE_TEXT_SIZE];
	size_t i;

	if (!has_more_than_a_heap(process))
		return;
	verdict = reading_process_verdict(process, report->readings, report->count);
	what = (struct report_verdict){
	    .verdict = &verdict,
	    .word = leak_state_name(verdict.state),
	    .headline = "",
	    .forecast = report_exhaustion(forecast, &verdict),
	    .tone = verdict.score >= REPORT_LEAK_SCORE ? TONE_BAD : TONE_BOLD,
	    .has_growth = fabs(verdict.growth_bytes_per_second) > 0,
	    .growth_bytes_per_second = verdict.growth_bytes_per_second,
	};
	buf_append_char(out, '\n');
	terminal_append(out, terminal, TONE_BOLD, "The process as a whole");
	buf_printf(out, " (pid %lld, %zu heap%s%s)\n", (long long)process->key.pid,
	           process->isolate_count, process->isolate_count == 1 ? "" : "s",
	           process->has_memory ? ", samples of /proc" : "");
	report_verdict(out, terminal, &what);
	for (i = 0; i < process->evidence_count; i++)
		terminal_wrap(out, terminal, i == 0 ? "  Evidence  " : "            ",
		              process->evidence[i]);
}

int report_text(FILE *out, const struct report *report, const struct terminal *terminal)
{
	struct buf text = BUF_INIT(TEXT_MAX);

	append_counts(&text, report);
	if (report->count == 0)
		append_no_lines(&text, terminal);
	append_heaps(&text, terminal, report);
	append_process(&text, terminal, report);
	return output_print(&text, out);
}
