// SPDX-License-Identifier: MIT
/*
 * One GC line of V8, read from the place where it starts. Used by parse.c, which finds that place.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GCLINE_H
#define HEAPWATCH_COLLECTORS_GCLOG_GCLINE_H

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/parse.h"

/* Sets those flags of the event that its reasons tell. */
void gcline_mark_reasons(struct gclog_record *record);
/*
 * Reads a whole GC line at the cursor. GCLOG_GC: the record is set and the cursor stands behind
 * what was used. GCLOG_TORN: it starts as one and breaks off. GCLOG_OTHER: it is none;
 * the record is of no use then. echo is that of the stream's parser.
 */
enum gclog_result gcline_parse(struct gclog_echo *echo, struct cursor *cursor,
                               struct gclog_record *record);

#endif
