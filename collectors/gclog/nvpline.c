// SPDX-License-Identifier: MIT
/*
 * Both forms are a sequence of named values; the few that make a collection are picked from about a
 * hundred by a table. Sizes are bytes, the pause is in milliseconds.
 */
#include "collectors/gclog/nvpline.h"

#include "collectors/gclog/gcline.h"

enum field {
	FIELD_PAUSE,
	FIELD_KIND,
	FIELD_USED_BEFORE,
	FIELD_USED_AFTER,
	FIELD_COMMITTED_BEFORE,
	FIELD_COMMITTED_AFTER,
	FIELD_REDUCING,
	FIELD_SWEEPING,
	FIELD_REASON,
	FIELD_COLLECTOR,
};

/* A collection is whole with these. */
#define FIELDS_NEEDED \
	(1U << FIELD_PAUSE | 1U << FIELD_KIND | 1U << FIELD_USED_BEFORE | 1U << FIELD_USED_AFTER)

struct text {
	const char *at;
	size_t length;
};

static const struct field_name {
	struct text name;
	enum field field;
} field_names[] = {
    {{LITERAL("pause")}, FIELD_PAUSE},
    {{LITERAL("gc")}, FIELD_KIND},
    {{LITERAL("reduce_memory")}, FIELD_REDUCING},
    {{LITERAL("interleaved")}, FIELD_SWEEPING},
    {{LITERAL("during_sweeping")}, FIELD_SWEEPING},
    {{LITERAL("reason")}, FIELD_REASON},
    {{LITERAL("collector_reason")}, FIELD_COLLECTOR},
    {{LITERAL("total_size_before")}, FIELD_USED_BEFORE}, /* up to Node 23 */
    {{LITERAL("total_size_after")}, FIELD_USED_AFTER},
    {{LITERAL("start_object_size")}, FIELD_USED_BEFORE}, /* from Node 24 on */
    {{LITERAL("end_object_size")}, FIELD_USED_AFTER},
    {{LITERAL("start_memory_size")}, FIELD_COMMITTED_BEFORE},
    {{LITERAL("end_memory_size")}, FIELD_COMMITTED_AFTER},
};

/* GCTracer::Event::TypeName(short_name) of all versions. */
static const struct kind_name {
	struct text name;
	enum gc_kind kind;
} kind_names[] = {
    {{LITERAL("s")}, GC_SCAVENGE},
    {{LITERAL("ms")}, GC_MARK_COMPACT},
    {{LITERAL("mc")}, GC_MARK_COMPACT},
    {{LITERAL("mmc")}, GC_MINOR_MARK_COMPACT},
    {{LITERAL("mms")}, GC_MINOR_MARK_COMPACT},
};

