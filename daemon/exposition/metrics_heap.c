// SPDX-License-Identifier: MIT
/*
 * Families about one V8 heap: levels, limit, collections.
 */
#include <math.h>

#include "daemon/exposition/families.h"
#include "daemon/exposition/pauses.h"
#include "lib/units.h"

static void write_limit(const struct metric_scope *scope, const struct metric_family *family,
                        const struct metric_process *row, const struct isolate *isolate)
{
	(void)family;
	if (isolate->limit_bytes == 0 || isolate->is_gone)
		return;
	metric_begin_isolate(scope, row, isolate, "");
	text_label(scope->text, "estimated", isolate->limit_is_estimated ? "true" : "false");
	text_end_u64(scope->text, isolate->limit_bytes);
}

void metric_heap_limit(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_limit);
}

static void write_external(const struct metric_scope *scope, const struct metric_family *family,
                           const struct metric_process *row, const struct isolate *isolate)
{
	uint64_t bytes;

	(void)family;
	if (isolate->is_gone || !isolate_external_bytes(isolate, &bytes))
		return;
	metric_begin_isolate(scope, row, isolate, "");
	text_end_u64(scope->text, bytes);
}

void metric_external_memory(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_external);
}

static void write_spaces(const struct metric_scope *scope, const struct metric_family *family,
                         const struct metric_process *row, const struct isolate *isolate)
{
	struct heap_part_level level;
	enum heap_part space;

	(void)family;
	if (isolate->is_gone)
		return;
	for (space = 0; space < HEAP_PART_SPACE_COUNT; space++) {
		if (!isolate_space(isolate, space, &level))
			continue;
		metric_begin_isolate(scope, row, isolate, "");
		text_label(scope->text, "space", heap_space_name(space));
		text_end_u64(scope->text, level.used_bytes);
	}
}

void metric_heap_spaces(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_spaces);
}

static void write_histogram(const struct metric_scope *scope, const struct metric_process *row,
                            const struct isolate *isolate, enum gc_generation generation)
{
	static const struct pause_bound bounds[] = {
	    {0.001, "0.001"}, {0.005, "0.005"}, {0.025, "0.025"}, {0.1, "0.1"}, {0.5, "0.5"},
	};
	const struct gc_totals *totals = &isolate->totals[generation];
	const char *kind = gc_generation_name(generation);
	size_t i;

	for (i = 0; i <= sizeof(bounds) / sizeof(bounds[0]); i++) {
		bool is_last = i == sizeof(bounds) / sizeof(bounds[0]);

		metric_begin_isolate(scope, row, isolate, "_bucket");
		text_label(scope->text, "kind", kind);
		text_label(scope->text, "le", is_last ? "+Inf" : bounds[i].text);
		text_end_u64(scope->text,
		             is_last ? totals->count : gc_totals_up_to(totals, bounds[i].seconds));
	}
	metric_begin_isolate(scope, row, isolate, "_sum");
	text_label(scope->text, "kind", kind);
	text_end(scope->text, ns_to_seconds(totals->pause_ns));
	metric_begin_isolate(scope, row, isolate, "_count");
	text_label(scope->text, "kind", kind);
	text_end_u64(scope->text, totals->count);
}

static void write_pauses(const struct metric_scope *scope, const struct metric_family *family,
                         const struct metric_process *row, const struct isolate *isolate)
{
	enum gc_generation generation;

	(void)family;
	if (!metric_isolate_has_gc(isolate))
		return;
	for (generation = 0; generation < GC_GENERATION_COUNT; generation++)
		write_histogram(scope, row, isolate, generation);
}

void metric_gc_pause(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_pauses);
}

static void write_reclaimed(const struct metric_scope *scope, const struct metric_family *family,
                            const struct metric_process *row, const struct isolate *isolate)
{
	enum gc_generation generation;

	(void)family;
	if (!metric_isolate_has_gc(isolate) || !isolate_knows_reclaimed(isolate))
		return;
	for (generation = 0; generation < GC_GENERATION_COUNT; generation++) {
		metric_begin_isolate(scope, row, isolate, "");
		text_label(scope->text, "kind", gc_generation_name(generation));
		text_end_u64(scope->text, isolate->totals[generation].reclaimed_bytes);
	}
}

void metric_gc_reclaimed(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_reclaimed);
}

static void write_events(const struct metric_scope *scope, const struct metric_family *family,
                         const struct metric_process *row, const struct isolate *isolate)
{
	enum heap_event event;

	(void)family;
	for (event = 0; event < HEAP_EVENT_COUNT; event++) {
		metric_begin_isolate(scope, row, isolate, "");
		text_label(scope->text, "event", heap_event_name(event));
		text_end_u64(scope->text, isolate->events[event]);
	}
}

void metric_gc_events(const struct metric_scope *scope, const struct metric_family *family)
{
	metric_each_isolate(scope, family, write_events);
}

/*
 * ---- one number per isolate that has collected ----
 * Levels end with the isolate; its counters stay, since the next one of its name goes on counting.
 */

bool metric_heap_used(const struct isolate *isolate, double *ret_value)
{
	uint64_t bytes;

	if (isolate->is_gone || !isolate_used_bytes(isolate, &bytes))
		return false;
	*ret_value = (double)bytes;
	return true;
}

bool metric_heap_committed(const struct isolate *isolate, double *ret_value)
{
	*ret_value = (double)isolate->committed_bytes;
	return isolate->committed_bytes > 0 && !isolate->is_gone;
}

bool metric_heap_live(const struct isolate *isolate, double *ret_value)
{
	*ret_value = (double)isolate->live_bytes;
	return isolate->has_live && !isolate->is_gone;
}

bool metric_gc_allocated(const struct isolate *isolate, double *ret_value)
{
	*ret_value = (double)isolate->allocated_bytes;
	return metric_isolate_has_gc(isolate) && isolate_knows_reclaimed(isolate);
}

bool metric_gc_utilization(const struct isolate *isolate, double *ret_value)
{
	*ret_value = isolate->mutator_utilization;
	return !isnan(isolate->mutator_utilization) && !isolate->is_gone;
}
