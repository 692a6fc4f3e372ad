// SPDX-License-Identifier: MIT
/*
 * Breadth first, three times: from the user's roots, from the root itself, and over the edges that
 * were left out till then.
 */
#include "snapshot/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/large.h"
#include "snapshot/detours.h"

#define ROOT 0U /* a node */

static void reach(struct paths *paths, uint32_t node, uint32_t parent, uint32_t edge)
{
	paths->parents[node] = parent;
	paths->edges[node] = edge;
	paths->distances[node] = parent == PATHS_NONE ? 0 : paths->distances[parent] + 1;
	paths->order[paths->count++] = node;
}

static bool retains(const struct heap *heap, uint32_t from, uint32_t edge)
{
	return heap->edge_kinds[edge] < EDGE_KIND_SHORTCUT ||
	       (from == ROOT && heap->edge_kinds[edge] == EDGE_KIND_SHORTCUT);
}

/* detours: NULL: all edges are followed. */
static void expand(struct paths *paths, const struct heap *heap, uint32_t node,
                   struct detours *detours)
{
	uint32_t edge;

	for (edge = heap->first_edges[node]; edge < heap->first_edges[node + 1]; edge++) {
		uint32_t to = heap->edge_targets[edge];

		if (paths->distances[to] == PATHS_NONE && retains(heap, node, edge) &&
		    (detours == NULL || !detours_leave_out(detours, heap, node, edge)))
			reach(paths, to, node, edge);
	}
}

static void spread(struct paths *paths, const struct heap *heap, uint32_t next,
                   struct detours *detours)
{
	for (; next < paths->count; next++)
		expand(paths, heap, paths->order[next], detours);
}

/* What nothing else leads to. */
static void reach_rest(struct paths *paths, const struct heap *heap, const struct detours *detours)
{
	uint32_t next = paths->count;
	size_t i;

	for (i = 0; i < detours->count; i++) {
		const struct detour *detour = &detours->list[i];
		uint32_t to = heap->edge_targets[detour->edge];

		if (paths->distances[to] == PATHS_NONE)
			reach(paths, to, detour->from, detour->edge);
	}
	spread(paths, heap, next, NULL);
}

static void reach_user_roots(struct paths *paths, const struct heap *heap)
{
	uint32_t edge;

	for (edge = heap->first_edges[ROOT]; edge < heap->first_edges[ROOT + 1]; edge++) {
		uint32_t to = heap->edge_targets[edge];
		const char *type = heap->layout.node_types.names[heap_node_type(heap, to)];

		if (to != ROOT && paths->distances[to] == PATHS_NONE && retains(heap, ROOT, edge) &&
		    strcmp(type, "synthetic") != 0)
			reach(paths, to, ROOT, edge);
	}
}

static void find_all(struct paths *paths, const struct heap *heap, struct detours *detours)
{
	reach(paths, ROOT, PATHS_NONE, PATHS_NONE);
	reach_user_roots(paths, heap);
	spread(paths, heap, 1, detours);
	paths->user_count = paths->count;
	expand(paths, heap, ROOT, detours);
	spread(paths, heap, paths->user_count, detours);
	reach_rest(paths, heap, detours);
}

int paths_init(struct paths *paths, const struct heap *heap)
{
	uint32_t **arrays[] = {&paths->parents, &paths->edges, &paths->distances, &paths->order};
	struct detours detours;
	int r = detours_init(&detours, heap);
	size_t i;

	*paths = (struct paths){0};
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		*arrays[i] = large_calloc(heap->node_count, sizeof(**arrays[i]));
		if (*arrays[i] == NULL)
			r = -ENOMEM;
	}
	if (r == 0) {
		memset(paths->distances, 0xFF, heap->node_count * sizeof(*paths->distances));
		memset(paths->parents, 0xFF, heap->node_count * sizeof(*paths->parents));
		find_all(paths, heap, &detours);
		if (detours.is_out_of_memory)
			r = -ENOMEM;
	}
	detours_done(&detours);
	if (r < 0)
		paths_done(paths);
	return r;
}

void paths_done(struct paths *paths)
{
	free(paths->parents);
	free(paths->edges);
	free(paths->distances);
	free(paths->order);
	*paths = (struct paths){0};
}

void paths_measure_classes(const struct paths *paths, struct heap *heap)
{
	bool has_user_roots = paths->user_count > 1;
	uint32_t end = has_user_roots ? paths->user_count : paths->count;
	uint32_t i;

	for (i = has_user_roots ? 1 : 0; i < end; i++) { /* nearest first */
		uint32_t node = paths->order[i];
		struct heap_class *class = &heap->classes[heap->node_classes[node]];

		if (class->distance == UINT32_MAX)
			class->distance = paths->distances[node];
	}
}
