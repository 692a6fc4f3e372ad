// SPDX-License-Identifier: MIT
/*
 * Nodes of one name are found by sorting; ten at the top are kept in order as they come.
 */
#include "snapshot/contents.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/large.h"
#include "snapshot/locations.h"
#include "snapshot/objects.h"

#define ROOT 0U /* a node */

static void clear(struct content list[CONTENTS_TOP])
{
	size_t i;

	for (i = 0; i < CONTENTS_TOP; i++)
		list[i] = (struct content){.node = UINT32_MAX};
}

static void add(struct content list[CONTENTS_TOP], const struct content *content)
{
	size_t i = CONTENTS_TOP;

	while (i > 0 && (list[i - 1].node == UINT32_MAX || list[i - 1].bytes < content->bytes))
		i--;
	if (i == CONTENTS_TOP)
		return;
	memmove(&list[i + 1], &list[i], (CONTENTS_TOP - 1 - i) * sizeof(*list));
	list[i] = *content;
}

/* The type that is called so; UINT32_MAX: none. */
static uint32_t find_type(const struct heap *heap, const char *name)
{
	uint32_t i;

	for (i = 0; i < heap->layout.node_types.count; i++)
		if (strcmp(heap->layout.node_types.names[i], name) == 0)
			return i;
	return UINT32_MAX;
}

/* ---- strings ---- */

/* The nodes of a type with their names, sorted by these; to be freed. NULL without memory. */
static struct object_id *sort_type(const struct heap *heap, uint32_t type, size_t *ret_count)
{
	_cleanup_(freep) struct object_id *ids = NULL;
	size_t count = 0;
	uint32_t i;

	for (i = 0; i < heap->class_count; i++)
		if (heap->classes[i].type == type)
			count += heap->classes[i].count;
	*ret_count = count;
	ids = large_calloc(count + 1, sizeof(*ids));
	if (ids == NULL)
		return NULL;
	for (i = 0, count = 0; i < heap->node_count; i++)
		if (heap_node_type(heap, i) == type)
			ids[count++] = (struct object_id){heap->node_names[i], i};
	if (objects_order(&ids, count) < 0)
		return NULL;
	return TAKE_PTR(ids);
}

/* From ids[0], how many have the same name. */
static size_t count_named(const struct object_id *ids, size_t count)
{
	size_t named = 1;

	while (named < count && ids[named].id == ids[0].id)
		named++;
	return named;
}

/* Strings of one text, one at least; those that differ in size from the first are cut off, and
 * other ones. */
static void count_text(struct contents *contents, const struct heap *heap,
                       const struct object_id *ids, size_t count)
{
	struct content content = {ids[0].node, 0, heap->self_sizes[ids[0].node]};
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t self_bytes = heap->self_sizes[ids[i].node];

		contents->string_bytes += self_bytes;
		content.count += self_bytes == content.bytes;
	}
	contents->string_count += count;
	add(contents->strings, &content);
	content.bytes *= content.count - 1;
	contents->duplicate_count += content.count - 1;
	contents->duplicate_bytes += content.bytes;
	if (content.count > 1)
		add(contents->duplicates, &content);
}

int contents_find_strings(struct contents *contents, const struct heap *heap)
{
	size_t at, named, count = 0;
	_cleanup_(freep) struct object_id *ids = sort_type(heap, find_type(heap, "string"), &count);

	if (ids == NULL)
		return -ENOMEM;
	*contents = (struct contents){0};
	clear(contents->strings);
	clear(contents->duplicates);
	for (at = 0; at < count; at += named) {
		named = count_named(ids + at, count - at);
		count_text(contents, heap, ids + at, named);
	}
	return 0;
}

/* ---- closures ---- */

/* Equal places are one struct, see locations.c. */
static int compare_places(const void *one, const void *other, void *context)
{
	const struct heap *heap = context;
	uintptr_t a = (uintptr_t)locations_of(heap, ((const struct object_id *)one)->node);
	uintptr_t b = (uintptr_t)locations_of(heap, ((const struct object_id *)other)->node);

	return (a > b) - (a < b);
}

static void count_places(struct contents *contents, struct heap *heap, struct object_id *ids,
                         size_t count)
{
	struct content content = {.node = UINT32_MAX};
	size_t i;

	qsort_r(ids, count, sizeof(*ids), compare_places, heap);
	for (i = 0; i < count; i++) {
		if (i > 0 && compare_places(&ids[i - 1], &ids[i], heap) != 0) {
			add(contents->closures, &content);
			content.node = UINT32_MAX;
		}
		if (content.node == UINT32_MAX)
			content = (struct content){.node = ids[i].node};
		content.count++;
		content.bytes += heap->self_sizes[ids[i].node];
	}
	add(contents->closures, &content);
}

static int find_closures(struct contents *contents, struct heap *heap)
{
	size_t at, named, count = 0;
	_cleanup_(freep) struct object_id *ids =
	    sort_type(heap, find_type(heap, "closure"), &count);

	if (ids == NULL)
		return -ENOMEM;
	clear(contents->closures);
	for (at = 0; at < count; at += named) {
		named = count_named(ids + at, count - at);
		count_places(contents, heap, ids + at, named);
	}
	return 0;
}

/* ---- objects ---- */

static void find_objects(struct contents *contents, const struct heap *heap)
{
	bool is_own[LAYOUT_TYPES_MAX] = {false};
	static const char *const own[] = {"synthetic", "hidden", "array", "code", "object shape"};
	uint32_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (find_type(heap, own[i]) != UINT32_MAX)
			is_own[find_type(heap, own[i])] = true;
	clear(contents->objects);
	for (i = ROOT + 1; i < heap->node_count; i++)
		if (!is_own[heap_node_type(heap, i)])
			add(contents->objects, &(struct content){i, 1, heap->retained_sizes[i]});
}

int contents_find_rest(struct contents *contents, struct heap *heap)
{
	find_objects(contents, heap);
	return find_closures(contents, heap);
}
