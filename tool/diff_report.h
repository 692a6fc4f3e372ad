// SPDX-License-Identifier: MIT
/*
 * What grew between heap snapshots, for people and for programs.
 */
#ifndef HEAPWATCH_TOOL_DIFF_REPORT_H
#define HEAPWATCH_TOOL_DIFF_REPORT_H

#include <stdio.h>

#include "daemon/exposition/json.h"
#include "snapshot/diff.h"

/* Of a finished diff. 0, or -ENOMEM with nothing printed. */
int diff_report_json(const struct diff *diff, FILE *out) __attribute__((warn_unused_result));
void diff_report_text(const struct diff *diff, FILE *out);

#define DIFF_NOTE_SIZE 320

/* What is to be said of a snapshot that is not of one process with the first, see diff.h; NULL:
 * nothing. */
const char *diff_note(const struct diff *diff, size_t snapshot, char out[DIFF_NOTE_SIZE]);
/* An array "notes" of all of them, and the hint unless it is NULL. */
void diff_add_notes(struct json *json, const struct diff *diff, const char *hint);

#endif
