// SPDX-License-Identifier: MIT
/*
 * analyze for people and for line-wise readers; report_json.c is for programs.
 */
#include "tool/report.h"

#include <math.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"

static const char *const kind_titles[GC_KIND_COUNT] = {
    [GC_SCAVENGE] = "scavenge",
    [GC_MARK_COMPACT] = "mark-compact",
    [GC_MINOR_MARK_COMPACT] = "minor mark-compact",
};

void report_timeline(FILE *out, uint64_t at_ms, const struct verdict *verdict)
{
	(void)fprintf(out,
	              "{\"t_ms\":%llu,\"score\":%.4f,\"confidence\":%.3f,\"state\":\"%s\","
	              "\"kind\":\"%s\"}\n",
	              (unsigned long long)at_ms, verdict->score, verdict->confidence,
	              leak_state_name(verdict->state), leak_kind_name(verdict->kind));
}

static double milliseconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

static void print_collections(FILE *out, const struct heap_row *row, const struct isolate *isolate)
{
	size_t kind;

	(void)fprintf(out, "  %-18s %8s %10s %8s %8s %8s %12s\n", "collections", "count",
	              "total ms", "p50 ms", "p99 ms", "max ms", "freed");
	for (kind = 0; kind < GC_KIND_COUNT; kind++) {
		const struct gc_totals *totals = &isolate->by_kind[kind];
		char freed[UNIT_TEXT_SIZE];

		if (totals->count == 0)
			continue;
		(void)fprintf(
		    out, "  %-18s %8llu %10.1f %8.2f %8.2f %8.2f %12s\n", kind_titles[kind],
		    (unsigned long long)totals->count, milliseconds(totals->pause_ns),
		    pauses_quantile(&row->pauses[kind], 0.5),
		    pauses_quantile(&row->pauses[kind], 0.99), milliseconds(totals->pause_max_ns),
		    size_format(freed, (double)totals->reclaimed_bytes));
	}
}

static void print_heap(FILE *out, const struct isolate *isolate)
{
	char used[UNIT_TEXT_SIZE];
	char committed[UNIT_TEXT_SIZE];
	char live[UNIT_TEXT_SIZE] = "unknown";
	char limit[UNIT_TEXT_SIZE] = "unknown";

	if (isolate->has_live)
		(void)size_format(live, (double)isolate->live_bytes);
	if (isolate->limit_bytes > 0)
		(void)size_format(limit, (double)isolate->limit_bytes);
	(void)fprintf(out, "  heap: used %s, committed %s, floor %s, limit %s\n",
	              size_format(used, (double)isolate->used_bytes),
	              size_format(committed, (double)isolate->committed_bytes), live, limit);
	if (isolate->events[HEAP_EVENT_FATAL_OOM] > 0)
		(void)fprintf(out, "  FATAL ERROR: the heap ran out of memory\n");
}

static void print_seconds(FILE *out, double seconds)
{
	char text[UNIT_TEXT_SIZE];

	if (isinf(seconds))
		(void)fprintf(out, "never");
	else
		(void)fprintf(out, "%s",
		              duration_format(text, (uint64_t)(seconds * (double)NS_PER_SECOND)));
}

static void print_verdict(FILE *out, const struct process *process)
{
	const struct verdict *verdict = &process->verdict;
	size_t i;

	(void)fprintf(out, "  verdict: %s, kind %s, score %.2f, confidence %.2f\n",
	              leak_state_name(verdict->state), leak_kind_name(verdict->kind),
	              verdict->score, verdict->confidence);
	if (!isinf(verdict->exhaustion_p10_seconds)) {
		(void)fprintf(out, "  memory runs out in ");
		print_seconds(out, verdict->exhaustion_p50_seconds);
		(void)fprintf(out, " (10 %% ");
		print_seconds(out, verdict->exhaustion_p10_seconds);
		(void)fprintf(out, ", 90 %% ");
		print_seconds(out, verdict->exhaustion_p90_seconds);
		(void)fprintf(out, ")\n");
	}
	for (i = 0; i < process->evidence_count; i++)
		(void)fprintf(out, "  - %s\n", process->evidence[i]);
}

void report_text(FILE *out, const struct replay *replay)
{
	const struct stream_counts *counts = replay_counts(replay);
	const struct process *process = replay_process(replay);
	const struct heap_table *heaps = replay_heaps(replay);
	size_t i;

	for (i = 0; i < heaps->count; i++) {
		const struct process *alone = heaps->rows[i].alone;

		(void)fprintf(out, "pid %lld, isolate %s\n", (long long)heaps->rows[i].key.pid,
		              heaps->rows[i].name);
		print_collections(out, &heaps->rows[i], alone->isolates[0]);
		print_heap(out, alone->isolates[0]);
		print_verdict(out, alone);
	}
	if (process != NULL) {
		(void)fprintf(out, "process %lld\n", (long long)process->key.pid);
		print_verdict(out, process);
	}
	(void)fprintf(out, "lines: %llu gc, %llu other, %llu torn\n",
	              (unsigned long long)counts->gc, (unsigned long long)counts->other,
	              (unsigned long long)counts->torn);
}
