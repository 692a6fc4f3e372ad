// SPDX-License-Identifier: MIT
/*
 * What is kept of a heap snapshot: its classes, and for retained sizes the graph in flat arrays.
 *
 * The class of a node is that of Chrome DevTools (HeapSnapshotNode.className): the name of an
 * object or native node, "(compiled code)", "Function", "RegExp", "(system)", else the type in
 * parentheses. Nodes of different types are of different classes even if both have the same name.
 */
#ifndef HEAPWATCH_SNAPSHOT_HEAP_H
#define HEAPWATCH_SNAPSHOT_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/layout.h"

struct heap_class {
	char *name;          /* UTF-8, owned; NULL until the strings are read */
	uint32_t type;       /* of layout.node_types */
	uint32_t name_index; /* of the strings; UINT32_MAX: not from there */
	uint64_t count;
	uint64_t self_bytes;
	uint64_t retained_bytes;     /* see dominators.h; 0 until then */
	uint64_t new_retained_bytes; /* likewise, of nodes that are new */
	uint32_t distance;           /* of the nearest, see paths.h; UINT32_MAX until then */
	uint64_t detached_count;     /* that the embedder calls detached */
	uint64_t detached_bytes;
};

/* What is kept beside the classes. */
enum heap_keeps {
	HEAP_KEEPS_GRAPH = 1,    /* for retained sizes */
	HEAP_KEEPS_IDS = 2,      /* for differences; nodes without ids are refused then */
	HEAP_KEEPS_NAMES = 4,    /* of nodes and edges, see names.h; with the graph */
	HEAP_KEEPS_CONTENTS = 8, /* see contents.h; with names */
};

/* What is not named here is an internal one. */
enum edge_kind {
	EDGE_KIND_INTERNAL,
	EDGE_KIND_ELEMENT,
	EDGE_KIND_PROPERTY,
	EDGE_KIND_CONTEXT, /* a variable */
	EDGE_KIND_HIDDEN,
	EDGE_KIND_SHORTCUT,
	EDGE_KIND_WEAK,
};

struct class_table;
struct contents;
struct locations;
struct names;

struct heap {
	struct layout layout;
	struct heap_class *classes;
	uint32_t class_count;
	uint32_t node_count; /* read so far; all of them once the reader is done */
	uint32_t edge_count;
	uint64_t string_count;
	uint64_t self_bytes;
	uint64_t detached_count; /* nodes that the embedder calls detached */
	uint32_t location_count;
	struct names *names;         /* NULL until the strings are read */
	struct contents *contents;   /* strings until contents_find_rest(); NULL: not kept */
	struct locations *locations; /* NULL: none, or names are not kept */
	unsigned keeps;              /* enum heap_keeps */
	/* Only when graph or ids are kept: by node. */
	uint64_t *self_sizes;
	uint32_t *node_classes;
	uint32_t *node_ids;       /* only when kept */
	uint32_t *node_names;     /* likewise: indices of strings */
	bool *is_new;             /* owned; NULL until somebody sets it, see diff.h */
	uint64_t *retained_sizes; /* NULL until dominators_retain() */
	/* The graph, only when kept, and NULL once it is released: by node with one more at the
	 * end, by edge. */
	uint32_t *first_edges;
	uint32_t *edge_targets; /* nodes */
	uint8_t *edge_kinds;    /* enum edge_kind */
	uint32_t *edge_names;   /* only when names are kept: indices, of strings or of elements */

	/* For the functions below. */
	struct class_table *table;
	uint64_t declared_edges; /* sum of the edge counts of the nodes */
	uint64_t name_maximum;   /* the largest index into the strings */
	uint64_t divisor_inverse;
	uint32_t node_capacity;
	uint32_t edge_capacity;
	uint8_t kind_of_edge_type[LAYOUT_TYPES_MAX];
	const char *problem;
};

int heap_init(struct heap *heap, const struct layout *layout, unsigned keeps)
    __attribute__((warn_unused_result));
void heap_done(struct heap *heap);
/* What was needed of them is known; 4 bytes an edge. */
void heap_release_edge_names(struct heap *heap);
/* Objects were compared; 4 bytes a node. */
void heap_release_ids(struct heap *heap);
/* All edges, once what is kept of them is no longer looked at. */
void heap_release_graph(struct heap *heap);
bool heap_keeps(const struct heap *heap, enum heap_keeps what);
/* Of layout.node_types. */
uint32_t heap_node_type(const struct heap *heap, uint32_t node);
/* The name of the edge is a number, not a string. */
bool heap_edge_has_index(const struct heap *heap, uint32_t edge);
/*
 * The next row, in the order of the file. -ENOMEM, or -EINVAL with heap->problem: the row lies.
 * Edges follow all nodes.
 */
int heap_add_node(struct heap *heap, const uint64_t *row) __attribute__((warn_unused_result));
int heap_add_edge(struct heap *heap, const uint64_t *row) __attribute__((warn_unused_result));
/* All nodes, or all edges, were added; -EINVAL with heap->problem when some are missing. */
int heap_end_nodes(struct heap *heap) __attribute__((warn_unused_result));
int heap_end_edges(struct heap *heap) __attribute__((warn_unused_result));

#endif
