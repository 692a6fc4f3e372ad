// SPDX-License-Identifier: MIT
/*
 * journalctl -o export: a field a line, entries divided by empty lines. A value with control
 * characters has its name on a line alone, then its length in eight bytes, little endian, then its
 * bytes and a newline (systemd.io, Journal Export Formats). Any of these bytes may be a newline, so
 * the state goes from line to line.
 */
#include "collectors/gclog/unwrap_rows.h"
#include "lib/clock.h"
#include "lib/numbers.h"

#define VALUE_MAX ((uint64_t)1024 * 1024) /* more is no line that an application wrote */

/* "MESSAGE", "_PID", "__CURSOR" */
static bool take_name(struct cursor *at, struct cursor *ret_name)
{
	const char *start = at->at;

	while (at->at < at->end && ((*at->at >= 'A' && *at->at <= 'Z') || *at->at == '_' ||
	                            (*at->at >= '0' && *at->at <= '9')))
		at->at++;
	*ret_name = (struct cursor){start, at->at};
	return at->at > start && !(*start >= '0' && *start <= '9');
}

static bool is_name(const struct cursor *name, const char *literal, size_t length)
{
	return (size_t)(name->end - name->at) == length && memcmp(name->at, literal, length) == 0;
}

static void note_time(struct unwrap_export *export, const struct cursor *value)
{
	uint64_t us;

	if (number_parse_u64(value->at, (size_t)(value->end - value->at), &us) == 0 &&
	    us < UINT64_MAX / NS_PER_US)
		export->wall_ns = us * NS_PER_US;
}

/* Returns false for what is no field: the entry was none, or it broke off. */
static bool take_field(struct unwrap_export *export, struct unwrapped *piece, bool *ret_has_text)
{
	struct cursor at = piece->text;
	struct cursor name;

	if (at.at == at.end) {
		export->state = EXPORT_NONE;
		return true;
	}
	if (!take_name(&at, &name) || (at.at < at.end && *at.at != '=')) {
		export->state = EXPORT_NONE;
		return false;
	}
	export->is_message = is_name(&name, LITERAL("MESSAGE"));
	if (at.at == at.end) {
		export->state = EXPORT_LENGTH;
		export->length_count = 0;
		return true;
	}
	at.at++;
	if (is_name(&name, LITERAL("__REALTIME_TIMESTAMP")))
		note_time(export, &at);
	*ret_has_text = export->is_message;
	piece->text = at;
	return true;
}

static uint64_t length_of(const struct unwrap_export *export)
{
	uint64_t length = 0;
	unsigned i;

	for (i = 8; i-- > 0;)
		length = length << 8 | export->length[i];
	return length;
}

/* The bytes of the length that stand in the line; the newline behind it may be one. */
static void take_length(struct unwrap_export *export, struct cursor *at, bool is_part)
{
	while (export->length_count < 8 && at->at < at->end)
		export->length[export->length_count++] = (unsigned char)*at->at++;
	if (export->length_count < 8 && !is_part)
		export->length[export->length_count++] = '\n';
	if (export->length_count < 8)
		return;
	export->rest_bytes = length_of(export);
	export->state = export->rest_bytes > VALUE_MAX ? EXPORT_NONE : EXPORT_VALUE;
}

/* Returns false where the line goes on behind the value, so that the length was a lie. */
static bool take_value(struct unwrap_export *export, struct cursor *at, bool is_part)
{
	uint64_t length = (uint64_t)(at->end - at->at);

	if (length > export->rest_bytes) {
		export->state = EXPORT_NONE;
		return false;
	}
	export->rest_bytes -= length;
	if (is_part)
		return true;
	if (export->rest_bytes == 0)
		export->state = EXPORT_FIELDS; /* the newline is the one behind the value */
	else if (--export->rest_bytes == 0)
		export->state = EXPORT_NEWLINE; /* it was the last byte of the value */
	return true;
}

static bool is_start(const struct cursor *text)
{
	struct cursor at = *text;

	return cursor_take(&at, LITERAL("__CURSOR=")) ||
	       cursor_take(&at, LITERAL("__REALTIME_TIMESTAMP="));
}

static bool take_bytes(struct unwrap_export *export, struct unwrap_line *line,
                       struct unwrapped *piece, bool *ret_has_text)
{
	struct cursor at = piece->text;

	if (export->state == EXPORT_LENGTH) {
		bool is_short = at.end - at.at < 8 - (ptrdiff_t) export->length_count;

		take_length(export, &at, line->is_part);
		if (is_short || export->state != EXPORT_VALUE)
			return true;
	}
	piece->text = at;
	if (!take_value(export, &at, line->is_part))
		return false;
	*ret_has_text = export->is_message;
	piece->is_unfinished = line->is_part;
	return true;
}

bool unwrap_take_export(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece,
                        bool *ret_has_text)
{
	struct unwrap_export *export = &unwrap->export;
	bool is_taken = false;

	if (export->state == EXPORT_NONE) {
		if (!is_start(&piece->text))
			return false;
		export->state = EXPORT_FIELDS;
		export->wall_ns = 0;
	}
	*ret_has_text = false;
	if (export->state == EXPORT_NEWLINE) {
		export->state = EXPORT_FIELDS;
		is_taken = piece->text.at == piece->text.end;
	} else if (export->state == EXPORT_FIELDS) {
		is_taken = take_field(export, piece, ret_has_text);
	} else {
		is_taken = take_bytes(export, line, piece, ret_has_text);
	}
	if (*ret_has_text)
		unwrapped_note_wall(piece, export->wall_ns);
	if (!is_taken)
		*ret_has_text = true; /* a plain line after all */
	return is_taken;
}
