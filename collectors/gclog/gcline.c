// SPDX-License-Identifier: MIT
/*
 * The text GC line in all its shapes. A line is read field by field, what was seen is noted as a
 * set of SHAPE_ bits, and the table of families says which version prints such a line and which of
 * its two times is the pause. Source: GCTracer::Print in V8's src/heap/gc-tracer.cc.
 *
 *	[pid:0xISO]  MS ms: KIND a (b) -> c (d) MB, pooled: p MB, T1 / T2 ms (+ x ms in n steps
 *	since start of marking, …) (average mu = u, current mu = u) reason; collector
 */
#include "collectors/gclog/gcline.h"

#include <math.h>
#include <string.h>

#include "collectors/gclog/gcecho.h"
#include "collectors/gclog/gchead.h"
#include "collectors/gclog/nvpline.h"

enum {
	SHAPE_PID = 1 << 0,
	SHAPE_ISOLATE = 1 << 1,
	SHAPE_TOTAL_WHOLE = 1 << 2, /* decimals of the last time: of the only one, else of EXT */
	SHAPE_TOTAL_TENTHS = 1 << 3,
	SHAPE_TOTAL_HUNDREDTHS = 1 << 4,
	SHAPE_BRACKETS = 1 << 5, /* "[reason]" */
	SHAPE_SEMICOLON = 1 << 6,
	SHAPE_MU = 1 << 7,
	SHAPE_POOLED_WHOLE = 1 << 8,
	SHAPE_POOLED_TENTHS = 1 << 9,
	SHAPE_INCREMENTAL = 1 << 10,    /* "Incremental Mark-Compact" */
	SHAPE_FIRST_FRACTION = 1 << 11, /* the first of two times has decimals */
	SHAPE_STAMP = 1 << 12,          /* "MS ms: " */
};

#define SHAPE_HEAD (SHAPE_PID | SHAPE_ISOLATE)

/* The first row whose bits under mask are equal to value. A line that was cut behind its figures
 * falls to the family with the least decoration. Those of our days stand first. */
static const struct family {
	char letter;
	unsigned mask;
	unsigned value;
	bool is_total_last; /* "EXT / TOTAL ms", not "TOTAL / EXT ms" */
	const char *versions;
} families[] = {
    {'K', SHAPE_HEAD | SHAPE_INCREMENTAL, SHAPE_HEAD | SHAPE_INCREMENTAL, false, "26"},
    {'J', SHAPE_HEAD | SHAPE_POOLED_TENTHS, SHAPE_HEAD | SHAPE_POOLED_TENTHS, false, "25, 26"},
    {'I', SHAPE_HEAD | SHAPE_POOLED_WHOLE, SHAPE_HEAD | SHAPE_POOLED_WHOLE, false, "22 to 24"},
    {'H', SHAPE_HEAD | SHAPE_TOTAL_HUNDREDTHS, SHAPE_HEAD | SHAPE_TOTAL_HUNDREDTHS, false,
     "20, 21"},
    {'G', SHAPE_HEAD | SHAPE_SEMICOLON, SHAPE_HEAD | SHAPE_SEMICOLON, false, "18, 19"},
    {'F', SHAPE_HEAD | SHAPE_MU, SHAPE_HEAD | SHAPE_MU, false, "10 to 17"},
    {'A', SHAPE_HEAD | SHAPE_TOTAL_WHOLE | SHAPE_FIRST_FRACTION | SHAPE_BRACKETS,
     SHAPE_TOTAL_WHOLE | SHAPE_BRACKETS, true, "0.8"},
    {'B', SHAPE_HEAD, SHAPE_PID, true, "0.10 to 0.12"},
    {'C', SHAPE_HEAD | SHAPE_TOTAL_WHOLE, SHAPE_HEAD | SHAPE_TOTAL_WHOLE, false, "4, 5"},
    {'D', SHAPE_HEAD | SHAPE_BRACKETS, SHAPE_HEAD | SHAPE_BRACKETS, false, "6"},
    {'E', SHAPE_HEAD, SHAPE_HEAD, false, "7 to 10"},
};

