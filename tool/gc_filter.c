// SPDX-License-Identifier: MIT
/*
 * Looks at every '[' and decides as early as the bytes allow: cannot be a trace line (passes at
 * once), is one (from the newline on), or may become one (held until more comes).
 */
#include "tool/gc_filter.h"

#include <string.h>

#include "collectors/gclog/gchead.h"
#include "collectors/gclog/parse.h"

#define HEAD_LENGTH_MAX     48 /* "[4194304:0x7f6708000f00:12345]" */
#define LINE_LENGTH_MAX     ((ptrdiff_t)GC_FILTER_LINE_MAX)
#define ADDRESS_DIGITS_MIN  6    /* of an isolate; "[12:0x1]" is something else */
#define REPEAT_BUDGET_BYTES 1024 /* a ring of 512 bytes and what V8 says around it */

enum decision { PASSES, MAY_BECOME, IS_TRACE };

/* What V8 up to Node 6 prints behind "[pid] " with --trace-gc, but for collections. */
static const struct text {
	const char *start;
	size_t length;
} texts[] = {
    {LITERAL("Limited new space size due to ")},
    {LITERAL("Unlimited new space size due to ")},
    {LITERAL("Speed up marking because ")},
    {LITERAL("Increasing marking speed to ")},
    {LITERAL("Marking speed increased to ")},
    {LITERAL("Hurrying incremental marking because ")},
    {LITERAL("Postponing speeding up marking until ")},
    {LITERAL("Postpone entering high promotion mode ")},
};

/* ---- what the application wrote last ---- */

static void remember(struct gc_filter *filter, const char *bytes, size_t length)
{
	size_t kept = filter->history_length;

	if (length >= GC_FILTER_HISTORY_MAX) {
		memcpy(filter->history, bytes + length - GC_FILTER_HISTORY_MAX,
		       GC_FILTER_HISTORY_MAX);
		filter->history_length = GC_FILTER_HISTORY_MAX;
		return;
	}
	if (kept > GC_FILTER_HISTORY_MAX - length) {
		kept = GC_FILTER_HISTORY_MAX - length;
		memmove(filter->history, filter->history + filter->history_length - kept, kept);
	}
	memcpy(filter->history + kept, bytes, length);
	filter->history_length = kept + length;
}

static void pass(struct gc_filter *filter, const struct gc_filter_sink *sink, const char *bytes,
                 size_t length)
{
	if (length == 0)
		return;
	remember(filter, bytes, length);
	sink->application(sink->context, bytes, length);
}

/* V8 repeats its last lines on stdout, up to Node 12, when it dies of the heap. */
static bool is_repeating(const struct gc_filter *filter)
{
	static const char title[] = "\n<--- Last few GCs --->";
	static const char end[] = "\n<--- JS stacktrace --->";
	const char *from = filter->history;
	size_t length = filter->history_length;
	const char *found;

	if (length > REPEAT_BUDGET_BYTES + sizeof(title) - 1) {
		from += length - (REPEAT_BUDGET_BYTES + sizeof(title) - 1);
		length = REPEAT_BUDGET_BYTES + sizeof(title) - 1;
	}
	found = memmem(from, length, title, sizeof(title) - 1);
	return found != NULL &&
	       memmem(found, (size_t)(from + length - found), end, sizeof(end) - 1) == NULL;
}

/* ---- is it a trace line? ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Both agree as far as the shorter one goes. */
static bool agrees(const char *at, const char *end, const char *text, size_t length)
{
	size_t rest = (size_t)(end - at);

	return memcmp(at, text, rest < length ? rest : length) == 0;
}

static const char *skip(const char *at, const char *end, bool (*is_one)(char))
{
	while (at < end && is_one(*at))
		at++;
	return at;
}

/* ":0xISO" or ":0xISO:N", as far as it goes; NULL: it is neither. */
static const char *skip_isolate(const char *at, const char *end)
{
	const char *start;

	if (!agrees(at, end, LITERAL(":0x")))
		return NULL;
	if (end - at < 3)
		return end;
	start = at + 3;
	at = skip(start, end, is_hex_digit);
	if (at < end && at - start < ADDRESS_DIGITS_MIN)
		return NULL;
	return at < end && *at == ':' ? skip(at + 1, end, is_digit) : at;
}

/*
 * "[pid] " or "[pid:0xISO] ", as far as it goes. IS_TRACE: the head is whole. Not "[12:30:45] ",
 * some application's time of day.
 */
static enum decision judge_head(const char *start, const char *end, const char **ret_end)
{
	const char *at = skip(start + 1, end, is_digit);

	if (start + 1 < end && (at == start + 1 || start[1] == '0'))
		return PASSES;
	if (at < end && *at == ':') {
		at = skip_isolate(at, end);
		if (at == NULL)
			return PASSES;
	}
	if (at - start > HEAD_LENGTH_MAX || !agrees(at, end, LITERAL("] ")))
		return PASSES;
	*ret_end = at + 2;
	return end - at < 2 ? MAY_BECOME : IS_TRACE;
}

static bool may_be_text(const char *at, const char *end)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (agrees(at, end, texts[i].start, texts[i].length))
			return true;
	return false;
}

