// SPDX-License-Identifier: MIT
/*
 * One state machine over the outermost object. Numbers and strings, which are nearly all of a
 * file, have loops of their own; what is not needed is only followed to its end.
 */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "snapshot/locations.h"
#include "snapshot/names.h"
#include "snapshot/quoted.h"
#include "snapshot/row.h"
#include "snapshot/skip.h"

#define KEY_MAX      ((size_t)256)
#define HEAD_MAX     ((size_t)64 * 1024)
#define NAME_BYTES   ((size_t)64 * 1024) /* as it stands in the file */
#define DIGITS_MAX   19                  /* fit into 64 bits */
#define MEMBER_COUNT 5

enum place {
	PLACE_START,
	PLACE_FIRST_KEY, /* or the end */
	PLACE_KEY,
	PLACE_IN_KEY,
	PLACE_COLON,
	PLACE_VALUE,
	PLACE_NUMBERS,
	PLACE_FIRST_STRING, /* or the end */
	PLACE_STRING,
	PLACE_IN_STRING,
	PLACE_BEHIND_STRING,
	PLACE_SKIPPED,
	PLACE_COMMA,
	PLACE_END,
};

/* What is read, in the order in which it has to come. */
enum member {
	MEMBER_SNAPSHOT,
	MEMBER_NODES,
	MEMBER_EDGES,
	MEMBER_STRINGS,
	MEMBER_LOCATIONS, /* may be missing */
	MEMBER_OTHER
};

struct reader {
	struct heap heap;
	unsigned keeps; /* enum heap_keeps */
	enum place place;
	enum member member; /* whose value is read */
	bool has_member[MEMBER_COUNT];
	struct quoted quoted;  /* the string that is read */
	struct buf text;       /* the key, the head or the name of a class, as it stands there */
	bool keeps_text;       /* of the string or value that is read */
	uint64_t offset_bytes; /* of the piece that is read */
	const char *piece;
	const char *end;
	/* an error */
	int result;
	const char *problem;
	uint64_t problem_bytes;
	/* a row of numbers */
	uint64_t row[LAYOUT_FIELDS_MAX];
	uint64_t row_count;
	uint32_t width;
	uint32_t field;
	uint64_t value;
	unsigned digits;
	bool is_ended;    /* the number: a blank stood behind it */
	struct skip skip; /* a value that is not needed, or the head */
};

static const char *const member_names[MEMBER_COUNT] = {
    [MEMBER_SNAPSHOT] = "snapshot", [MEMBER_NODES] = "nodes",         [MEMBER_EDGES] = "edges",
    [MEMBER_STRINGS] = "strings",   [MEMBER_LOCATIONS] = "locations",
};

static const char *fail(struct reader *reader, const char *at, const char *problem)
{
	reader->result = -EINVAL;
	reader->problem = problem;
	reader->problem_bytes = reader->offset_bytes + (uint64_t)(at - reader->piece);
	return NULL;
}

