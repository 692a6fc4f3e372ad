// SPDX-License-Identifier: MIT
/*
 * The walk over argv and the printing of --help. Nothing is copied: values point into argv.
 */
#include "lib/options.h"

#include <errno.h>
#include <string.h>

#define HELP_WIDTH      80
#define HELP_INDENT_MAX 34 /* longer option spellings push their help to a line of its own */

/* One option of argv, taken apart. */
struct argument {
	const char *text;  /* whole, for messages */
	const char *name;  /* without the dashes, not terminated at '=' */
	size_t length;     /* of the name */
	const char *value; /* behind '=', NULL when there is none */
};

struct message {
	char *text;
	size_t size;
};

static struct argument argument_split(const char *text)
{
	struct argument argument = {.text = text, .name = text + 2};

	argument.length = strcspn(argument.name, "=");
	if (argument.name[argument.length] == '=')
		argument.value = argument.name + argument.length + 1;
	return argument;
}

static const struct option_row *row_find(const struct option_table *table, const char *name,
                                         size_t length)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (strlen(table->rows[i].name) == length &&
		    memcmp(table->rows[i].name, name, length) == 0)
			return &table->rows[i];
	return NULL;
}

/* The flag that --no-NAME switches off. */
static const struct option_row *row_find_negated(const struct option_table *table,
                                                 const struct argument *argument)
{
	const struct option_row *row = NULL;

	if (argument->length > 3 && memcmp(argument->name, "no-", 3) == 0)
		row = row_find(table, argument->name + 3, argument->length - 3);
	return row != NULL && row->kind == OPTION_FLAG ? row : NULL;
}

static int list_append(struct option_list *list, const char *value)
{
	if (list->count == OPTION_LIST_MAX)
		return -E2BIG;
	list->values[list->count++] = value;
	return 0;
}

static int set_flag(const struct option_row *row, const struct argument *argument, bool is_on,
                    char *member, const struct message *message)
{
	if (argument->value != NULL) {
		(void)snprintf(message->text, message->size, "option --%s takes no value",
		               row->name);
		return -EINVAL;
	}
	*(bool *)(void *)member = is_on;
	return 0;
}

/* Stores the value of the option; next is the argument behind it. Returns how many it used. */
static int set_value(const struct option_row *row, const struct argument *argument,
                     const char *next, char *member, const struct message *message)
{
	const char *value = argument->value;

	/* An option where a value should be is a forgotten value, not the value. */
	if (value == NULL && next != NULL && strncmp(next, "--", 2) != 0)
		value = next;
	if (value == NULL) {
		(void)snprintf(message->text, message->size, "option --%s needs a value: --%s=%s",
		               row->name, row->name, row->argument);
		return -EINVAL;
	}
	if (row->kind == OPTION_STRING) {
		*(const char **)(void *)member = value;
	} else if (list_append((struct option_list *)(void *)member, value) < 0) {
		(void)snprintf(message->text, message->size, "option --%s more than %d times",
		               row->name, OPTION_LIST_MAX);
		return -E2BIG;
	}
	return argument->value != NULL ? 1 : 2;
}

/* Takes the option text; returns how many elements of argv it used. */
static int take_option(const struct option_table *table, const char *text, const char *next,
                       char *values, const struct message *message)
{
	struct argument argument = argument_split(text);
	const struct option_row *row = NULL;
	bool is_negated = false;
	int result;

	if (text[1] == '-')
		row = row_find(table, argument.name, argument.length);
	if (row == NULL && text[1] == '-') {
		row = row_find_negated(table, &argument);
		is_negated = true;
	}
	if (row == NULL) {
		(void)snprintf(message->text, message->size, "unknown option %.*s; see --help",
		               (int)strcspn(text, "="), text);
		return -EINVAL;
	}
	if (row->kind != OPTION_FLAG)
		return set_value(row, &argument, next, values + row->offset, message);
	result = set_flag(row, &argument, !is_negated, values + row->offset, message);
	return result < 0 ? result : 1;
}

int options_parse(const struct option_table *table, int argc, char **argv, void *values,
                  char *reterr_message, size_t message_size)
{
	const struct message message = {reterr_message, message_size};
	int at = 1;

	while (at < argc) {
		const char *text = argv[at];
		int used;

		if (text[0] != '-' || text[1] == '\0')
			return at;
		if (strcmp(text, "--") == 0)
			return at + 1;
		used =
		    take_option(table, text, at + 1 < argc ? argv[at + 1] : NULL, values, &message);
		if (used < 0)
			return used;
		at += used;
	}
	return argc;
}

/* "--name=ARG", "--name", "--[no-]name" for a flag that is on by default; like snprintf. */
static int row_spell(const struct option_row *row, char *out, size_t size)
{
	bool is_on = row->fallback != NULL && strcmp(row->fallback, "true") == 0;

	if (row->kind == OPTION_FLAG)
		return snprintf(out, size, "--%s%s", is_on ? "[no-]" : "", row->name);
	return snprintf(out, size, "--%s=%s%s", row->name, row->argument,
	                row->kind == OPTION_LIST ? "..." : "");
}

/* Prints text from column on, broken at blanks before HELP_WIDTH, further lines at indent. */
static int print_wrapped(FILE *out, const char *text, int column, int indent)
{
	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (column > indent && column + 1 + length > HELP_WIDTH) {
			(void)fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fprintf(out, "%.*s", length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	return column;
}

static void row_print(const struct option_row *row, FILE *out, int indent)
{
	char spelling[HELP_WIDTH], fallback[HELP_WIDTH];
	int column;

	(void)row_spell(row, spelling, sizeof(spelling));
	column = fprintf(out, "  %s", spelling);
	if (column > indent - 2)
		(void)fprintf(out, "\n%*s", indent, "");
	else
		(void)fprintf(out, "%*s", indent - column, "");
	column = print_wrapped(out, row->help, indent, indent);
	if (row->fallback != NULL && row->kind != OPTION_FLAG) {
		(void)snprintf(fallback, sizeof(fallback), "(default: %s)", row->fallback);
		(void)print_wrapped(out, fallback, column, indent);
	}
	(void)fputc('\n', out);
}

void options_print_help(const struct option_table *table, FILE *out)
{
	int indent = 0;
	size_t i;

	(void)fprintf(out, "usage: %s %s\n\n", table->program, table->synopsis);
	(void)print_wrapped(out, table->purpose, 0, 0);
	(void)fputs("\n\noptions:\n", out);
	for (i = 0; i < table->count; i++) {
		char spelling[HELP_WIDTH];
		int width = 4 + row_spell(&table->rows[i], spelling, sizeof(spelling));

		if (width <= HELP_INDENT_MAX && width > indent)
			indent = width;
	}
	for (i = 0; i < table->count; i++)
		row_print(&table->rows[i], out, indent);
}
