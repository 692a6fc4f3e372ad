// SPDX-License-Identifier: MIT
/*
 * One process: facts copied at the border, memory and heaps brought together into series.
 */
#include "daemon/model/process.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

/* The finest bucket of every series; shrinks with time_scale as all of scoring's clock does. */
#define BUCKET_WIDTH_NS NS_PER_MINUTE

/* An isolate that is created this soon after its process is taken for the main one. */
#define MAIN_ISOLATE_NS (2 * NS_PER_SECOND)

/* ---- V8's default heap limit ---- */

struct heap_default {
	uint64_t major_min;
	double memory_share; /* 0: does not depend on memory */
	uint64_t min_bytes;
	uint64_t max_bytes;
	uint64_t max_large_bytes; /* from LARGE_MEMORY_BYTES on */
};

#define LARGE_MEMORY_BYTES (15 * GIB)

/*
 * 64-bit builds without pointer compression. Sources: Heap::HeapSizeFromPhysicalMemory and
 * Heap::MaxOldGenerationSize in heap.cc (a quarter of memory times kHeapLimitMultiplier 2), which
 * Node gives the smaller of host memory and cgroup limit since 12; before, 700 MiB times 2 always.
 * Measured at 24 GB: heap_size_limit is 4096 MiB and the young generation on Node 18 to 26.
 */
static const struct heap_default heap_defaults[] = {
    {.major_min = 14,
     .memory_share = 0.5,
     .min_bytes = 256 * MIB,
     .max_bytes = 2 * GIB,
     .max_large_bytes = 4 * GIB},
    {.major_min = 12,
     .memory_share = 0.5,
     .min_bytes = 256 * MIB,
     .max_bytes = 2 * GIB,
     .max_large_bytes = 2 * GIB},
    {.major_min = 0,
     .memory_share = 0,
     .min_bytes = 1400 * MIB,
     .max_bytes = 1400 * MIB,
     .max_large_bytes = 1400 * MIB},
};

uint64_t heap_limit_default(const char *node_version, uint64_t memory_bytes)
{
	const struct heap_default *row = heap_defaults;
	uint64_t major;
	uint64_t max_bytes;
	double share_bytes;

	if (number_parse_u64(node_version, strcspn(node_version, "."), &major) < 0)
		return 0;
	while (major < row->major_min)
		row++;
	if (row->memory_share <= 0)
		return row->max_bytes;
	if (memory_bytes == 0)
		return 0;
	max_bytes = memory_bytes >= LARGE_MEMORY_BYTES ? row->max_large_bytes : row->max_bytes;
	share_bytes = (double)memory_bytes * row->memory_share;
	if (share_bytes >= (double)max_bytes)
		return max_bytes;
	return share_bytes <= (double)row->min_bytes ? row->min_bytes : (uint64_t)share_bytes;
}

static void update_limit(const struct process *process, struct isolate *isolate)
{
	uint64_t memory_bytes = process->has_detail ? process->detail.limit_bytes : 0;

	isolate->limit_bytes = process->max_old_space_bytes;
	if (isolate->limit_bytes == 0)
		isolate->limit_bytes = isolate->told_limit_bytes;
	isolate->limit_is_estimated = isolate->limit_bytes == 0;
	if (isolate->limit_is_estimated)
		isolate->limit_bytes = heap_limit_default(process->node_version, memory_bytes);
}

static void update_limits(struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		update_limit(process, process->isolates[i]);
}

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
	update_limits(process);
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

uint64_t process_rss_anon_bytes(const struct process *process)
{
	return u64_subtract_floor(process->memory.rss_bytes, process->memory.rss_shared_bytes);
}

/* Both parts of the shared pages are as old as the last detail; their sum is of the last pass. */
uint64_t process_rss_shmem_bytes(const struct process *process)
{
	uint64_t shmem = process->has_detail ? process->detail.rss_shmem_bytes : 0;

	return shmem < process->memory.rss_shared_bytes ? shmem : process->memory.rss_shared_bytes;
}

uint64_t process_rss_file_bytes(const struct process *process)
{
	return process->memory.rss_shared_bytes - process_rss_shmem_bytes(process);
}

/* The isolate that has been silent for longest, never the first one; NULL when there is none. */
static struct isolate *most_silent_isolate(const struct process *process)
{
	struct isolate *found = NULL;
	size_t i;

