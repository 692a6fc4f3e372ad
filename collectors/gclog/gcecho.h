// SPDX-License-Identifier: MIT
/*
 * What most GC lines share with the one before: who prints it, and all that stands behind the
 * times, which changes with a full collection only. To compare these parts costs a fifth of
 * reading them. What is taken is exactly what reading would have given.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GCECHO_H
#define HEAPWATCH_COLLECTORS_GCLOG_GCECHO_H

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/parse.h"

/* Takes the head when it is that of the line before; sets pid and isolate. */
bool gcecho_take_head(const struct gclog_echo *echo, struct cursor *cursor,
                      struct gclog_record *record);
/* The head that was just read stands from start to the cursor. */
void gcecho_keep_head(struct gclog_echo *echo, const char *start, const struct cursor *cursor,
                      const struct gclog_record *record);
/* Takes the rest of the line when it is that of the line before; sets utilisation and reasons. */
bool gcecho_take_tail(const struct gclog_echo *echo, struct cursor *cursor,
                      struct gclog_record *record, unsigned *ret_shape);
/* The tail that was just read goes from start to the end, and is used up to the cursor. */
void gcecho_keep_tail(struct gclog_echo *echo, const char *start, const struct cursor *cursor,
                      const struct gclog_record *record, unsigned shape);

#endif
