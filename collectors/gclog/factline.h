// SPDX-License-Identifier: MIT
/*
 * What V8 says beside its collections: marking (--trace-incremental-marking, and up to Node 6 with
 * --trace-gc alone) and the parts of the heap (--trace-gc-verbose). Used by parse.c, which finds
 * the places that hint at such a line.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_FACTLINE_H
#define HEAPWATCH_COLLECTORS_GCLOG_FACTLINE_H

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/parse.h"

/*
 * The cursor stands at "rking" of a marking line; from is the earliest place where it may start.
 * GCLOG_INCIDENT: the record is set, with pid 0 where the line names no process (up to Node 6), and
 * the cursor stands at its end. Else GCLOG_OTHER.
 */
enum gclog_result factline_marking(const char *from, struct cursor *cursor,
                                   struct gclog_record *record);
/*
 * The cursor stands at " KB" of a line of sizes. GCLOG_HEAP: the record is set and the cursor
 * stands at the end. GCLOG_TORN: two processes began such a line, and whose it is cannot be told.
 */
enum gclog_result factline_part(const char *from, struct cursor *cursor,
                                struct gclog_record *record);
/* Makes an incident of the record. */
void factline_set_incident(struct gclog_record *record, enum heap_incident incident, pid_t pid,
                           uint64_t isolate);

#endif
