// SPDX-License-Identifier: MIT
/*
 * What to do about a leak, and about what is missing: one row each, the most useful one first.
 */
#include <math.h>

#include "daemon/exposition/status_parts.h"
#include "daemon/model/sites.h"
#include "lib/markup.h"
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
	return process->has_memory && !process->has_map &&
	       process->needs[PROCESS_FACT_MAPS] == PROCESS_NEED_NOTHING;
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
     "It needs a <code>sampling.smaps_budget</code> above 0."},
    {has_guessed_limit,
     "<b>The limit of its heap is V8&rsquo;s default</b>, computed from its version and memory. "
     "With <code>--max-old-space-size</code> the time left is surer."},
    {lacks_limit,
     "<b>No memory limit is set</b> for it: what is left is the host&rsquo;s memory. With "
     "<code>MemoryMax=</code> of its unit, or a limit of its container, a leak ends it alone."},
};

/* ---- what may not be read ---- */

static const char *const facts[] = {
    [PROCESS_FACT_ENVIRONMENT] = "Its environment: names of PM2 and of the pod, flags of Node",
    [PROCESS_FACT_FILES] = "Its files: its script, the name in package.json",
    [PROCESS_FACT_OPEN_FILES] = "Its open files: their number, and where its GC trace goes",
    [PROCESS_FACT_MAPS] = "The map of its memory: which of it is native",
    [PROCESS_FACT_CONTAINER_LOG] = "The log of its container, where its GC trace may be",
};

static const char *const needs[] = {
    [PROCESS_NEED_NOTHING] = "",
    [PROCESS_NEED_PTRACE] = "<code>CAP_SYS_PTRACE</code>",
    [PROCESS_NEED_READ_SEARCH] = "<code>CAP_DAC_READ_SEARCH</code>",
    [PROCESS_NEED_PTRACE_AND_READ_SEARCH] =
        "<code>CAP_SYS_PTRACE</code> and <code>CAP_DAC_READ_SEARCH</code>",
    [PROCESS_NEED_MOUNT] = "the directory of the runtime&rsquo;s logs to be mounted",
};

_Static_assert(sizeof(facts) / sizeof(facts[0]) == PROCESS_FACT_COUNT, "words for each");
_Static_assert(sizeof(needs) / sizeof(needs[0]) == PROCESS_NEED_COUNT, "words for each");

static size_t write_needs(struct buf *out, const struct process *process)
{
	enum process_fact fact;
	size_t count = 0;

	for (fact = 0; fact < PROCESS_FACT_COUNT; fact++) {
		if (process->needs[fact] == PROCESS_NEED_NOTHING)
			continue;
		buf_printf(out, "<li><b>May not be read.</b> %s; heapwatchd needs %s.</li>\n",
		           facts[fact], needs[process->needs[fact]]);
		count++;
	}
	return count;
}

size_t status_advice(struct buf *out, const struct process *process)
{
	size_t count = write_needs(out, process);
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!table[i].is_wanted(process))
			continue;
		buf_printf(out, "<li>%s</li>\n", table[i].html);
		count++;
	}
	return count;
}

/* ---- what to do now ---- */

/* Native memory has no call paths that V8 knows. */
static bool wants_explanation(const struct process *process)
{
	enum leak_kind kind = process->verdict.kind;

	return status_needs_attention(process) && has_source(process, SOURCE_PROC) &&
	       process->sites == NULL &&
	       (kind == LEAK_KIND_JS_HEAP || kind == LEAK_KIND_LARGE_OBJECT ||
	        kind == LEAK_KIND_EXTERNAL || kind == LEAK_KIND_UNKNOWN);
}

static bool is_explained(const struct process *process)
{
	return status_needs_attention(process) && process->sites != NULL &&
	       process->sites->count > 0;
}

static bool has_an_end(const struct process *process)
{
	const struct verdict *verdict = &process->verdict;

	return status_needs_attention(process) && verdict->at_ns > 0 &&
	       isfinite(verdict->exhaustion_p50_seconds);
}

static bool is_thrashing(const struct process *process)
{
	return process->verdict.state == LEAK_STATE_THRASH;
}

static void name_code(struct buf *out, const struct process *process)
{
	const struct leak_site *site = &process->sites->items[0];

	buf_append_string(out, "<b>Look at</b> <code>");
	markup_append(out, site->function);
	buf_append_string(out, "</code>");
	if (site->script[0] != '\0') {
		buf_append_string(out, " in ");
		markup_append(out, site->script);
		buf_printf(out, ":%llu", (unsigned long long)site->line);
	}
	buf_printf(out, ": it allocated %.0f&thinsp;%% of the growth.", site->share * 100);
}

static void name_command(struct buf *out, const struct process *process)
{
	buf_printf(out,
	           "<b>Which code holds the growth</b> says <code>heapwatch explain %d</code> on "
	           "its host, through its inspector; <code>--inspector=signal</code> opens one.",
	           (int)process->shown_pid);
}

static void gain_time(struct buf *out, const struct process *process)
{
	(void)process;
	buf_append_string(out,
	                  "<b>To gain time</b> restart it before it runs out, or roll back the "
	                  "release that began it. Explain it first: a restart takes the "
	                  "evidence along.");
}

static void end_thrashing(struct buf *out, const struct process *process)
{
	(void)process;
	buf_append_string(out,
	                  "<b>Drain and restart it</b>: it has time for little but collecting. "
	                  "If it does not leak, it needs a larger "
	                  "<code>--max-old-space-size</code>.");
}

static const struct step {
	bool (*is_wanted)(const struct process *process);
	void (*write)(struct buf *out, const struct process *process);
} steps[] = {
    {is_thrashing, end_thrashing},
    {is_explained, name_code},
    {wants_explanation, name_command},
    {has_an_end, gain_time},
};

void status_next_step(struct buf *out, const struct process *process)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!steps[i].is_wanted(process))
			continue;
		buf_append_string(out, "<p class=\"next\">");
		steps[i].write(out, process);
		buf_append_string(out, "</p>\n");
		return;
	}
}

size_t status_steps(struct buf *out, const struct process *process)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!steps[i].is_wanted(process))
			continue;
		buf_append_string(out, "<li>");
		steps[i].write(out, process);
		buf_append_string(out, "</li>\n");
		count++;
	}
	return count;
}
