// SPDX-License-Identifier: MIT
/*
 * What stands out in a heap snapshot beside its constructors (snapshot/contents.h), in each format.
 */
#ifndef HEAPWATCH_TOOL_CONTENTS_REPORT_H
#define HEAPWATCH_TOOL_CONTENTS_REPORT_H

#include <stdio.h>

#include "daemon/exposition/json.h"
#include "lib/buf.h"
#include "snapshot/heap.h"

/* Nothing when the heap has no contents. Members of the object that is being written. */
void contents_report_json(struct json *json, const struct heap *heap);
void contents_report_text(const struct heap *heap, FILE *out);
void contents_report_html(struct buf *page, const struct heap *heap);

#endif