static const struct kind {
	const char *name;
	size_t length;
	enum gc_kind kind;
} kinds[] = {
    {LITERAL("Scavenge "), GC_SCAVENGE},
    {LITERAL("Mark-Compact "), GC_MARK_COMPACT},
    {LITERAL("Mark-sweep "), GC_MARK_COMPACT},
    {LITERAL("Minor Mark-Compact "), GC_MINOR_MARK_COMPACT},
    {LITERAL("Minor Mark-Sweep "), GC_MINOR_MARK_COMPACT},
};

/* In families E and F nothing divides the reason from these (GCTracer's collector reasons). */
static const struct text {
	const char *name;
	size_t length;
} collector_reasons[] = {
    {LITERAL("GC in old space requested")},
    {LITERAL("scavenge might not succeed")},
    {LITERAL("promotion limit reached")},
    {LITERAL("incremental marking delaying mark-sweep")},
    {LITERAL("GC in old space forced by flags")},
    {LITERAL("old generations exhausted")},
    {LITERAL("Incremental marking needs finalization")},
    {LITERAL("Incremental marking forced finalization")},
};

/* ---- the parts of a line ---- */

static bool take_kind(struct cursor *cursor, struct gc_event *event, unsigned *shape)
{
	size_t i;

	if (cursor_take(cursor, LITERAL("Scavenge "))) { /* nearly all; the table costs calls */
		event->kind = GC_SCAVENGE;
		return true;
	}
	if (cursor_take(cursor, LITERAL("Incremental ")))
		*shape |= SHAPE_INCREMENTAL;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (cursor_take(cursor, kinds[i].name, kinds[i].length)) {
			event->kind = kinds[i].kind;
			return true;
		}
	return false;
}

/* The line ends in the middle of a kind: "Mark-sw". */
static bool ends_in_kind(const struct cursor *cursor)
{
	size_t length = (size_t)(cursor->end - cursor->at);
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (length > 0 && length < kinds[i].length &&
		    memcmp(cursor->at, kinds[i].name, length) == 0)
			return true;
	return false;
}

/* "(reduce) (during sweeping) ": known ones are noted, others passed over. */
static bool take_modifiers(struct cursor *cursor, struct gc_event *event)
{
	while (cursor->at < cursor->end && *cursor->at == '(') {
		if (cursor_take(cursor, LITERAL("(reduce) "))) {
			event->is_reducing = true;
		} else if (cursor_take(cursor, LITERAL("(interleaved) ")) ||
		           cursor_take(cursor, LITERAL("(during sweeping) "))) {
			event->is_during_sweeping = true;
		} else {
			const char *close =
			    memchr(cursor->at, ')', (size_t)(cursor->end - cursor->at));

			if (close == NULL)
				return false;
			cursor->at = close + 1;
			cursor_skip_blanks(cursor);
		}
	}
	return true;
}

static bool take_sizes(struct cursor *cursor, struct gc_event *event)
{
	return cursor_take_megabytes(cursor, &event->used_before_bytes) &&
	       cursor_take(cursor, LITERAL(" (")) &&
	       cursor_take_megabytes(cursor, &event->committed_before_bytes) &&
	       cursor_take(cursor, LITERAL(") -> ")) &&
	       cursor_take_megabytes(cursor, &event->used_after_bytes) &&
	       cursor_take(cursor, LITERAL(" (")) &&
	       cursor_take_megabytes(cursor, &event->committed_after_bytes) &&
	       cursor_take(cursor, LITERAL(") MB, "));
}

