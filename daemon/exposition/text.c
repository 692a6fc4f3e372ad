// SPDX-License-Identifier: MIT
/*
 * Writer of the text format 0.0.4. The hot path is a sample with a prefix: a few copies and one
 * number.
 */
#include "daemon/exposition/text.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/utf8.h"

void text_init(struct text_writer *writer, struct buf *out)
{
	*writer = (struct text_writer){.out = out};
}

void text_family(struct text_writer *writer, const char *name, const char *type, const char *help)
{
	writer->name = name;
	writer->name_length = strlen(name);
	writer->type = type;
	writer->help = help;
	writer->has_header = false;
}

/* Help texts are ours; a backslash or newline in one would still have to be escaped. */
static void append_help(struct buf *out, const char *help)
{
	for (; *help != '\0'; help++) {
		if (*help == '\\')
			buf_append(out, "\\\\", 2);
		else if (*help == '\n')
			buf_append(out, "\\n", 2);
		else
			buf_append_char(out, *help);
	}
}

static void append_header(const struct text_writer *writer)
{
	struct buf *out = writer->out;

	buf_append(out, "# HELP ", 7);
	buf_append(out, writer->name, writer->name_length);
	buf_append_char(out, ' ');
	append_help(out, writer->help);
	buf_append(out, "\n# TYPE ", 8);
	buf_append(out, writer->name, writer->name_length);
	buf_append_char(out, ' ');
	buf_append_string(out, writer->type);
	buf_append_char(out, '\n');
}

void text_begin(struct text_writer *writer, const char *suffix, const struct text_prefix *prefix)
{
	if (!writer->has_header)
		append_header(writer);
	writer->has_header = true;
	buf_append(writer->out, writer->name, writer->name_length);
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
