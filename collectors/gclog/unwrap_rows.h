// SPDX-License-Identifier: MIT
/*
 * The wrappers behind the table of unwrap.c. Each narrows piece->text to what it wraps and notes
 * what it says of it, or returns false and leaves the piece as it was.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_UNWRAP_ROWS_H
#define HEAPWATCH_COLLECTORS_GCLOG_UNWRAP_ROWS_H

#include "collectors/gclog/unwrap.h"

/* unwrap_text.c */
bool unwrap_take_iso(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
bool unwrap_take_month(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
bool unwrap_take_weekday(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
bool unwrap_take_unix(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
bool unwrap_take_priority(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
bool unwrap_take_name(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
/* unwrap_json.c */
bool unwrap_take_json(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);

/* unwrap_export.c: whether the line is of an entry; *ret_has_text: and of a message. */
bool unwrap_take_export(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece,
                        bool *ret_has_text);

/* The outermost stamp counts: it was set by who knows the zone. */
static inline void unwrapped_note_wall(struct unwrapped *piece, uint64_t wall_ns)
{
	if (piece->wall_ns == 0)
		piece->wall_ns = wall_ns;
}

#endif
