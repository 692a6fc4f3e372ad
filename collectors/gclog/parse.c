// SPDX-License-Identifier: MIT
/*
 * Finds V8's words in a line: where a GC line starts (often, but not always, at the front), fatal
 * errors, sped-up marking, and the "Last few GCs" block, whose lines were printed before.
 */
#include "collectors/gclog/parse.h"

#include <string.h>

#include "collectors/gclog/factline.h"
#include "collectors/gclog/gchead.h"
#include "collectors/gclog/gcline.h"

/* The block holds at most a ring of 512 bytes and what was cut from its first entry. */
#define REPEAT_BUDGET_BYTES 1024

static bool starts_with(const char *at, const char *end, const char *literal, size_t length)
{
	return (size_t)(end - at) >= length && memcmp(at, literal, length) == 0;
}

static bool contains(const char *at, const char *end, const char *literal, size_t length)
{
	return memmem(at, (size_t)(end - at), literal, length) != NULL;
}

/* ---- the cheap look that lets application output pass ---- */

/* "ms:" of a GC line, "FAT" of a fatal error, "rki" of marking, " KB" of a size, "<--" of the
 * arrows around a block of repeats. */
static bool is_hint(const char *at)
{
	return (at[0] == 'm' && at[1] == 's' && at[2] == ':') ||
	       (at[0] == 'F' && at[1] == 'A' && at[2] == 'T') ||
	       (at[0] == 'r' && at[1] == 'k' && at[2] == 'i') ||
	       (at[0] == ' ' && at[1] == 'K' && at[2] == 'B') ||
	       (at[0] == '<' && at[1] == '-' && at[2] == '-');
}

typedef signed char byte_vector __attribute__((vector_size(16)));

#define VECTOR_SIZE ((ptrdiff_t)sizeof(byte_vector))
#define VECTOR_SPAN                                                                  \
	(VECTOR_SIZE + 2) /* bytes in which a hint may stand that starts in a vector \
	                   */

static byte_vector load_vector(const char *at)
{
	byte_vector vector;

	memcpy(&vector, at, sizeof(vector));
	return vector;
}

/* Not 0 for each of 16 places, from at on, where the last two bytes of a hint stand behind: enough
 * to pass almost all that is none. Reads VECTOR_SPAN bytes. */
CURSOR_INLINE byte_vector vector_hints(const char *at)
{
	byte_vector second = load_vector(at + 1);
	byte_vector third = load_vector(at + 2);

	return ((second == 's') & (third == ':')) | ((second == 'A') & (third == 'T')) |
	       ((second == 'k') & (third == 'i')) | ((second == 'K') & (third == 'B')) |
	       ((second == '-') & (third == '-'));
}

