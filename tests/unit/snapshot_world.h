// SPDX-License-Identifier: MIT
/*
 * Small heap snapshots for tests: tables of nodes and edges, written as V8 does, and read.
 */
#ifndef HEAPWATCH_TESTS_SNAPSHOT_WORLD_H
#define HEAPWATCH_TESTS_SNAPSHOT_WORLD_H

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "snapshot/reader.h"
#include "tests/unit/unit.h"

#define WORLD_STRINGS_MAX 64

struct world_node {
	const char *type; /* of world_node_types */
	const char *name;
	uint32_t id;
	uint32_t self_bytes;
};

struct world_edge {
	uint32_t from; /* an id; edges are in the order of the nodes */
	const char *type;
	const char *name; /* a number for an element or hidden edge */
	uint32_t to;      /* an id */
};

/* Ends: a node without a name, an edge without one. */
struct world {
	const struct world_node *nodes;
	const struct world_edge *edges;
	const char *locations; /* as it stands in the file; NULL: none */
};

static const char *const world_node_types[] = {
    "hidden",  "array",  "string",    "object", "code",
    "closure", "number", "synthetic", "native", "concatenated string",
};
static const char *const world_edge_types[] = {"context", "element",  "property", "internal",
                                               "hidden",  "shortcut", "weak"};

struct world_strings {
	const char *texts[WORLD_STRINGS_MAX];
	size_t count;
};

static inline size_t world_index(const char *const *names, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	ck_abort_msg("%s is no type", name);
}

static inline size_t world_string(struct world_strings *strings, const char *text)
{
	size_t i;

	for (i = 0; i < strings->count; i++)
		if (strcmp(strings->texts[i], text) == 0)
			return i;
	ck_assert_uint_lt(strings->count, WORLD_STRINGS_MAX);
	strings->texts[strings->count] = text;
	return strings->count++;
}

static inline size_t world_count_edges(const struct world *world, uint32_t id, size_t *ret_all)
{
	size_t count = 0, i;

	for (i = 0; world->edges[i].name != NULL; i++)
		count += world->edges[i].from == id;
	if (ret_all != NULL)
		*ret_all = i;
	return count;
}

static inline size_t world_place(const struct world *world, uint32_t id)
{
	size_t i;

	for (i = 0; world->nodes[i].name != NULL; i++)
		if (world->nodes[i].id == id)
			return i;
	ck_abort_msg("no node %u", id);
}

static inline void world_write_names(struct buf *text, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		buf_printf(text, "%s\"%s\"", i > 0 ? "," : "", names[i]);
}

static inline void world_write_head(const struct world *world, struct buf *text)
{
	size_t nodes = 0, edges;

	while (world->nodes[nodes].name != NULL)
		nodes++;
	(void)world_count_edges(world, 0, &edges);
	buf_append_string(text, "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\","
	                        "\"id\",\"self_size\",\"edge_count\"],\"node_types\":[[");
	world_write_names(text, world_node_types,
	                  sizeof(world_node_types) / sizeof(world_node_types[0]));
	buf_append_string(text, "],\"string\",\"number\",\"number\",\"number\"],\"edge_fields\":"
	                        "[\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[[");
	world_write_names(text, world_edge_types,
	                  sizeof(world_edge_types) / sizeof(world_edge_types[0]));
	buf_printf(text,
	           "],\"string_or_number\",\"node\"],\"location_fields\":[\"object_index\","
	           "\"script_id\",\"line\",\"column\"]},\"node_count\":%zu,\"edge_count\":%zu},",
	           nodes, edges);
}

static inline void world_write_edge(const struct world *world, const struct world_edge *edge,
                                    struct world_strings *strings, struct buf *text)
{
	size_t type = world_index(
	    world_edge_types, sizeof(world_edge_types) / sizeof(world_edge_types[0]), edge->type);

	buf_printf(text, "%zu,", type);
	if (strcmp(edge->type, "element") == 0 || strcmp(edge->type, "hidden") == 0)
		buf_append_string(text, edge->name);
	else
		buf_printf(text, "%zu", world_string(strings, edge->name));
	buf_printf(text, ",%zu,", world_place(world, edge->to) * 5);
}

static inline void world_write(const struct world *world, struct buf *text)
{
	struct world_strings strings = {.count = 0};
	const struct world_node *node;
	const struct world_edge *edge;

	world_write_head(world, text);
	buf_append_string(text, "\"nodes\":[");
	for (node = world->nodes; node->name != NULL; node++)
		buf_printf(text, "%s%zu,%zu,%u,%u,%zu", node == world->nodes ? "" : ",",
		           world_index(world_node_types,
		                       sizeof(world_node_types) / sizeof(world_node_types[0]),
		                       node->type),
		           world_string(&strings, node->name), node->id, node->self_bytes,
		           world_count_edges(world, node->id, NULL));
	buf_append_string(text, "],\"edges\":[");
	for (node = world->nodes; node->name != NULL; node++)
		for (edge = world->edges; edge->name != NULL; edge++)
			if (edge->from == node->id)
				world_write_edge(world, edge, &strings, text);
	if (world->edges[0].name != NULL)
		text->length--; /* the last comma */
	if (world->locations != NULL)
		buf_printf(text, "],\"locations\":[%s", world->locations);
	buf_append_string(text, "],\"strings\":[");
	world_write_names(text, strings.texts, strings.count);
	buf_append_string(text, "]}");
}

/* The heap is the reader's. */
static inline struct heap *world_read(const struct world *world, struct reader *reader)
{
	struct buf text = BUF_INIT((size_t)64 * 1024);
	struct heap *heap = NULL;
	uint64_t offset_bytes;

	world_write(world, &text);
	if (reader_feed(reader, buf_string(&text), text.length) < 0)
		ck_abort_msg("%s in %s", reader_problem(reader, &offset_bytes), buf_string(&text));
	ck_assert_int_eq(reader_finish(reader, &heap), 0);
	buf_done(&text);
	return heap;
}

#endif
