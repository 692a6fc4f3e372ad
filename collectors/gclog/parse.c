// SPDX-License-Identifier: MIT
/*
 * Finds V8's words in a line: where a GC line starts (often, but not always, at the front), fatal
 * errors, sped-up marking, and the "Last few GCs" block, whose lines were printed before.
 */
#include "collectors/gclog/parse.h"

#include <stdbool.h>
#include <string.h>

#include "collectors/gclog/gcline.h"

/* The block holds at most a ring of 512 bytes and what was cut from its first entry. */
#define REPEAT_BUDGET_BYTES 1024
#define HEAD_LENGTH_MAX     48 /* "[4194304:0x7f6708000f00:12345]" and blanks */

static bool starts_with(const char *at, const char *end, const char *literal, size_t length)
{
	return (size_t)(end - at) >= length && memcmp(at, literal, length) == 0;
}

static bool contains(const char *at, const char *end, const char *literal, size_t length)
{
	return memmem(at, (size_t)(end - at), literal, length) != NULL;
}

/* ---- the cheap look that lets application output pass ---- */

static bool is_hint(const char *at)
{
	return (at[0] == 'm' && at[1] == 's' && at[2] == ':') ||
	       (at[0] == 'F' && at[1] == 'A' && at[2] == 'T') ||
	       (at[0] == 'S' && at[1] == 'p' && at[2] == 'e');
}

typedef signed char byte_vector __attribute__((vector_size(16)));

static byte_vector load_vector(const char *at)
{
	byte_vector vector;

	memcpy(&vector, at, sizeof(vector));
	return vector;
}