static bool vector_is_zero(byte_vector vector)
{
	uint64_t halves[2];

	memcpy(halves, &vector, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

static const char *find_hint_bytewise(const char *at, const char *end)
{
	for (; end - at >= 3; at++)
		if (is_hint(at))
			return at;
	return NULL;
}

static const char *find_hint_in_vector(const char *at)
{
	return vector_is_zero(vector_hints(at)) ? NULL : find_hint_bytewise(at, at + VECTOR_SPAN);
}

/* The first hint from at on, or NULL. */
static const char *find_hint(const char *at, const char *end)
{
	const char *last = end - VECTOR_SPAN;
	const char *hint;

	if (end - at < VECTOR_SPAN)
		return find_hint_bytewise(at, end);
	for (; last - at >= 3 * VECTOR_SIZE; at += 4 * VECTOR_SIZE)
		if (!vector_is_zero(vector_hints(at) | vector_hints(at + VECTOR_SIZE) |
		                    vector_hints(at + 2 * VECTOR_SIZE) |
		                    vector_hints(at + 3 * VECTOR_SIZE)))
			break;
	for (; at < last; at += VECTOR_SIZE) {
		hint = find_hint_in_vector(at);
		if (hint != NULL)
			return hint;
	}
	/* The rest as a vector that goes back over what was seen, rather than byte by byte. */
	return find_hint_in_vector(last);
}

/* ---- repeats ---- */

static void repeats_spend(struct gclog_parser *parser, size_t length)
{
	size_t budget_bytes = parser->repeat_budget_bytes;

	if (budget_bytes > 0)
		parser->repeat_budget_bytes -= length < budget_bytes ? length + 1 : budget_bytes;
}

static void repeats_track(struct gclog_parser *parser, const char *line, const char *end)
{
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
	repeats_spend(parser, (size_t)(end - line));
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

static enum gclog_result try_gc(struct gclog_parser *parser, struct cursor *cursor,
                                struct gclog_record *ret_record)
{
	enum gclog_result result = gcline_parse(&parser->echo, cursor, ret_record);

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
		factline_set_incident(ret_record, HEAP_INCIDENT_FATAL_OOM, parser->repeat_pid,
		                      parser->repeat_isolate);
	else
		factline_set_incident(ret_record, HEAP_INCIDENT_FATAL_OOM, parser->last_pid,
		                      parser->last_isolate);
	parser->repeat_pid = 0;
	cursor->at = cursor->end;
	return true;
}

/* ---- the line ---- */

/* Up to Node 6 marking lines name nobody: they are of who printed last. */
static enum gclog_result try_marking(const struct gclog_parser *parser, const char *from,
                                     struct cursor *cursor, struct gclog_record *ret_record)
{
	enum gclog_result result = factline_marking(from, cursor, ret_record);

	if (result == GCLOG_INCIDENT && ret_record->pid == 0) {
		ret_record->pid = parser->last_pid;
		ret_record->event.isolate = parser->last_isolate;
	}
	return result;
}

static enum gclog_result try_hint(struct gclog_parser *parser, const char *from,
                                  struct cursor *cursor, struct gclog_record *ret_record)
{
	switch (*cursor->at) {
	case 'F':
		return try_fatal(parser, cursor, ret_record) ? GCLOG_INCIDENT : GCLOG_OTHER;
	case 'r':
		return try_marking(parser, from, cursor, ret_record);
	case ' ':
		return factline_part(from, cursor, ret_record);
	case '<':
		return GCLOG_OTHER;
	default:
		cursor->at = gchead_find_start(from, cursor->at);
		return try_gc(parser, cursor, ret_record);
	}
}

/* A torn line counts as such only when nothing whole stands in the rest. */
static enum gclog_result search(struct gclog_parser *parser, struct cursor *cursor,
                                struct gclog_record *ret_record)
{
	const char *from = cursor->at;
	bool is_torn = false;

	while ((cursor->at = find_hint(cursor->at, cursor->end)) != NULL) {
		struct cursor next = *cursor;
		enum gclog_result result = try_hint(parser, from, &next, ret_record);

		if (result == GCLOG_TORN) {
			is_torn = true;
		} else if (result != GCLOG_OTHER) {
			*cursor = next;
			return result;
		}
		cursor->at++;
	}
	cursor->at = cursor->end;
	return is_torn ? GCLOG_TORN : GCLOG_OTHER;
}

bool gclog_is_next(const struct gclog_parser *parser, const char *line, size_t length)
{
	const struct gclog_echo *echo = &parser->echo;

	return echo->head_length > 0 && length > echo->head_length && *line == '[' &&
	       memcmp(line, echo->head, echo->head_length) == 0;
}

const char *gclog_find_hint(const char *text, const char *end)
{
	return find_hint(text, end);
}

void gclog_pass_over(struct gclog_parser *parser, size_t length)
{
	repeats_spend(parser, length);
}

enum gclog_result gclog_parse(struct gclog_parser *parser, const char *line, size_t length,
                              size_t *at, struct gclog_record *ret_record)
{
	struct cursor cursor = {line + *at, line + length};
	enum gclog_result result = GCLOG_OTHER;

	if (*at == 0) {
		repeats_track(parser, line, cursor.end);
		if (length > 0 && *line == '[')
			result = try_gc(parser, &cursor, ret_record);
	}
	if (result != GCLOG_GC && result != GCLOG_REPEAT) {
		cursor.at = line + *at;
		result = search(parser, &cursor, ret_record);
	}
	*at = find_hint(cursor.at, cursor.end) != NULL ? (size_t)(cursor.at - line) : length;
	return result;
}
