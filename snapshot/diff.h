// SPDX-License-Identifier: MIT
/*
 * What changed between two or three heap snapshots of one process, by constructor. V8 gives an
 * object one id for life (v8::HeapGraphNode::GetId), so that objects of one snapshot are found in
 * another by it. As in Chrome DevTools (HeapSnapshot.calculateDiffForClass), one that is of another
 * class there counts as another.
 *
 * Of two snapshots new is what only the second holds. Of three, new is what came between the first
 * and the second and is still there in the third: what was in use for a moment only, at the time of
 * a snapshot, is not taken for a leak.
 */
#ifndef HEAPWATCH_SNAPSHOT_DIFF_H
#define HEAPWATCH_SNAPSHOT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

#define DIFF_SNAPSHOTS_MAX 3

struct diff_amount {
	uint64_t count;
	uint64_t self_bytes;
	uint64_t retained_bytes; /* see dominators.h; 0 without a graph */
};

/* A class, by name and type. */
struct diff_row {
	char *name;
	char *type;
	struct diff_amount at[DIFF_SNAPSHOTS_MAX]; /* by snapshot */
	struct diff_amount new;                    /* retained by the new ones together */
	struct diff_amount deleted;                /* of the first, not in the last; retains 0 */
	bool is_internal;                          /* V8's own: retains on behalf of objects */
};

struct diff_totals {
	uint64_t node_count;
	uint64_t edge_count;
	uint64_t self_bytes;
	uint64_t shared_count;   /* objects of the first snapshot whose id is here, too */
	uint64_t mistaken_count; /* of these: what has the id here is of another class */
};

struct diff {
	struct diff_row *rows; /* largest first once it is finished */
	size_t row_count;
	size_t snapshot_count; /* added so far */
	struct diff_totals totals[DIFF_SNAPSHOTS_MAX];
	bool has_retained;

	/* For the functions below. */
	struct diff_index *index;
	struct diff_objects *objects[DIFF_SNAPSHOTS_MAX - 1];
	uint32_t *row_of_class; /* of the heap that was added last */
	size_t row_capacity;
};

void diff_init(struct diff *diff);
void diff_done(struct diff *diff);
/*
 * The next snapshot, whose heap keeps its ids; the last one is told by is_last. Keeps 20 bytes for
 * each node of all but the last. Sets is_new of the last heap, which new_retained_bytes of its
 * classes is computed by: dominators_retain() comes between diff_add() and diff_retained(), which
 * takes over the retained sizes of the heap that was added last. -ENOMEM.
 */
int diff_add(struct diff *diff, struct heap *heap, bool is_last)
    __attribute__((warn_unused_result));
void diff_retained(struct diff *diff, const struct heap *heap);
/*
 * False: the snapshot is of another process than the first, or of the same one after V8 gave all
 * ids anew, as it does when an inspector session ends: more than one in a hundred ids that both
 * have are of objects of another class. In one process hardly any object changes its
 * class; strings change their type, which is not counted. What is new or deleted means nothing
 * then; what each snapshot holds does. True proves nothing.
 */
bool diff_is_of_one_process(const struct diff *diff, size_t snapshot);
/* After the last snapshot: sorts the rows. */
void diff_finish(struct diff *diff);
/* The last snapshot's minus the first's; they fit into 63 bits. */
int64_t diff_delta(uint64_t last, uint64_t first);

#endif
