// SPDX-License-Identifier: MIT
/*
 * Retained sizes of graphs whose dominators are known, and of many small random ones against the
 * definition itself: what can no longer be reached when the node is taken away.
 */
#include "snapshot/dominators.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "snapshot/reader.h"
#include "tests/unit/unit.h"

DEFINE_CLEANUP(struct reader, reader_free)

#define NODES_MAX 12
#define EDGES_MAX 40

struct edge {
	uint32_t from;
	uint32_t to;
	char kind; /* 'p'roperty, 's'hortcut, 'w'eak */
};

/* Node i has the size 1 << i, so that a sum tells which nodes are in it, and a class of its own
 * unless classes says otherwise. */
struct graph {
	uint32_t node_count;
	const char *classes; /* a letter for each node; NULL: all differ */
	struct edge edges[EDGES_MAX];
	uint32_t edge_count;
};

static uint32_t class_of(const struct graph *graph, uint32_t node)
{
	return graph->classes != NULL ? (uint32_t)(graph->classes[node] - 'a') : node;
}

static void write_edges(const struct graph *graph, uint32_t node, struct buf *text)
{
	uint32_t i;

	for (i = 0; i < graph->edge_count; i++)
		if (graph->edges[i].from == node)
			buf_printf(text, "%d,0,%u,",
			           (int)(strchr("psw", graph->edges[i].kind) - "psw"),
			           graph->edges[i].to * 4);
}

static uint32_t count_edges(const struct graph *graph, uint32_t node)
{
	uint32_t i, count = 0;

	for (i = 0; i < graph->edge_count; i++)
		count += graph->edges[i].from == node;
	return count;
}

static void write_graph(const struct graph *graph, struct buf *text)
{
	uint32_t node;

	buf_printf(text,
	           "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"self_size\","
	           "\"edge_count\"],\"node_types\":[[\"object\"]],\"edge_fields\":[\"type\","
	           "\"name_or_index\",\"to_node\"],\"edge_types\":[[\"property\",\"shortcut\","
	           "\"weak\"]]},\"node_count\":%u,\"edge_count\":%u},\"nodes\":[",
	           graph->node_count, graph->edge_count);
	for (node = 0; node < graph->node_count; node++)
		buf_printf(text, "%s0,%u,%u,%u", node > 0 ? "," : "", class_of(graph, node),
		           1U << node, count_edges(graph, node));
	buf_append_string(text, "],\"edges\":[");
	for (node = 0; node < graph->node_count; node++)
		write_edges(graph, node, text);
	if (graph->edge_count > 0)
		text->length--; /* the last comma */
	buf_append_string(text, "],\"strings\":[");
	for (node = 0; node < NODES_MAX; node++)
		buf_printf(text, "%s\"%c\"", node > 0 ? "," : "", (char)('a' + node));
	buf_append_string(text, "]}");
}

/* By class. */
static void retain(const struct graph *graph, uint64_t ret_retained[NODES_MAX])
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_GRAPH);
	struct buf text = BUF_INIT((size_t)64 * 1024);
	struct heap *heap = NULL;
	uint32_t i;

	write_graph(graph, &text);
	ck_assert_int_eq(reader_feed(reader, buf_string(&text), text.length), 0);
	ck_assert_int_eq(reader_finish(reader, &heap), 0);
	ck_assert_int_eq(dominators_retain(heap, DOMINATORS_RELEASE_GRAPH), 0);
	for (i = 0; i < heap->class_count; i++)
		ret_retained[heap->classes[i].name[0] - 'a'] = heap->classes[i].retained_bytes;
	buf_done(&text);
}

#define EDGES(...)              \
	.edges = {__VA_ARGS__}, \
	.edge_count = sizeof((struct edge[]){__VA_ARGS__}) / sizeof(struct edge)

