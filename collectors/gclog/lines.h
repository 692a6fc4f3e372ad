// SPDX-License-Identifier: MIT
/*
 * Cuts a stream of bytes that arrives in chunks into lines. A last line without newline is kept
 * until the rest comes. A line that grows beyond LINES_CARRY_MAX is handed on in pieces, always
 * keeping its end back, so that a GC line that an application wrote in front of stays whole.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_LINES_H
#define HEAPWATCH_COLLECTORS_GCLOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_CARRY_MAX ((size_t)64 * 1024)
#define LINES_KEEP_BACK ((size_t)512) /* no GC line is longer than 330 bytes */

/* Zero-initialised; lines_done() frees it. */
struct lines {
	char *carry; /* the unfinished line */
	size_t carry_length;
	size_t carry_capacity;
	uint64_t cut_count; /* lines handed on in pieces, once per piece */
	bool is_part;       /* what is handed on is no whole line: more of it comes */
};

/* The line without its newline (a carriage return before it stays); valid during the call. */
typedef void (*lines_line)(void *context, const char *line, size_t length);

void lines_feed(struct lines *lines, const char *bytes, size_t length, lines_line on_line,
                void *context);
/* The stream is over: what is left is a line. */
void lines_finish(struct lines *lines, lines_line on_line, void *context);
/* Forgets the unfinished line; returns its length. */
size_t lines_drop(struct lines *lines);
void lines_done(struct lines *lines);

#endif
