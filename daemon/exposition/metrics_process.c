// SPDX-License-Identifier: MIT
/*
 * Families about a process as the kernel sees it: identity, memory, CPU.
 */
#include <string.h>

#include "daemon/exposition/families.h"
#include "daemon/exposition/start_time.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define SOURCES_TEXT_SIZE 32

/* "proc,gclog": the sources that gave facts. */
static void format_sources(unsigned sources, char out[SOURCES_TEXT_SIZE])
{
	static const char *const names[] = {
	    [SOURCE_PROC] = ",proc",
	    [SOURCE_GCLOG] = ",gclog",
	    [SOURCE_INSPECTOR] = ",inspector",
	};
	size_t length = 0;
	size_t i;

	_Static_assert(sizeof(names) / sizeof(names[0]) == SOURCE_COUNT, "a name per source");
	_Static_assert(sizeof(",proc,gclog,inspector") <= SOURCES_TEXT_SIZE, "all names fit");
	for (i = 0; i < SOURCE_COUNT; i++) {
		const char *name = length == 0 ? names[i] + 1 : names[i];

		if ((sources & (1U << i)) == 0)
			continue;
		memcpy(out + length, name, strlen(name));
		length += strlen(name);
	}
	out[length] = '\0';
}

static void write_info(const struct metric_scope *scope, const struct metric_process *row)
{
	const struct process *process = row->process;
	char number[NUMBER_TEXT_SIZE];
	char sources[SOURCES_TEXT_SIZE];

	metric_begin_process(scope, row);
	(void)number_format_u64(number, (uint64_t)process->shown_pid);
	text_label(scope->text, "pid", number);
	(void)number_format_double(
	    number, start_time_seconds(process, scope->self->boot_realtime_offset_ns));
	text_label(scope->text, "start_time", number);
	text_label(scope->text, "script", process->script);
	text_label(scope->text, "node_version", process->node_version);
	text_label(scope->text, "container_id", process->container_id);
	text_label(scope->text, "pod_uid", process->pod_uid);
	text_label(scope->text, "unit", process->unit);
	format_sources(process->sources, sources);
	text_label(scope->text, "sources", sources);
	text_end_u64(scope->text, 1);
}

void metric_process_info(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++)
		write_info(scope, &scope->processes[i]);
}

static void write_typed(const struct metric_scope *scope, const struct metric_process *row,
                        const char *label, const char *value, double number)
{
	metric_begin_process(scope, row);
	text_label(scope->text, label, value);
	text_end(scope->text, number);
}

void metric_process_cpu(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		const struct memory_sample *memory = &row->process->memory;

		if (!row->process->has_memory)
			continue;
		write_typed(scope, row, "mode", "user", ns_to_seconds(memory->user_cpu_ns));
		write_typed(scope, row, "mode", "system", ns_to_seconds(memory->system_cpu_ns));
	}
}

void metric_process_resident(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		const struct process *process = row->process;

		if (!process->has_memory)
			continue;
		write_typed(scope, row, "type", "anon", (double)process_rss_anon_bytes(process));
		write_typed(scope, row, "type", "file", (double)process_rss_file_bytes(process));
		write_typed(scope, row, "type", "shmem", (double)process_rss_shmem_bytes(process));
	}
}

void metric_process_map(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];
		const struct memory_map *map = &row->process->map;

		if (!row->process->has_map)
			continue;
		write_typed(scope, row, "type", "v8_pages", (double)map->v8_page_bytes);
		write_typed(scope, row, "type", "v8_large_objects",
		            (double)map->v8_large_object_bytes);
		write_typed(scope, row, "type", "malloc", (double)map->malloc_bytes);
	}
}

/* At most one series for each fact. */
void metric_process_unreadable(const struct metric_scope *scope, const struct metric_family *family)
{
	size_t i;
	enum process_fact fact;

	(void)family;
	for (i = 0; i < scope->process_count; i++) {
		const struct metric_process *row = &scope->processes[i];

		for (fact = 0; fact < PROCESS_FACT_COUNT; fact++) {
			if (row->process->needs[fact] == PROCESS_NEED_NOTHING)
				continue;
			metric_begin_process(scope, row);
			text_label(scope->text, "fact", process_fact_name(fact));
			text_label(scope->text, "needs",
			           process_need_name((enum process_need)row->process->needs[fact]));
			text_end(scope->text, 1);
		}
	}
}

/* ---- one number per process ---- */

bool metric_process_start_time(const struct metric_scope *scope, const struct process *process,
                               double *ret_value)
{
	*ret_value = start_time_seconds(process, scope->self->boot_realtime_offset_ns);
	return true;
}

bool metric_process_threads(const struct metric_scope *scope, const struct process *process,
                            double *ret_value)
{
	(void)scope;
	*ret_value = (double)process->memory.threads;
	return process->has_memory;
}

bool metric_process_open_fds(const struct metric_scope *scope, const struct process *process,
                             double *ret_value)
{
	(void)scope;
	*ret_value = (double)process->detail.open_fds;
	return process->has_detail && process->detail.has_open_fds;
}

bool metric_process_swap(const struct metric_scope *scope, const struct process *process,
                         double *ret_value)
{
	(void)scope;
	*ret_value = (double)process->detail.swap_bytes;
	return process->has_detail;
}

bool metric_process_proportional(const struct metric_scope *scope, const struct process *process,
                                 double *ret_value)
{
	(void)scope;
	*ret_value = (double)process->proportional.pss_bytes;
	return process->has_proportional;
}

bool metric_process_proportional_age(const struct metric_scope *scope,
                                     const struct process *process, double *ret_value)
{
	*ret_value = ns_to_seconds(u64_subtract_floor(scope->now_ns, process->proportional.at_ns));
	return process->has_proportional;
}

bool metric_process_memory_limit(const struct metric_scope *scope, const struct process *process,
                                 double *ret_value)
{
	(void)scope;
	*ret_value = (double)process->detail.limit_bytes;
	return process->has_detail && process->detail.limit_bytes > 0;
}
