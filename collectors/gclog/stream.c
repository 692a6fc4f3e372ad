// SPDX-License-Identifier: MIT
/*
 * The stages of a stream in their order, and what is counted on the way.
 */
#include "collectors/gclog/stream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* On the stack, once for all that is fed at a time. */
struct run {
	struct stream *stream;
	const struct stream_sink *sink;
	struct stream_channel *channel; /* of the piece that is fed to it */
	uint64_t wall_ns;               /* likewise */
	bool is_recorded;               /* the line at hand had a record */
	const char *hint;               /* the next of V8's words in what is fed; see has_hint() */
	const char *end;                /* of what is fed */
	struct unwrap_line line;
	struct unwrap_line inner;
};

static void run_begin(struct run *run, struct stream *stream, const struct stream_sink *sink)
{
	run->stream = stream;
	run->sink = sink;
	run->wall_ns = 0;
	run->hint = NULL;
	run->end = NULL;
}

/* ---- parsing ---- */

/* Node 4 to 12 repeat their last collections on stdout and die on stderr. */
static void share_latest(struct stream *stream, const struct stream_channel *from)
{
	size_t i;

	for (i = 0; i < UNWRAP_CHANNEL_COUNT; i++) {
		stream->channels[i].parser.last_pid = from->parser.last_pid;
		stream->channels[i].parser.last_isolate = from->parser.last_isolate;
	}
}

static void parse_line(struct run *run, struct stream_channel *channel, const struct cursor *text,
                       uint64_t wall_ns)
{
	const struct stream_line line = {run->stream->line_number, wall_ns};
	struct stream_counts *counts = run->sink->counts;
	size_t length = (size_t)(text->end - text->at);
	struct gclog_record record;
	bool is_other = true;
	size_t at = 0;

	do {
		enum gclog_result result =
		    gclog_parse(&channel->parser, text->at, length, &at, &record);

		counts->gc += result == GCLOG_GC;
		counts->torn += result == GCLOG_TORN;
		is_other = is_other && result != GCLOG_GC && result != GCLOG_TORN;
		if (result == GCLOG_GC)
			share_latest(run->stream, channel);
		if (result == GCLOG_OTHER)
			continue;
		run->is_recorded = true;
		run->sink->record(run->sink->context, result, &record, &line);
	} while (at < length);
	counts->other += is_other;
}

/* ---- unwrapping ---- */

/* A line of the application, put together from its pieces. */
static void on_joined_line(void *context, const char *text, size_t length)
{
	struct run *run = context;
	struct unwrapped piece = {.text = {text, text + length}, .wall_ns = run->wall_ns};

	unwrap_inner(&run->stream->unwrap, &run->inner, &piece);
	parse_line(run, run->channel, &piece.text, piece.wall_ns);
}

static void add_piece(struct run *run, const struct unwrapped *piece)
{
	struct stream_channel *channel = &run->stream->channels[piece->channel];
	size_t length = (size_t)(piece->text.end - piece->text.at);

	if (!piece->is_wrapped) {
		parse_line(run, channel, &piece->text, 0);
		return;
	}
	run->channel = channel;
	run->wall_ns = piece->wall_ns;
	if (channel->lines.carry_length == 0 && !piece->is_unfinished &&
	    memchr(piece->text.at, '\n', length) == NULL) {
		on_joined_line(run, piece->text.at, length);
		return;
	}
	lines_feed(&channel->lines, piece->text.at, length, on_joined_line, run);
	if (!piece->is_unfinished)
		lines_finish(&channel->lines, on_joined_line, run);
}

static bool has_pieces(const struct stream *stream)
{
	return stream->channels[UNWRAP_STDOUT].lines.carry_length > 0 ||
	       stream->channels[UNWRAP_STDERR].lines.carry_length > 0;
}

/* To read a line again must not count a collection again. */
static void note_unfinished(struct run *run, size_t length)
{
	struct stream *stream = run->stream;

	if (run->is_recorded || !has_pieces(stream))
		stream->unfinished_bytes = 0;
	else
		stream->unfinished_bytes += length;
}

static void unwrap_line(struct run *run, const char *text, size_t length)
{
	struct unwrapped piece;

	run->line.rest = (struct cursor){text, text + length};
	run->line.is_part = run->stream->lines.is_part;
	while (unwrap_next(&run->stream->unwrap, &run->line, &piece))
		add_piece(run, &piece);
}

