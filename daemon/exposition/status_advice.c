// SPDX-License-Identifier: MIT
/*
 * What is missing, and what to do about it: one row per gap, in the order of what it would bring.
 */
#include "daemon/exposition/status_parts.h"
#include "lib/units.h"

struct advice {
	bool (*is_wanted)(const struct process *process);
	const char *html;
};

static bool has_source(const struct process *process, enum source source)
{
	return (process->sources & (1U << source)) != 0;
}

static bool has_live(const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		if (process->isolates[i]->has_live)
			return true;
	return false;
}

static bool lacks_heap(const struct process *process)
{
	return !has_source(process, SOURCE_GCLOG) && process->isolate_count == 0;
}

static bool lacks_floor(const struct process *process)
{
	return has_source(process, SOURCE_GCLOG) && !has_live(process);
}

static bool lacks_process(const struct process *process)
{
	return !has_source(process, SOURCE_PROC);
}

static bool lacks_memory(const struct process *process)
{
	return has_source(process, SOURCE_PROC) && !process->has_memory;
}

static bool lacks_map(const struct process *process)
{
	return process->has_memory && !process->has_map;
}

static bool lacks_files(const struct process *process)
{
	return process->has_detail && !process->detail.has_open_fds;
}

static bool has_guessed_limit(const struct process *process)
{
	return process->isolate_count > 0 && process->max_old_space_bytes == 0;
}

static bool lacks_limit(const struct process *process)
{
	return process->has_detail && !process->detail.limit_is_cgroup;
}

static const struct advice table[] = {
    {lacks_heap,
     "<b>Its heap is not seen.</b> Start it with <code>node --trace-gc</code> and its stdout in a "
     "file, in the journal or in a container&rsquo;s log, or as <code>heapwatch run -- node "
     "&hellip;</code>: then floor, pauses and kind of leak are known, and verdicts are surer."},
    {lacks_floor,
     "<b>No full collection was seen yet.</b> Only what survives one is the floor of the heap; a "
     "busy process makes one every few minutes, an idle one may make none for hours."},
    {lacks_process,
     "<b>The process itself is not visible</b>, only its log: memory outside the heap is unknown. "
     "Run heapwatchd in the pid namespace of the process or of the host."},
    {lacks_memory,
     "<b>Its memory may not be read.</b> heapwatchd must run as the same user, or with "
     "<code>CAP_SYS_PTRACE</code>; a /proc mounted with <code>hidepid</code> hides it, too."},
    {lacks_map,
     "<b>The map of its memory was not read</b> (yet): it tells native memory from pages of V8. "
     "It needs <code>CAP_SYS_PTRACE</code> for other users&rsquo; processes, and a "
     "<code>sampling.smaps_budget</code> above 0."},
    {lacks_files, "<b>Its open files may not be counted</b> without <code>CAP_SYS_PTRACE</code>."},
    {has_guessed_limit,
     "<b>The limit of its heap is V8&rsquo;s default</b>, computed from its version and memory. "
     "With <code>--max-old-space-size</code> the time left is surer."},
    {lacks_limit,
     "<b>No memory limit is set</b> for it: what is left is the host&rsquo;s memory. With "
     "<code>MemoryMax=</code> of its unit, or a limit of its container, a leak ends it alone."},
};

size_t status_advice(struct buf *out, const struct process *process)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!table[i].is_wanted(process))
			continue;
		buf_printf(out, "<li>%s</li>\n", table[i].html);
		count++;
	}
	return count;
}
