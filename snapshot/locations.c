// SPDX-License-Identifier: MIT
/*
 * Many objects have one constructor, so positions are kept once, and nodes point to them.
 */
#include "snapshot/locations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "snapshot/names.h"

struct position {
	struct location location;
	uint32_t index;
	UT_hash_handle hh;
};

struct located {
	uint32_t node;
	uint32_t position;
};

struct script {
	uint32_t id;
	const char *name; /* of heap->names */
	UT_hash_handle hh;
};

struct locations {
	struct position *positions; /* by location */
	struct position **by_index;
	uint32_t position_count;
	uint32_t position_capacity;
	struct located *located; /* by node, once they are sorted */
	uint32_t located_count;
	uint32_t located_capacity;
	struct script *scripts;
};

static int refuse(struct heap *heap, const char *problem)
{
	heap->problem = problem;
	return -EINVAL;
}

struct locations *locations_free(struct locations *locations)
{
	struct position *position, *next;
	struct script *script, *next_script;

	if (locations == NULL)
		return NULL;
	HASH_ITER(hh, locations->scripts, script, next_script)
	{
		HASH_DELETE(hh, locations->scripts, script);
		free(script);
	}
	HASH_ITER(hh, locations->positions, position, next)
	{
		HASH_DELETE(hh, locations->positions, position);
		free(position);
	}
	free(locations->by_index);
	free(locations->located);
	free(locations);
	return NULL;
}

/* ---- rows ---- */

static int list_position(struct locations *locations, struct position *position)
{
	if (locations->position_count == locations->position_capacity) {
		uint32_t capacity =
		    locations->position_capacity == 0 ? 256 : locations->position_capacity * 2;
		struct position **by_index =
		    realloc(locations->by_index, capacity * sizeof(struct position *));

		if (by_index == NULL)
			return -ENOMEM;
		locations->by_index = by_index;
		locations->position_capacity = capacity;
	}
	position->index = locations->position_count;
	HASH_ADD(hh, locations->positions, location, sizeof(position->location), position);
	if (position->hh.tbl == NULL) /* uthash had no memory */
		return -ENOMEM;
	locations->by_index[locations->position_count++] = position;
	return 0;
}

static int find_position(struct locations *locations, const struct location *location,
                         uint32_t *ret_index)
{
	struct position *position;

	HASH_FIND(hh, locations->positions, location, sizeof(*location), position);
	if (position == NULL) {
		position = calloc(1, sizeof(*position));
		if (position == NULL)
			return -ENOMEM;
		position->location = *location;
		if (list_position(locations, position) < 0) {
			free(position);
			return -ENOMEM;
		}
	}
	*ret_index = position->index;
	return 0;
}

static int keep(struct locations *locations, uint32_t node, const struct location *location)
{
	uint32_t position;
	int r = find_position(locations, location, &position);

	if (r < 0)
		return r;
	if (locations->located_count == locations->located_capacity) {
		uint32_t capacity =
		    locations->located_capacity == 0 ? 1024 : locations->located_capacity * 2;
		struct located *located =
		    realloc(locations->located, (size_t)capacity * sizeof(*located));

		if (located == NULL)
			return -ENOMEM;
		locations->located = located;
		locations->located_capacity = capacity;
	}
	locations->located[locations->located_count++] = (struct located){node, position};
	return 0;
}

int locations_add(struct heap *heap, const uint64_t *row)
{
	const uint32_t *fields = heap->layout.location_fields;
	uint64_t object = row[fields[LOCATION_OBJECT]];
	uint64_t line = row[fields[LOCATION_LINE]];
	uint64_t column = row[fields[LOCATION_COLUMN]];
	struct location location;

	if (object >= (uint64_t)heap->node_count * heap->layout.node_width)
		return refuse(heap, "a location is of a node that is not there");
	if (object % heap->layout.node_width != 0)
		return refuse(heap, "a location is of the middle of a node");
	if (row[fields[LOCATION_SCRIPT]] > UINT32_MAX || line >= UINT32_MAX || column >= UINT32_MAX)
		return refuse(heap, "a location has numbers that do not fit into 32 bits");
	if (heap->location_count == heap->node_count)
		return refuse(heap, "has more locations than nodes");
	heap->location_count++;
	if (!heap_keeps(heap, HEAP_KEEPS_NAMES))
		return 0;
	if (heap->locations == NULL)
		heap->locations = calloc(1, sizeof(*heap->locations));
	if (heap->locations == NULL)
		return -ENOMEM;
	location = (struct location){.script = (uint32_t)row[fields[LOCATION_SCRIPT]],
	                             .line = (uint32_t)line + 1,
	                             .column = (uint32_t)column + 1};
	return keep(heap->locations, (uint32_t)(object / heap->layout.node_width), &location);
}

