// SPDX-License-Identifier: MIT
/*
 * Where in the scripts objects come from, as far as the snapshot tells ("locations"): functions
 * where they are written, other objects where their constructor is.
 */
#ifndef HEAPWATCH_SNAPSHOT_LOCATIONS_H
#define HEAPWATCH_SNAPSHOT_LOCATIONS_H

#include <stdint.h>

#include "snapshot/heap.h"

struct location {
	uint32_t script; /* the id that V8 gave it */
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1 */
};

/*
 * The next row, in any order. -ENOMEM, or -EINVAL with heap->problem: the row lies. Is kept by a
 * heap that keeps names.
 */
int locations_add(struct heap *heap, const uint64_t *row) __attribute__((warn_unused_result));
/* All rows were added. */
void locations_end(struct heap *heap);
struct locations *locations_free(struct locations *locations);
/* NULL: none is known. */
const struct location *locations_of(const struct heap *heap, uint32_t node);
/* Once the strings were read, of a heap with graph and names: names scripts, as far as functions of
 * them tell. -ENOMEM. */
int locations_name_scripts(struct heap *heap) __attribute__((warn_unused_result));
/* Name or URL of the script; "" when it is not known. */
const char *locations_script(const struct heap *heap, uint32_t script);

#endif
