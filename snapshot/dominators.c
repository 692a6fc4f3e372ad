// SPDX-License-Identifier: MIT
/*
 * Vertices are nodes + 1, so that 0 is none. Everything is iterative: paths in a heap are as long
 * as its longest linked list.
 */
#include "snapshot/dominators.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define ROOT 1U /* a vertex */

struct flowgraph {
	const struct heap *heap;
	uint32_t count;       /* of vertices */
	uint32_t numbered;    /* how many have a number */
	bool *is_reached;     /* by node: from the root without weak edges */
	bool *is_linked;      /* by vertex: its parent is its ancestor, as in the paper */
	uint32_t *first_from; /* by node, and one more */
	uint32_t *from;       /* nodes that retain, grouped by the retained one */
	/* by vertex, as in the paper */
	uint32_t *parent; /* the ancestor, once it is linked */
	uint32_t *vertex; /* by number */
	uint32_t *label;
	uint32_t *semi;
	uint32_t *dominator; /* before it is known: the next one in the same bucket */
	uint32_t *bucket;    /* the first of its vertices */
	uint32_t *stack;
};

/* ---- edges ---- */

/* The edge is part of paths. */
static inline bool is_essential(const struct flowgraph *graph, uint32_t from, uint32_t edge)
{
	enum edge_kind kind = (enum edge_kind)graph->heap->edge_kinds[edge];
	uint32_t to = graph->heap->edge_targets[edge];

	if (kind == EDGE_KIND_WEAK || (kind == EDGE_KIND_SHORTCUT && from != 0) || from == to)
		return false;
	return from == 0 || !graph->is_reached[to] || graph->is_reached[from];
}

static void mark_reached(struct flowgraph *graph)
{
	const struct heap *heap = graph->heap;
	uint32_t depth = 0;
	uint32_t node = 0;
	uint32_t edge;

	graph->is_reached[0] = true;
	for (;;) {
		for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++) {
			uint32_t to = heap->edge_targets[edge];

			/* From a node that is reached, essential is what a path may have. */
			if (graph->is_reached[to] || !is_essential(graph, node, edge))
				continue;
			graph->is_reached[to] = true;
			graph->stack[depth++] = to;
		}
		if (depth == 0)
			return;
		node = graph->stack[--depth];
	}
}

/* Counts, sums up, and fills from the end, which leaves first_from at the starts. */
static int build_retainers(struct flowgraph *graph)
{
	const struct heap *heap = graph->heap;
	uint32_t node, edge, sum = 0;

	for (node = 0; node < graph->count; node++)
		for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++)
			graph->first_from[heap->edge_targets[edge]] +=
			    is_essential(graph, node, edge);
	for (node = 0; node <= graph->count; node++) {
		sum += graph->first_from[node];
		graph->first_from[node] = sum;
	}
	graph->from = malloc(((size_t)sum + 1) * sizeof(*graph->from));
	if (graph->from == NULL)
		return -ENOMEM;
	for (node = 0; node < graph->count; node++)
		for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++)
			if (is_essential(graph, node, edge))
				graph->from[--graph->first_from[heap->edge_targets[edge]]] = node;
	return 0;
}

/* ---- numbers in depth-first order ---- */

static void number(struct flowgraph *graph, uint32_t vertex)
{
	graph->semi[vertex] = ++graph->numbered;
	graph->vertex[graph->numbered] = vertex;
	graph->label[vertex] = vertex;
}

/* The next essential successor without a number; 0: none is left. next[] remembers how far. */
static uint32_t next_successor(const struct flowgraph *graph, uint32_t vertex, uint32_t *next)
{
	const struct heap *heap = graph->heap;
	uint32_t end = heap->first_edges[vertex];

	while (next[vertex] < end) {
		uint32_t edge = next[vertex]++;
		uint32_t to = heap->edge_targets[edge] + 1;

		if (graph->semi[to] == 0 && is_essential(graph, vertex - 1, edge))
			return to;
	}
	return 0;
}

