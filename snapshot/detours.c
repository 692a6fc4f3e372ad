// SPDX-License-Identifier: MIT
/*
 * Both edges of an entry of a WeakMap have its name, behind a number of their own ("5 / part of key
 * (Key @7) -> value (Value @9) pair in WeakMap (table @11)"), so that pairs are found by that.
 */
#include "snapshot/detours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "snapshot/names.h"

#define FIRST_DESCRIPTOR 2 /* before it: their number and a cache */
#define DESCRIPTOR_WIDTH 3 /* key, details, value */
#define DESCRIPTOR_VALUE 1 /* index modulo the width */

struct weak_pair {
	const char *name; /* of the heap */
	UT_hash_handle hh;
};

/* What both edges of an entry have in common; NULL: it is no name of such an edge. */
static const char *pair_name(const char *text)
{
	static const char prefix[] = " / part of key (";
	const char *rest = text + strspn(text, "0123456789");

	if (rest == text || strncmp(rest, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	return strstr(rest, " pair in WeakMap (table @") != NULL ? rest : NULL;
}

static bool is_weak_name(const char *text)
{
	return pair_name(text) != NULL;
}

int detours_init(struct detours *detours, const struct heap *heap)
{
	const struct layout_types *types = &heap->layout.node_types;
	uint32_t i;

	*detours = (struct detours){0};
	if (heap->edge_names == NULL)
		return 0;
	for (i = 0; i < types->count; i++) {
		detours->is_hidden[i] = strcmp(types->names[i], "hidden") == 0;
		detours->is_array[i] = strcmp(types->names[i], "array") == 0;
	}
	detours->sloppy_map = names_find(heap, "sloppy_function_map");
	detours->native_context = names_find(heap, "system / NativeContext");
	detours->map_descriptors = names_find(heap, "(map descriptors)");
	return names_mark(heap, is_weak_name, &detours->weak_names);
}

void detours_done(struct detours *detours)
{
	struct weak_pair *pair, *next;

	HASH_ITER(hh, detours->pairs, pair, next)
	{
		HASH_DELETE(hh, detours->pairs, pair);
		free(pair);
	}
	free(detours->weak_names);
	free(detours->list);
	*detours = (struct detours){0};
}

static bool keep(struct detours *detours, uint32_t from, uint32_t edge)
{
	if (detours->count == detours->capacity) {
		size_t capacity = detours->capacity == 0 ? 1024 : detours->capacity * 2;
		struct detour *list = realloc(detours->list, capacity * sizeof(*list));

		if (list == NULL)
			return false;
		detours->list = list;
		detours->capacity = capacity;
	}
	detours->list[detours->count++] = (struct detour){from, edge};
	return true;
}

/* The other edge of its pair was not met yet; from now on this one was. */
static bool is_first_of_pair(struct detours *detours, const char *name)
{
	struct weak_pair *pair;

	HASH_FIND_STR(detours->pairs, name, pair);
	if (pair != NULL) {
		HASH_DELETE(hh, detours->pairs, pair);
		free(pair);
		return false;
	}
	pair = calloc(1, sizeof(*pair));
	if (pair == NULL) {
		detours->is_out_of_memory = true;
		return false;
	}
	pair->name = name;
	HASH_ADD_KEYPTR(hh, detours->pairs, pair->name, strlen(pair->name), pair);
	if (pair->hh.tbl == NULL) { /* uthash had no memory */
		free(pair);
		detours->is_out_of_memory = true;
		return false;
	}
	return true;
}

/* The name of the edge is a number. */
static bool is_value_of_descriptor(const struct detours *detours, const struct heap *heap,
                                   uint32_t from, uint32_t edge)
{
	return heap->edge_names[edge] >= FIRST_DESCRIPTOR &&
	       heap->edge_names[edge] % DESCRIPTOR_WIDTH == DESCRIPTOR_VALUE &&
	       heap->node_names[from] == detours->map_descriptors &&
	       detours->is_array[heap_node_type(heap, from)];
}

static bool is_detour(struct detours *detours, const struct heap *heap, uint32_t from,
                      uint32_t edge)
{
	uint32_t name = heap->edge_names[edge];

	if (heap_edge_has_index(heap, edge))
		return is_value_of_descriptor(detours, heap, from, edge);
	if (name == detours->sloppy_map && heap->node_names[from] == detours->native_context)
		return detours->is_hidden[heap_node_type(heap, from)];
	if (heap->edge_kinds[edge] != EDGE_KIND_INTERNAL ||
	    (detours->weak_names[name / 64] >> (name % 64) & 1) == 0)
		return false;
	return is_first_of_pair(detours, pair_name(names_text(heap, name)));
}

bool detours_leave_out(struct detours *detours, const struct heap *heap, uint32_t from,
                       uint32_t edge)
{
	if (detours->weak_names == NULL || !is_detour(detours, heap, from, edge))
		return false;
	if (!keep(detours, from, edge)) {
		detours->is_out_of_memory = true;
		return false;
	}
	return true;
}
