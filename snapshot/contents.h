// SPDX-License-Identifier: MIT
/*
 * What stands out in a heap beside its constructors: strings that are there many times, functions
 * with many closures, the objects that retain most, nodes that are detached, and memory outside of
 * the JavaScript heap.
 */
#ifndef HEAPWATCH_SNAPSHOT_CONTENTS_H
#define HEAPWATCH_SNAPSHOT_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

#define CONTENTS_TOP 10

/* Nodes that are alike; largest first in a list. */
struct content {
	uint32_t node; /* one of them; UINT32_MAX: the list has ended */
	uint64_t count;
	uint64_t bytes; /* of all together; of an object what it retains */
};

struct contents {
	uint64_t string_count;
	uint64_t string_bytes;
	uint64_t duplicate_count; /* strings that are there once more, each time */
	uint64_t duplicate_bytes;
	struct content duplicates[CONTENTS_TOP]; /* bytes: what all but one take */
	struct content strings[CONTENTS_TOP];    /* the longest */
	struct content closures[CONTENTS_TOP];   /* by name and place */
	struct content objects[CONTENTS_TOP];    /* single ones; V8's own are left out */
};

/*
 * Strings are of type "string"; V8 gives at most the first 1024 characters of their text, so that
 * those count as equal that have the same and the same size. Before the strings of the snapshot are
 * read, for their texts are wanted then. Of a heap that keeps names. -ENOMEM.
 */
int contents_find_strings(struct contents *contents, const struct heap *heap)
    __attribute__((warn_unused_result));
/* Once the snapshot was read: the rest, of a heap with retained sizes. */
int contents_find_rest(struct contents *contents, struct heap *heap)
    __attribute__((warn_unused_result));

#endif
