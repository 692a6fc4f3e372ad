// SPDX-License-Identifier: MIT
/*
 * The report as one JSON object. An unknown number is null; so is an exhaustion that is not coming.
 */
#include <errno.h>
#include <math.h>

#include "lib/cjson.h"
#include "lib/clock.h"
#include "tool/report.h"
#include "tool/timebase.h"

static const char *const kind_keys[GC_KIND_COUNT] = {
    [GC_SCAVENGE] = "scavenge",
    [GC_MARK_COMPACT] = "mark_compact",
    [GC_MINOR_MARK_COMPACT] = "minor_mark_compact",
};

/* Failed additions are seen at the end: cJSON then holds fewer items than were added. */
struct builder {
	bool has_failed;
};

static cJSON *add_object(struct builder *builder, cJSON *parent, const char *key)
{
	cJSON *object = parent != NULL ? cJSON_AddObjectToObject(parent, key) : NULL;

	if (object == NULL)
		builder->has_failed = true;
	return object;
}

static void add_number(struct builder *builder, cJSON *parent, const char *key, double value)
{
	const cJSON *item = isfinite(value) ? cJSON_AddNumberToObject(parent, key, value)
	                                    : cJSON_AddNullToObject(parent, key);

	if (item == NULL)
		builder->has_failed = true;
}

static void add_string(struct builder *builder, cJSON *parent, const char *key, const char *text)
{
	if (cJSON_AddStringToObject(parent, key, text) == NULL)
		builder->has_failed = true;
}

static double known(bool is_known, double value)
{
	return is_known ? value : (double)NAN;
}

static void add_collections(struct builder *builder, cJSON *parent, const struct heap_row *row)
{
	const struct isolate *isolate = row->alone->isolates[0];
	cJSON *gc = add_object(builder, parent, "gc");
	size_t kind;

	for (kind = 0; kind < GC_KIND_COUNT; kind++) {
		const struct gc_totals *totals = &isolate->by_kind[kind];
		cJSON *object = add_object(builder, gc, kind_keys[kind]);
		cJSON *pause;

		add_number(builder, object, "count", (double)totals->count);
		pause = add_object(builder, object, "pause_ms");
		add_number(builder, pause, "total", (double)totals->pause_ns / (double)NS_PER_MS);
		add_number(builder, pause, "p50", pauses_quantile(&row->pauses[kind], 0.5));
		add_number(builder, pause, "p99", pauses_quantile(&row->pauses[kind], 0.99));
		add_number(
		    builder, pause, "max",
		    known(totals->count > 0, (double)totals->pause_max_ns / (double)NS_PER_MS));
		add_number(builder, object, "reclaimed_bytes",
		           known(totals->count == 0 || isolate->used_bytes > 0,
		                 (double)totals->reclaimed_bytes));
	}
}

static void add_heap(struct builder *builder, cJSON *parent, const struct isolate *isolate)
{
	cJSON *heap = add_object(builder, parent, "heap");

	add_number(builder, heap, "used_bytes",
	           known(isolate->used_bytes > 0, (double)isolate->used_bytes));
	add_number(builder, heap, "committed_bytes",
	           known(isolate->committed_bytes > 0, (double)isolate->committed_bytes));
	add_number(builder, heap, "live_bytes",
	           known(isolate->has_live, (double)isolate->live_bytes));
	add_number(builder, heap, "limit_bytes",
	           known(isolate->limit_bytes > 0, (double)isolate->limit_bytes));
	if (cJSON_AddBoolToObject(parent, "fatal_oom", isolate->events[HEAP_EVENT_FATAL_OOM] > 0) ==
	    NULL)
		builder->has_failed = true;
}

static void add_evidence(struct builder *builder, cJSON *leak, const struct process *process)
{
	cJSON *evidence = cJSON_AddArrayToObject(leak, "evidence");
	size_t i;

	for (i = 0; i < process->evidence_count; i++) {
		if (!cJSON_AddItemToArray(evidence, cJSON_CreateString(process->evidence[i])))
			builder->has_failed = true;
	}
}

