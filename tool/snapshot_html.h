// SPDX-License-Identifier: MIT
/*
 * Summary and differences of heap snapshots as a page for a browser. All return -ENOMEM with
 * nothing printed.
 */
#ifndef HEAPWATCH_TOOL_SNAPSHOT_HTML_H
#define HEAPWATCH_TOOL_SNAPSHOT_HTML_H

#include <stdio.h>

#include "snapshot/diff.h"
#include "snapshot/heap.h"
#include "tool/retainer_report.h"

/* Of a sorted heap, see snapshot_report.h. */
int snapshot_html(const struct heap *heap, FILE *out) __attribute__((warn_unused_result));
/* Of a finished diff. */
int diff_html(const struct diff *diff, FILE *out) __attribute__((warn_unused_result));
int retainer_html(const struct retainer_report *report, FILE *out)
    __attribute__((warn_unused_result));

#endif