static const char *fail_with(struct reader *reader, const char *at, int result, const char *problem)
{
	(void)fail(reader, at, problem);
	reader->result = result;
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* ---- rows ---- */

static const char *take_row(struct reader *reader, const char *at)
{
	int r = reader->member == MEMBER_NODES   ? heap_add_node(&reader->heap, reader->row)
	        : reader->member == MEMBER_EDGES ? heap_add_edge(&reader->heap, reader->row)
	                                         : locations_add(&reader->heap, reader->row);

	if (r < 0)
		return fail_with(reader, at, r, reader->heap.problem);
	reader->field = 0;
	reader->row_count++;
	return at + 1;
}

/* The number before at is complete. */
static const char *take_number(struct reader *reader, const char *at)
{
	if (reader->digits == 0)
		return fail(reader, at, "a number is missing");
	reader->row[reader->field++] = reader->value;
	reader->value = 0;
	reader->digits = 0;
	reader->is_ended = false;
	return reader->field == reader->width ? take_row(reader, at) : at + 1;
}

static int end_rows(struct reader *reader)
{
	if (reader->member == MEMBER_NODES)
		return heap_end_nodes(&reader->heap);
	if (reader->member == MEMBER_EDGES)
		return heap_end_edges(&reader->heap);
	locations_end(&reader->heap);
	return 0;
}

static const char *end_numbers(struct reader *reader, const char *at)
{
	bool is_empty = reader->row_count == 0 && reader->field == 0 && reader->digits == 0;
	int r;

	if (!is_empty && take_number(reader, at) == NULL)
		return NULL;
	if (reader->field != 0)
		return fail(reader, at, "an array ends in the middle of a row");
	r = end_rows(reader);
	if (r < 0)
		return fail(reader, at, reader->heap.problem);
	reader->place = PLACE_COMMA;
	return at + 1;
}

/* Neither digit nor comma. */
static const char *take_other(struct reader *reader, const char *at)
{
	if (*at == ']')
		return end_numbers(reader, at);
	if (!is_blank(*at))
		return fail(reader, at, "a number is due here");
	reader->is_ended = reader->digits > 0;
	return at + 1;
}

/* Rows that are whole in this piece and as V8 writes them; what is left goes number by number. */
static const char *take_rows(struct reader *reader, const char *at)
{
	size_t due = ROW_BYTES(reader->width);

	while (at != NULL && (size_t)(reader->end - at) > due) {
		const char *next = row_scan(at, reader->width, reader->row);

		if (next == NULL)
			break;
		at = take_row(reader, next - 1);
	}
	return at;
}

static const char *take_numbers(struct reader *reader, const char *at)
{
	while (at != NULL && at < reader->end && reader->place == PLACE_NUMBERS) {
		uint64_t value = reader->value;
		const char *start;
		unsigned digit;

		if (reader->field == 0 && reader->digits == 0 &&
		    (at = take_rows(reader, at)) == NULL)
			return NULL;
		start = at;
		while ((digit = (unsigned)(unsigned char)*at - '0') <= 9) {
			value = value * 10 + digit;
			at++;
		}
		if (at != start) {
			if (reader->is_ended)
				return fail(reader, start, "a comma is missing");
			if ((size_t)(at - start) + reader->digits > DIGITS_MAX)
				return fail(reader, at, "a number has too many digits");
			reader->digits += (unsigned)(at - start);
			reader->value = value;
		}
		if (*at == ',')
			at = take_number(reader, at);
		else if (at < reader->end)
			at = take_other(reader, at);
	}
	return at;
}

/* ---- strings ---- */

static const char *begin_strings(struct reader *reader, const char *at)
{
	int r = names_begin(&reader->heap);

	reader->place = PLACE_FIRST_STRING;
	return r < 0 ? fail_with(reader, at, r, NULL) : at + 1;
}

static const char *end_string(struct reader *reader, const char *at)
{
	int r = 0;

	if (reader->keeps_text)
		r = names_take(&reader->heap, buf_string(&reader->text), reader->text.length,
		               buf_failed(&reader->text));
	if (r < 0)
		return fail_with(reader, at, r, reader->heap.problem);
	reader->heap.string_count++;
	reader->place = PLACE_BEHIND_STRING;
	return at + 1;
}

static const char *end_strings(struct reader *reader, const char *at)
{
	if (reader->heap.name_maximum >= reader->heap.string_count)
		return fail(reader, at,
		            "a node or an edge has a name that is not among the strings");
	reader->place = PLACE_COMMA;
	return at + 1;
}

static const char *begin_text(struct reader *reader, const char *at, enum place inside,
                              size_t maximum)
{
	reader->quoted = (struct quoted){0};
	reader->place = inside;
	reader->keeps_text = maximum > 0;
	if (reader->keeps_text)
		buf_restart(&reader->text, maximum);
	return at + 1;
}

/* To the closing quote, which *ret_is_end tells from the end of the piece. */
static const char *follow_text(struct reader *reader, const char *at, bool *ret_is_end)
{
	const char *start = at;
	enum quoted_result result = quoted_scan(&reader->quoted, &at, reader->end);

	if (result == QUOTED_BAD)
		return fail(reader, at, "a string holds what JSON does not allow");
	if (reader->keeps_text)
		buf_append(&reader->text, start, (size_t)(at - start));
	*ret_is_end = result == QUOTED_END;
	return at;
}

static const char *take_string(struct reader *reader, const char *at)
{
	bool is_end = false;

	at = follow_text(reader, at, &is_end);
	return at != NULL && is_end ? end_string(reader, at) : at;
}

static const char *take_key(struct reader *reader, const char *at)
{
	bool is_end = false;
	size_t i;

	at = follow_text(reader, at, &is_end);
	if (at == NULL || !is_end)
		return at;
	reader->member = MEMBER_OTHER;
	for (i = 0; i < MEMBER_COUNT; i++)
		if (strcmp(buf_string(&reader->text), member_names[i]) == 0)
			reader->member = (enum member)i;
	reader->place = PLACE_COLON;
	return at + 1;
}

/* ---- values that are followed to their end ---- */

static const char *end_skipped(struct reader *reader, const char *at)
{
	struct layout layout;
	int r;

	reader->place = PLACE_COMMA;
	if (reader->member != MEMBER_SNAPSHOT)
		return at;
	if (buf_failed(&reader->text))
		return fail(reader, at, "\"snapshot\" is too long");
	reader->problem = layout_parse(buf_string(&reader->text), reader->text.length, &layout);
	if (reader->problem != NULL)
		return fail(reader, at, reader->problem);
	r = heap_init(&reader->heap, &layout, reader->keeps);
	return r < 0 ? fail_with(reader, at, r, NULL) : at;
}

static const char *skip_value(struct reader *reader, const char *at)
{
	const char *start = at;
	bool is_end = false;
	const char *problem = skip_scan(&reader->skip, &at, reader->end, &is_end);

	if (problem != NULL)
		return fail(reader, at, problem);
	if (reader->keeps_text)
		buf_append(&reader->text, start, (size_t)(at - start));
	return is_end ? end_skipped(reader, at) : at;
}

/* ---- the outermost object ---- */

static const char *begin_numbers(struct reader *reader, const char *at)
{
	const struct layout *layout = &reader->heap.layout;

	reader->width = reader->member == MEMBER_NODES   ? layout->node_width
	                : reader->member == MEMBER_EDGES ? layout->edge_width
	                                                 : layout->location_width;
	reader->row_count = 0;
	reader->place = PLACE_NUMBERS;
	return at + 1;
}

static bool is_in_order(const struct reader *reader, enum member member)
{
	if (member == MEMBER_LOCATIONS)
		return reader->has_member[MEMBER_NODES];
	return member == MEMBER_SNAPSHOT || reader->has_member[member - 1];
}

static const char *begin_value(struct reader *reader, const char *at)
{
	enum member member;

	if (reader->member == MEMBER_LOCATIONS && reader->heap.layout.location_width == 0)
		reader->member = MEMBER_OTHER;
	member = reader->member;
	if (member != MEMBER_OTHER) {
		if (reader->has_member[member])
			return fail(reader, at, "a member stands there twice");
		if (!is_in_order(reader, member))
			return fail(reader, at,
			            "snapshot, nodes, edges and strings are not in this order");
		reader->has_member[member] = true;
	}
	reader->place = PLACE_SKIPPED;
	memset(&reader->skip, 0, sizeof(reader->skip));
	reader->keeps_text = member == MEMBER_SNAPSHOT;
	if (member == MEMBER_SNAPSHOT)
		buf_restart(&reader->text, HEAD_MAX);
	if (member == MEMBER_SNAPSHOT || member == MEMBER_OTHER)
		return at;
	if (*at != '[')
		return fail(reader, at, "nodes, edges, strings or locations is no array");
	return member == MEMBER_STRINGS ? begin_strings(reader, at) : begin_numbers(reader, at);
}

static const char *end_object(struct reader *reader, const char *at)
{
	if (!reader->has_member[MEMBER_STRINGS])
		return fail(reader, at,
		            "is no heap snapshot: snapshot, nodes, edges or strings "
		            "are missing");
	reader->place = PLACE_END;
	return at + 1;
}

static const char *expect(struct reader *reader, const char *at, char c, enum place next)
{
	if (*at != c)
		return fail(reader, at,
		            reader->place == PLACE_START ? "is no heap snapshot"
		                                         : "not what JSON demands here");
	reader->place = next;
	return at + 1;
}

/* Where a blank means nothing; at is none. */
static const char *take_byte(struct reader *reader, const char *at)
{
	switch (reader->place) {
	case PLACE_START:
		return expect(reader, at, '{', PLACE_FIRST_KEY);
	case PLACE_FIRST_KEY:
	case PLACE_KEY:
		if (*at == '"')
			return begin_text(reader, at, PLACE_IN_KEY, KEY_MAX);
		if (*at == '}' && reader->place == PLACE_FIRST_KEY)
			return end_object(reader, at);
		return fail(reader, at, "a key is due here");
	case PLACE_COLON:
		return expect(reader, at, ':', PLACE_VALUE);
	case PLACE_VALUE:
		return begin_value(reader, at);
	case PLACE_FIRST_STRING:
	case PLACE_STRING:
		if (*at == '"')
			return begin_text(
			    reader, at, PLACE_IN_STRING,
			    names_want(&reader->heap, reader->heap.string_count) ? NAME_BYTES : 0);
		if (*at == ']' && reader->place == PLACE_FIRST_STRING)
			return end_strings(reader, at);
		return fail(reader, at, "a string is due here");
	case PLACE_BEHIND_STRING:
		return *at == ']' ? end_strings(reader, at) : expect(reader, at, ',', PLACE_STRING);
	case PLACE_COMMA:
		return *at == '}' ? end_object(reader, at) : expect(reader, at, ',', PLACE_KEY);
	default:
		return fail(reader, at, "something follows the end of the snapshot");
	}
}

static const char *take_some(struct reader *reader, const char *at)
{
	switch (reader->place) {
	case PLACE_NUMBERS:
		return take_numbers(reader, at);
	case PLACE_IN_STRING:
		return take_string(reader, at);
	case PLACE_IN_KEY:
		return take_key(reader, at);
	case PLACE_SKIPPED:
		return skip_value(reader, at);
	default:
		return is_blank(*at) ? at + 1 : take_byte(reader, at);
	}
}

/* ---- interface ---- */

struct reader *reader_new(unsigned keeps)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->keeps = keeps;
	buf_init(&reader->text, KEY_MAX);
	return reader;
}

struct reader *reader_free(struct reader *reader)
{
	if (reader == NULL)
		return NULL;
	heap_done(&reader->heap);
	buf_done(&reader->text);
	free(reader);
	return NULL;
}

int reader_feed(struct reader *reader, const char *bytes, size_t length)
{
	const char *at = bytes;

	reader->piece = bytes;
	reader->end = bytes + length;
	while (reader->result == 0 && at < reader->end)
		at = take_some(reader, at);
	reader->offset_bytes += length;
	return reader->result;
}

int reader_finish(struct reader *reader, struct heap **ret_heap)
{
	reader->piece = reader->end = NULL;
	if (reader->result == 0 && reader->place != PLACE_END)
		(void)fail(reader, reader->piece, "breaks off");
	if (reader->result == 0)
		*ret_heap = &reader->heap;
	return reader->result;
}

const char *reader_problem(const struct reader *reader, uint64_t *ret_offset_bytes)
{
	*ret_offset_bytes = reader->problem_bytes;
	return reader->problem;
}
