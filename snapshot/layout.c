// SPDX-License-Identifier: MIT
/*
 * A reader for one small document. Members that it does not know are skipped, whatever they hold.
 */
#include "snapshot/layout.h"

#include <stdbool.h>
#include <string.h>

#include "lib/numbers.h"

#define DEPTH_MAX 32

struct cursor {
	const char *at;
	const char *end;
	const char *problem; /* the first one; then everything fails */
};

struct text {
	const char *start; /* as it stands in the file, between the quotes */
	size_t length;
};

static const char *const node_field_names[NODE_FIELD_COUNT] = {
    [NODE_TYPE] = "type",
    [NODE_NAME] = "name",
    [NODE_SELF_SIZE] = "self_size",
    [NODE_EDGE_COUNT] = "edge_count",
    [NODE_ID] = "id",
    [NODE_DETACHEDNESS] = "detachedness",
};

static const char *const edge_field_names[EDGE_FIELD_COUNT] = {
    [EDGE_TYPE] = "type",
    [EDGE_NAME] = "name_or_index",
    [EDGE_TO] = "to_node",
};

static const char *const location_field_names[LOCATION_FIELD_COUNT] = {
    [LOCATION_OBJECT] = "object_index",
    [LOCATION_SCRIPT] = "script_id",
    [LOCATION_LINE] = "line",
    [LOCATION_COLUMN] = "column",
};

/* ---- pieces of JSON ---- */

static bool fail(struct cursor *cursor, const char *problem)
{
	if (cursor->problem == NULL)
		cursor->problem = problem;
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char peek(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_space(*cursor->at))
		cursor->at++;
	if (cursor->at == cursor->end)
		return '\0';
	return *cursor->at;
}

static bool take(struct cursor *cursor, char c)
{
	if (peek(cursor) != c)
		return false;
	cursor->at++;
	return true;
}

static bool take_text(struct cursor *cursor, struct text *ret_text)
{
	const char *start;

	if (!take(cursor, '"'))
		return fail(cursor, "\"snapshot\" has no text where one is due");
	for (start = cursor->at; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++)
		if (*cursor->at == '\\')
			cursor->at++;
	if (cursor->at >= cursor->end)
		return fail(cursor, "\"snapshot\" has a text without an end");
	*ret_text = (struct text){start, (size_t)(cursor->at - start)};
	cursor->at++;
	return true;
}

static bool is_text(const struct text *text, const char *name)
{
	return text->length == strlen(name) && memcmp(text->start, name, text->length) == 0;
}

/* Another element of an array or object follows; eats the comma before it. */
static bool has_next(struct cursor *cursor, char closing, bool *is_first)
{
	bool was_first = *is_first;

	*is_first = false;
	if (cursor->problem != NULL || take(cursor, closing))
		return false;
	if (!was_first && !take(cursor, ','))
		return fail(cursor, "\"snapshot\" lacks a comma");
	return true;
}

static bool take_key(struct cursor *cursor, struct text *ret_key)
{
	if (!take_text(cursor, ret_key))
		return false;
	return take(cursor, ':') || fail(cursor, "\"snapshot\" lacks a colon");
}

static void skip_value(struct cursor *cursor)
{
	size_t depth = 0;
	struct text ignored;

	do {
		char c = peek(cursor);

		if (c == '\0')
			(void)fail(cursor, "\"snapshot\" breaks off");
		else if (c == '"')
			(void)take_text(cursor, &ignored);
		else if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth -= depth > 0;
		if (c != '"' && c != '\0')
			cursor->at++;
		if (depth > DEPTH_MAX)
			(void)fail(cursor, "\"snapshot\" is nested too deeply");
		c = peek(cursor);
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return;
	} while (cursor->problem == NULL);
}