static void search(struct flowgraph *graph, uint32_t start, uint32_t *next)
{
	uint32_t stop = graph->parent[start];
	uint32_t vertex = start;

	number(graph, start);
	next[start] = graph->heap->first_edges[start - 1];
	while (vertex != stop) {
		uint32_t to = next_successor(graph, vertex, next);

		if (to == 0) {
			vertex = graph->parent[vertex];
			continue;
		}
		graph->parent[to] = vertex;
		number(graph, to);
		next[to] = graph->heap->first_edges[to - 1];
		vertex = to;
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
static int number_all(struct flowgraph *graph)
{
	_cleanup_(freep) bool *is_held = calloc(graph->count, sizeof(*is_held));
	uint32_t *next = graph->dominator; /* not needed before the search is over */
	uint32_t vertex;

	if (is_held == NULL)
		return -ENOMEM;
	mark_held(graph->heap, is_held);
	search(graph, ROOT, next);
	for (vertex = 1; vertex <= graph->count; vertex++)
		if (graph->semi[vertex] == 0 && !is_held[vertex - 1]) {
			graph->parent[vertex] = ROOT;
			search(graph, vertex, next);
		}
	for (vertex = 1; vertex <= graph->count; vertex++)
		if (graph->semi[vertex] == 0) {
			graph->parent[vertex] = ROOT;
			number(graph, vertex);
		}
	for (vertex = 0; vertex <= graph->count; vertex++)
		graph->dominator[vertex] = 0;
	return 0;
}

/* ---- dominators ---- */

/* EVAL with COMPRESS. */
static uint32_t evaluate(struct flowgraph *graph, uint32_t vertex)
{
	uint32_t *stack = graph->stack;
	uint32_t *ancestor = graph->parent;
	uint32_t depth = 0;
	uint32_t v = vertex;

	if (!graph->is_linked[vertex])
		return vertex;
	for (; graph->is_linked[ancestor[v]]; v = ancestor[v])
		stack[depth++] = v;
	while (depth > 0) {
		v = stack[--depth];
		if (graph->semi[graph->label[ancestor[v]]] < graph->semi[graph->label[v]])
			graph->label[v] = graph->label[ancestor[v]];
		ancestor[v] = ancestor[ancestor[v]];
	}
	return graph->label[vertex];
}

static uint32_t semidominator(struct flowgraph *graph, uint32_t vertex)
{
	uint32_t least = graph->semi[vertex];
	uint32_t at = graph->first_from[vertex - 1];
	uint32_t end = graph->first_from[vertex];

	if (at == end) /* nothing holds it: taken as held by the root */
		return graph->semi[ROOT];
	for (; at < end; at++) {
		uint32_t semi = graph->semi[evaluate(graph, graph->from[at] + 1)];

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
			graph->semi[v] = graph->semi[ROOT];
			v = next;
		}
		graph->bucket[i] = 0;
	}
}

static void find_dominators(struct flowgraph *graph)
{
	uint32_t i;

	for (i = graph->count; i > 1; i--) {
		uint32_t w = graph->vertex[i];
		uint32_t v;

		graph->semi[w] = semidominator(graph, w);
		v = graph->vertex[graph->semi[w]];
		graph->dominator[w] = graph->bucket[v];
		graph->bucket[v] = w;
		graph->is_linked[w] = true;
		empty_bucket(graph, graph->parent[w]);
	}
	abandon_buckets(graph);
	graph->dominator[ROOT] = ROOT;
	for (i = 2; i <= graph->count; i++) {
		uint32_t w = graph->vertex[i];

		if (graph->dominator[w] != graph->vertex[graph->semi[w]])
			graph->dominator[w] = graph->dominator[graph->dominator[w]];
	}
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

/* Walks the tree of dominators, by vertex. */
static void sum_up_classes(struct heap *heap, const struct flowgraph *graph,
                           const uint32_t *sibling, struct open_nodes *open)
{
	const uint32_t *child = graph->bucket;
	uint32_t vertex = ROOT;

	for (;;) {
		enter(heap, vertex - 1, open);
		if (child[vertex] != 0) {
			vertex = child[vertex];
			continue;
		}
		for (;;) {
			leave(heap, vertex - 1, open);
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
	_cleanup_(freep) uint32_t *sibling = calloc((size_t)graph->count + 1, sizeof(*sibling));
	_cleanup_(freep) struct open_nodes *open = calloc(heap->class_count, sizeof(*open));
	uint32_t i;

	free(heap->retained_sizes);
	heap->retained_sizes = malloc(graph->count * sizeof(*heap->retained_sizes));
	if (heap->retained_sizes == NULL || sibling == NULL || open == NULL)
		return -ENOMEM;
	memcpy(heap->retained_sizes, heap->self_sizes,
	       graph->count * sizeof(*heap->retained_sizes));
	for (i = graph->count; i > 1; i--) {
		uint32_t vertex = graph->vertex[i];
		uint32_t dominator = graph->dominator[vertex];

		heap->retained_sizes[dominator - 1] += heap->retained_sizes[vertex - 1];
		sibling[vertex] = graph->bucket[dominator];
		graph->bucket[dominator] = vertex;
	}
	sum_up_classes(heap, graph, sibling, open);
	return 0;
}

/* ---- interface ---- */

static void release(uint32_t **array)
{
	free(*array);
	*array = NULL;
}

/* What the sums do not need. */
static void flowgraph_shrink(struct flowgraph *graph)
{
	free(graph->is_reached);
	free(graph->is_linked);
	graph->is_reached = graph->is_linked = NULL;
	release(&graph->first_from);
	release(&graph->from);
	release(&graph->parent);
	release(&graph->label);
	release(&graph->semi);
	release(&graph->stack);
}

static void flowgraph_done(struct flowgraph *graph)
{
	flowgraph_shrink(graph);
	release(&graph->vertex);
	release(&graph->dominator);
	release(&graph->bucket);
}

static int flowgraph_init(struct flowgraph *graph, const struct heap *heap)
{
	size_t count = (size_t)heap->node_count + 1;
	uint32_t **arrays[] = {&graph->first_from, &graph->parent, &graph->vertex,
	                       &graph->label,      &graph->semi,   &graph->dominator,
	                       &graph->bucket,     &graph->stack};
	bool is_complete = true;
	size_t i;

	*graph = (struct flowgraph){.heap = heap, .count = heap->node_count};
	graph->is_reached = calloc(count, sizeof(*graph->is_reached));
	graph->is_linked = calloc(count, sizeof(*graph->is_linked));
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		*arrays[i] = calloc(count, sizeof(**arrays[i]));
		is_complete = is_complete && *arrays[i] != NULL;
	}
	is_complete = is_complete && graph->is_reached != NULL && graph->is_linked != NULL;
	return is_complete ? 0 : -ENOMEM;
}

int dominators_retain(struct heap *heap)
{
	struct flowgraph graph;
	int r = flowgraph_init(&graph, heap);

	if (r == 0) {
		mark_reached(&graph);
		r = build_retainers(&graph);
	}
	if (r == 0)
		r = number_all(&graph);
	if (r == 0) {
		find_dominators(&graph);
		flowgraph_shrink(&graph);
		r = sum_up(heap, &graph);
	}
	flowgraph_done(&graph);
	return r;
}
