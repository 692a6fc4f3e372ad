// SPDX-License-Identifier: MIT
/*
 * New objects by the path that holds them: those whose shortest paths from the root (paths.h) look
 * alike are one row, such as global → leaks (Array) → [] LeakingClass.
 *
 * Paths look alike when their steps do: by what the next one is held (elements of arrays are one;
 * so are the properties of an object that has many of the same kind, which is used as a table), and
 * type and name of the node; anonymous objects that are new also by their shape, the names of their
 * properties. What repeats, as the links of a list do, is one step.
 *
 * A row begins where a path comes to its first new object. All that is new behind that is its
 * growth, so that each new object is in one row. V8's arrays and the like, which are replaced as a
 * container grows, do not begin a row for what they hold.
 */
#ifndef HEAPWATCH_SNAPSHOT_RETAINERS_H
#define HEAPWATCH_SNAPSHOT_RETAINERS_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"
#include "snapshot/paths.h"

#define RETAINERS_NO_LABEL  UINT32_MAX
#define RETAINERS_ANY_LABEL (UINT32_MAX - 1)

/* A step of paths that look alike. */
struct trail {
	uint32_t parent;  /* the step before; the first trail is the root */
	uint32_t label;   /* a string; NO_LABEL: an element, ANY_LABEL: some property */
	uint32_t kind;    /* enum edge_kind, of what it is held by */
	uint32_t type;    /* of layout.node_types */
	uint32_t name;    /* a string; UINT32_MAX: all of the type are alike */
	uint32_t shape;   /* 0: does not matter */
	uint32_t example; /* a node */
	bool repeats;
	/* What begins here, of new objects. */
	uint64_t head_count;
	uint64_t count;          /* those that are as the first one, heads or behind them */
	uint64_t self_bytes;     /* of these */
	uint64_t growth_bytes;   /* of all behind a head, and the heads */
	uint64_t retained_bytes; /* by the heads */
};

struct retainers {
	struct trail *trails;
	size_t trail_count;
	uint32_t *rows; /* trails with a head, those that grew most first */
	size_t row_count;
	uint64_t growth_bytes; /* of all */
	uint64_t unheld_bytes; /* new, but reached by no path: garbage, or held weakly */
	uint64_t unheld_count;
	size_t trail_capacity;
};

/* Of a heap that keeps graph and names, with is_new and retained sizes. -ENOMEM. */
int retainers_find(struct retainers *ret_retainers, const struct heap *heap,
                   const struct paths *paths) __attribute__((warn_unused_result));
void retainers_done(struct retainers *retainers);
/* V8's own: holds on behalf of an object, and says little to people. */
bool retainers_is_internal(const struct heap *heap, uint32_t node);

#endif
