// SPDX-License-Identifier: MIT
/*
 * From type and name of a node to its class. Most nodes are of few classes, which a small table
 * of the latest finds without hashing.
 */
#ifndef HEAPWATCH_SNAPSHOT_CLASSES_H
#define HEAPWATCH_SNAPSHOT_CLASSES_H

#include <stdint.h>

#include "snapshot/heap.h"

struct class_table *class_table_new(const struct layout_types *types);
struct class_table *class_table_free(struct class_table *table);
/* The index of the class, made when it is new; -ENOMEM. */
int class_find(struct heap *heap, uint32_t type, uint32_t name_index, uint32_t *ret_class)
    __attribute__((warn_unused_result));

#endif
