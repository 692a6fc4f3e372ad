// SPDX-License-Identifier: MIT
/*
 * A tokenizer that keeps the names and values of two levels, an event's own and its args', and a
 * short list of the collections that have begun.
 */
#include "collectors/gclog/trace_events.h"

#include <math.h>
#include <string.h>

#include "collectors/gclog/cursor.h"
#include "collectors/gclog/gcline.h"
#include "lib/units.h"

#define NS_PER_TICK UINT64_C(1000) /* events count microseconds */

/* Levels of nesting: {"traceEvents":[{…,"args":{…}}]} */
enum { LEVEL_EVENTS = 2, LEVEL_EVENT = 3, LEVEL_ARGS = 4 };

enum member {
	MEMBER_OTHER,
	MEMBER_PID,
	MEMBER_TID,
	MEMBER_TS,
	MEMBER_DUR,
	MEMBER_PH,
	MEMBER_NAME,
	MEMBER_ARGS,
	MEMBER_USED_BEFORE,
	MEMBER_USED_AFTER,
	MEMBER_TYPE,
};

static const struct member_name {
	const char *name;
	size_t length;
	unsigned level;
	enum member member;
} member_names[] = {
    {LITERAL("pid"), LEVEL_EVENT, MEMBER_PID},
    {LITERAL("tid"), LEVEL_EVENT, MEMBER_TID},
    {LITERAL("ts"), LEVEL_EVENT, MEMBER_TS},
    {LITERAL("dur"), LEVEL_EVENT, MEMBER_DUR},
    {LITERAL("ph"), LEVEL_EVENT, MEMBER_PH},
    {LITERAL("name"), LEVEL_EVENT, MEMBER_NAME},
    {LITERAL("args"), LEVEL_EVENT, MEMBER_ARGS},
    {LITERAL("usedHeapSizeBefore"), LEVEL_ARGS, MEMBER_USED_BEFORE},
    {LITERAL("usedHeapSizeAfter"), LEVEL_ARGS, MEMBER_USED_AFTER},
    {LITERAL("type"), LEVEL_ARGS, MEMBER_TYPE},
};

/* Beginnings: "V8.GCFinalizeMCReduceMemory" is one of these, too. */
static const struct event_name {
	const char *name;
	size_t length;
	enum gc_kind kind;
	bool is_paired;
} event_names[] = {
    {LITERAL("MinorGC"), GC_SCAVENGE, true},
    {LITERAL("MajorGC"), GC_MARK_COMPACT, true},
    {LITERAL("V8.GCScavenger"), GC_SCAVENGE, false},
    {LITERAL("V8.GCCompactor"), GC_MARK_COMPACT, false},
    {LITERAL("V8.GCFinalizeMC"), GC_MARK_COMPACT, false},
    {LITERAL("V8.GCMinorM"), GC_MINOR_MARK_COMPACT, false},
};

/* Node 14 to 18 wrap a step of marking like a collection. */
static const char marking_step[] = "incremental finalization step";

/* ---- members ---- */

static bool text_is(const struct trace_events_text *text, const char *words, size_t length)
{
	return text->length == length && memcmp(text->bytes, words, length) == 0;
}

/* Longer ones are cut to a length that nothing known has. */
static void text_append(struct trace_events_text *text, char byte)
{
	if (text->length < sizeof(text->bytes))
		text->bytes[text->length++] = byte;
}

static uint64_t text_number(const struct trace_events_text *text)
{
	struct cursor cursor = {text->bytes, text->bytes + text->length};
	uint64_t number = 0;
	size_t i;

	/* Microseconds since boot have more digits than a figure of a line. */
	for (i = 0; i < text->length && cursor.at[i] >= '0' && cursor.at[i] <= '9'; i++)
		number = u64_add_saturating(u64_multiply_saturating(number, 10),
		                            (uint64_t)(cursor.at[i] - '0'));
	return number;
}

static enum member find_member(const struct trace_events_text *text, unsigned level)
{
	size_t i;

	for (i = 0; i < sizeof(member_names) / sizeof(member_names[0]); i++)
		if (member_names[i].level == level &&
		    text_is(text, member_names[i].name, member_names[i].length))
			return member_names[i].member;
	return MEMBER_OTHER;
}

