// SPDX-License-Identifier: MIT
/*
 * Vertices are numbers in depth-first order, from 1, so that 0 is none: what is near in the tree of
 * the search is near in memory, and what is linked is what has a higher number. Everything is
 * iterative: paths in a heap are as long as its longest linked list.
 */
#include "snapshot/dominators.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/large.h"

#define ROOT 1U /* a vertex */

struct flowgraph {
	const struct heap *heap;
	uint32_t count;       /* of vertices */
	uint32_t numbered;    /* how many are known */
	uint32_t reached;     /* up to this one the root reaches them without weak edges */
	uint32_t linked;      /* from this one on they have their parent as ancestor */
	uint32_t *vertex_of;  /* by node; later the stack */
	uint32_t *node_of;    /* by vertex, as all below */
	uint32_t *parent;     /* the ancestor, once it is linked */
	uint32_t *next;       /* of the search: the next edge to look at */
	uint32_t *first_from; /* into from, and one more */
	uint32_t *from;       /* vertices that retain, grouped by the retained one */
	/* as in the paper */
	uint32_t *label;
	uint32_t *semi;
	uint32_t *dominator; /* before it is known: the next one in the same bucket */
	uint32_t *bucket;    /* the first of its vertices */
};

static void release(uint32_t **array)
{
	free(*array);
	*array = NULL;
}

static bool allocate(const struct flowgraph *graph, uint32_t **array)
{
	*array = large_calloc((size_t)graph->count + 2, sizeof(**array));
	return *array != NULL;
}

/* ---- edges ---- */

/* An edge of this kind may be part of a path. */
static inline bool leads_on(const struct heap *heap, uint32_t vertex, uint32_t edge)
{
	enum edge_kind kind = (enum edge_kind)heap->edge_kinds[edge];

	return kind < EDGE_KIND_SHORTCUT || (kind == EDGE_KIND_SHORTCUT && vertex == ROOT);
}

/* One that leads on is part of paths; before the search from the root is over it may be. */
static inline bool is_essential(const struct flowgraph *graph, uint32_t from, uint32_t to)
{
	return from != to && (from == ROOT || from <= graph->reached || to > graph->reached);
}

/* ---- numbers in depth-first order ---- */

static uint32_t number(struct flowgraph *graph, uint32_t node, uint32_t parent)
{
	uint32_t vertex = ++graph->numbered;

	graph->vertex_of[node] = vertex;
	graph->node_of[vertex] = node;
	graph->parent[vertex] = parent;
	graph->next[vertex] = graph->heap->first_edges[node];
	return vertex;
}

/*
 * The next successor without a number, as a node; UINT32_MAX: none is left. Every edge is looked at
 * once, so that those that retain a vertex are counted here, in first_from.
 */
static uint32_t next_successor(const struct flowgraph *graph, uint32_t vertex)
{
	const struct heap *heap = graph->heap;
	uint32_t end = heap->first_edges[graph->node_of[vertex] + 1];
	uint32_t edge = graph->next[vertex];
	uint32_t found = UINT32_MAX;

	for (; edge < end && found == UINT32_MAX; edge++) {
		uint32_t node = heap->edge_targets[edge];
		uint32_t to = graph->vertex_of[node];

		if (!leads_on(heap, vertex, edge))
			continue;
		if (to == 0) {
			to = graph->numbered + 1; /* that it will have */
			found = node;
		}
		graph->first_from[to] += is_essential(graph, vertex, to);
	}
	graph->next[vertex] = edge;
	return found;
}

static void search(struct flowgraph *graph, uint32_t start, uint32_t parent)
{
	uint32_t vertex = number(graph, start, parent);

	while (vertex != parent) {
		uint32_t node = next_successor(graph, vertex);

		vertex = node != UINT32_MAX ? number(graph, node, vertex) : graph->parent[vertex];
	}
}

/* By node: has an edge that is neither weak nor a shortcut. */
static void mark_held(const struct heap *heap, bool *is_held)
{
	uint32_t edge;

	for (edge = 0; edge < heap->edge_count; edge++)
		if (heap->edge_kinds[edge] < EDGE_KIND_SHORTCUT)
			is_held[heap->edge_targets[edge]] = true;
}

/* What the root does not reach follows behind it: first what only weak edges hold, with all that it
 * reaches, then what is left, each for itself. */
