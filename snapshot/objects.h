// SPDX-License-Identifier: MIT
/*
 * The objects of a heap in the order of their ids, to be compared with those of another, or of what
 * else they are to be found by.
 */
#ifndef HEAPWATCH_SNAPSHOT_OBJECTS_H
#define HEAPWATCH_SNAPSHOT_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

struct object_id {
	uint32_t id;
	uint32_t node;
};

/* Sorts them by id in linear time. *ids is another array then, the one before is freed. -ENOMEM. */
int objects_order(struct object_id **ids, size_t count) __attribute__((warn_unused_result));
/* All nodes with their ids, sorted; to be freed. NULL without memory. */
struct object_id *objects_sort(const uint32_t *keys, uint32_t node_count);

#endif
