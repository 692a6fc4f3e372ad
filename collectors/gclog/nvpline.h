// SPDX-License-Identifier: MIT
/*
 * The GC line of --trace-gc-nvp: name=value pairs up to Node 24, a JSON object from Node 25 on. V8
 * prints it in place of the text line, never beside it (GCTracer::PrintNVP in gc-tracer.cc).
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_NVPLINE_H
#define HEAPWATCH_COLLECTORS_GCLOG_NVPLINE_H

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/parse.h"

/*
 * Reads what follows "[pid:0xISO] MS ms: ", for which the record is prepared. GCLOG_GC: the
 * collection is in the record and the cursor stands behind it. GCLOG_TORN: it breaks off before its
 * figures are whole. GCLOG_OTHER: it is none.
 */
enum gclog_result nvpline_parse(struct cursor *cursor, struct gclog_record *record);

#endif