static void set_name(struct trace_event *event, const struct trace_events_text *text)
{
	size_t i;

	for (i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++) {
		const struct event_name *row = &event_names[i];

		if (text->length < row->length || memcmp(text->bytes, row->name, row->length) != 0)
			continue;
		event->is_collection = true;
		event->is_paired = row->is_paired;
		event->kind = row->kind;
		return;
	}
}

static void set_member(struct trace_event *event, enum member member,
                       const struct trace_events_text *text)
{
	switch (member) {
	case MEMBER_PID:
		event->pid = text_number(text);
		break;
	case MEMBER_TID:
		event->tid = text_number(text);
		break;
	case MEMBER_TS:
		event->at_us = text_number(text);
		break;
	case MEMBER_DUR:
		event->duration_us = text_number(text);
		break;
	case MEMBER_PH:
		event->phase = '\0';
		if (text->length == 1)
			event->phase = text->bytes[0];
		break;
	case MEMBER_NAME:
		set_name(event, text);
		break;
	case MEMBER_USED_BEFORE:
		event->used_before_bytes = text_number(text);
		break;
	case MEMBER_USED_AFTER:
		event->used_after_bytes = text_number(text);
		break;
	case MEMBER_TYPE:
		event->reason = *text;
		break;
	case MEMBER_ARGS:
	case MEMBER_OTHER:
		break;
	}
}

/* ---- collections ---- */

static struct trace_event *find_open(struct trace_events *events, const struct trace_event *event)
{
	size_t i;

	for (i = events->open_count; i-- > 0;)
		if (events->open[i].pid == event->pid && events->open[i].tid == event->tid)
			return &events->open[i];
	return NULL;
}

static void remove_open(struct trace_events *events, struct trace_event *open)
{
	size_t behind = (size_t)(events->open + events->open_count - open) - 1;

	memmove(open, open + 1, behind * sizeof(*open));
	events->open_count--;
}

/* A thread that begins again has lost an end; the oldest goes when there are too many. */
static void add_open(struct trace_events *events)
{
	struct trace_event *open = find_open(events, &events->event);

	if (open == NULL && events->open_count == TRACE_EVENTS_OPEN_MAX)
		open = events->open;
	if (open != NULL)
		remove_open(events, open);
	events->open[events->open_count++] = events->event;
}

static void emit(struct trace_events *events, const struct trace_event *gc, uint64_t end_us,
                 const struct trace_events_sink *sink)
{
	struct gclog_record record = {
	    .pid = gc->pid <= INT32_MAX ? (pid_t)gc->pid : 0,
	    .family = GCLOG_FAMILY_TRACE_EVENTS,
	    .event = {.kind = gc->kind,
	              .isolate = gc->tid,
	              .uptime_ns = u64_multiply_saturating(
	                  u64_subtract_floor(end_us, events->zero_us), NS_PER_TICK),
	              .used_before_bytes = gc->used_before_bytes,
	              .used_after_bytes = gc->used_after_bytes,
	              .lacks_sizes = !gc->is_paired,
	              .pause_ns = u64_multiply_saturating(u64_subtract_floor(end_us, gc->at_us),
	                                                  NS_PER_TICK),
	              .average_mutator_utilization = (double)NAN,
	              .current_mutator_utilization = (double)NAN},
	    .reason = gc->reason.bytes,
	    .reason_length = gc->reason.length,
	    .collector = "",
	};

	gcline_mark_reasons(&record);
	sink->gc(sink->context, &record);
}

/* True when it was the end of a collection. */
static bool take_end(struct trace_events *events, const struct trace_events_sink *sink)
{
	struct trace_event *open = find_open(events, &events->event);
	bool is_gc;

	if (open == NULL)
		return false;
	open->used_after_bytes = events->event.used_after_bytes;
	is_gc = !text_is(&open->reason, marking_step, sizeof(marking_step) - 1);
	if (is_gc)
		emit(events, open, events->event.at_us, sink);
	remove_open(events, open);
	return is_gc;
}

