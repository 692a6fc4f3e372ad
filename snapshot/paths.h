// SPDX-License-Identifier: MIT
/*
 * The shortest path from the root to each node, over edges that retain: no weak ones, and shortcuts
 * only from the root. As in Chrome DevTools (HeapSnapshot.calculateDistances), paths that begin at
 * an object of the application, such as the global one, go before those that begin at V8's
 * (synthetic) roots; these are for nodes that nothing else reaches. Where the names of edges are
 * there, those of detours.h are followed last, for what no other path leads to.
 */
#ifndef HEAPWATCH_SNAPSHOT_PATHS_H
#define HEAPWATCH_SNAPSHOT_PATHS_H

#include <stdint.h>

#include "snapshot/heap.h"

#define PATHS_NONE UINT32_MAX

struct paths {
	uint32_t *parents;   /* by node; PATHS_NONE: the root, or not reached */
	uint32_t *edges;     /* by node: the one that its parent holds it by */
	uint32_t *distances; /* by node: edges from the root; PATHS_NONE: not reached */
	uint32_t *order;     /* nodes, nearest first, those behind user_count from V8's roots */
	uint32_t count;      /* of nodes that are reached */
	uint32_t user_count;
};

/* Of a heap with a graph: 16 bytes a node. -ENOMEM. */
int paths_init(struct paths *paths, const struct heap *heap) __attribute__((warn_unused_result));
void paths_done(struct paths *paths);
/* Sets the distance of every class, of paths from the user's roots; others, and the root, have
 * none, except where the user has no roots. */
void paths_measure_classes(const struct paths *paths, struct heap *heap);

#endif