/* Behind "[pid] ", where an application's own words are as likely. */
static bool may_be_body(const char *at, const char *end)
{
	if (at < end && *at != ' ' && !is_digit(*at))
		return may_be_text(at, end);
	while (at < end && *at == ' ')
		at++;
	if (at < end && !is_digit(*at))
		return false;
	while (at < end && is_digit(*at))
		at++;
	return agrees(at, end, LITERAL(" ms: "));
}

/* A whole line with "[pid] ". */
static bool is_body(const char *line, const char *head_end, const char *end)
{
	struct gclog_parser parser = {0};
	struct gclog_record record;
	size_t at = 0;

	if (head_end < end && !is_digit(*head_end) && *head_end != ' ')
		return true; /* a known text, of which enough was seen */
	return gclog_parse(&parser, line, (size_t)(end - line), &at, &record) == GCLOG_GC;
}

/* A line with that head. IS_TRACE: up to and with its newline, *ret_length bytes. */
static enum decision judge_line(const char *at, const char *head_end, const char *end,
                                bool has_isolate, size_t *ret_length)
{
	const char *limit = end - at > LINE_LENGTH_MAX ? at + LINE_LENGTH_MAX : end;
	const char *newline;

	if (!has_isolate && !may_be_body(head_end, limit))
		return PASSES;
	newline = memchr(at, '\n', (size_t)(limit - at));
	if (newline == NULL)
		return limit - at == LINE_LENGTH_MAX ? PASSES : MAY_BECOME;
	if (!has_isolate && !is_body(at, head_end, newline))
		return PASSES;
	*ret_length = (size_t)(newline - at) + 1;
	return IS_TRACE;
}

/* ---- the stream ---- */

/* A place in the bytes: those before passed are handed on. */
struct scan {
	const char *bytes;
	size_t length;
	size_t passed;
	size_t at; /* of a '[' */
};

static void pass_until(struct gc_filter *filter, const struct gc_filter_sink *sink,
                       struct scan *scan, size_t end)
{
	pass(filter, sink, scan->bytes + scan->passed, end - scan->passed);
	scan->passed = end;
}

static enum decision judge(struct gc_filter *filter, const struct gc_filter_sink *sink,
                           struct scan *scan, size_t *ret_length)
{
	const char *at = scan->bytes + scan->at;
	struct cursor cursor = {at, scan->bytes + scan->length};
	const char *head_end = NULL;
	enum decision decision = judge_head(at, cursor.end, &head_end);
	enum gchead head;
	uint64_t isolate;
	pid_t pid;

	if (decision != IS_TRACE)
		return decision;
	head = gchead_read(&cursor, &pid, &isolate);
	if (head == GCHEAD_NONE) /* a number too large */
		return PASSES;
	decision = judge_line(at, head_end, cursor.end, head == GCHEAD_ISOLATE, ret_length);
	if (decision == PASSES || !sink->is_traced(sink->context, pid))
		return PASSES;
	pass_until(filter, sink, scan, scan->at);
	return is_repeating(filter) ? PASSES : decision;
}

/* Returns how many bytes are dealt with; the rest is the start of what may become a line. */
static size_t scan_bytes(struct gc_filter *filter, const struct gc_filter_sink *sink,
                         const char *bytes, size_t length)
{
	struct scan scan = {.bytes = bytes, .length = length};
	const char *found;

	while ((found = memchr(bytes + scan.at, '[', length - scan.at)) != NULL) {
		size_t line_length = 0;
		enum decision decision;

		scan.at = (size_t)(found - bytes);
		if (scan.at + 1 < length && !is_digit(found[1])) { /* most are */
			scan.at++;
			continue;
		}
		decision = judge(filter, sink, &scan, &line_length);
		if (decision == MAY_BECOME) {
			pass_until(filter, sink, &scan, scan.at);
			return scan.at;
		}
		if (decision == IS_TRACE) {
			sink->trace(sink->context, found, line_length);
			scan.at += line_length;
			scan.passed = scan.at;
		} else {
			scan.at++;
		}
	}
	pass_until(filter, sink, &scan, length);
	return length;
}

void gc_filter_feed(struct gc_filter *filter, const struct gc_filter_sink *sink, const char *bytes,
                    size_t length)
{
	size_t done;

	while (length > 0 && filter->held_length > 0) {
		size_t taken = GC_FILTER_HELD_MAX - filter->held_length;

		if (taken > length)
			taken = length;
		memcpy(filter->held + filter->held_length, bytes, taken);
		filter->held_length += taken;
		bytes += taken;
		length -= taken;
		/* more than a line's maximum is always decided, so there is room again */
		done = scan_bytes(filter, sink, filter->held, filter->held_length);
		filter->held_length -= done;
		memmove(filter->held, filter->held + done, filter->held_length);
	}
	if (length == 0)
		return;
	done = scan_bytes(filter, sink, bytes, length);
	filter->held_length = length - done;
	memcpy(filter->held, bytes + done, filter->held_length);
}

void gc_filter_release(struct gc_filter *filter, const struct gc_filter_sink *sink)
{
	pass(filter, sink, filter->held, filter->held_length);
	filter->held_length = 0;
}