static void take_count(struct cursor *cursor, uint32_t *ret_count)
{
	const char *start;
	uint64_t value;

	(void)peek(cursor);
	for (start = cursor->at;
	     cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';)
		cursor->at++;
	if (number_parse_u64(start, (size_t)(cursor->at - start), &value) < 0)
		(void)fail(cursor, "node_count or edge_count is no number");
	else if (value >= UINT32_MAX)
		(void)fail(cursor, "has more nodes or edges than 32 bits can count");
	else
		*ret_count = (uint32_t)value;
}

/* ---- meta ---- */

static void take_fields(struct cursor *cursor, const char *const *names, size_t name_count,
                        uint32_t *fields, uint32_t *ret_width)
{
	bool is_first = true;
	struct text name;
	uint32_t width = 0;
	size_t i;

	if (!take(cursor, '[')) {
		(void)fail(cursor, "node_fields, edge_fields or location_fields is no array");
		return;
	}
	for (i = 0; i < name_count; i++)
		fields[i] = LAYOUT_NO_FIELD;
	for (; has_next(cursor, ']', &is_first) && take_text(cursor, &name); width++)
		for (i = 0; i < name_count; i++)
			if (is_text(&name, names[i]))
				fields[i] = width;
	if (width > LAYOUT_FIELDS_MAX)
		(void)fail(cursor, "rows have more fields than heapwatch knows");
	*ret_width = width;
}

/* V8's are; they are printed as they stand. */
static bool is_plain(const struct text *text)
{
	size_t i;

	for (i = 0; i < text->length; i++)
		if (text->start[i] < ' ' || text->start[i] > '~')
			return false;
	return true;
}

static void take_type_names(struct cursor *cursor, struct layout_types *types)
{
	bool is_first = true;
	struct text name;

	types->count = 0;
	while (has_next(cursor, ']', &is_first) && take_text(cursor, &name)) {
		if (types->count == LAYOUT_TYPES_MAX || name.length >= LAYOUT_TYPE_NAME_SIZE) {
			(void)fail(cursor,
			           "node_types or edge_types has too many or too long names");
			return;
		}
		if (!is_plain(&name)) {
			(void)fail(cursor, "node_types or edge_types has a name that is no "
			                   "plain text");
			return;
		}
		memcpy(types->names[types->count], name.start, name.length);
		types->names[types->count++][name.length] = '\0';
	}
}

/* [["hidden","array",...],"string","number",...]: the element that is an array is the enumeration;
 * it stands where the field type does. */
static void take_types(struct cursor *cursor, struct layout_types *types)
{
	bool is_first = true;

	if (!take(cursor, '[')) {
		(void)fail(cursor, "node_types or edge_types is no array");
		return;
	}
	types->count = 0;
	while (has_next(cursor, ']', &is_first)) {
		if (types->count == 0 && take(cursor, '['))
			take_type_names(cursor, types);
		else
			skip_value(cursor);
	}
}

static void take_meta(struct cursor *cursor, struct layout *layout)
{
	bool is_first = true;
	struct text key;

	if (!take(cursor, '{')) {
		(void)fail(cursor, "meta is no object");
		return;
	}
	while (has_next(cursor, '}', &is_first) && take_key(cursor, &key)) {
		if (is_text(&key, "node_fields"))
			take_fields(cursor, node_field_names, NODE_FIELD_COUNT, layout->node_fields,
			            &layout->node_width);
		else if (is_text(&key, "edge_fields"))
			take_fields(cursor, edge_field_names, EDGE_FIELD_COUNT, layout->edge_fields,
			            &layout->edge_width);
		else if (is_text(&key, "location_fields"))
			take_fields(cursor, location_field_names, LOCATION_FIELD_COUNT,
			            layout->location_fields, &layout->location_width);
		else if (is_text(&key, "node_types"))
			take_types(cursor, &layout->node_types);
		else if (is_text(&key, "edge_types"))
			take_types(cursor, &layout->edge_types);
		else
			skip_value(cursor);
	}
}

/* V8 5.8 to 6.2 (Node.js 8) has symbols, HeapEntry::kSymbol, whose type its head does not name. */
static void complete_types(struct layout_types *types)
{
	const uint32_t symbol = 12;

	if (types->count == symbol && strcmp(types->names[symbol - 1], "sliced string") == 0)
		memcpy(types->names[types->count++], "symbol", sizeof("symbol"));
}

static void check_layout(struct cursor *cursor, const struct layout *layout)
{
	size_t i;

	if (layout->node_width == 0 || layout->edge_width == 0 || layout->node_types.count == 0 ||
	    layout->edge_types.count == 0) {
		(void)fail(cursor, "meta lacks node_fields, node_types, edge_fields or edge_types");
		return;
	}
	for (i = 0; i <= NODE_EDGE_COUNT; i++)
		if (layout->node_fields[i] == LAYOUT_NO_FIELD)
			(void)fail(cursor, "node_fields lacks type, name, self_size or edge_count");
	for (i = 0; i < EDGE_FIELD_COUNT; i++)
		if (layout->edge_fields[i] == LAYOUT_NO_FIELD)
			(void)fail(cursor, "edge_fields lacks type, name_or_index or to_node");
	for (i = 0; i < LOCATION_FIELD_COUNT && layout->location_width > 0; i++)
		if (layout->location_fields[i] == LAYOUT_NO_FIELD)
			(void)fail(cursor,
			           "location_fields lacks object_index, script_id, line or column");
	if (layout->node_count == UINT32_MAX || layout->edge_count == UINT32_MAX)
		(void)fail(cursor, "lacks node_count or edge_count");
	else if (layout->node_count == 0)
		(void)fail(cursor, "has no nodes");
	/* to_node counts fields. */
	else if ((uint64_t)layout->node_count * layout->node_width > UINT32_MAX)
		(void)fail(cursor, "has more nodes than 32 bits can count");
}

const char *layout_parse(const char *text, size_t length, struct layout *ret_layout)
{
	struct cursor cursor = {text, text + length, NULL};
	struct layout layout = {.node_count = UINT32_MAX, .edge_count = UINT32_MAX};
	bool is_first = true;
	struct text key;

	if (!take(&cursor, '{'))
		return "\"snapshot\" is no object";
	while (has_next(&cursor, '}', &is_first) && take_key(&cursor, &key)) {
		if (is_text(&key, "meta"))
			take_meta(&cursor, &layout);
		else if (is_text(&key, "node_count"))
			take_count(&cursor, &layout.node_count);
		else if (is_text(&key, "edge_count"))
			take_count(&cursor, &layout.edge_count);
		else
			skip_value(&cursor);
	}
	complete_types(&layout.node_types);
	if (cursor.problem == NULL)
		check_layout(&cursor, &layout);
	if (cursor.problem == NULL)
		*ret_layout = layout;
	return cursor.problem;
}