static bool take_pooled(struct cursor *cursor, unsigned *shape)
{
	struct cursor_decimal pooled;

	if (!cursor_take(cursor, LITERAL("pooled:")))
		return true;
	cursor_skip_blanks(cursor);
	if (!cursor_take_decimal(cursor, &pooled) || !cursor_take(cursor, LITERAL(" MB, ")))
		return false;
	*shape |= pooled.fraction_count == 0 ? SHAPE_POOLED_WHOLE : SHAPE_POOLED_TENTHS;
	return true;
}

/* "T ms" or "T1 / T2 ms": how many, 0 for neither. */
static unsigned take_times(struct cursor *cursor, uint64_t times_ns[2], unsigned *shape)
{
	static const unsigned decimals[] = {SHAPE_TOTAL_WHOLE, SHAPE_TOTAL_TENTHS,
	                                    SHAPE_TOTAL_HUNDREDTHS};
	unsigned fraction_count;
	unsigned count = 1;

	if (!cursor_take_milliseconds(cursor, &times_ns[0], &fraction_count))
		return 0;
	if (cursor_take(cursor, LITERAL(" / "))) {
		*shape |= fraction_count > 0 ? SHAPE_FIRST_FRACTION : 0;
		if (!cursor_take_milliseconds(cursor, &times_ns[1], &fraction_count))
			return 0;
		count = 2;
	}
	if (!cursor_take(cursor, LITERAL(" ms")))
		return 0;
	*shape |= decimals[fraction_count < 2 ? fraction_count : 2];
	return count;
}

/* "(+ 13.7 ms in 69 steps since start of marking, biggest step 0.4 ms)" */
static void take_increments(struct cursor *cursor, uint64_t *ret_ns)
{
	const char *start = cursor->at;
	const char *close;
	unsigned fraction_count;

	if (!cursor_take(cursor, LITERAL("(+ ")))
		return;
	close = memchr(cursor->at, ')', (size_t)(cursor->end - cursor->at));
	if (close == NULL || !cursor_take_milliseconds(cursor, ret_ns, &fraction_count)) {
		cursor->at = start;
		return;
	}
	cursor->at = close + 1;
	cursor_skip_blanks(cursor);
}

/* "(average mu = 0.914, current mu = 0.914) " */
static void take_utilization(struct cursor *cursor, struct gc_event *event, unsigned *shape)
{
	const char *start = cursor->at;
	struct cursor_decimal average;
	struct cursor_decimal current;

	if (!cursor_take(cursor, LITERAL("(average mu = ")) ||
	    !cursor_take_decimal(cursor, &average) ||
	    !cursor_take(cursor, LITERAL(", current mu = ")) ||
	    !cursor_take_decimal(cursor, &current) || !cursor_take(cursor, LITERAL(")"))) {
		cursor->at = start;
		return;
	}
	event->average_mutator_utilization = cursor_decimal_ratio(&average);
	event->current_mutator_utilization = cursor_decimal_ratio(&current);
	*shape |= SHAPE_MU;
	cursor_skip_blanks(cursor);
}

/* ---- the reasons behind the figures: open text ---- */

/* All but 'F', with which a fatal error starts. */
static const bool is_reason_byte[256] = {
    ['a' ... 'z'] = true, ['A' ... 'E'] = true, ['G' ... 'Z'] = true, [' '] = true,
    ['-'] = true,         [':'] = true,         ['_'] = true,
};