static int compare_located(const void *one, const void *other)
{
	const struct located *a = one;
	const struct located *b = other;

	return (a->node > b->node) - (a->node < b->node);
}

void locations_end(struct heap *heap)
{
	if (heap->locations != NULL)
		qsort(heap->locations->located, heap->locations->located_count,
		      sizeof(*heap->locations->located), compare_located);
}

/* ---- look-ups ---- */

const struct location *locations_of(const struct heap *heap, uint32_t node)
{
	const struct locations *locations = heap->locations;
	const struct located key = {.node = node};
	const struct located *found = NULL;

	if (locations != NULL && locations->located_count > 0)
		found = bsearch(&key, locations->located, locations->located_count,
		                sizeof(*locations->located), compare_located);
	return found != NULL ? &locations->by_index[found->position]->location : NULL;
}

#define PATH_END UINT32_MAX

/* Strings; the last one is of Node 14 and 16. */
struct script_edges {
	uint32_t shared;
	uint32_t script;
	uint32_t script_or_debug_info;
	uint64_t looks; /* at an edge that are left */
};

/* In a snapshot that lies all locations may be of what has most edges; V8's functions have ten. */
#define LOOKS_PER_EDGE 4

/* The node that an internal edge of this name leads to, or PATH_END. */
static uint32_t follow(const struct heap *heap, struct script_edges *edges, uint32_t node,
                       uint32_t name)
{
	uint32_t edge;

	for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1] && edges->looks > 0;
	     edge++, edges->looks--)
		if (heap->edge_kinds[edge] == EDGE_KIND_INTERNAL && heap->edge_names[edge] == name)
			return heap->edge_targets[edge];
	return PATH_END;
}

/* V8 (HeapSnapshotGenerator): closure → shared → script, which is named as the script is. */
static const char *script_name(const struct heap *heap, struct script_edges *edges, uint32_t node)
{
	uint32_t shared = follow(heap, edges, node, edges->shared);
	uint32_t script =
	    shared != PATH_END ? follow(heap, edges, shared, edges->script) : PATH_END;

	if (script == PATH_END && shared != PATH_END)
		script = follow(heap, edges, shared, edges->script_or_debug_info);
	return script != PATH_END ? names_text(heap, heap->node_names[script]) : "";
}

static int add_script(struct locations *locations, uint32_t id, const char *name)
{
	struct script *script = calloc(1, sizeof(*script));

	if (script == NULL)
		return -ENOMEM;
	script->id = id;
	script->name = name;
	HASH_ADD(hh, locations->scripts, id, sizeof(script->id), script);
	if (script->hh.tbl == NULL) { /* uthash had no memory */
		free(script);
		return -ENOMEM;
	}
	return 0;
}

static const struct script *find_script(const struct heap *heap, uint32_t id)
{
	struct script *script;

	HASH_FIND(hh, heap->locations->scripts, &id, sizeof(id), script);
	return script;
}

int locations_name_scripts(struct heap *heap)
{
	struct locations *locations = heap->locations;
	struct script_edges edges = {names_find(heap, "shared"), names_find(heap, "script"),
	                             names_find(heap, "script_or_debug_info"),
	                             (uint64_t)heap->edge_count * LOOKS_PER_EDGE};
	uint32_t i;
	int r = 0;

	for (i = 0; locations != NULL && i < locations->located_count && r == 0; i++) {
		const struct located *located = &locations->located[i];
		uint32_t id = locations->by_index[located->position]->location.script;
		const char *name;

		if (find_script(heap, id) != NULL)
			continue;
		name = script_name(heap, &edges, located->node);
		if (*name != '\0')
			r = add_script(locations, id, name);
	}
	return r;
}

const char *locations_script(const struct heap *heap, uint32_t script)
{
	const struct script *found = heap->locations != NULL ? find_script(heap, script) : NULL;

	return found != NULL ? found->name : "";
}