/* growth: NAN when unknown. */
static void add_leak(struct builder *builder, cJSON *parent, const struct process *process,
                     const struct verdict *verdict, double growth)
{
	cJSON *leak = add_object(builder, parent, "leak");
	cJSON *exhaustion;

	add_number(builder, leak, "score", verdict->score);
	add_number(builder, leak, "confidence", verdict->confidence);
	add_string(builder, leak, "state", leak_state_name(verdict->state));
	add_string(builder, leak, "kind", leak_kind_name(verdict->kind));
	add_number(builder, leak, "growth_bytes_per_second", growth);
	exhaustion = add_object(builder, leak, "time_to_exhaustion_seconds");
	add_number(builder, exhaustion, "p10", verdict->exhaustion_p10_seconds);
	add_number(builder, exhaustion, "p50", verdict->exhaustion_p50_seconds);
	add_number(builder, exhaustion, "p90", verdict->exhaustion_p90_seconds);
	add_number(builder, leak, "onset_ms",
	           known(verdict->onset_ns > 0, (double)timebase_to_ms(verdict->onset_ns)));
	add_evidence(builder, leak, process);
}

static void add_isolate(struct builder *builder, cJSON *isolates, const struct reading *reading)
{
	const struct heap_row *row = reading->row;
	cJSON *object = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(isolates, object)) {
		cJSON_Delete(object);
		builder->has_failed = true;
		return;
	}
	add_number(builder, object, "pid", known(row->key.pid > 0, (double)row->key.pid));
	add_string(builder, object, "isolate", row->name);
	add_collections(builder, object, row);
	add_heap(builder, object, reading->isolate);
	add_leak(builder, object, row->alone, &reading->verdict,
	         known(reading->has_growth, reading->growth_bytes_per_second));
}

/* The growth of a process that is one heap is that heap's. */
static double process_growth(const struct report *report, const struct process *process)
{
	double growth = process->verdict.growth_bytes_per_second;
	size_t i;

	if (fabs(growth) > 0)
		return growth;
	for (i = 0; i < report->count && process->isolate_count == 1; i++) {
		const struct reading *reading = &report->readings[i];

		if (process_key_equal(&reading->row->key, &process->key) && reading->has_growth)
			return reading->growth_bytes_per_second;
	}
	return (double)NAN;
}

static void add_process(struct builder *builder, cJSON *root, const struct report *report)
{
	static const struct process nobody = {.app = NULL};
	static const struct verdict nothing = {
	    .exhaustion_p10_seconds = (double)INFINITY,
	    .exhaustion_p50_seconds = (double)INFINITY,
	    .exhaustion_p90_seconds = (double)INFINITY,
	};
	const struct process *process = replay_process(report->replay);
	cJSON *object = add_object(builder, root, "process");
	struct verdict verdict;

	if (process == NULL) {
		add_leak(builder, object, &nobody, &nothing, (double)NAN);
		return;
	}
	verdict = reading_process_verdict(process, report->readings, report->count);
	add_leak(builder, object, process, &verdict, process_growth(report, process));
}

static void add_all(struct builder *builder, cJSON *root, const struct report *report)
{
	const struct stream_counts *counts = replay_counts(report->replay);
	cJSON *isolates = cJSON_AddArrayToObject(root, "isolates");
	cJSON *lines;
	size_t i;

	for (i = 0; i < report->count; i++)
		add_isolate(builder, isolates, &report->readings[i]);
	lines = add_object(builder, root, "lines");
	add_number(builder, lines, "gc", (double)counts->gc);
	add_number(builder, lines, "other", (double)counts->other);
	add_number(builder, lines, "torn", (double)counts->torn);
	add_process(builder, root, report);
}

int report_json(FILE *out, const struct report *report)
{
	struct builder builder = {.has_failed = false};
	cJSON *root = cJSON_CreateObject();
	char *text = NULL;

	if (root != NULL)
		add_all(&builder, root, report);
	if (root != NULL && !builder.has_failed)
		text = cJSON_PrintUnformatted(root);
	cJSON_Delete(root);
	if (text == NULL)
		return -ENOMEM;
	(void)fprintf(out, "%s\n", text); /* a failed write shows at fflush() */
	cJSON_free(text);
	return 0;
}