static bool starts_with(const char *text, size_t length, const char *prefix, size_t prefix_length)
{
	return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

/* Ends before a fatal error, which may follow a line whose end was lost in the process's buffer. */
static size_t reason_take(struct cursor *cursor, const char **ret_text)
{
	const char *start;
	const char *at;

	cursor_skip_blanks(cursor);
	start = cursor->at;
	for (at = start; at < cursor->end; at++)
		if (!is_reason_byte[(unsigned char)*at] &&
		    (*at != 'F' ||
		     starts_with(at, (size_t)(cursor->end - at), LITERAL("FATAL ERROR"))))
			break;
	cursor->at = at;
	while (at > start && at[-1] == ' ')
		at--;
	*ret_text = start;
	return (size_t)(at - start);
}

static void split_collector(struct gclog_record *record)
{
	const char *end = record->reason + record->reason_length;
	size_t i;

	for (i = 0; i < sizeof(collector_reasons) / sizeof(collector_reasons[0]); i++) {
		const struct text *known = &collector_reasons[i];

		if (record->reason_length <= known->length ||
		    memcmp(end - known->length, known->name, known->length) != 0)
			continue;
		record->collector = end - known->length;
		record->collector_length = known->length;
		record->reason_length -= known->length + 1;
		return;
	}
}

static void take_reasons(struct cursor *cursor, struct gclog_record *record, unsigned *shape)
{
	cursor_skip_blanks(cursor);
	if (cursor_take(cursor, LITERAL("["))) {
		*shape |= SHAPE_BRACKETS;
		record->reason_length = reason_take(cursor, &record->reason);
		(void)cursor_take(cursor,
		                  LITERAL(".")); /* "external memory allocation limit reached." */
		if (cursor_take(cursor, LITERAL("] [")))
			record->collector_length = reason_take(cursor, &record->collector);
		return;
	}
	record->reason_length = reason_take(cursor, &record->reason);
	if (cursor_take(cursor, LITERAL(";"))) {
		*shape |= SHAPE_SEMICOLON;
		record->collector_length = reason_take(cursor, &record->collector);
	} else if (record->reason_length > 0) {
		split_collector(record);
	}
}

void gcline_mark_reasons(struct gclog_record *record)
{
	struct gc_event *event = &record->event;

	event->is_last_resort =
	    starts_with(record->reason, record->reason_length, LITERAL("last resort"));
	event->is_external_pressure =
	    starts_with(record->reason, record->reason_length, LITERAL("external memory"));
	event->is_scavenge_might_not_succeed = starts_with(
	    record->collector, record->collector_length, LITERAL("scavenge might not succeed"));
}

/* ---- the line ---- */

static const struct family *family_find(unsigned shape)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if ((shape & families[i].mask) == families[i].value)
			return &families[i];
	return NULL;
}

/* nvp of Node 4 repeats the isolate: "[pid:0xISO] [I:0xISO] MS ms: ". */
static void take_second_head(struct cursor *cursor)
{
	uint64_t isolate;

	if (cursor_take_hex(cursor, &isolate) && cursor_take(cursor, LITERAL("] ")))
		cursor_skip_blanks(cursor);
}

/* Returns the bits of its shape. */
static unsigned take_head(struct gclog_echo *echo, struct cursor *cursor,
                          struct gclog_record *record)
{
	static const unsigned heads[] = {0, SHAPE_PID, SHAPE_HEAD};
	const char *start = cursor->at;
	enum gchead head;

	if (gcecho_take_head(echo, cursor, record))
		return SHAPE_HEAD;
	head = gchead_read(cursor, &record->pid, &record->event.isolate);
	if (head == GCHEAD_ISOLATE)
		gcecho_keep_head(echo, start, cursor, record);
	return heads[head];
}

/* "  MS ms: KIND " behind the head. */
static enum gclog_result take_start(struct cursor *cursor, struct gc_event *event, unsigned *shape)
{
	struct cursor at = {cursor->at, cursor->end};
	enum gclog_result result = GCLOG_OTHER;
	uint64_t uptime_ms = 0;

	cursor_skip_blanks(&at);
	if (cursor_take(&at, LITERAL("[I:")))
		take_second_head(&at);
	if (cursor_take_digits(&at, &uptime_ms) > 0 && cursor_take(&at, LITERAL(" ms: "))) {
		event->uptime_ns = uptime_ms * UINT64_C(1000000);
		*shape |= SHAPE_STAMP;
		if (!take_kind(&at, event, shape))
			result = ends_in_kind(&at) ? GCLOG_TORN : GCLOG_OTHER;
		/* "Scavenge stack scanning: …" is a verbose line */
		else if (at.at == at.end || *at.at == '(' || (*at.at >= '0' && *at.at <= '9'))
			result = GCLOG_GC;
	}
	cursor->at = at.at;
	return result;
}

