// SPDX-License-Identifier: MIT
/*
 * An explanation in the forms that heapwatch explain prints.
 */
#ifndef HEAPWATCH_TOOL_EXPLAIN_REPORT_H
#define HEAPWATCH_TOOL_EXPLAIN_REPORT_H

#include "lib/buf.h"

struct call_tree;
struct explanation;
struct terminal;

/* For people: each place with its callers below it. */
void explain_report_text(struct buf *out, const struct terminal *terminal,
                         const struct explanation *explanation);
void explain_report_json(struct buf *out, const struct explanation *explanation);
/* "frame;frame;frame samples", the outermost frame first, as flame-graph tools read it. */
void explain_report_folded(struct buf *out, const struct call_tree *tree);
/* A sampling heap profile as Chrome's DevTools load it, of what grew. */
void explain_report_heapprofile(struct buf *out, const struct call_tree *tree);

#endif
