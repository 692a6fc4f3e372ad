// SPDX-License-Identifier: MIT
/*
 * Edges that retain, but that say nothing about how far an object is from the root. They are those
 * that Chrome DevTools leaves out of distances (JSHeapSnapshot.calculateDistances, front_end/
 * entrypoints/heap_snapshot_worker/HeapSnapshot.ts): the map of sloppy functions in a native
 * context; of descriptors of maps what they describe, since maps share them (crbug.com/413608); and
 * of the two that hold the value of a WeakMap, from the key and from the table, the one that is met
 * first, so that the value is behind both (crbug.com/1290800).
 */
#ifndef HEAPWATCH_SNAPSHOT_DETOURS_H
#define HEAPWATCH_SNAPSHOT_DETOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

struct detour {
	uint32_t from; /* a node */
	uint32_t edge;
};

struct weak_pair;

struct detours {
	struct detour *list; /* those that were left out, in this order */
	size_t count;
	size_t capacity;
	bool is_out_of_memory;
	/* For the functions below. */
	struct weak_pair *pairs; /* that one edge of was met */
	uint64_t *weak_names;    /* bits by index of strings: they name an edge of a WeakMap */
	uint32_t sloppy_map;     /* indices of strings; UINT32_MAX: none */
	uint32_t native_context;
	uint32_t map_descriptors;
	bool is_hidden[LAYOUT_TYPES_MAX];
	bool is_array[LAYOUT_TYPES_MAX];
};

/* Of a heap without names of edges none is known. -ENOMEM. */
int detours_init(struct detours *detours, const struct heap *heap)
    __attribute__((warn_unused_result));
void detours_done(struct detours *detours);
/* The edge, which would be the first one to lead to its node, has to be left out; is asked for in
 * the order of the search. */
bool detours_leave_out(struct detours *detours, const struct heap *heap, uint32_t from,
                       uint32_t edge);

#endif
