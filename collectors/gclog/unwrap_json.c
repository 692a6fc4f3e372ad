// SPDX-License-Identifier: MIT
/*
 * Lines that are JSON objects with the application's line inside. The object is scanned, not built:
 * values are found where they stand and only the text is decoded. What is torn or glued still gives
 * up its text.
 */
#include "collectors/gclog/unwrap_rows.h"
#include "lib/clock.h"
#include "lib/numbers.h"

/* Docker cuts lines into pieces of this size, of which only the last one ends in a newline. */
#define DOCKER_PIECE_SIZE ((ptrdiff_t)16 * 1024)
#define NEWLINELESS_MAX   64
#define SHORT_SIZE        12

/* Which members of an object mean what. */
static const struct json_form {
	struct json_member {
		const char *key;
		size_t length;
	} text, time, channel;
	bool tells_newline; /* the text ends in a newline when its line does */
} forms[] = {
    /* Docker's json-file */
    {{LITERAL("log")}, {LITERAL("time")}, {LITERAL("stream")}, true},
    /* journalctl -o json; microseconds */
    {{LITERAL("MESSAGE")}, {LITERAL("__REALTIME_TIMESTAMP")}, {NULL, 0}, false},
    /* PM2's log_type json */
    {{LITERAL("message")}, {LITERAL("timestamp")}, {LITERAL("type")}, false},
};

/* Values as they stand, strings without their quotes; at NULL: not there. */
struct json_values {
	const struct json_form *form;
	struct cursor text;
	struct cursor time;
	struct cursor channel;
};

/* ---- scanning ---- */

static void skip_space(struct cursor *at)
{
	while (at->at < at->end && (*at->at == ' ' || *at->at == '\t' || *at->at == '\r'))
		at->at++;
}

static bool take_mark(struct cursor *at, char mark)
{
	skip_space(at);
	if (at->at == at->end || *at->at != mark)
		return false;
	at->at++;
	return true;
}

/* Keys and most values: a call of memchr() takes longer than they are. */
static bool take_short(struct cursor *at, struct cursor *ret_string)
{
	const char *stop = at->end - at->at > SHORT_SIZE ? at->at + SHORT_SIZE : at->end;
	const char *quote = at->at;

	while (quote < stop && *quote != '"' && *quote != '\\')
		quote++;
	if (quote == stop || *quote != '"')
		return false;
	*ret_string = (struct cursor){at->at, quote};
	at->at = quote + 1;
	return true;
}

/* Behind the opening quote; on failure *ret_string is what there is of it, up to the end. */
static bool take_string(struct cursor *at, struct cursor *ret_string)
{
	const char *quote = at->at;

	if (take_short(at, ret_string))
		return true;
	for (; (quote = memchr(quote, '"', (size_t)(at->end - quote))) != NULL; quote++) {
		const char *slash = quote;

		while (slash > at->at && slash[-1] == '\\')
			slash--;
		if ((quote - slash) % 2 == 0)
			break;
	}
	*ret_string = (struct cursor){at->at, quote != NULL ? quote : at->end};
	at->at = quote != NULL ? quote + 1 : at->end;
	return quote != NULL;
}

/* An object or an array, whatever is in it. */
static bool take_nest(struct cursor *at, struct cursor *ret_value)
{
	const char *start = at->at;
	struct cursor string;
	size_t depth = 0;

	while (at->at < at->end) {
		char byte = *at->at++;

		if (byte == '"' && !take_string(at, &string))
			return false;
		if (byte == '{' || byte == '[')
			depth++;
		if ((byte == '}' || byte == ']') && --depth == 0) {
			*ret_value = (struct cursor){start, at->at};
			return true;
		}
	}
	return false;
}

/* A number, true, false or null. */
static bool take_word(struct cursor *at, struct cursor *ret_value)
{
	const char *start = at->at;

	while (at->at < at->end && *at->at != '\0' && strchr(",} \t\r", *at->at) == NULL)
		at->at++;
	*ret_value = (struct cursor){start, at->at};
	return at->at > start;
}