static int number_rest(struct flowgraph *graph)
{
	_cleanup_(freep) bool *is_held = calloc(graph->count, sizeof(*is_held));
	uint32_t node, vertex;

	if (is_held == NULL)
		return -ENOMEM;
	mark_held(graph->heap, is_held);
	for (node = 0; node < graph->count; node++)
		if (graph->vertex_of[node] == 0 && !is_held[node])
			search(graph, node, ROOT);
	vertex = graph->numbered + 1;
	for (node = 0; node < graph->count; node++)
		if (graph->vertex_of[node] == 0)
			(void)number(graph, node, ROOT);
	for (; vertex <= graph->numbered; vertex++)
		(void)next_successor(graph, vertex); /* all have numbers: counts its edges */
	return 0;
}

static int number_all(struct flowgraph *graph)
{
	int r = 0;

	if (!allocate(graph, &graph->vertex_of) || !allocate(graph, &graph->node_of) ||
	    !allocate(graph, &graph->parent) || !allocate(graph, &graph->next) ||
	    !allocate(graph, &graph->first_from))
		return -ENOMEM;
	graph->reached = UINT32_MAX;
	search(graph, 0, 0);
	graph->reached = graph->numbered;
	if (graph->numbered < graph->count)
		r = number_rest(graph);
	release(&graph->next);
	return r;
}

/* Sums the counts up, and fills from the end, which leaves first_from at the starts. */
static int build_retainers(struct flowgraph *graph)
{
	const struct heap *heap = graph->heap;
	uint32_t vertex, edge, sum = 0;

	for (vertex = 0; vertex <= graph->count + 1; vertex++) {
		sum += graph->first_from[vertex];
		graph->first_from[vertex] = sum;
	}
	graph->from = large_calloc((size_t)sum + 1, sizeof(*graph->from));
	if (graph->from == NULL)
		return -ENOMEM;
	for (vertex = ROOT; vertex <= graph->count; vertex++) {
		uint32_t node = graph->node_of[vertex];

		for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++) {
			uint32_t to = graph->vertex_of[heap->edge_targets[edge]];

			if (leads_on(heap, vertex, edge) && is_essential(graph, vertex, to))
				graph->from[--graph->first_from[to]] = vertex;
		}
	}
	return 0;
}

/* ---- dominators ---- */

/* EVAL with COMPRESS. */
static uint32_t evaluate(struct flowgraph *graph, uint32_t vertex)
{
	uint32_t *stack = graph->vertex_of;
	uint32_t *ancestor = graph->parent;
	uint32_t *label = graph->label;
	uint32_t depth = 0;
	uint32_t v = vertex;

	if (vertex < graph->linked)
		return vertex;
	for (; ancestor[v] >= graph->linked; v = ancestor[v])
		stack[depth++] = v;
	while (depth > 0) {
		uint32_t above = v;

		v = stack[--depth];
		if (graph->semi[label[above]] < graph->semi[label[v]])
			label[v] = label[above];
		ancestor[v] = ancestor[above];
	}
	return label[vertex];
}

static uint32_t semidominator(struct flowgraph *graph, uint32_t vertex)
{
	uint32_t least = graph->semi[vertex];
	uint32_t at = graph->first_from[vertex];
	uint32_t end = graph->first_from[vertex + 1];

	if (at == end) /* nothing holds it: taken as held by the root */
		return ROOT;
	for (; at < end; at++) {
		uint32_t semi = graph->semi[evaluate(graph, graph->from[at])];

		if (semi < least)
			least = semi;
	}
	return least;
}

/* The vertices whose semidominator is the vertex. */
static void empty_bucket(struct flowgraph *graph, uint32_t vertex)
{
	uint32_t v = graph->bucket[vertex];

	graph->bucket[vertex] = 0;
	while (v != 0) {
		uint32_t next = graph->dominator[v];
		uint32_t u = evaluate(graph, v);

		graph->dominator[v] = graph->semi[u] < graph->semi[v] ? u : vertex;
		v = next;
	}
}

/* What is in a bucket that was not emptied is of those that only hold each other: the root's. */
static void abandon_buckets(struct flowgraph *graph)
{
	uint32_t i;

	for (i = 1; i <= graph->count; i++) {
		uint32_t v = graph->bucket[i];

		while (v != 0) {
			uint32_t next = graph->dominator[v];

			graph->dominator[v] = ROOT;
			graph->semi[v] = ROOT;
			v = next;
		}
		graph->bucket[i] = 0;
	}
}

