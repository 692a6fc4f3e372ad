// SPDX-License-Identifier: MIT
/*
 * Retained sizes: what would be freed with a node, the sizes of all nodes that it dominates.
 *
 * A node is dominated by another when every path to it from the root (node 0) leads through that.
 * Paths have no weak edges, and shortcut edges only from the root, where they mark the global
 * objects. Edges from a node that no such path reaches, to one that is reached, retain nothing. A
 * node that nothing but weak edges reaches is dominated by the root; what it alone reaches, by it.
 * Of nodes that only retain each other each is dominated by the root. This is the definition of
 * memlab (TraceFinder.computeDominatorsAndRetainedSizes) and, but for two heuristics, that of
 * Chrome DevTools (HeapSnapshot.calculateDominatorTree): DevTools lets nothing but global objects
 * retain what they reach, and since 2023 lets the table of a WeakMap not retain its values.
 *
 * Lengauer and Tarjan, A fast algorithm for finding dominators in a flowgraph, TOPLAS 1979, with
 * simple path compression: O(edges * log nodes), and nearly linear on heaps.
 */
#ifndef HEAPWATCH_SNAPSHOT_DOMINATORS_H
#define HEAPWATCH_SNAPSHOT_DOMINATORS_H

#include "snapshot/heap.h"

/* Whether the graph of the heap is needed any more. */
enum dominators_graph { DOMINATORS_KEEP_GRAPH, DOMINATORS_RELEASE_GRAPH };

/*
 * Sets retained_sizes of every node, and retained_bytes of every class: the sum over its nodes that
 * no other node of the class dominates, so that a chain of nodes is not counted once for each of
 * its links; likewise new_retained_bytes, over the nodes of is_new. Of a heap with a graph. Beside
 * the heap 16 bytes a node and 4 an edge are taken until the graph is released, then 32 and 4.
 * -ENOMEM.
 */
int dominators_retain(struct heap *heap, enum dominators_graph use)
    __attribute__((warn_unused_result));

#endif
