// SPDX-License-Identifier: MIT
/*
 * What grew between heap snapshots, for people and for programs.
 */
#ifndef HEAPWATCH_TOOL_DIFF_REPORT_H
#define HEAPWATCH_TOOL_DIFF_REPORT_H

#include <stdio.h>

#include "snapshot/diff.h"

/* Of a finished diff. 0, or -ENOMEM with nothing printed. */
int diff_report_json(const struct diff *diff, FILE *out) __attribute__((warn_unused_result));
void diff_report_text(const struct diff *diff, FILE *out);

#endif
