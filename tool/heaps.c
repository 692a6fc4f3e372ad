// SPDX-License-Identifier: MIT
/*
 * A growing array of heaps, newest last, searched from there.
 */
#include "tool/heaps.h"

#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/parse.h"
#include "daemon/model/process_isolates.h"
#include "lib/clock.h"
#include "lib/units.h"

#define ROWS_MAX 4096
/* The first heaps are drawn finely; a log of thousands of them must not take all memory. */
#define FINE_ROWS      64
#define FINE_BUCKETS   1024
#define COARSE_BUCKETS 64
/* Lines of one heap are printed in order; its clock does not go back by more than rounding. */
#define CLOCK_STEP_BACK_NS NS_PER_SECOND

/* Of a recording's length, the least time between two evaluations. */
#define EVALUATIONS 256

struct process_facts heap_process_facts(const struct process_key *key, uint64_t start_ns,
                                        uint64_t heap_limit_bytes)
{
	return (struct process_facts){
	    .key = *key,
	    .start_ns = start_ns,
	    .app = "recording",
	    PROCESS_FACTS_UNKNOWN,
	    .max_old_space_bytes = heap_limit_bytes,
	};
}

static void row_done(struct heap_row *row)
{
	size_t kind;

	(void)process_free(row->alone);
	history_done(&row->history);
	for (kind = 0; kind < GC_KIND_COUNT; kind++)
		pauses_done(&row->pauses[kind]);
}

void heap_table_done(struct heap_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		row_done(&table->rows[i]);
	free(table->rows);
	*table = (struct heap_table){0};
}

struct heap_row *heap_table_find(const struct heap_table *table, pid_t pid, uint64_t address)
{
	size_t i;

	for (i = table->count; i-- > 0;) {
		if (table->rows[i].address == address && table->rows[i].key.pid == pid)
			return &table->rows[i];
	}
	return NULL;
}

bool heap_table_is_only_elsewhere(const struct heap_table *table, pid_t pid, size_t file)
{
	bool is_elsewhere = false;
	size_t i;

	for (i = 0; i < table->count; i++) {
		if (table->rows[i].key.pid != pid)
			continue;
		if (table->rows[i].file == file)
			return false;
		is_elsewhere = true;
	}
	return is_elsewhere;
}

bool heap_table_knows_better(const struct heap_table *table, const struct gclog_record *record)
{
	size_t i;

	if (record->family != GCLOG_FAMILY_TRACE_EVENTS)
		return false;
	for (i = 0; i < table->count; i++)
		if (table->rows[i].key.pid == record->pid &&
		    table->rows[i].family != GCLOG_FAMILY_TRACE_EVENTS)
			return true;
	return false;
}

/*
 * glibc gives the main thread's memory from the heap behind the program, that of other threads from
 * mappings, which lie at the top of the address space (47 bits on x86-64, 48 on arm64). V8 takes an
 * isolate from there. Where another allocator maps everything nothing can be told.
 */
static bool is_of_main_thread(uint64_t address)
{
	uint64_t top = address >> 44;

	return address != 0 && top != 0x7 && top != 0xf;
}

bool heap_table_has_main(const struct heap_table *table, const struct process_key *key,
                         uint64_t address)
{
	size_t i;

	if (!is_of_main_thread(address))
		return false;
	for (i = 0; i < table->count; i++) {
		const struct heap_row *row = &table->rows[i];

		if (process_key_equal(&row->key, key) && row->address != address &&
		    is_of_main_thread(row->address))
			return true;
	}
	return false;
}

/* The process with its one isolate, so that there is always something to report. */
static struct process *process_alone(const struct heap_facts *facts,
                                     const struct scoring_options *options)
{
	struct process *process =
	    process_new(facts->process, facts->process->start_ns, options->time_scale);

	if (process == NULL || process_isolate(process, facts->start_ns, facts->address, 0) == NULL)
		return process_free(process);
	return process;
}

struct heap_row *heap_table_add(struct heap_table *table, const struct heap_facts *facts,
                                const struct scoring_options *options)
{
	struct heap_row *grown;
	struct heap_row *row;

	table->refused_count++; /* until it has its place */
	if (table->count == ROWS_MAX)
		return NULL;
	grown = reallocarray(table->rows, table->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	table->rows = grown;
	row = &grown[table->count];
	*row = (struct heap_row){
	    .key = facts->process->key,
	    .address = facts->address,
	    .name = "main",
	    .start_ns = facts->start_ns,
	    .alone = process_alone(facts, options),
	};
	if (row->alone == NULL)
		return NULL;
	history_init(&row->history, table->count < FINE_ROWS ? FINE_BUCKETS : COARSE_BUCKETS);
	table->count++;
	table->refused_count--;
	return row;
}

uint64_t heap_table_missing(const struct heap_table *table)
{
	uint64_t count = table->refused_count;
	size_t i;

	for (i = 0; i < table->count; i++)
		count += table->rows[i].missing_count;
	return count;
}

bool heap_row_is_over(const struct heap_row *row, uint64_t uptime_ns)
{
	return uptime_ns + CLOCK_STEP_BACK_NS < row->last_uptime_ns;
}

void heap_row_take_name(struct heap_row *row, const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->address == row->address)
			memcpy(row->name, process->isolates[i]->name, sizeof(row->name));
	}
	memcpy(row->alone->isolates[0]->name, row->name, sizeof(row->name));
}

bool heap_evaluation_is_due(const struct process *process, uint64_t at_ns,
                            const struct scoring_options *options)
{
	uint64_t age_ns = u64_subtract_floor(at_ns, process->start_ns);

	return u64_subtract_floor(at_ns, process->scored_ns) >= age_ns / EVALUATIONS &&
	       scoring_is_due(process, at_ns, options);
}

void heap_row_add_gc(struct heap_row *row, uint64_t at_ns, const struct gc_event *event,
                     const struct scoring_options *options)
{
	process_add_gc(row->alone, at_ns, event);
	row->missing_count += !pauses_add(&row->pauses[event->kind], event->pause_ns);
	if (!event->lacks_sizes)
		row->missing_count += !history_add(&row->history, at_ns, event);
	row->last_uptime_ns = event->uptime_ns;
	if (heap_evaluation_is_due(row->alone, at_ns, options))
		scoring_evaluate(row->alone, at_ns, options);
}