static bool take_value(struct cursor *at, struct cursor *ret_value)
{
	skip_space(at);
	if (at->at == at->end)
		return false;
	if (*at->at == '"') {
		at->at++;
		return take_string(at, ret_value);
	}
	if (*at->at == '{' || *at->at == '[')
		return take_nest(at, ret_value);
	return take_word(at, ret_value);
}

static bool is_member(const struct json_member *member, const struct cursor *key)
{
	return member->length == (size_t)(key->end - key->at) && member->length > 0 &&
	       memcmp(member->key, key->at, member->length) == 0;
}

static void note_value(struct json_values *values, const struct cursor *key,
                       const struct cursor *value)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (is_member(&forms[i].text, key)) {
			values->form = &forms[i];
			values->text = *value;
		} else if (is_member(&forms[i].time, key)) {
			values->time = *value;
		} else if (is_member(&forms[i].channel, key)) {
			values->channel = *value;
		}
	}
}

/* An object; false where it breaks off, with the values up to there. */
static bool scan_object(struct cursor *at, struct json_values *ret_values)
{
	*ret_values = (struct json_values){NULL, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
	if (!take_mark(at, '{'))
		return false;
	do {
		struct cursor key, value = {NULL, NULL};
		bool is_whole;

		if (!take_mark(at, '"') || !take_string(at, &key) || !take_mark(at, ':'))
			return false;
		is_whole = take_value(at, &value);
		if (value.at != NULL)
			note_value(ret_values, &key, &value);
		if (!is_whole)
			return false;
	} while (take_mark(at, ','));
	return take_mark(at, '}');
}

/* ---- decoding ---- */

static bool take_hex4(struct cursor *at, uint32_t *ret_unit)
{
	uint64_t unit;

	if (at->end - at->at < 4 || number_parse_hex(at->at, 4, &unit) < 0)
		return false;
	at->at += 4;
	*ret_unit = (uint32_t)unit;
	return true;
}

/* The code point of "\uXXXX", or of two of them that make a pair; at stands behind the u. */
static uint32_t take_code_point(struct cursor *at)
{
	struct cursor low = {at->at, at->end};
	uint32_t first, second;

	if (!take_hex4(at, &first))
		return '?';
	if (first < 0xd800 || first > 0xdfff)
		return first;
	low.at = at->at;
	if (first > 0xdbff || !cursor_take(&low, LITERAL("\\u")) || !take_hex4(&low, &second) ||
	    second < 0xdc00 || second > 0xdfff)
		return 0xfffd;
	at->at = low.at;
	return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static char *put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char)point;
		return out;
	}
	if (point < 0x800) {
		*out++ = (char)(0xc0 | point >> 6);
	} else if (point < 0x10000) {
		*out++ = (char)(0xe0 | point >> 12);
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | point >> 18);
		*out++ = (char)(0x80 | (point >> 12 & 0x3f));
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (point & 0x3f));
	return out;
}

static char escaped(char byte)
{
	switch (byte) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return byte;
	}
}

/* at stands behind the backslash. */
static char *put_escape(char *out, struct cursor *at)
{
	if (at->at == at->end)
		return out;
	if (*at->at++ == 'u')
		return put_utf8(out, take_code_point(at));
	*out++ = escaped(at->at[-1]);
	return out;
}

/* Nothing grows, so text may stand in scratch already, behind where it goes to. */
static struct cursor decode_string(const struct cursor *text, char *scratch)
{
	struct cursor at = *text;
	char *out = scratch;

	for (;;) {
		const char *slash = memchr(at.at, '\\', (size_t)(at.end - at.at));
		const char *stop = slash != NULL ? slash : at.end;

		memmove(out, at.at, (size_t)(stop - at.at));
		out += stop - at.at;
		if (slash == NULL)
			return (struct cursor){scratch, out};
		at.at = slash + 1;
		out = put_escape(out, &at);
	}
}

/* journalctl prints what is no plain UTF-8 as "[27,91,49]". */
static struct cursor decode_bytes(const struct cursor *text, char *scratch)
{
	struct cursor at = {text->at + 1, text->end};
	char *out = scratch;
	uint64_t byte = 0;