/* "a (b) -> c (d) MB, T1 / T2 ms": how many times, 0 for a line that breaks off before. */
static unsigned take_figures(struct cursor *cursor, struct gc_event *event, uint64_t times_ns[2],
                             unsigned *shape)
{
	struct cursor at = {cursor->at, cursor->end};
	unsigned time_count = 0;

	if (take_modifiers(&at, event) && take_sizes(&at, event) && take_pooled(&at, shape))
		time_count = take_times(&at, times_ns, shape);
	cursor->at = at.at;
	return time_count;
}

/* What a line may leave out, or lose at its end, without losing its figures. */
static void take_rest(struct gclog_echo *echo, struct cursor *cursor, struct gclog_record *record,
                      unsigned *shape)
{
	const char *start;
	unsigned tail_shape = 0;

	cursor_skip_blanks(cursor);
	take_increments(cursor, &record->incremental_ns);
	start = cursor->at;
	if (!gcecho_take_tail(echo, cursor, record, &tail_shape)) {
		take_utilization(cursor, &record->event, &tail_shape);
		take_reasons(cursor, record, &tail_shape);
		gcline_mark_reasons(record);
		gcecho_keep_tail(echo, start, cursor, record, tail_shape);
	}
	*shape |= tail_shape;
}

/* All that belongs to a collection and is not always set; one by one, since for every line this is
 * cheaper than to clear a large structure. */
static void begin_record(struct gclog_record *record)
{
	struct gc_event *event = &record->event;

	record->pid = 0;
	record->incremental_ns = 0;
	record->reason = "";
	record->reason_length = 0;
	record->collector = "";
	record->collector_length = 0;
	event->isolate = 0;
	event->committed_before_bytes = 0;
	event->committed_after_bytes = 0;
	event->lacks_sizes = false;
	event->average_mutator_utilization = (double)NAN;
	event->current_mutator_utilization = (double)NAN;
	event->is_reducing = false;
	event->is_during_sweeping = false;
}

/* Works in *record, which a line that fails leaves half filled. */
enum gclog_result gcline_parse(struct gclog_echo *echo, struct cursor *cursor,
                               struct gclog_record *record)
{
	struct gc_event *event = &record->event;
	uint64_t times_ns[2] = {0, 0};
	const struct family *family;
	enum gclog_result result;
	unsigned time_count;
	unsigned shape;

	begin_record(record);
	shape = take_head(echo, cursor, record);
	result = take_start(cursor, event, &shape);
	if (result == GCLOG_OTHER && (shape & SHAPE_STAMP) != 0)
		return nvpline_parse(cursor, record);
	if (result != GCLOG_GC)
		return result;
	time_count = take_figures(cursor, event, times_ns, &shape);
	if (time_count == 0)
		return GCLOG_TORN;
	take_rest(echo, cursor, record, &shape);
	family = family_find(shape);
	if (family == NULL)
		return GCLOG_TORN; /* a second half, whose head another process's line carries */
	record->family = family->letter;
	event->pause_ns = times_ns[family->is_total_last ? time_count - 1 : 0];
	record->embedder_ns = times_ns[0] + times_ns[1] - event->pause_ns;
	return GCLOG_GC;
}

const char *gclog_family_versions(char family)
{
	size_t i;

	if (family == GCLOG_FAMILY_NVP)
		return "0.10 to 24";
	if (family == GCLOG_FAMILY_JSON)
		return "25, 26";
	if (family == GCLOG_FAMILY_TRACE_EVENTS)
		return "7.7 to 26";

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].letter == family)
			return families[i].versions;
	return "";
}