/* To look for the next hint once costs less than to look through each line. */
static bool has_hint(struct run *run, const char *text, size_t length)
{
	if (text == run->stream->lines.carry)
		return gclog_find_hint(text, text + length) != NULL;
	if (run->hint == NULL || run->hint < text)
		run->hint = gclog_find_hint(text, run->end);
	if (run->hint == NULL)
		run->hint = run->end;
	return run->hint < text + length;
}

static void on_line(void *context, const char *text, size_t length)
{
	struct run *run = context;
	struct stream *stream = run->stream;
	bool is_part = stream->lines.is_part;

	run->is_recorded = false;
	stream->line_number += !is_part;
	if (stream->unwrap.export.state == EXPORT_NONE &&
	    gclog_is_next(&stream->channels[UNWRAP_STDOUT].parser, text, length)) {
		const struct cursor line = {text, text + length};

		parse_line(run, &stream->channels[UNWRAP_STDOUT], &line, 0);
		note_unfinished(run, length + !is_part);
		return;
	}
	if (!has_hint(run, text, length) && !unwrap_is_due(&stream->unwrap, text, length)) {
		gclog_pass_over(&stream->channels[UNWRAP_STDOUT].parser, length);
		run->sink->counts->other++;
		if (has_pieces(stream))
			stream->unfinished_bytes += length + !is_part;
		return;
	}
	unwrap_line(run, text, length);
	note_unfinished(run, length + !is_part);
}

/*
 * Most lines of an application: no hint in them, as has_hint() saw when it looked at an earlier
 * line, in no wrapper, and not between pieces. They are only counted.
 */
static bool is_plain(const struct run *run, const char *text, size_t length)
{
	const struct stream *stream = run->stream;

	return run->hint != NULL && text <= run->hint && text + length <= run->hint &&
	       stream->channels[UNWRAP_STDOUT].parser.repeat_budget_bytes == 0 &&
	       !unwrap_is_due(&stream->unwrap, text, length) && !has_pieces(stream);
}

static void feed_part(struct run *run, const char *bytes, size_t length)
{
	struct stream *stream = run->stream;
	const char *end = bytes + length;

	run->hint = NULL;
	run->end = end;
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *next = newline != NULL ? newline + 1 : end;

		length = (size_t)(next - bytes);
		if (newline == NULL || stream->lines.carry_length > 0) {
			lines_feed(&stream->lines, bytes, length, on_line, run);
		} else if (is_plain(run, bytes, length - 1)) {
			stream->line_number++;
			run->sink->counts->other++;
		} else {
			on_line(run, bytes, length - 1);
		}
		bytes = next;
	}
}

static void feed_lines(struct stream *stream, const char *bytes, size_t length,
                       const struct stream_sink *sink)
{
	struct run run;

	run_begin(&run, stream, sink);
	while (length > 0) {
		size_t part = length < UNWRAP_LINE_MAX ? length : UNWRAP_LINE_MAX;

		feed_part(&run, bytes, part);
		bytes += part;
		length -= part;
	}
}

static void finish_lines(struct stream *stream, const struct stream_sink *sink)
{
	struct run run;
	size_t i;

	run_begin(&run, stream, sink);
	lines_finish(&stream->lines, on_line, &run);
	for (i = 0; i < UNWRAP_CHANNEL_COUNT; i++) {
		run.channel = &stream->channels[i];
		lines_finish(&run.channel->lines, on_joined_line, &run);
	}
	stream->unfinished_bytes = 0;
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
	struct run run;
	const struct trace_events_sink events_sink = {on_event_gc, on_event_other, &run};

	run_begin(&run, stream, sink);
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
	const char *first = stream->head_length > 0 ? stream->head : bytes;
	const char *head = *first == TRACE_EVENTS_NEXT[0] ? TRACE_EVENTS_NEXT : TRACE_EVENTS_HEAD;
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
	if (!stream->is_text && stream->events == NULL)
		feed_lines(stream, stream->head, stream->head_length, sink);
	finish_lines(stream, sink);
}

uint64_t stream_unfinished_bytes(const struct stream *stream)
{
	if (stream->events != NULL)
		return trace_events_unfinished_bytes(stream->events);
	if (!stream->is_text)
		return stream->head_length;
	return stream->unfinished_bytes + stream->lines.carry_length;
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
	(void)lines_drop(&stream->channels[UNWRAP_STDOUT].lines);
	(void)lines_drop(&stream->channels[UNWRAP_STDERR].lines);
	stream->unfinished_bytes = 0;
	return length;
}

void stream_done(struct stream *stream)
{
	forget_start(stream);
	lines_done(&stream->channels[UNWRAP_STDOUT].lines);
	lines_done(&stream->channels[UNWRAP_STDERR].lines);
	lines_done(&stream->lines);
}
