// SPDX-License-Identifier: MIT
/*
 * Rows are checked as they come. Arrays grow with what is there, not with what the head promises.
 */
#include "snapshot/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/large.h"
#include "snapshot/classes.h"
#include "snapshot/locations.h"
#include "snapshot/names.h"

#define CAPACITY_MIN 4096
#define DETACHED     2 /* v8::EmbedderGraph::Node::Detachedness */

bool heap_keeps(const struct heap *heap, enum heap_keeps what)
{
	return (heap->keeps & what) != 0;
}

uint32_t heap_node_type(const struct heap *heap, uint32_t node)
{
	return heap->classes[heap->node_classes[node]].type;
}

static bool has_index(enum edge_kind kind)
{
	return kind == EDGE_KIND_ELEMENT || kind == EDGE_KIND_HIDDEN;
}

bool heap_edge_has_index(const struct heap *heap, uint32_t edge)
{
	return has_index((enum edge_kind)heap->edge_kinds[edge]);
}

static int refuse(struct heap *heap, const char *problem)
{
	heap->problem = problem;
	return -EINVAL;
}

int heap_init(struct heap *heap, const struct layout *layout, unsigned keeps)
{
	static const char *const kind_names[] = {
	    [EDGE_KIND_INTERNAL] = "internal", [EDGE_KIND_ELEMENT] = "element",
	    [EDGE_KIND_PROPERTY] = "property", [EDGE_KIND_CONTEXT] = "context",
	    [EDGE_KIND_HIDDEN] = "hidden",     [EDGE_KIND_SHORTCUT] = "shortcut",
	    [EDGE_KIND_WEAK] = "weak"};
	uint32_t type, kind;

	*heap = (struct heap){.layout = *layout, .keeps = keeps};
	/* x / d = x * inverse >> 64 for x, d < 2^32 (Lemire, Kaser, Kurz 2019); d = 1 has no
	 * inverse in 64 bits, but a row has four fields at least. */
	heap->divisor_inverse = UINT64_MAX / layout->node_width + 1;
	for (type = 0; type < layout->edge_types.count; type++) {
		const char *name = layout->edge_types.names[type];

		for (kind = 0; kind < sizeof(kind_names) / sizeof(kind_names[0]); kind++)
			if (strcmp(name, kind_names[kind]) == 0)
				heap->kind_of_edge_type[type] = (uint8_t)kind;
	}
	heap->table = class_table_new(&heap->layout.node_types);
	return heap->table != NULL ? 0 : -ENOMEM;
}

void heap_done(struct heap *heap)
{
	uint32_t i;

	for (i = 0; i < heap->class_count; i++)
		free(heap->classes[i].name);
	free(heap->classes);
	free(heap->self_sizes);
	free(heap->node_classes);
	free(heap->node_ids);
	free(heap->node_names);
	heap_release_graph(heap);
	heap->names = names_free(heap->names);
	free(heap->contents);
	heap->locations = locations_free(heap->locations);
	free(heap->is_new);
	free(heap->retained_sizes);
	heap->table = class_table_free(heap->table);
	*heap = (struct heap){0};
}

void heap_release_edge_names(struct heap *heap)
{
	free(heap->edge_names);
	heap->edge_names = NULL;
}

void heap_release_ids(struct heap *heap)
{
	free(heap->node_ids);
	heap->node_ids = NULL;
}

void heap_release_graph(struct heap *heap)
{
	heap_release_edge_names(heap);
	free(heap->first_edges);
	free(heap->edge_targets);
	free(heap->edge_kinds);
	heap->first_edges = heap->edge_targets = NULL;
	heap->edge_kinds = NULL;
}

/* Doubles up to the number that was declared. */
static uint32_t next_capacity(uint32_t capacity, uint32_t declared)
{
	uint64_t next = capacity == 0 ? CAPACITY_MIN : (uint64_t)capacity * 2;

	return next < declared ? (uint32_t)next : declared;
}

static int resize(void *pointer, uint64_t count, size_t size)
{
	void **array = pointer;
	void *resized = large_realloc(*array, (size_t)count, size);

	if (resized == NULL)
		return -ENOMEM;
	*array = resized;
	return 0;
}

static int reserve_nodes(struct heap *heap)
{
	uint32_t capacity = next_capacity(heap->node_capacity, heap->layout.node_count);

	if (resize(&heap->self_sizes, capacity, sizeof(*heap->self_sizes)) < 0 ||
	    resize(&heap->node_classes, capacity, sizeof(*heap->node_classes)) < 0)
		return -ENOMEM;
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH) &&
	    resize(&heap->first_edges, (uint64_t)capacity + 1, sizeof(*heap->first_edges)) < 0)
		return -ENOMEM;
	if (heap_keeps(heap, HEAP_KEEPS_IDS) &&
	    resize(&heap->node_ids, capacity, sizeof(*heap->node_ids)) < 0)
		return -ENOMEM;
	if (heap_keeps(heap, HEAP_KEEPS_NAMES) &&
	    resize(&heap->node_names, capacity, sizeof(*heap->node_names)) < 0)
		return -ENOMEM;
	heap->node_capacity = capacity;
	return 0;
}

static int reserve_edges(struct heap *heap)
{
	uint32_t capacity = next_capacity(heap->edge_capacity, heap->layout.edge_count);

	if (resize(&heap->edge_targets, capacity, sizeof(*heap->edge_targets)) < 0 ||
	    resize(&heap->edge_kinds, capacity, sizeof(*heap->edge_kinds)) < 0)
		return -ENOMEM;
	if (heap_keeps(heap, HEAP_KEEPS_NAMES) &&
	    resize(&heap->edge_names, capacity, sizeof(*heap->edge_names)) < 0)
		return -ENOMEM;
	heap->edge_capacity = capacity;
	return 0;
}

