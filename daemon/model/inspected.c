// SPDX-License-Identifier: MIT
/*
 * Isolates have addresses in a log and numbers in the inspector. The main one is the same in both;
 * of workers nothing says which is which, so a process whose log speaks has those of the log.
 */
#include "daemon/model/inspected.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "daemon/model/process.h"
#include "daemon/model/process_isolates.h"
#include "lib/clock.h"
#include "lib/units.h"

/* A log that has been silent for so long no longer speaks for the collections of now. */
#define LOG_LAPSE_NS (10 * NS_PER_MINUTE)
/* V8's clock of an isolate and performance.now() begin so close to each other. */
#define CLOCKS_APART_NS (100 * NS_PER_MS)

static bool log_speaks(const struct process *process, uint64_t at_ns)
{
	uint64_t log_gc_ns = process->inspected.log_gc_ns;

	return log_gc_ns > 0 && at_ns < u64_add_saturating(log_gc_ns, LOG_LAPSE_NS);
}

static struct isolate *inspected_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                         uint64_t uptime_ns)
{
	struct isolate *isolate;

	if (address == ISOLATE_INSPECTOR_MAIN) {
		isolate = process_main_isolate(process);
		return isolate != NULL
		           ? isolate
		           : process_isolate(process, at_ns, address,
		                             u64_subtract_floor(at_ns, process->start_ns));
	}
	return log_speaks(process, at_ns) ? NULL
	                                  : process_isolate(process, at_ns, address, uptime_ns);
}

struct isolate *process_named_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                      uint64_t uptime_ns)
{
	return isolate_is_inspectors(address)
	           ? inspected_isolate(process, at_ns, address, uptime_ns)
	           : process_isolate(process, at_ns, address, uptime_ns);
}

/* ---- collections of two sources ---- */

static bool is_counted_already(const struct inspected *inspected, const struct isolate *isolate,
                               uint64_t at_ns, const struct gc_event *event)
{
	if (inspected->until_ns == 0)
		return false;
	if (strcmp(isolate->name, "main") == 0)
		return event->uptime_ns + CLOCKS_APART_NS >= inspected->since_uptime_ns &&
		       event->uptime_ns <= inspected->until_uptime_ns + CLOCKS_APART_NS;
	return at_ns >= inspected->since_ns && at_ns <= inspected->until_ns;
}

/* Its workers are the log's from now on; their places are for those. */
static void leave_workers_to_log(const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		if (isolate_is_inspectors(process->isolates[i]->address) &&
		    process->isolates[i]->address != ISOLATE_INSPECTOR_MAIN)
			process->isolates[i]->is_gone = true;
}

bool inspected_counts(struct process *process, const struct isolate *isolate, uint64_t at_ns,
                      const struct gc_event *event)
{
	struct inspected *inspected = &process->inspected;

	if (!isolate_is_inspectors(event->isolate)) {
		if (inspected->log_gc_ns == 0)
			leave_workers_to_log(process);
		if (at_ns > inspected->log_gc_ns)
			inspected->log_gc_ns = at_ns;
		return !is_counted_already(inspected, isolate, at_ns, event);
	}
	if (log_speaks(process, at_ns))
		return false;
	if (inspected->since_ns == 0 || at_ns < inspected->since_ns)
		inspected->since_ns = at_ns;
	if (at_ns > inspected->until_ns)
		inspected->until_ns = at_ns;
	if (strcmp(isolate->name, "main") != 0)
		return true;
	if (inspected->since_uptime_ns == 0 || event->uptime_ns < inspected->since_uptime_ns)
		inspected->since_uptime_ns = event->uptime_ns;
	if (event->uptime_ns > inspected->until_uptime_ns)
		inspected->until_uptime_ns = event->uptime_ns;
	return true;
}

/* ---- levels ---- */

/* Of the time since the sample before; NAN when there is none, or its clock went back. */
static double utilization(const struct event_loop *before, const struct event_loop_sample *now)
{
	uint64_t active_ns = u64_subtract_floor(now->active_ns, before->sample.active_ns);
	uint64_t idle_ns = u64_subtract_floor(now->idle_ns, before->sample.idle_ns);

	if (!now->has_utilization || now->active_ns < before->sample.active_ns ||
	    now->idle_ns < before->sample.idle_ns || active_ns + idle_ns == 0)
		return (double)NAN;
	return (double)active_ns / (double)(active_ns + idle_ns);
}

static void take_loop(struct event_loop *loop, uint64_t at_ns,
                      const struct event_loop_sample *sample)
{
	loop->utilization_ratio = utilization(loop, sample);
	loop->sample = *sample;
	loop->at_ns = at_ns;
}

static void set_limit(const struct process *process, struct isolate *isolate, uint64_t limit_bytes)
{
	isolate->told_limit_bytes = limit_bytes;
	/* A flag is about the old space, which is what runs out; what is told is all of the heap.
	 */
	if (limit_bytes == 0 || process->max_old_space_bytes > 0)
		return;
	isolate->limit_bytes = limit_bytes;
	isolate->limit_is_estimated = false;
}

void process_add_level(struct process *process, uint64_t at_ns, const struct heap_level *level)
{
	struct isolate *isolate =
	    inspected_isolate(process, at_ns, level->isolate, level->uptime_ns);

	if (isolate == NULL)
		return;
	process->sources |= 1U << SOURCE_INSPECTOR;
	if (level->is_gone) {
		isolate->is_gone = level->isolate != ISOLATE_INSPECTOR_MAIN;
		return;
	}
	isolate->polled_ns = at_ns;
	isolate->polled_used_bytes = level->used_bytes;
	isolate->committed_bytes = level->committed_bytes;
	isolate->has_detached_contexts = level->has_detached_contexts;
	isolate->detached_contexts = level->detached_contexts;
	isolate->has_array_buffers = level->has_array_buffers;
	isolate->array_buffer_bytes = level->array_buffer_bytes;
	take_loop(&isolate->loop, at_ns, &level->loop);
	set_limit(process, isolate, level->limit_bytes);
}