static bool is_same(struct text a, struct text b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* ---- one value ---- */

static bool read_kind(struct text value, enum gc_kind *ret_kind)
{
	size_t i;

	for (i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
		if (is_same(value, kind_names[i].name)) {
			*ret_kind = kind_names[i].kind;
			return true;
		}
	return false;
}

static bool read_size(struct text value, uint64_t *ret_bytes)
{
	struct cursor cursor = {value.at, value.at + value.length};
	uint64_t bytes = 0;

	if (cursor_take_digits(&cursor, &bytes) == 0)
		return false;
	*ret_bytes = bytes;
	return true;
}

static bool read_milliseconds(struct text value, uint64_t *ret_ns)
{
	struct cursor cursor = {value.at, value.at + value.length};
	unsigned fraction_count;

	return cursor_take_milliseconds(&cursor, ret_ns, &fraction_count);
}

static bool read_flag(struct text value)
{
	return is_same(value, (struct text){LITERAL("1")}) ||
	       is_same(value, (struct text){LITERAL("true")});
}

static bool read_field(struct gclog_record *record, enum field field, struct text value)
{
	struct gc_event *event = &record->event;

	switch (field) {
	case FIELD_PAUSE:
		return read_milliseconds(value, &event->pause_ns);
	case FIELD_KIND:
		return read_kind(value, &event->kind);
	case FIELD_USED_BEFORE:
		return read_size(value, &event->used_before_bytes);
	case FIELD_USED_AFTER:
		return read_size(value, &event->used_after_bytes);
	case FIELD_COMMITTED_BEFORE:
		return read_size(value, &event->committed_before_bytes);
	case FIELD_COMMITTED_AFTER:
		return read_size(value, &event->committed_after_bytes);
	case FIELD_REDUCING:
		event->is_reducing = read_flag(value);
		break;
	case FIELD_SWEEPING:
		event->is_during_sweeping = read_flag(value);
		break;
	case FIELD_REASON:
		record->reason = value.at;
		record->reason_length = value.length;
		break;
	case FIELD_COLLECTOR:
		record->collector = value.at;
		record->collector_length = value.length;
		break;
	}
	return true;
}

/* Notes in *fields what was read. */
static void take_field(struct gclog_record *record, struct text name, struct text value,
                       unsigned *fields)
{
	size_t i;

	for (i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
		if (!is_same(name, field_names[i].name))
			continue;
		if (read_field(record, field_names[i].field, value))
			*fields |= 1U << field_names[i].field;
		return;
	}
}

/* ---- name=value ---- */

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_' || c == '.' || (c >= '0' && c <= '9');
}

static bool is_value_byte(char c)
{
	return c > ' ' && c != '[';
}

/* "total_size_before=2159816 ". Node 8 and 24 forget some blanks, between values that none needs.
 */
static bool take_pair(struct cursor *cursor, struct text *ret_name, struct text *ret_value)
{
	const char *name = cursor->at;
	const char *value;
	const char *at = name;

	while (at < cursor->end && is_name_byte(*at))
		at++;
	if (at == cursor->end || *at != '=' || at == name)
		return false;
	*ret_name = (struct text){name, (size_t)(at - name)};
	value = ++at;
	while (at < cursor->end && is_value_byte(*at))
		at++;
	*ret_value = (struct text){value, (size_t)(at - value)};
	cursor->at = at;
	cursor_skip_blanks(cursor);
	return true;
}

static void take_pairs(struct cursor *cursor, struct gclog_record *record, unsigned *fields)
{
	struct text name;
	struct text value;

	while (take_pair(cursor, &name, &value))
		take_field(record, name, value, fields);
}

/* ---- JSON: one flat object without escapes ---- */

static bool take_string(struct cursor *cursor, struct text *ret_text)
{
	const char *close;

	if (!cursor_take(cursor, LITERAL("\"")))
		return false;
	close = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
	if (close == NULL)
		return false;
	*ret_text = (struct text){cursor->at, (size_t)(close - cursor->at)};
	cursor->at = close + 1;
	return true;
}

/* A number or a word; what ends with the line may lack its last digits. */
static bool take_scalar(struct cursor *cursor, struct text *ret_text)
{
	const char *at = cursor->at;

	while (at < cursor->end && *at != ',' && *at != '}' && *at > ' ')
		at++;
	if (at == cursor->end)
		return false;
	*ret_text = (struct text){cursor->at, (size_t)(at - cursor->at)};
	cursor->at = at;
	return true;
}

static bool take_member(struct cursor *cursor, struct text *ret_name, struct text *ret_value)
{
	if (!take_string(cursor, ret_name) || !cursor_take(cursor, LITERAL(":")))
		return false;
	return take_string(cursor, ret_value) || take_scalar(cursor, ret_value);
}

static void take_members(struct cursor *cursor, struct gclog_record *record, unsigned *fields)
{
	struct text name;
	struct text value;

	while (take_member(cursor, &name, &value)) {
		take_field(record, name, value, fields);
		if (!cursor_take(cursor, LITERAL(",")))
			break;
	}
	(void)cursor_take(cursor, LITERAL("}"));
}

enum gclog_result nvpline_parse(struct cursor *cursor, struct gclog_record *record)
{
	static const struct text first = {LITERAL("pause=")};
	unsigned fields = 0;

	record->embedder_ns = 0;
	if (cursor_take(cursor, LITERAL("GC: {"))) {
		record->family = GCLOG_FAMILY_JSON;
		take_members(cursor, record, &fields);
	} else if ((size_t)(cursor->end - cursor->at) > first.length &&
	           memcmp(cursor->at, first.at, first.length) == 0) {
		record->family = GCLOG_FAMILY_NVP;
		take_pairs(cursor, record, &fields);
	} else {
		return GCLOG_OTHER;
	}
	if ((fields & FIELDS_NEEDED) != FIELDS_NEEDED)
		return GCLOG_TORN;
	gcline_mark_reasons(record);
	return GCLOG_GC;
}
