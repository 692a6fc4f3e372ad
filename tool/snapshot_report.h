// SPDX-License-Identifier: MIT
/*
 * The summary of a heap snapshot for people and for programs.
 */
#ifndef HEAPWATCH_TOOL_SNAPSHOT_REPORT_H
#define HEAPWATCH_TOOL_SNAPSHOT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "snapshot/heap.h"

/* Sorts the classes: largest first, by retained size where it is known, else by self size. -ENOMEM.
 */
int snapshot_sort(struct heap *heap) __attribute__((warn_unused_result));
/* Of a sorted heap. 0, or -ENOMEM with nothing printed. */
int snapshot_report_json(const struct heap *heap, FILE *out) __attribute__((warn_unused_result));
void snapshot_report_text(const struct heap *heap, FILE *out);
/* The end of a line: no more than a part of a name that is long, and blanks for control characters.
 */
void snapshot_print_name(const char *name, FILE *out);

#endif
