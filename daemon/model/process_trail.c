// SPDX-License-Identifier: MIT
/*
 * What a process is at a moment, over all of its heaps: for its trail.
 */
#include "daemon/model/process.h"

#include "lib/units.h"

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

uint64_t process_committed_bytes(const struct process *process)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = process->isolates[i];

		if (!isolate->is_gone)
			sum = u64_add_saturating(sum, isolate->committed_bytes > 0
			                                  ? isolate->committed_bytes
			                                  : isolate->used_bytes);
	}
	return sum;
}

uint64_t process_used_bytes(const struct process *process)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (!process->isolates[i]->is_gone)
			sum = u64_add_saturating(sum, process->isolates[i]->used_bytes);
	}
	return sum;
}

void process_record(struct process *process, uint64_t at_ns, const struct gc_event *event)
{
	struct trail_point point = {
	    .at_ns = at_ns,
	    .used_bytes = process_used_bytes(process),
	    .committed_bytes = process_committed_bytes(process),
	    .score = process->verdict.score,
	    .state = process->verdict.state,
	};

	if (process->has_memory) {
		point.anon_bytes = process_rss_anon_bytes(process);
		point.file_bytes = process_rss_file_bytes(process);
		point.shmem_bytes = process_rss_shmem_bytes(process);
	}
	if (event != NULL)
		point.pause_ns[event->kind == GC_MARK_COMPACT ? GC_GENERATION_FULL
		                                              : GC_GENERATION_YOUNG] =
		    event->pause_ns;
	trail_add(&process->trail, &point);
}
