// SPDX-License-Identifier: MIT
/*
 * The stages of a stream in their order, and what is counted on the way.
 */
#include "collectors/gclog/stream.h"

#include <stdbool.h>
#include <stdlib.h>

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

static void feed_lines(struct stream *stream, const char *bytes, size_t length,
                       const struct stream_sink *sink)
{
	struct run run = {stream, sink};

	lines_feed(&stream->lines, bytes, length, on_line, &run);
}

/* ---- trace events ---- */

static void on_event_gc(void *context, const struct gclog_record *record)
{
	const struct run *run = context;
	const struct stream_line line = {.number = ++run->stream->line_number};

	run->sink->counts->gc++;
	run->sink->record(run->sink->context, GCLOG_GC, record, &line);
}

static void on_event_other(void *context)
{
	const struct run *run = context;

	run->stream->line_number++;
	run->sink->counts->other++;
}

static void feed_events(struct stream *stream, const char *bytes, size_t length,
                        const struct stream_sink *sink)
{
	struct run run = {stream, sink};
	const struct trace_events_sink events_sink = {on_event_gc, on_event_other, &run};

	trace_events_feed(stream->events, bytes, length, &events_sink);
}

/* Without memory the events are a long line of no interest. */
static void begin_events(struct stream *stream, const char *head, const struct stream_sink *sink)
{
	stream->events = malloc(sizeof(*stream->events));
	if (stream->events == NULL)
		return;
	trace_events_init(stream->events, *head == TRACE_EVENTS_NEXT[0]);
	feed_events(stream, head, stream->head_length, sink);
}

/* Takes what decides between lines and events from the first bytes of a stream; returns how many.
 * When they prove to be text, they are fed as such. */
static size_t take_head(struct stream *stream, const char *bytes, size_t length,
                        const struct stream_sink *sink)
{
	char first = stream->head_length > 0 ? stream->head[0] : bytes[0];
	const char *head = first == TRACE_EVENTS_NEXT[0] ? TRACE_EVENTS_NEXT : TRACE_EVENTS_HEAD;
	size_t taken = 0;

	while (taken < length && head[stream->head_length] != '\0' &&
	       bytes[taken] == head[stream->head_length]) {
		stream->head[stream->head_length++] = bytes[taken++];
	}
	if (head[stream->head_length] == '\0')
		begin_events(stream, head, sink);
	stream->is_text =
	    stream->events == NULL && (taken < length || head[stream->head_length] == '\0');
	if (stream->is_text)
		feed_lines(stream, stream->head, stream->head_length, sink);
	return taken;
}

/* ---- the stream ---- */

void stream_feed(struct stream *stream, const char *bytes, size_t length,
                 const struct stream_sink *sink)
{
	if (!stream->is_text && stream->events == NULL && length > 0) {
		size_t taken = take_head(stream, bytes, length, sink);

		bytes += taken;
		length -= taken;
	}
	if (stream->events != NULL)
		feed_events(stream, bytes, length, sink);
	else if (stream->is_text)
		feed_lines(stream, bytes, length, sink);
}

void stream_finish(struct stream *stream, const struct stream_sink *sink)
{
	struct run run = {stream, sink};

	if (!stream->is_text && stream->events == NULL)
		feed_lines(stream, stream->head, stream->head_length, sink);
	lines_finish(&stream->lines, on_line, &run);
}

uint64_t stream_unfinished_bytes(const struct stream *stream)
{
	if (stream->events != NULL)
		return trace_events_unfinished_bytes(stream->events);
	if (!stream->is_text)
		return stream->head_length;
	return stream->lines.carry_length;
}

static void forget_start(struct stream *stream)
{
	free(stream->events);
	stream->events = NULL;
	stream->is_text = false;
	stream->head_length = 0;
}

size_t stream_drop(struct stream *stream)
{
	size_t length = (size_t)stream_unfinished_bytes(stream);

	forget_start(stream);
	(void)lines_drop(&stream->lines);
	return length;
}

void stream_done(struct stream *stream)
{
	forget_start(stream);
	lines_done(&stream->lines);
}