static int keep_id(struct heap *heap, const uint64_t *row)
{
	uint32_t field = heap->layout.node_fields[NODE_ID];

	if (field == LAYOUT_NO_FIELD)
		return refuse(heap, "nodes have no id, by which snapshots are compared");
	if (row[field] > UINT32_MAX) /* v8::SnapshotObjectId */
		return refuse(heap, "a node has an id that does not fit into 32 bits");
	heap->node_ids[heap->node_count] = (uint32_t)row[field];
	return 0;
}

static int keep_node(struct heap *heap, const uint64_t *row, uint32_t class)
{
	int r = 0;

	if (heap->node_count == heap->node_capacity)
		r = reserve_nodes(heap);
	if (r < 0)
		return r;
	heap->self_sizes[heap->node_count] = row[heap->layout.node_fields[NODE_SELF_SIZE]];
	heap->node_classes[heap->node_count] = class;
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH))
		heap->first_edges[heap->node_count] = (uint32_t)heap->declared_edges;
	if (heap_keeps(heap, HEAP_KEEPS_NAMES))
		heap->node_names[heap->node_count] =
		    (uint32_t)row[heap->layout.node_fields[NODE_NAME]];
	return heap_keeps(heap, HEAP_KEEPS_IDS) ? keep_id(heap, row) : 0;
}

static void count_detached(struct heap *heap, uint32_t class, uint64_t self_size)
{
	heap->detached_count++;
	heap->classes[class].detached_count++;
	heap->classes[class].detached_bytes += self_size;
}

int heap_add_node(struct heap *heap, const uint64_t *row)
{
	const uint32_t *fields = heap->layout.node_fields;
	uint64_t type = row[fields[NODE_TYPE]];
	uint64_t name = row[fields[NODE_NAME]];
	uint64_t self_size = row[fields[NODE_SELF_SIZE]];
	uint64_t edge_count = row[fields[NODE_EDGE_COUNT]];
	uint32_t class;
	int r;

	if (heap->node_count == heap->layout.node_count)
		return refuse(heap, "has more nodes than node_count");
	if (type >= heap->layout.node_types.count)
		return refuse(heap, "a node has a type that meta does not name");
	if (name >= UINT32_MAX)
		return refuse(heap, "a node has a name that no string can have");
	if (edge_count > heap->layout.edge_count - heap->declared_edges)
		return refuse(heap, "nodes have more edges than edge_count");
	if (__builtin_add_overflow(heap->self_bytes, self_size, &heap->self_bytes))
		return refuse(heap, "the sizes of the nodes do not fit into 64 bits");
	r = class_find(heap, (uint32_t)type, (uint32_t)name, &class);
	if (r == 0 && heap->keeps != 0)
		r = keep_node(heap, row, class);
	if (r < 0)
		return r;
	if (name > heap->name_maximum)
		heap->name_maximum = name;
	if (fields[NODE_DETACHEDNESS] != LAYOUT_NO_FIELD &&
	    row[fields[NODE_DETACHEDNESS]] == DETACHED)
		count_detached(heap, class, self_size);
	heap->classes[class].count++;
	heap->classes[class].self_bytes += self_size;
	heap->declared_edges += edge_count;
	heap->node_count++;
	return 0;
}

int heap_add_edge(struct heap *heap, const uint64_t *row)
{
	const uint32_t *fields = heap->layout.edge_fields;
	uint64_t type = row[fields[EDGE_TYPE]];
	uint64_t name = row[fields[EDGE_NAME]];
	uint64_t to = row[fields[EDGE_TO]];
	uint32_t width = heap->layout.node_width;
	uint32_t target;
	enum edge_kind kind;

	if (heap->edge_count == heap->layout.edge_count)
		return refuse(heap, "has more edges than edge_count");
	if (type >= heap->layout.edge_types.count)
		return refuse(heap, "an edge has a type that meta does not name");
	if (to >= (uint64_t)heap->node_count * width)
		return refuse(heap, "an edge leads to a node that is not there");
	target = (uint32_t)((unsigned __int128)to * heap->divisor_inverse >> 64);
	if ((uint64_t)target * width != to)
		return refuse(heap, "an edge leads into the middle of a node");
	if (name > UINT32_MAX)
		return refuse(heap, "an edge has a name that does not fit into 32 bits");
	kind = (enum edge_kind)heap->kind_of_edge_type[type];
	if (name > heap->name_maximum && !has_index(kind))
		heap->name_maximum = name;
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH)) {
		if (heap->edge_count == heap->edge_capacity && reserve_edges(heap) < 0)
			return -ENOMEM;
		heap->edge_targets[heap->edge_count] = target;
		heap->edge_kinds[heap->edge_count] = (uint8_t)kind;
		if (heap_keeps(heap, HEAP_KEEPS_NAMES))
			heap->edge_names[heap->edge_count] = (uint32_t)name;
	}
	heap->edge_count++;
	return 0;
}

int heap_end_nodes(struct heap *heap)
{
	if (heap->node_count < heap->layout.node_count)
		return refuse(heap, "has fewer nodes than node_count");
	if (heap->declared_edges < heap->layout.edge_count)
		return refuse(heap, "nodes have fewer edges than edge_count");
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH))
		heap->first_edges[heap->node_count] = heap->layout.edge_count;
	return 0;
}

int heap_end_edges(struct heap *heap)
{
	if (heap->edge_count < heap->layout.edge_count)
		return refuse(heap, "has fewer edges than edge_count");
	return 0;
}