/* The same as is_hint() for the 16 bytes from at on; reads two more. */
static bool vector_has_hint(const char *at)
{
	byte_vector first = load_vector(at);
	byte_vector second = load_vector(at + 1);
	byte_vector third = load_vector(at + 2);
	byte_vector hints = ((first == 'm') & (second == 's') & (third == ':')) |
	                    ((first == 'F') & (second == 'A') & (third == 'T')) |
	                    ((first == 'S') & (second == 'p') & (third == 'e'));
	uint64_t halves[2];

	memcpy(halves, &hints, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* "ms:", "FAT" (AL ERROR) or "Spe" (ed up marking) stand somewhere in it. */
static bool has_hint(const char *at, const char *end)
{
	for (; end - at >= (ptrdiff_t)sizeof(byte_vector) + 2; at += sizeof(byte_vector))
		if (vector_has_hint(at))
			return true;
	for (; end - at >= 3; at++)
		if (is_hint(at))
			return true;
	return false;
}

/* ---- repeats ---- */

static void repeats_track(struct gclog_parser *parser, const char *line, const char *end)
{
	size_t length = (size_t)(end - line) + 1;

	if (line < end && *line == '<') {
		if (starts_with(line, end, LITERAL("<--- Last few GCs --->"))) {
			parser->repeat_budget_bytes = REPEAT_BUDGET_BYTES;
			parser->repeat_pid = 0;
			parser->repeat_isolate = 0;
			return;
		}
		if (starts_with(line, end, LITERAL("<--- JS stacktrace --->")))
			parser->repeat_budget_bytes = 0;
	}
	parser->repeat_budget_bytes -=
	    length < parser->repeat_budget_bytes ? length : parser->repeat_budget_bytes;
}

/* Other processes go on printing into the same file meanwhile: theirs are no repeats. */
static bool is_repeat(struct gclog_parser *parser, const struct gclog_record *record)
{
	if (parser->repeat_budget_bytes == 0)
		return false;
	if (record->pid == 0)
		return true; /* Node 4 to 6 repeat without the prefix */
	if (parser->repeat_pid == 0) {
		parser->repeat_pid = record->pid;
		parser->repeat_isolate = record->event.isolate;
	}
	return parser->repeat_pid == record->pid && parser->repeat_isolate == record->event.isolate;
}

/* ---- GC lines ---- */

/* The "[pid:0xISO] " that ends in front of at, or NULL. */
static const char *find_head(const char *from, const char *at)
{
	const char *limit = at - from > HEAD_LENGTH_MAX ? at - HEAD_LENGTH_MAX : from;

	while (at > limit && at[-1] == ' ')
		at--;
	if (at == limit || at[-1] != ']')
		return NULL;
	while (at > limit && at[-1] != '[')
		at--;
	return at > limit ? at - 1 : NULL;
}

/* From the "ms: " that a GC line holds back to where the line starts. */
static const char *find_start(const char *from, const char *anchor)
{
	const char *at = anchor;
	const char *head;

	while (at > from && at[-1] == ' ')
		at--;
	while (at > from && at[-1] >= '0' && at[-1] <= '9')
		at--;
	head = find_head(from, at);
	return head != NULL ? head : at;
}

static enum gclog_result try_gc(struct gclog_parser *parser, struct cursor *cursor,
                                struct gclog_record *ret_record)
{
	enum gclog_result result = gcline_parse(cursor, ret_record);

	if (result == GCLOG_TORN && parser->repeat_budget_bytes > 0)
		return GCLOG_OTHER; /* entries of the block are cut by nature */
	if (result != GCLOG_GC)
		return result;
	if (is_repeat(parser, ret_record))
		return GCLOG_REPEAT;
	parser->last_pid = ret_record->pid;
	parser->last_isolate = ret_record->event.isolate;
	return GCLOG_GC;
}

/* ---- incidents ---- */

static void incident_set(struct gclog_record *ret_record, enum heap_incident incident, pid_t pid,
                         uint64_t isolate)
{
	*ret_record = (struct gclog_record){.pid = pid,
	                                    .event.isolate = isolate,
	                                    .reason = "",
	                                    .collector = "",
	                                    .incident = incident};
}

/* "FATAL ERROR: … heap out of memory": of the process whose last GCs were repeated before it, else
 * of the one that printed last. */
static bool try_fatal(struct gclog_parser *parser, struct cursor *cursor,
                      struct gclog_record *ret_record)
{
	if (!starts_with(cursor->at, cursor->end, LITERAL("FATAL ERROR: ")))
		return false;
	parser->repeat_budget_bytes = 0;
	if (!contains(cursor->at, cursor->end, LITERAL("out of memory")))
		return false;
	if (parser->repeat_pid != 0)
		incident_set(ret_record, HEAP_INCIDENT_FATAL_OOM, parser->repeat_pid,
		             parser->repeat_isolate);
	else
		incident_set(ret_record, HEAP_INCIDENT_FATAL_OOM, parser->last_pid,
		             parser->last_isolate);
	parser->repeat_pid = 0;
	cursor->at = cursor->end;
	return true;
}

/* "[pid] Speed up marking because of low space left" */
static bool try_speed_up(const char *from, struct cursor *cursor, struct gclog_record *ret_record)
{
	struct cursor head = {find_head(from, cursor->at), cursor->at};
	uint64_t isolate;
	pid_t pid;

	if (head.at == NULL ||
	    !starts_with(cursor->at, cursor->end, LITERAL("Speed up marking because ")) ||
	    gcline_read_head(&head, &pid, &isolate) == GCLINE_HEAD_NONE)
		return false;
	incident_set(ret_record, HEAP_INCIDENT_MARKING_SPED_UP, pid, isolate);
	cursor->at = cursor->end;
	return true;
}

/* ---- the line ---- */

static enum gclog_result try_hint(struct gclog_parser *parser, const char *from,
                                  struct cursor *cursor, struct gclog_record *ret_record)
{
	if (*cursor->at == 'F')
		return try_fatal(parser, cursor, ret_record) ? GCLOG_INCIDENT : GCLOG_OTHER;
	if (*cursor->at == 'S')
		return try_speed_up(from, cursor, ret_record) ? GCLOG_INCIDENT : GCLOG_OTHER;
	cursor->at = find_start(from, cursor->at);
	return try_gc(parser, cursor, ret_record);
}

/* A torn line counts as such only when nothing whole stands in the rest. */
static enum gclog_result search(struct gclog_parser *parser, struct cursor *cursor,
                                struct gclog_record *ret_record)
{
	const char *from = cursor->at;
	bool is_torn = false;

	for (; cursor->end - cursor->at >= 3; cursor->at++) {
		struct cursor next = *cursor;
		enum gclog_result result;

		if (!is_hint(cursor->at))
			continue;
		result = try_hint(parser, from, &next, ret_record);
		if (result == GCLOG_TORN) {
			is_torn = true;
		} else if (result != GCLOG_OTHER) {
			*cursor = next;
			return result;
		}
	}
	cursor->at = cursor->end;
	return is_torn ? GCLOG_TORN : GCLOG_OTHER;
}

enum gclog_result gclog_parse(struct gclog_parser *parser, const char *line, size_t length,
                              size_t *at, struct gclog_record *ret_record)
{
	struct cursor cursor = {line + *at, line + length};
	enum gclog_result result = GCLOG_OTHER;

	if (*at == 0) {
		repeats_track(parser, line, cursor.end);
		if (length > 0 && *line == '[') {
			result = try_gc(parser, &cursor, ret_record);
			if (result != GCLOG_GC && result != GCLOG_REPEAT) {
				result = GCLOG_OTHER;
				cursor.at = line;
			}
		}
	}
	if (result == GCLOG_OTHER) {
		if (!has_hint(cursor.at, cursor.end)) {
			*at = length;
			return GCLOG_OTHER;
		}
		result = search(parser, &cursor, ret_record);
	}
	*at = has_hint(cursor.at, cursor.end) ? (size_t)(cursor.at - line) : length;
	return result;
}
