// SPDX-License-Identifier: MIT
/*
 * Writer of the text formats. The hot path is a sample with a prefix: a few copies and one number.
 */
#include "daemon/exposition/text.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/utf8.h"

#define TOTAL_SUFFIX        "_total"
#define TOTAL_SUFFIX_LENGTH (sizeof(TOTAL_SUFFIX) - 1)

const char *text_content_type(enum text_format format)
{
	static const char *const types[] = {
	    [TEXT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
	    [TEXT_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	};

	_Static_assert(sizeof(types) / sizeof(types[0]) == TEXT_FORMAT_COUNT, "a type each");
	return types[format];
}

void text_init(struct text_writer *writer, enum text_format format, struct buf *out)
{
	*writer = (struct text_writer){.out = out, .format = format};
}

void text_family(struct text_writer *writer, const struct text_family *family)
{
	writer->family = *family;
	writer->name_length = strlen(family->name);
	writer->has_header = false;
}

/* Help texts are ours, and yet what would end the line is escaped; OpenMetrics quotes, too. */
static void append_help(struct buf *out, const char *help, enum text_format format)
{
	for (; *help != '\0'; help++) {
		if (*help == '\\')
			buf_append(out, "\\\\", 2);
		else if (*help == '\n')
			buf_append(out, "\\n", 2);
		else if (*help == '"' && format == TEXT_OPENMETRICS)
			buf_append(out, "\\\"", 2);
		else
			buf_append_char(out, *help);
	}
}

/* OpenMetrics: a counter's family is named without the suffix of its samples. */
static size_t family_name_length(const struct text_writer *writer)
{
	size_t length = writer->name_length;

	if (writer->format == TEXT_OPENMETRICS && strcmp(writer->family.type, "counter") == 0 &&
	    length > TOTAL_SUFFIX_LENGTH &&
	    strcmp(writer->family.name + length - TOTAL_SUFFIX_LENGTH, TOTAL_SUFFIX) == 0)
		return length - TOTAL_SUFFIX_LENGTH;
	return length;
}

static void begin_comment(const struct text_writer *writer, const char *keyword, size_t name_length)
{
	buf_append(writer->out, "# ", 2);
	buf_append_string(writer->out, keyword);
	buf_append_char(writer->out, ' ');
	buf_append(writer->out, writer->family.name, name_length);
	buf_append_char(writer->out, ' ');
}

/* "bytes per second" as "bytes_per_second", if the name ends in that. */
static void append_unit(const struct text_writer *writer, size_t name_length)
{
	const char *unit = writer->family.unit;
	size_t length = strlen(unit);
	const char *end;
	size_t i;

	if (length == 0 || length >= name_length)
		return;
	end = writer->family.name + name_length - length;
	for (i = 0; i < length; i++)
		if (end[i] != (unit[i] == ' ' ? '_' : unit[i]))
			return;
	if (end[-1] != '_')
		return;
	begin_comment(writer, "UNIT", name_length);
	buf_append(writer->out, end, length);
	buf_append_char(writer->out, '\n');
}

void text_header(struct text_writer *writer)
{
	size_t name_length = family_name_length(writer);

	begin_comment(writer, "HELP", name_length);
	append_help(writer->out, writer->family.help, writer->format);
	buf_append_char(writer->out, '\n');
	begin_comment(writer, "TYPE", name_length);
	buf_append_string(writer->out, writer->family.type);
	buf_append_char(writer->out, '\n');
	if (writer->format == TEXT_OPENMETRICS)
		append_unit(writer, name_length);
	writer->has_header = true;
}

void text_finish(struct text_writer *writer)
{
	if (writer->format == TEXT_OPENMETRICS)
		buf_append_string(writer->out, "# EOF\n");
}

void text_begin(struct text_writer *writer, const char *suffix, const struct text_prefix *prefix)
{
	if (!writer->has_header)
		text_header(writer);
	buf_append(writer->out, writer->family.name, writer->name_length);
	if (*suffix != '\0')
		buf_append_string(writer->out, suffix);
	writer->has_labels = prefix != NULL && prefix->length > 0;
	if (writer->has_labels)
		buf_append(writer->out, prefix->text, prefix->length);
}

void text_label(struct text_writer *writer, const char *name, const char *value)
{
	buf_append_char(writer->out, writer->has_labels ? ',' : '{');
	writer->has_labels = true;
	buf_append_string(writer->out, name);
	buf_append(writer->out, "=\"", 2);
	text_escape_label(writer->out, value);
	buf_append_char(writer->out, '"');
}

static void close_labels(const struct text_writer *writer)
{
	if (writer->has_labels)
		buf_append(writer->out, "} ", 2);
	else
		buf_append_char(writer->out, ' ');
}

void text_end(struct text_writer *writer, double value)
{
	close_labels(writer);
	buf_append_double(writer->out, value);
	buf_append_char(writer->out, '\n');
}

void text_end_u64(struct text_writer *writer, uint64_t value)
{
	close_labels(writer);
	buf_append_u64(writer->out, value);
	buf_append_char(writer->out, '\n');
}

/* Printable ASCII that needs no escape, which is nearly everything. */
static size_t plain_length(const char *value)
{
	size_t length = 0;

	while (value[length] >= ' ' && value[length] <= '~' && value[length] != '"' &&
	       value[length] != '\\')
		length++;
	return length;
}

static size_t append_special(struct buf *out, const char *value)
{
	size_t length;

	switch (*value) {
	case '\\':
		buf_append(out, "\\\\", 2);
		return 1;
	case '"':
		buf_append(out, "\\\"", 2);
		return 1;
	case '\n':
		buf_append(out, "\\n", 2);
		return 1;
	default:
		break;
	}
	length = utf8_sequence_length(value);
	if (length == 0) {
		buf_append_string(out, UTF8_REPLACEMENT);
		return 1;
	}
	buf_append(out, value, length);
	return length;
}

void text_escape_label(struct buf *out, const char *value)
{
	for (;;) {
		size_t length = plain_length(value);

		buf_append(out, value, length);
		value += length;
		if (*value == '\0')
			return;
		value += append_special(out, value);
	}
}