	for (i = 1; i < process->isolate_count; i++) {
		struct isolate *isolate = process->isolates[i];

		if (!isolate->is_gone && (found == NULL || isolate->last_gc_ns < found->last_gc_ns))
			found = isolate;
	}
	return found;
}

/*
 * A worker's heap ends with its thread, and nothing says which: as many as threads ended, those
 * that were silent for longest. A line brings one back.
 */
static void retire_isolates(struct process *process, uint64_t threads)
{
	uint64_t ended = u64_subtract_floor(process->memory.threads, threads);

	for (; ended > 0; ended--) {
		struct isolate *isolate = most_silent_isolate(process);

		if (isolate == NULL)
			return;
		isolate->is_gone = true;
	}
}

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
		retire_isolates(process, sample->threads);
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
		update_limits(process);
}

/* ---- heaps ---- */

static bool has_isolate_named(const struct process *process, const char *name)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (strcmp(process->isolates[i]->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * "main" is the first isolate seen, unless it was created well after a process that has been
 * watched from its start: then it is a worker's, and the name waits for one created with the
 * process. In a process that was already old the first line may as well be one of long ago.
 */
static bool is_main(const struct process *process, uint64_t created_ns)
{
	if (has_isolate_named(process, "main"))
		return false;
	if (created_ns <= u64_add_saturating(process->start_ns, MAIN_ISOLATE_NS))
		return true;
	return process->isolate_count == 1 && /* the one to be named */
	       process->first_seen_ns > u64_add_saturating(process->start_ns, MAIN_ISOLATE_NS);
}

static void name_isolate(const struct process *process, struct isolate *isolate,
                         uint64_t created_ns)
{
	char name[ISOLATE_NAME_SIZE];
	unsigned number = 1;

	if (is_main(process, created_ns)) {
		memcpy(isolate->name, "main", sizeof("main"));
		return;
	}
	do {
		(void)snprintf(name, sizeof(name), "worker-%u", number++);
	} while (has_isolate_named(process, name));
	memcpy(isolate->name, name, sizeof(name));
}

static struct isolate *find_isolate(const struct process *process, uint64_t address)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->address == address)
			return process->isolates[i];
	}
	return NULL;
}

/* The place of one that is gone, its clock wound on so that the next line begins a new life. */
static struct isolate *reuse_isolate(const struct process *process, uint64_t address)
{
	size_t i;

	for (i = 1; i < process->isolate_count; i++) {
		struct isolate *isolate = process->isolates[i];

		if (isolate->is_gone) {
			isolate->address = address;
			isolate->last_uptime_ns = UINT64_MAX;
			return isolate;
		}
	}
	return process->isolate_count < ISOLATES_MAX ? NULL : process->isolates[ISOLATES_MAX - 1];
}

struct isolate *process_append_isolate(struct process *process, uint64_t address)
{
	struct isolate **isolates;
	struct isolate *isolate;

	isolates = reallocarray(process->isolates, process->isolate_count + 1, sizeof(*isolates));
	if (isolates == NULL)
		return NULL;
	process->isolates = isolates;
	isolate = malloc(sizeof(*isolate));
	if (isolate == NULL)
		return NULL;
	isolate_init(isolate, address, process->bucket_width_ns);
	update_limit(process, isolate);
	isolates[process->isolate_count++] = isolate;
	return isolate;
}

static struct isolate *new_isolate(struct process *process, uint64_t address, uint64_t created_ns)
{
	struct isolate *isolate = process_append_isolate(process, address);

	if (isolate != NULL)
		name_isolate(process, isolate, created_ns);
	return isolate;
}

struct isolate *process_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                uint64_t uptime_ns)
{
	struct isolate *isolate = find_isolate(process, address);

	if (isolate == NULL)
		isolate = inspected_adopt(process, address, u64_subtract_floor(at_ns, uptime_ns));
	if (isolate == NULL) {
		isolate = reuse_isolate(process, address);
		/* Its heap was taken for memory outside until now. */
		outside_level_reset(&process->outside_level);
	}
	if (isolate == NULL)
		isolate = new_isolate(process, address, u64_subtract_floor(at_ns, uptime_ns));
	if (isolate != NULL)
		isolate->is_gone = false;
	return isolate;
}

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
	struct isolate *isolate = find_isolate(process, address);

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
