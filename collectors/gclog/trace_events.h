// SPDX-License-Identifier: MIT
/*
 * Collections in Node's trace-event files (--trace-event-categories v8): a JSON object with an
 * array of events that has no end while the process lives. Read as a stream, a byte at a time:
 * pure, no allocation, memory is the struct below. Anything else is passed over.
 *
 * From Node 14 on MinorGC and MajorGC come in pairs of begin and end, with the size of the heap and
 * the reason; before, there are only V8.GCScavenger and its sisters, which tell how long it took.
 * Events name a thread, not an isolate; their time is microseconds of the machine's monotonic
 * clock, so an uptime here counts from the first event of the stream.
 * Source: src/tracing/node_trace_writer.cc, V8's heap.cc.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_TRACE_EVENTS_H
#define HEAPWATCH_COLLECTORS_GCLOG_TRACE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/gclog/parse.h"

/* How a file starts, and how it goes on behind any of its events. */
#define TRACE_EVENTS_HEAD "{\"traceEvents\":["
#define TRACE_EVENTS_NEXT ",{\"pid\":"

#define TRACE_EVENTS_TEXT_MAX 64 /* of a name or value that matters; the longest reason has 43 */
#define TRACE_EVENTS_OPEN_MAX 32 /* threads that collect at the same time */

struct trace_events_text {
	char bytes[TRACE_EVENTS_TEXT_MAX];
	size_t length;
};

/* One event as far as it was read, or a collection whose end has not come. */
struct trace_event {
	uint64_t pid;
	uint64_t tid;
	uint64_t at_us;
	uint64_t duration_us;
	uint64_t used_before_bytes;
	uint64_t used_after_bytes;
	enum gc_kind kind; /* of its name */
	char phase;        /* 'B', 'E', 'X'; 0: not told */
	bool is_collection;
	bool is_paired; /* MinorGC, MajorGC */
	struct trace_events_text reason;
};

/* Private; zero-initialised, or by trace_events_init(). */
struct trace_events {
	unsigned depth; /* of objects and arrays around the next byte */
	bool is_in_string;
	bool is_escaped;
	unsigned members[2]; /* whose value is being read: of the event, of its args */
	struct trace_events_text text;
	struct trace_event event;
	struct trace_event open[TRACE_EVENTS_OPEN_MAX];
	size_t open_count;
	bool has_zero;
	uint64_t zero_us;
	uint64_t unfinished_bytes;
};

struct trace_events_sink {
	/* A collection; what the record borrows is valid during the call. */
	void (*gc)(void *context, const struct gclog_record *record);
	/* An event that completed none. */
	void (*other)(void *context);
	void *context;
};

/* is_middle: the stream goes on behind an event, with TRACE_EVENTS_NEXT. */
void trace_events_init(struct trace_events *events, bool is_middle);
void trace_events_feed(struct trace_events *events, const char *bytes, size_t length,
                       const struct trace_events_sink *sink);
/* How far back at the end of what was fed stands the last event behind which a stream can go on. */
uint64_t trace_events_unfinished_bytes(const struct trace_events *events);

#endif
