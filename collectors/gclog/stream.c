// SPDX-License-Identifier: MIT
/*
 * The stages of a stream in their order, and what is counted on the way.
 */
#include "collectors/gclog/stream.h"

#include <stdbool.h>

struct run {
	struct stream *stream;
	const struct stream_sink *sink;
};

static void parse_line(const struct run *run, const char *text, size_t length,
                       const struct stream_line *line)
{
	struct stream_counts *counts = run->sink->counts;
	struct gclog_record record;
	bool is_other = true;
	size_t at = 0;

	do {
		enum gclog_result result =
		    gclog_parse(&run->stream->parser, text, length, &at, &record);

		counts->gc += result == GCLOG_GC;
		counts->torn += result == GCLOG_TORN;
		is_other = is_other && result != GCLOG_GC && result != GCLOG_TORN;
		if (result != GCLOG_OTHER)
			run->sink->record(run->sink->context, result, &record, line);
	} while (at < length);
	counts->other += is_other;
}

static void on_line(void *context, const char *text, size_t length)
{
	const struct run *run = context;
	const struct stream_line line = {.number = ++run->stream->line_number};

	parse_line(run, text, length, &line);
}

void stream_feed(struct stream *stream, const char *bytes, size_t length,
                 const struct stream_sink *sink)
{
	struct run run = {stream, sink};

	lines_feed(&stream->lines, bytes, length, on_line, &run);
}

void stream_finish(struct stream *stream, const struct stream_sink *sink)
{
	struct run run = {stream, sink};

	lines_finish(&stream->lines, on_line, &run);
}

uint64_t stream_unfinished_bytes(const struct stream *stream)
{
	return stream->lines.carry_length;
}

size_t stream_drop(struct stream *stream)
{
	return lines_drop(&stream->lines);
}

void stream_done(struct stream *stream)
{
	lines_done(&stream->lines);
}
