// SPDX-License-Identifier: MIT
/*
 * The heaps of a recording, one row each, judged alone: for this every row has a process of its own
 * that holds nothing else. Rows stay when their process ends; their number is bounded.
 *
 * A heap is a process, an isolate and a clock that does not go back: what V8 prints of a heap is
 * the time since that was made, so a smaller one at the same address is another heap.
 */
#ifndef HEAPWATCH_TOOL_HEAPS_H
#define HEAPWATCH_TOOL_HEAPS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"
#include "tool/history.h"
#include "tool/pauses.h"

struct gclog_record;

struct heap_row {
	struct process_key key; /* start_ticks: which life under this pid */
	uint64_t address;
	char name[ISOLATE_NAME_SIZE];
	char family;       /* how its lines are built; 0: of another source than text */
	uint64_t start_ns; /* when it was made, on the clock of the recording */
	uint64_t last_uptime_ns;
	size_t file;             /* of those given, in which it was seen last */
	struct process *alone;   /* owned; has one isolate */
	struct process *process; /* the model's that it is part of, once known */
	struct pauses pauses[GC_KIND_COUNT];
	struct history history;
	uint64_t missing_count; /* collections without a place in these two, for want of memory */
};

struct heap_table {
	struct heap_row *rows; /* owned */
	size_t count;
	uint64_t refused_count; /* heaps and processes beyond bounds or memory */
};

/* What a row is made for. */
struct heap_facts {
	const struct process_facts *process;
	uint64_t address;
	uint64_t start_ns;
};

/* Of a process of which a log tells no more than this. */
struct process_facts heap_process_facts(const struct process_key *key, uint64_t start_ns,
                                        uint64_t heap_limit_bytes);

void heap_table_done(struct heap_table *table);
/* The latest at this address, of whatever life under the pid; NULL when there is none. */
struct heap_row *heap_table_find(const struct heap_table *table, pid_t pid, uint64_t address);
/* The pid is known from other files and not yet from this one. */
bool heap_table_is_only_elsewhere(const struct heap_table *table, pid_t pid, size_t file);
/* A collection that trace events tell of a pid whose text, read before, told it and more. */
bool heap_table_knows_better(const struct heap_table *table, const struct gclog_record *record);
/* The process has a heap made by its main thread, and one at this address would be another. */
bool heap_table_has_main(const struct heap_table *table, const struct process_key *key,
                         uint64_t address);
/* A new row; NULL without memory or beyond the bound. */
struct heap_row *heap_table_add(struct heap_table *table, const struct heap_facts *facts,
                                const struct scoring_options *options);
/* All that a report lacks. */
uint64_t heap_table_missing(const struct heap_table *table);
/* Its clock has gone back: what follows is another heap. */
bool heap_row_is_over(const struct heap_row *row, uint64_t uptime_ns);
/* Called main until its process, of which it is an isolate, says otherwise. */
void heap_row_take_name(struct heap_row *row, const struct process *process);
void heap_row_add_gc(struct heap_row *row, uint64_t at_ns, const struct gc_event *event,
                     const struct scoring_options *options);

/*
 * A long recording is judged at its end, not each ten seconds of it: as often as the score could
 * have changed in its smoothing, relative to the age.
 */
bool heap_evaluation_is_due(const struct process *process, uint64_t at_ns,
                            const struct scoring_options *options);

static inline const struct isolate *heap_row_isolate(const struct heap_row *row)
{
	return row->alone->isolates[0];
}

#endif
