// SPDX-License-Identifier: MIT
/*
 * What stands in front of V8's lines: "[pid:0xISO:N] " or less, and on most of them "MS ms: ".
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GCHEAD_H
#define HEAPWATCH_COLLECTORS_GCLOG_GCHEAD_H

#include <stdint.h>
#include <sys/types.h>

#include "collectors/gclog/cursor.h"

enum gchead { GCHEAD_NONE, GCHEAD_PID, GCHEAD_ISOLATE };

/* Reads "[pid] ", "[pid:0xISO] ", "[pid:0xISO:N] ", moves behind the bracket; NONE: there is none.
 */
enum gchead gchead_read(struct cursor *cursor, pid_t *ret_pid, uint64_t *ret_isolate);
/* The "[pid:0xISO] " that ends in front of at, not before from; NULL: there is none. */
const char *gchead_find(const char *from, const char *at);
/* From the "ms: " that a GC line holds back to where the line starts. */
const char *gchead_find_start(const char *from, const char *anchor);

#endif