/* True when it is a collection of its own, and no part of one that its pair of events tells. */
static bool take_span(struct trace_events *events, const struct trace_events_sink *sink)
{
	const struct trace_event *event = &events->event;
	struct trace_event *open = find_open(events, event);

	if (open != NULL) {
		if (event->kind == GC_MINOR_MARK_COMPACT)
			open->kind = event->kind;
		return false;
	}
	emit(events, event, u64_add_saturating(event->at_us, event->duration_us), sink);
	return true;
}

static void finish_event(struct trace_events *events, const struct trace_events_sink *sink)
{
	const struct trace_event *event = &events->event;
	bool is_gc = false;

	if (!events->has_zero && event->phase != '\0') {
		events->has_zero = true;
		events->zero_us = event->at_us;
	}
	if (event->is_collection && event->is_paired && event->phase == 'B')
		add_open(events);
	else if (event->is_collection && event->is_paired && event->phase == 'E')
		is_gc = take_end(events, sink);
	else if (event->is_collection && !event->is_paired && event->phase == 'X')
		is_gc = take_span(events, sink);
	if (!is_gc)
		sink->other(sink->context);
}

/* ---- JSON ---- */

static unsigned *member_at(struct trace_events *events, unsigned level)
{
	if (level == LEVEL_EVENT)
		return &events->members[0];
	if (level == LEVEL_ARGS && events->members[0] == MEMBER_ARGS)
		return &events->members[1];
	return NULL;
}

static void end_name(struct trace_events *events)
{
	unsigned *member = member_at(events, events->depth);

	if (member != NULL)
		*member = find_member(&events->text, events->depth);
	events->text.length = 0;
}

static void end_value(struct trace_events *events)
{
	unsigned *member = member_at(events, events->depth);

	if (member != NULL && *member != MEMBER_OTHER && events->text.length > 0)
		set_member(&events->event, (enum member) * member, &events->text);
	if (member != NULL)
		*member = MEMBER_OTHER;
	events->text.length = 0;
}

static void open_level(struct trace_events *events)
{
	events->text.length = 0;
	if (events->depth < UINT32_MAX)
		events->depth++;
	if (events->depth == LEVEL_EVENT)
		events->event = (struct trace_event){.phase = '\0'};
}

static void close_level(struct trace_events *events, const struct trace_events_sink *sink)
{
	end_value(events);
	if (events->depth == LEVEL_EVENT)
		finish_event(events, sink);
	if (events->depth > 0)
		events->depth--;
}

static void take_string_byte(struct trace_events *events, char byte)
{
	if (events->is_escaped || (byte != '\\' && byte != '"'))
		text_append(&events->text, byte);
	else if (byte == '"')
		events->is_in_string = false;
	events->is_escaped = byte == '\\' && !events->is_escaped;
}

static void take_byte(struct trace_events *events, char byte, const struct trace_events_sink *sink)
{
	switch (byte) {
	case '"':
		events->is_in_string = true;
		events->text.length = 0;
		break;
	case ':':
		end_name(events);
		break;
	case ',':
		end_value(events);
		break;
	case '{':
	case '[':
		open_level(events);
		break;
	case '}':
	case ']':
		close_level(events, sink);
		break;
	default:
		if (byte > ' ')
			text_append(&events->text, byte);
	}
}

void trace_events_init(struct trace_events *events, bool is_middle)
{
	memset(events, 0, sizeof(*events));
	events->depth = is_middle ? LEVEL_EVENTS : 0;
}

void trace_events_feed(struct trace_events *events, const char *bytes, size_t length,
                       const struct trace_events_sink *sink)
{
	size_t i;

	for (i = 0; i < length; i++) {
		events->unfinished_bytes++;
		if (events->is_in_string) {
			take_string_byte(events, bytes[i]);
			continue;
		}
		take_byte(events, bytes[i], sink);
		if (bytes[i] == '}' && events->depth == LEVEL_EVENTS && events->open_count == 0)
			events->unfinished_bytes = 0;
	}
}

uint64_t trace_events_unfinished_bytes(const struct trace_events *events)
{
	return events->unfinished_bytes;
}
