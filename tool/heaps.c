// SPDX-License-Identifier: MIT
/*
 * A growing array of heaps, newest last, searched from there.
 */
#include "tool/heaps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define ROWS_MAX   4096
#define PAUSES_MAX (1U << 20)

void heap_table_done(struct heap_table *table)
{
	size_t i;
	size_t kind;

	for (i = 0; i < table->count; i++) {
		(void)process_free(table->rows[i].alone);
		for (kind = 0; kind < GC_KIND_COUNT; kind++)
			free(table->rows[i].pauses[kind].us);
	}
	free(table->rows);
	*table = (struct heap_table){0};
}

struct heap_row *heap_table_find(const struct heap_table *table, pid_t pid, uint64_t address)
{
	size_t i;

	for (i = table->count; i-- > 0;) {
		if (table->rows[i].pid == pid && table->rows[i].address == address)
			return &table->rows[i];
	}
	return NULL;
}

struct heap_row *heap_table_obtain(struct heap_table *table, const struct process_facts *facts,
                                   uint64_t address, const struct scoring_options *options)
{
	struct heap_row *row = heap_table_find(table, facts->key.pid, address);
	struct heap_row *grown;

	if (row != NULL || table->count == ROWS_MAX)
		return row;
	grown = reallocarray(table->rows, table->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	table->rows = grown;
	row = &grown[table->count];
	*row = (struct heap_row){
	    .pid = facts->key.pid,
	    .address = address,
	    .name = "main",
	    .alone = process_new(facts, facts->start_ns, options->time_scale),
	};
	if (row->alone == NULL)
		return NULL;
	table->count++;
	return row;
}

void heap_row_take_name(struct heap_row *row, const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i]->address == row->address)
			memcpy(row->name, process->isolates[i]->name, sizeof(row->name));
	}
	if (row->alone->isolate_count > 0)
		memcpy(row->alone->isolates[0]->name, row->name, sizeof(row->name));
}

static void pauses_add(struct pauses *pauses, uint64_t pause_ns)
{
	uint64_t us = pause_ns / NS_PER_US;
	uint32_t *grown;

	if (pauses->count == PAUSES_MAX)
		return;
	if (pauses->count == pauses->capacity) {
		size_t capacity = pauses->capacity > 0 ? pauses->capacity * 2 : 64;

		grown = reallocarray(pauses->us, capacity, sizeof(*grown));
		if (grown == NULL)
			return;
		pauses->us = grown;
		pauses->capacity = capacity;
	}
	pauses->us[pauses->count++] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

void heap_row_add_gc(struct heap_row *row, uint64_t at_ns, const struct gc_event *event,
                     const struct scoring_options *options)
{
	process_add_gc(row->alone, at_ns, event);
	pauses_add(&row->pauses[event->kind], event->pause_ns);
	if (scoring_is_due(row->alone, at_ns, options))
		scoring_evaluate(row->alone, at_ns, options);
}

static int compare_us(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

double pauses_quantile(const struct pauses *pauses, double quantile)
{
	size_t rank;

	if (pauses->count == 0)
		return (double)NAN;
	qsort(pauses->us, pauses->count, sizeof(*pauses->us), compare_us);
	rank = (size_t)ceil(quantile * (double)pauses->count);
	return pauses->us[rank > 0 ? rank - 1 : 0] / 1000.0;
}
