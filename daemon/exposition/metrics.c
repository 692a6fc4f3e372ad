// SPDX-License-Identifier: MIT
/*
 * One exposition: picks the exported processes, escapes their labels once, then lets each row of
 * the family table write itself.
 */
#include "daemon/exposition/metrics.h"

#include <stdlib.h>

#include "daemon/exposition/families.h"
#include "daemon/exposition/text.h"
#include "lib/buf.h"
#include "lib/cleanup.h"

/* `{app="…",slot="…"` of all processes: 2,048 with names of several hundred bytes. */
#define LABELS_MAX_BYTES (16U << 20)

const char *metric_type_name(enum metric_type type)
{
	static const char *const names[] = {
	    [METRIC_GAUGE] = "gauge",
	    [METRIC_COUNTER] = "counter",
	    [METRIC_HISTOGRAM] = "histogram",
	};

	return names[type];
}

/* ---- common writers ---- */

void metric_begin_process(const struct metric_scope *scope, const struct metric_process *row)
{
	text_begin(scope->text, "", &row->labels);
}

void metric_begin_isolate(const struct metric_scope *scope, const struct metric_process *row,
                          const struct isolate *isolate, const char *suffix)
{
	text_begin(scope->text, suffix, &row->labels);
	text_label(scope->text, "isolate", isolate->name);
}

void metric_each_isolate(const struct metric_scope *scope, const struct metric_family *family,
                         metric_isolate_writer *writer)
{
	size_t i;
	size_t k;

	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];

		for (k = 0; k < row->process->isolate_count; k++)
			writer(scope, family, row, row->process->isolates[k]);
	}
}

bool metric_isolate_has_gc(const struct isolate *isolate)
{
	return isolate->totals[GC_GENERATION_YOUNG].count > 0 ||
	       isolate->totals[GC_GENERATION_FULL].count > 0;
}

void metric_write_processes(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		double value;

		if (!family->of_process(scope, row->process, &value))
			continue;
		metric_begin_process(scope, row);
		text_end(scope->text, value);
	}
}

static void write_isolate_value(const struct metric_scope *scope,
                                const struct metric_family *family,
                                const struct metric_process *row, const struct isolate *isolate)
{
	double value;

	if (!family->of_isolate(isolate, &value))
		return;
	metric_begin_isolate(scope, row, isolate, "");
	text_end(scope->text, value);
}

void metric_write_isolates(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_isolate_value);
}

void metric_write_self(const struct metric_scope *scope, const struct metric_family *family)
{
	double value;

	if (!family->of_self(scope->self, &value))
		return;
	text_begin(scope->text, "", NULL);
	text_end(scope->text, value);
}

/* ---- one exposition ---- */

static void append_labels(struct buf *labels, const struct process *process)
{
	buf_append_string(labels, "{app=\"");
	text_escape_label(labels, process->app);
	buf_append_string(labels, "\",slot=\"");
	buf_append_u64(labels, process->slot);
	buf_append_char(labels, '"');
}

/* Fills rows with the exported processes and counts all; offsets first, the buffer still moves. */
static void collect_processes(struct metric_scope *scope, struct metric_process *rows,
                              struct buf *labels)
{
	size_t offset = 0;
	size_t i;

	for (i = 0; i < scope->picture->process_count; i++) {
		const struct process *process = scope->picture->processes[i];
		struct metric_process *row = &rows[scope->process_count];

		if (!process->is_exported) {
			scope->young_count++;
			continue;
		}
		scope->state_counts[process->verdict.state]++;
		append_labels(labels, process);
		row->process = process;
		row->labels.length = labels->length - offset;
		offset = labels->length;
		scope->process_count++;
	}
	offset = 0;
	for (i = 0; i < scope->process_count; i++) {
		rows[i].labels.text = buf_string(labels) + offset;
		offset += rows[i].labels.length;
	}
	scope->processes = rows;
}

static void write_families(const struct metric_scope *scope)
{
	size_t i;

	for (i = 0; i < metric_family_count; i++) {
		const struct metric_family *family = &metric_families[i];

		text_family(scope->text,
		            &(struct text_family){.name = family->name,
		                                  .type = metric_type_name(family->type),
		                                  .unit = family->unit,
		                                  .help = family->help});
		family->write(scope, family);
	}
}

void metrics_write(const struct metrics_source *source, enum text_format format, struct buf *out)
{
	struct text_writer text;
	struct metric_scope scope = {.text = &text,
	                             .picture = source->picture,
	                             .self = source->self,
	                             .now_ns = source->now_ns};
	_cleanup_(buf_done) struct buf labels = BUF_INIT(LABELS_MAX_BYTES);
	_cleanup_(freep) struct metric_process *rows = NULL;

	rows = calloc(source->picture->process_count + 1, sizeof(*rows));
	if (rows != NULL)
		collect_processes(&scope, rows, &labels);
	if (rows == NULL || buf_failed(&labels)) {
		out->has_failed = true; /* half an exposition would look like exits */
		return;
	}
	text_init(&text, format, out);
	write_families(&scope);
	text_finish(&text);
}
