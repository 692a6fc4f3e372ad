// SPDX-License-Identifier: MIT
/*
 * One GC line of V8, read from the place where it starts. Used by parse.c, which finds that place.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GCLINE_H
#define HEAPWATCH_COLLECTORS_GCLOG_GCLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/parse.h"

/* What stands in front of a GC line: "[pid:0xISO:N] " or less. */
enum gcline_head { GCLINE_HEAD_NONE, GCLINE_HEAD_PID, GCLINE_HEAD_ISOLATE };

/* Reads "[pid] ", "[pid:0xISO] ", "[pid:0xISO:N] ", moves behind the bracket; NONE: there is none.
 */
enum gcline_head gcline_read_head(struct cursor *cursor, pid_t *ret_pid, uint64_t *ret_isolate);
/* The "[pid:0xISO] " that ends in front of at, not before from; NULL: there is none. */
const char *gcline_find_head(const char *from, const char *at);
/* From the "ms: " that a GC line holds back to where the line starts. */
const char *gcline_find_start(const char *from, const char *anchor);
/* Sets those flags of the event that its reasons tell. */
void gcline_mark_reasons(struct gclog_record *record);
/*
 * Reads a whole GC line at the cursor. GCLOG_GC: the record is set and the cursor stands behind
 * what was used. GCLOG_TORN: it starts as one and breaks off. GCLOG_OTHER: it is none;
 * the record is of no use then.
 */
enum gclog_result gcline_parse(struct cursor *cursor, struct gclog_record *record);

#endif