static int find_dominators(struct flowgraph *graph)
{
	uint32_t v, w;

	if (!allocate(graph, &graph->label) || !allocate(graph, &graph->semi) ||
	    !allocate(graph, &graph->dominator) || !allocate(graph, &graph->bucket))
		return -ENOMEM;
	for (v = 1; v <= graph->count; v++)
		graph->label[v] = graph->semi[v] = v;
	graph->linked = graph->count + 1;
	for (w = graph->count; w > 1; w--) {
		v = graph->semi[w] = semidominator(graph, w);
		graph->dominator[w] = graph->bucket[v];
		graph->bucket[v] = w;
		graph->linked = w;
		empty_bucket(graph, graph->parent[w]);
	}
	abandon_buckets(graph);
	graph->dominator[ROOT] = ROOT;
	for (w = 2; w <= graph->count; w++)
		if (graph->dominator[w] != graph->semi[w])
			graph->dominator[w] = graph->dominator[graph->dominator[w]];
	return 0;
}

/* ---- sizes ---- */

/* How many nodes of a class there are between root and node. */
struct open_nodes {
	uint32_t all;
	uint32_t new;
};

static void enter(struct heap *heap, uint32_t node, struct open_nodes *open)
{
	uint32_t class = heap->node_classes[node];

	if (open[class].all++ == 0)
		heap->classes[class].retained_bytes += heap->retained_sizes[node];
	if (heap->is_new != NULL && heap->is_new[node] && open[class].new ++ == 0)
		heap->classes[class].new_retained_bytes += heap->retained_sizes[node];
}

static void leave(const struct heap *heap, uint32_t node, struct open_nodes *open)
{
	uint32_t class = heap->node_classes[node];

	open[class].all--;
	if (heap->is_new != NULL && heap->is_new[node])
		open[class].new --;
}

/* Walks the tree of dominators. */
static void sum_up_classes(struct heap *heap, const struct flowgraph *graph,
                           const uint32_t *sibling, struct open_nodes *open)
{
	const uint32_t *child = graph->bucket;
	uint32_t vertex = ROOT;

	for (;;) {
		enter(heap, graph->node_of[vertex], open);
		if (child[vertex] != 0) {
			vertex = child[vertex];
			continue;
		}
		for (;;) {
			leave(heap, graph->node_of[vertex], open);
			if (vertex == ROOT)
				return;
			if (sibling[vertex] != 0)
				break;
			vertex = graph->dominator[vertex];
		}
		vertex = sibling[vertex];
	}
}

static int sum_up(struct heap *heap, struct flowgraph *graph)
{
	_cleanup_(freep) uint32_t *sibling =
	    large_calloc((size_t)graph->count + 1, sizeof(*sibling));
	_cleanup_(freep) struct open_nodes *open = calloc(heap->class_count, sizeof(*open));
	uint64_t *sizes = large_calloc(graph->count, sizeof(*sizes));
	uint32_t vertex;

	free(heap->retained_sizes);
	heap->retained_sizes = sizes;
	if (sizes == NULL || sibling == NULL || open == NULL)
		return -ENOMEM;
	memcpy(sizes, heap->self_sizes, graph->count * sizeof(*sizes));
	for (vertex = graph->count; vertex > 1; vertex--) {
		uint32_t dominator = graph->dominator[vertex];

		sizes[graph->node_of[dominator]] += sizes[graph->node_of[vertex]];
		sibling[vertex] = graph->bucket[dominator];
		graph->bucket[dominator] = vertex;
	}
	sum_up_classes(heap, graph, sibling, open);
	return 0;
}

/* ---- interface ---- */

/* What the sums do not need. */
static void flowgraph_shrink(struct flowgraph *graph)
{
	release(&graph->vertex_of);
	release(&graph->parent);
	release(&graph->next);
	release(&graph->first_from);
	release(&graph->from);
	release(&graph->label);
	release(&graph->semi);
}

static void flowgraph_done(struct flowgraph *graph)
{
	flowgraph_shrink(graph);
	release(&graph->node_of);
	release(&graph->dominator);
	release(&graph->bucket);
}

int dominators_retain(struct heap *heap, enum dominators_graph use)
{
	struct flowgraph graph = {.heap = heap, .count = heap->node_count};
	int r = number_all(&graph);

	if (r == 0)
		r = build_retainers(&graph);
	if (r == 0 && use == DOMINATORS_RELEASE_GRAPH)
		heap_release_graph(heap);
	if (r == 0)
		r = find_dominators(&graph);
	if (r == 0) {
		flowgraph_shrink(&graph);
		r = sum_up(heap, &graph);
	}
	flowgraph_done(&graph);
	return r;
}