static const struct known {
	const char *what;
	struct graph graph;
	uint64_t retained[NODES_MAX];
} known[] = {
    {"a chain", {3, NULL, EDGES({0, 1, 'p'}, {1, 2, 'p'})}, {7, 6, 4}},
    {"a diamond",
     {4, NULL, EDGES({0, 1, 'p'}, {0, 2, 'p'}, {1, 3, 'p'}, {2, 3, 'p'})},
     {15, 2, 4, 8}},
    {"a cycle is retained by what leads into it",
     {4, NULL, EDGES({0, 1, 'p'}, {1, 2, 'p'}, {2, 3, 'p'}, {3, 2, 'p'}, {3, 1, 'p'})},
     {15, 14, 12, 8}},
    {"two ways into a cycle",
     {5, NULL, EDGES({0, 1, 'p'}, {0, 2, 'p'}, {1, 3, 'p'}, {2, 4, 'p'}, {3, 4, 'p'}, {4, 3, 'p'})},
     {31, 2, 4, 8, 16}},
    {"weak edges retain nothing",
     {3, NULL, EDGES({0, 1, 'p'}, {1, 2, 'w'}, {0, 2, 'p'})},
     {7, 2, 4}},
    {"what only a weak edge reaches is the root's, and retains what it alone reaches",
     {4, NULL, EDGES({0, 1, 'p'}, {1, 2, 'w'}, {2, 3, 'p'})},
     {15, 2, 12, 8}},
    {"nor does it retain what is reached anyway",
     {4, NULL, EDGES({0, 1, 'p'}, {1, 2, 'w'}, {2, 3, 'p'}, {1, 3, 'p'})},
     {15, 10, 4, 8}},
    {"shortcuts from the root are paths",
     {4, NULL, EDGES({0, 1, 's'}, {1, 2, 'p'}, {2, 3, 'p'})},
     {15, 14, 12, 8}},
    {"other shortcuts are not",
     {4, NULL, EDGES({0, 1, 'p'}, {1, 2, 'p'}, {1, 3, 's'}, {2, 3, 'p'})},
     {15, 14, 12, 8}},
    {"those that only hold each other are the root's",
     {4, NULL, EDGES({0, 1, 'p'}, {2, 3, 'p'}, {3, 2, 'p'})},
     {15, 2, 4, 8}},
    {"an edge to itself is none", {2, NULL, EDGES({0, 1, 'p'}, {1, 1, 'p'})}, {3, 2}},
    {"an edge back to the root", {2, NULL, EDGES({0, 1, 'p'}, {1, 0, 'p'})}, {3, 2}},
    {"a chain of a class is counted once",
     {4, "abba", EDGES({0, 1, 'p'}, {1, 2, 'p'}, {2, 3, 'p'})},
     {15, 14}},
    {"and each of its trees",
     {4, "abcb", EDGES({0, 1, 'p'}, {0, 2, 'p'}, {2, 3, 'p'})},
     {15, 10, 12}},
};

START_TEST(test_known_dominators)
{
	size_t i;
	uint32_t class;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t retained[NODES_MAX] = {0};

		retain(&known[i].graph, retained);
		for (class = 0; class < NODES_MAX; class ++)
			ck_assert_msg(retained[class] == known[i].retained[class],
			              "%s: %c retains %lu", known[i].what, (char)('a' + class),
			              (unsigned long)retained[class]);
	}
}
END_TEST

/* The set of nodes reached from the root without going through one. */
static uint64_t reach(const struct graph *graph, uint32_t without)
{
	uint64_t reached = without == 0 ? 0 : 1;
	uint64_t before;
	uint32_t i;

	do {
		before = reached;
		for (i = 0; i < graph->edge_count; i++) {
			const struct edge *edge = &graph->edges[i];

			if (edge->to != without && (reached >> edge->from & 1) != 0 &&
			    (edge->kind == 'p' || (edge->kind == 's' && edge->from == 0)))
				reached |= UINT64_C(1) << edge->to;
		}
	} while (reached != before);
	return reached;
}

static uint32_t draw(uint32_t *state, uint32_t count)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 16) % count;
}

/* The root holds everything that it reaches, and it may be that not all is reached. */
static void check_random(uint32_t seed)
{
	struct graph graph = {.node_count = 2 + draw(&seed, NODES_MAX - 1)};
	uint64_t retained[NODES_MAX] = {0};
	uint64_t all;
	uint32_t i;

	graph.edge_count = draw(&seed, EDGES_MAX);
	for (i = 0; i < graph.edge_count; i++)
		graph.edges[i] =
		    (struct edge){draw(&seed, graph.node_count), draw(&seed, graph.node_count),
		                  "ppppppsw"[draw(&seed, 8)]};
	retain(&graph, retained);
	all = reach(&graph, UINT32_MAX);
	ck_assert_uint_eq(retained[0], (1U << graph.node_count) - 1);
	for (i = 1; i < graph.node_count; i++)
		if ((all >> i & 1) != 0)
			ck_assert_uint_eq(retained[i] & all, all & ~reach(&graph, i));
}

START_TEST(test_random_graphs_agree_with_the_definition)
{
	uint32_t seed;

	for (seed = 0; seed < 20000; seed++)
		check_random(seed);
}
END_TEST

UNIT_MAIN("dominators", test_known_dominators, test_random_graphs_agree_with_the_definition)
