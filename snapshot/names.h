// SPDX-License-Identifier: MIT
/*
 * Which of the strings of a snapshot are kept, and what they are. Strings come last and are most of
 * what a heap has in text, so that what is wanted has to be known when they begin: the names of
 * classes always; of a heap that keeps names also those of edges and of nodes that are no text.
 */
#ifndef HEAPWATCH_SNAPSHOT_NAMES_H
#define HEAPWATCH_SNAPSHOT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

/* All edges are there. heap->names is set; -ENOMEM. */
int names_begin(struct heap *heap) __attribute__((warn_unused_result));
struct names *names_free(struct names *names);
/* The string of this index is wanted; they are asked for in ascending order. */
bool names_want(struct heap *heap, uint64_t index);
/*
 * The text of the string that was asked for last, as it stands in the file; is_cut: it goes on.
 * -EINVAL with heap->problem when it names a class and is too long; -ENOMEM.
 */
int names_take(struct heap *heap, const char *text, size_t length, bool is_cut)
    __attribute__((warn_unused_result));
/* UTF-8; "" when it was not kept. */
const char *names_text(const struct heap *heap, uint32_t index);
/* The index of a text that was kept; UINT32_MAX: none. Looks at all of them. */
uint32_t names_find(const struct heap *heap, const char *text);
/* Bits by index, in words of 64, for all strings of the heap, set for those that were kept and that
 * are meant. *ret_bits is the caller's. -ENOMEM. */
int names_mark(const struct heap *heap, bool (*is_meant)(const char *text), uint64_t **ret_bits)
    __attribute__((warn_unused_result));

#endif
