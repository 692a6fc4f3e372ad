// SPDX-License-Identifier: MIT
/*
 * Anonymous objects ({...}) are all named Object; what tells them apart is which properties they
 * have. Numbers that V8 keeps within an object have no edge, so their properties do not show.
 */
#ifndef HEAPWATCH_SNAPSHOT_SHAPES_H
#define HEAPWATCH_SNAPSHOT_SHAPES_H

#include <stdint.h>

#include "lib/buf.h"
#include "snapshot/heap.h"

/* The same for objects with properties of the same names in any order; never 0. Of a heap that
 * keeps graph and names. */
uint32_t shape_hash(const struct heap *heap, uint32_t node);
/* "{id, name, when}" */
void shape_append(struct buf *out, const struct heap *heap, uint32_t node);

#endif
