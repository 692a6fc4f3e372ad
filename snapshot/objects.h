// SPDX-License-Identifier: MIT
/*
 * The objects of a heap in the order of their ids, to be compared with those of another.
 */
#ifndef HEAPWATCH_SNAPSHOT_OBJECTS_H
#define HEAPWATCH_SNAPSHOT_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

struct object_id {
	uint32_t id;
	uint32_t node;
};

/* Of a heap that keeps ids, sorted in linear time; to be freed. NULL without memory. */
struct object_id *objects_sort(const struct heap *heap);

#endif
