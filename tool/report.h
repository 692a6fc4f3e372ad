// SPDX-License-Identifier: MIT
/*
 * The formats in which analyze answers.
 */
#ifndef HEAPWATCH_TOOL_REPORT_H
#define HEAPWATCH_TOOL_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "daemon/model/verdict.h"
#include "tool/replay.h"

#define REPORT_LEAK_SCORE 0.8

/* One line of JSON per evaluation. */
void report_timeline(FILE *out, uint64_t at_ms, const struct verdict *verdict);
void report_text(FILE *out, const struct replay *replay);
/* -ENOMEM. */
int report_json(FILE *out, const struct replay *replay) __attribute__((warn_unused_result));

#endif