	while (skip_space(&at), cursor_take_digits(&at, &byte) > 0 && byte <= UINT8_MAX) {
		*out++ = (char)(unsigned char)byte;
		byte = 0;
		if (!take_mark(&at, ','))
			break;
	}
	return (struct cursor){scratch, out};
}

static struct cursor decode(const struct cursor *text, char *scratch)
{
	size_t length = (size_t)(text->end - text->at);

	if (length > UNWRAP_LINE_MAX || memchr(text->at, '\\', length) == NULL) {
		if (length == 0 || *text->at != '[' || text->at[-1] == '"')
			return *text;
		return decode_bytes(text, scratch);
	}
	return decode_string(text, scratch);
}

/* ---- the wrapper ---- */

static bool take_newline(struct cursor *text)
{
	if (text->end - text->at < 2 || memcmp(text->end - 2, "\\n", 2) != 0)
		return false;
	text->end -= 2; /* "\\\\n" is no newline, but Docker always adds one */
	return true;
}

/* Others than Docker who use its form leave every newline out; they are known after a while. */
static bool is_docker_piece(struct unwrap *unwrap, bool ends_in_newline, const struct cursor *text)
{
	if (ends_in_newline) {
		unwrap->has_newlines = true;
		return false;
	}
	if (unwrap->has_newlines || text->end - text->at >= DOCKER_PIECE_SIZE)
		return true;
	if (unwrap->piece_count < NEWLINELESS_MAX)
		unwrap->piece_count++;
	return unwrap->piece_count < NEWLINELESS_MAX;
}

static void note_time(struct unwrap *unwrap, const struct cursor *time, struct unwrapped *piece)
{
	struct cursor at = *time;
	uint64_t number;

	if (time->at == NULL)
		return;
	if (walltime_take_iso(&at, &unwrap->reference, &number))
		unwrapped_note_wall(piece, number);
	else if (number_parse_u64(time->at, (size_t)(time->end - time->at), &number) == 0 &&
	         number < UINT64_MAX / NS_PER_US)
		unwrapped_note_wall(piece, number * NS_PER_US);
}

static bool is_error_channel(const struct cursor *channel)
{
	struct cursor at = *channel;

	return at.at != NULL && (cursor_take(&at, LITERAL("stderr")) ||
	                         (cursor_take(&at, LITERAL("err")) && at.at == at.end));
}

/* Where in a torn object another one of the form begins; NULL: nowhere. */
static const char *find_next(const struct json_form *form, const char *from, const char *end)
{
	const char *found;

	for (; (found = memmem(from, (size_t)(end - from), "{\"", 2)) != NULL; from = found + 1) {
		struct cursor at = {found + 2, end};

		if (cursor_take(&at, form->text.key, form->text.length) &&
		    cursor_take(&at, LITERAL("\":")))
			return found;
	}
	return NULL;
}

/* Of a torn object: the text up to where it tears; what is behind is looked at once more. */
static void mend(struct json_values *values, struct cursor *at)
{
	const char *next = find_next(values->form, values->text.at, at->end);

	if (next != NULL && next < values->text.end)
		values->text.end = next;
	at->at = next != NULL ? next : values->text.end;
	if (next == NULL && at->at < at->end)
		at->at++; /* the closing quote */
}

bool unwrap_take_json(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	struct json_values values;
	bool is_whole = scan_object(&at, &values);
	bool ends_in_newline;

	if (values.form == NULL ||
	    (is_whole && values.time.at == NULL && values.channel.at == NULL))
		return false;
	if (!is_whole)
		mend(&values, &at);
	skip_space(&at);
	if (at.at < at.end)
		line->tail = at.at;
	ends_in_newline = take_newline(&values.text);
	piece->is_unfinished = is_whole && values.form->tells_newline &&
	                       is_docker_piece(unwrap, ends_in_newline, &values.text);
	note_time(unwrap, &values.time, piece);
	piece->channel = is_error_channel(&values.channel) ? UNWRAP_STDERR : UNWRAP_STDOUT;
	piece->text = decode(&values.text, line->scratch);
	return true;
}
