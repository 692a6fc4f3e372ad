// SPDX-License-Identifier: MIT
/*
 * The heaps of a recording, one row each, judged alone: for this every row has a process of its own
 * that holds nothing else. Rows stay when their process ends; their number is bounded.
 */
#ifndef HEAPWATCH_TOOL_HEAPS_H
#define HEAPWATCH_TOOL_HEAPS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"

struct pauses {
	uint32_t *us; /* owned; the first million */
	size_t count;
	size_t capacity;
};

struct heap_row {
	pid_t pid;
	uint64_t address;
	char name[ISOLATE_NAME_SIZE];
	struct process *alone; /* owned */
	struct pauses pauses[GC_KIND_COUNT];
};

struct heap_table {
	struct heap_row *rows; /* owned */
	size_t count;
};

void heap_table_done(struct heap_table *table);
/* NULL when there is none. */
struct heap_row *heap_table_find(const struct heap_table *table, pid_t pid, uint64_t address);
/* The row, made when new; facts say of which process. NULL without memory or beyond the bound. */
struct heap_row *heap_table_obtain(struct heap_table *table, const struct process_facts *facts,
                                   uint64_t address, const struct scoring_options *options);
/* Called main until its process, of which it is an isolate, says otherwise. */
void heap_row_take_name(struct heap_row *row, const struct process *process);
void heap_row_add_gc(struct heap_row *row, uint64_t at_ns, const struct gc_event *event,
                     const struct scoring_options *options);

/* Milliseconds, nearest rank; NAN without pauses. Sorts them. */
double pauses_quantile(const struct pauses *pauses, double quantile);

#endif
