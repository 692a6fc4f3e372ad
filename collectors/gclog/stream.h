// SPDX-License-Identifier: MIT
/*
 * One log from its bytes to its records: cut into lines, freed of what a log collector wrapped
 * around them, parsed. The daemon follows a file with it, heapwatch analyze reads one. Pure: no
 * I/O, no clock; memory is bounded by a few LINES_CARRY_MAX.
 *
 * A file of trace events is recognised by its first bytes; its events count as lines.
 *
 * A stream may start at any line boundary. stream_unfinished_bytes() tells how far back that
 * boundary is, for who wants to go on later with a new stream.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_STREAM_H
#define HEAPWATCH_COLLECTORS_GCLOG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/gclog/lines.h"
#include "collectors/gclog/parse.h"
#include "collectors/gclog/trace_events.h"
#include "collectors/gclog/unwrap.h"

/* The line that a record stands in. */
struct stream_line {
	uint64_t number;  /* in what was fed to the stream, from 1 */
	uint64_t wall_ns; /* since 1970, as its wrapper says; 0: it does not */
};

/* A line with several collections counts for each of them. */
struct stream_counts {
	uint64_t gc;
	uint64_t torn;
	uint64_t other; /* neither */
};

struct stream_sink {
	/* Every result but GCLOG_OTHER; what is borrowed is valid during the call. */
	void (*record)(void *context, enum gclog_result result, const struct gclog_record *record,
	               const struct stream_line *line);
	void *context;
	struct stream_counts *counts;
};

/* The application's stdout or stderr: lines whose pieces may come in several wrapped ones. */
struct stream_channel {
	struct lines lines;
	struct gclog_parser parser;
};

/* Zero-initialised but for unwrap.reference; stream_done() frees it. */
struct stream {
	struct lines lines;
	struct unwrap unwrap;
	struct stream_channel channels[UNWRAP_CHANNEL_COUNT];
	uint64_t line_number;      /* of the latest line */
	uint64_t unfinished_bytes; /* of lines since the first piece that waits for its end */
	char head[sizeof(TRACE_EVENTS_HEAD)];
	size_t head_length;          /* first bytes, which are like those of trace events */
	bool is_text;                /* its start was seen, and is that of lines */
	struct trace_events *events; /* owned; NULL: lines, or too early to tell */
};

void stream_feed(struct stream *stream, const char *bytes, size_t length,
                 const struct stream_sink *sink);
/* The stream is over: a last line without newline is a line. */
void stream_finish(struct stream *stream, const struct stream_sink *sink);
/* The bytes at the end of what was fed that a new stream must be fed again to lose nothing. */
uint64_t stream_unfinished_bytes(const struct stream *stream);
/* Forgets unfinished lines; returns what stream_unfinished_bytes() told. */
size_t stream_drop(struct stream *stream);
void stream_done(struct stream *stream);

#endif
