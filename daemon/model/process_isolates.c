// SPDX-License-Identifier: MIT
/*
 * Isolates come with their first line and go with their thread, which no line tells: threads that
 * end are counted instead. What was called by another name first keeps its history.
 */
#include "daemon/model/process_isolates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/process.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

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

void process_update_limits(struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		update_limit(process, process->isolates[i]);
}

/* ---- who is who ---- */

struct isolate *process_find_isolate(const struct process *process, uint64_t address)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->address == address)
			return process->isolates[i];
	}
	return NULL;
}

static struct isolate *find_named(const struct process *process, const char *name)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (strcmp(process->isolates[i]->name, name) == 0)
			return process->isolates[i];
	}
	return NULL;
}

struct isolate *process_main_isolate(const struct process *process)
{
	return find_named(process, "main");
}

/* ---- names ---- */

/*
 * "main" is the first isolate seen, unless it was created well after a process that has been
 * watched from its start: then it is a worker's, and the name waits for one created with the
 * process. In a process that was already old the first line may as well be one of long ago.
 */
static bool is_main(const struct process *process, uint64_t created_ns)
{
	if (process_main_isolate(process) != NULL)
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
	} while (find_named(process, name) != NULL);
	memcpy(isolate->name, name, sizeof(name));
}

/* ---- beginnings ---- */

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

/*
 * A log names the main isolate, which only the inspector had told of, by its address: that becomes
 * its own. NULL when it is another one.
 */
static struct isolate *adopt(const struct process *process, uint64_t address, uint64_t created_ns)
{
	struct isolate *isolate = process_main_isolate(process);

	if (isolate == NULL || isolate->address != ISOLATE_INSPECTOR_MAIN ||
	    isolate_is_inspectors(address) ||
	    created_ns > u64_add_saturating(process->start_ns, MAIN_ISOLATE_NS))
		return NULL;
	isolate->address = address;
	return isolate;
}

struct isolate *process_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                uint64_t uptime_ns)
{
	struct isolate *isolate = process_find_isolate(process, address);

	if (isolate == NULL)
		isolate = adopt(process, address, u64_subtract_floor(at_ns, uptime_ns));
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

/* ---- ends ---- */

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
void process_retire_isolates(struct process *process, uint64_t threads)
{
	uint64_t ended = u64_subtract_floor(process->memory.threads, threads);

	for (; ended > 0; ended--) {
		struct isolate *isolate = most_silent_isolate(process);

		if (isolate == NULL)
			return;
		isolate->is_gone = true;
	}
}
