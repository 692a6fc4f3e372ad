// SPDX-License-Identifier: MIT
/*
 * A V8 heap snapshot (.heapsnapshot of Node.js 8 to 26), read in one pass as its bytes come, in
 * pieces of any size. Nothing is assumed that the file says itself: rows are read by the field
 * names in its head. A file that is torn or that contradicts itself is an error with its place,
 * never a result: numbers of rows, types, names and edges that lead nowhere are checked.
 *
 * The order is V8's: "snapshot" stands before "nodes", those before "edges", those before
 * "strings". Members that are not needed are skipped, of strings only the names of classes are
 * kept.
 */
#ifndef HEAPWATCH_SNAPSHOT_READER_H
#define HEAPWATCH_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/heap.h"

struct reader;

/* keeps: what the heap has beside its classes, of enum heap_keeps. NULL without memory. */
struct reader *reader_new(unsigned keeps);
struct reader *reader_free(struct reader *reader);
/*
 * bytes[length] must be there and be NUL: it stops the inner loops. 0, -ENOMEM, or -EINVAL, see
 * reader_problem(); after an error nothing more is read.
 */
int reader_feed(struct reader *reader, const char *bytes, size_t length)
    __attribute__((warn_unused_result));
/* The end of the file. *ret_heap is borrowed from the reader. Errors as above. */
int reader_finish(struct reader *reader, struct heap **ret_heap)
    __attribute__((warn_unused_result));
/* After -EINVAL: what is wrong, in plain words, and at how many bytes from the start it was seen.
 */
const char *reader_problem(const struct reader *reader, uint64_t *ret_offset_bytes);

#endif
