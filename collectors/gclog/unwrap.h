// SPDX-License-Identifier: MIT
/*
 * Takes off what log collectors put around the lines of an application: Docker's json-file, CRI,
 * syslog, journalctl's exports, time stamps, PM2's and compose's prefixes. What a line is wrapped
 * in is told from the line itself, not from names or settings, so it may change in mid-file, and
 * wrappers may stand in one another. A line that only begins like a wrapper is handed on as it is.
 * Pure, no allocation.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_UNWRAP_H
#define HEAPWATCH_COLLECTORS_GCLOG_UNWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/lines.h"
#include "collectors/gclog/walltime.h"

#define UNWRAP_LINE_MAX LINES_CARRY_MAX /* of a wrapped line; longer ones come in parts */

enum unwrap_channel { UNWRAP_STDOUT, UNWRAP_STDERR, UNWRAP_CHANNEL_COUNT };

/* What of the application's output stands in a line. */
struct unwrapped {
	struct cursor text;
	uint64_t wall_ns; /* since 1970, of the outermost stamp; 0: none */
	enum unwrap_channel channel;
	bool is_wrapped;    /* pieces of plain and of wrapped lines do not belong together */
	bool is_unfinished; /* the next piece on the channel goes on with the same line */
};

enum unwrap_export_state {
	EXPORT_NONE,    /* in no entry */
	EXPORT_FIELDS,  /* up to the empty line behind the entry */
	EXPORT_LENGTH,  /* in the eight bytes that tell how long a value is */
	EXPORT_VALUE,   /* in such a value, which may hold newlines */
	EXPORT_NEWLINE, /* the newline behind it comes */
};

/* Where in an entry of journalctl -o export the next line stands. */
struct unwrap_export {
	enum unwrap_export_state state;
	bool is_message;         /* the value is that of MESSAGE */
	unsigned char length[8]; /* little endian, as far as read */
	unsigned length_count;
	uint64_t rest_bytes; /* of the value */
	uint64_t wall_ns;    /* of the entry */
};

/* Of one stream. Zero-initialised but for the reference. */
struct unwrap {
	struct wall_reference reference;
	struct unwrap_export export;
	bool has_newlines;    /* Docker's pieces were seen to end with one */
	unsigned piece_count; /* of those that did not, before */
};

/* A line, or a part of one that is too long, and room for what has to be decoded. */
struct unwrap_line {
	struct cursor rest; /* what was not unwrapped yet */
	bool is_part;       /* no newline stands behind it */
	const char *tail;   /* where the wrapper just taken off ends, when that is not the end */
	char scratch[UNWRAP_LINE_MAX];
};

/* Of a line of 28 bytes or more: whether it is one of a container's log. */
bool unwrap_is_like_cri(const char *line, size_t length);
/*
 * Whether a line must be unwrapped even when nothing in it is of interest: it may be a piece of a
 * longer one, or binary.
 */
static inline bool unwrap_is_due(const struct unwrap *unwrap, const char *line, size_t length)
{
	return unwrap->export.state != EXPORT_NONE ||
	       (length > 0 && (*line == '{' || *line == '_')) ||
	       (length >= 28 && line[4] == '-' && line[10] == 'T' &&
	        unwrap_is_like_cri(line, length));
}
/*
 * Takes the outermost wrapper off: the next piece of output in the line; call it until it returns
 * false. text points into the line or its scratch and is valid until the next call.
 */
bool unwrap_next(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *ret_piece);
/* Takes off what is left, once the pieces of a line are together; decodes into line's scratch. */
void unwrap_inner(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);

#endif
