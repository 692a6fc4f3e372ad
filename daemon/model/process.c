// SPDX-License-Identifier: MIT
/*
 * One process: facts copied at the border, memory and heaps brought together into series.
 */
#include "daemon/model/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/process_isolates.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

/* The finest bucket of every series; shrinks with time_scale as all of scoring's clock does. */
#define BUCKET_WIDTH_NS NS_PER_MINUTE

/* ---- facts ---- */

static int replace_string(char **string, const char *text)
{
	char *copy;

	if (*string != NULL && strcmp(*string, text) == 0)
		return 0;
	copy = strdup(text);
	if (copy == NULL)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

int process_set_app(struct process *process, const char *app)
{
	return replace_string(&process->app, app);
}

int process_set_facts(struct process *process, const struct process_facts *facts)
{
	const struct {
		char **string;
		const char *text;
	} strings[] = {
	    {&process->script, facts->script},
	    {&process->node_version, facts->node_version},
	    {&process->container_id, facts->container_id},
	    {&process->pod_uid, facts->pod_uid},
	    {&process->container_name, facts->container_name},
	    {&process->unit, facts->unit},
	};
	size_t i;
	int result;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		result = replace_string(strings[i].string, strings[i].text);
		if (result < 0)
			return result;
	}
	process->max_old_space_bytes = facts->max_old_space_bytes;
	process->max_semi_space_bytes = facts->max_semi_space_bytes;
	process->rule = facts->rule;
	process_update_limits(process);
	return 0;
}

DEFINE_CLEANUP(struct process, process_free)

struct process *process_new(const struct process_facts *facts, uint64_t now_ns, double time_scale)
{
	_cleanup_(process_freep) struct process *process = calloc(1, sizeof(*process));
	uint64_t width_ns = (uint64_t)((double)BUCKET_WIDTH_NS / time_scale);

	if (process == NULL)
		return NULL;
	process->key = facts->key;
	process->start_ns = facts->start_ns;
	process->first_seen_ns = now_ns;
	process->sources = facts->is_log_only ? 1U << SOURCE_GCLOG : 1U << SOURCE_PROC;
	process->shown_pid = facts->is_log_only ? facts->namespace_pids[0] : facts->key.pid;
	process->bucket_width_ns = width_ns > 0 ? width_ns : 1;
	series_init(&process->outside, process->bucket_width_ns);
	series_init(&process->threads, process->bucket_width_ns);
	trail_init(&process->trail, process->bucket_width_ns);
	if (process_set_facts(process, facts) < 0)
		return NULL;
	return TAKE_PTR(process);
}

struct process *process_free(struct process *process)
{
	size_t i;

	if (process == NULL)
		return NULL;
	for (i = 0; i < process->isolate_count; i++)
		free(process->isolates[i]);
	free(process->isolates);
	free(process->sites);
	free(process->evidence);
	free(process->app);
	free(process->script);
	free(process->node_version);
	free(process->container_id);
	free(process->pod_uid);
	free(process->container_name);
	free(process->unit);
	free(process);
	return NULL;
}

/* ---- memory ---- */

static uint64_t outside_bytes(struct process *process, uint64_t at_ns)
{
	uint64_t swap_bytes = process->has_detail ? process->detail.swap_bytes : 0;
	uint64_t anon_bytes = u64_add_saturating(process_rss_anon_bytes(process), swap_bytes);

	return outside_level_settle(
	    &process->outside_level, at_ns / process->bucket_width_ns,
	    u64_subtract_floor(anon_bytes, process_committed_bytes(process)),
	    u64_subtract_floor(anon_bytes, process_used_bytes(process)));
}

void process_set_sites(struct process *process, const struct leak_sites *sites)
{
	free(process->sites);
	process->sites = sites != NULL ? malloc(sizeof(*sites)) : NULL;
	if (process->sites != NULL)
		*process->sites = *sites;
}

void process_add_memory(struct process *process, const struct memory_sample *sample)
{
	uint64_t cpu_ns = u64_add_saturating(sample->user_cpu_ns, sample->system_cpu_ns);

	if (process->has_memory)
		process_retire_isolates(process, sample->threads);
	process->memory = *sample;
	process->has_memory = true;
	if (series_add_with_work(&process->outside, sample->at_ns,
	                         outside_bytes(process, sample->at_ns), cpu_ns))
		process->needs_scoring = true;
	(void)series_add_with_work(&process->threads, sample->at_ns, sample->threads, cpu_ns);
	process_record(process, sample->at_ns, NULL);
}

void process_add_detail(struct process *process, const struct memory_detail *detail)
{
	bool is_other_limit =
	    !process->has_detail || process->detail.limit_bytes != detail->limit_bytes;

	process->detail = *detail;
	process->has_detail = true;
	if (is_other_limit)
		process_update_limits(process);
}

void process_add_map(struct process *process, const struct memory_map *map)
{
	process->map = *map;
	process->has_map = true;
	map_course_add(&process->map_course, map);
}

/* ---- heaps ---- */

void process_add_gc(struct process *process, uint64_t at_ns, const struct gc_event *event)
{
	bool is_inspectors = isolate_is_inspectors(event->isolate);
	struct isolate *isolate =
	    process_named_isolate(process, at_ns, event->isolate, event->uptime_ns);

	process->sources |= 1U << (is_inspectors ? SOURCE_INSPECTOR : SOURCE_GCLOG);
	if (isolate == NULL || !inspected_counts(process, isolate, at_ns, event))
		return;
	isolate_add_gc(isolate, at_ns, event);
	process_record(process, at_ns, event);
	if (event->kind == GC_MARK_COMPACT)
		process->needs_scoring = true;
}

static struct isolate *last_speaker(const struct process *process)
{
	struct isolate *found = NULL;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (found == NULL || process->isolates[i]->last_gc_ns >= found->last_gc_ns)
			found = process->isolates[i];
	}
	return found;
}

/* Who is meant by an address, which is 0 where a line names none. NULL without memory. */
static struct isolate *addressed(struct process *process, uint64_t address, uint64_t at_ns)
{
	struct isolate *isolate = process_find_isolate(process, address);

	if (isolate == NULL && address == 0)
		isolate = last_speaker(process);
	if (isolate == NULL)
		isolate = process_named_isolate(process, at_ns, address,
		                                u64_subtract_floor(at_ns, process->start_ns));
	return isolate;
}

void process_add_incident(struct process *process, uint64_t address, uint64_t at_ns,
                          enum heap_incident incident)
{
	struct isolate *isolate = addressed(process, address, at_ns);

	if (isolate == NULL)
		return;
	isolate_add_incident(isolate, incident);
	process->sources |= 1U << SOURCE_GCLOG;
	if (incident == HEAP_INCIDENT_FATAL_OOM || incident == HEAP_INCIDENT_MARKING_SPED_UP)
		process->needs_scoring = true;
}

void process_add_heap(struct process *process, uint64_t at_ns, const struct heap_sample *sample)
{
	struct isolate *isolate = addressed(process, sample->isolate, at_ns);

	if (isolate != NULL && isolate_add_heap(isolate, at_ns, sample))
		process->needs_scoring = true;
}

bool process_has_fatal_oom(const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->events[HEAP_EVENT_FATAL_OOM] > 0)
			return true;
	}
	return false;
}
