// SPDX-License-Identifier: MIT
/*
 * What holds the objects that are new, for people and for programs.
 */
#ifndef HEAPWATCH_TOOL_RETAINER_REPORT_H
#define HEAPWATCH_TOOL_RETAINER_REPORT_H

#include <stdio.h>

#include "snapshot/diff.h"
#include "snapshot/retainers.h"
#include "tool/terminal.h"

/* The heap is the last one of the diff. All return -ENOMEM with nothing printed. */
struct retainer_report {
	const struct diff *diff;
	const struct heap *heap;
	const struct retainers *retainers;
};

int retainer_report_json(const struct retainer_report *report, FILE *out)
    __attribute__((warn_unused_result));
int retainer_report_text(const struct retainer_report *report, const struct terminal *terminal,
                         FILE *out) __attribute__((warn_unused_result));

/* ---- parts ---- */

#define RETAINER_STEPS_MAX 64

/* The trails from the root to one, without the root; of longer paths the end. Returns how many. */
size_t retainer_steps(const struct retainers *retainers, uint32_t trail,
                      uint32_t ret_steps[RETAINER_STEPS_MAX]);
/* "LeakingClass", "handler()", "Object {id, name}", "(string)" */
void retainer_append_name(struct buf *out, const struct retainer_report *report,
                          const struct trail *trail);
/* "global → leaks (Array) → LeakingClass", with this arrow; V8's own steps are left out. */
void retainer_append_path(struct buf *out, const struct retainer_report *report, uint32_t trail,
                          const char *arrow);
/* "server.js:10:5"; nothing when it is not known. */
void retainer_append_place(struct buf *out, const struct heap *heap, uint32_t node);
/* What to do about growth of anonymous objects; NULL: nothing. */
const char *retainer_hint(const struct retainer_report *report);

#endif
