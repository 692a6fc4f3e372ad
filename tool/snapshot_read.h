// SPDX-License-Identifier: MIT
/*
 * Reads a heap snapshot from a file, from gzip or from the standard input ("-"); long work shows
 * its progress on a terminal.
 */
#ifndef HEAPWATCH_TOOL_SNAPSHOT_READ_H
#define HEAPWATCH_TOOL_SNAPSHOT_READ_H

#include "snapshot/reader.h"

/* *ret_heap belongs to the reader. A negative errno with a message on stderr. */
int snapshot_read(const char *path, struct reader *reader, struct heap **ret_heap)
    __attribute__((warn_unused_result));
/* What is done now, on a terminal, when the heap is so large that it takes a while; NULL: done. */
void snapshot_show_step(const struct heap *heap, const char *path, const char *step);

#endif
