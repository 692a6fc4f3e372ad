// SPDX-License-Identifier: MIT
/*
 * Command-line options from one table, the way Prometheus programs spell them: --name=value or
 * --name value, a bare --flag (and --no-flag), everything after "--" left alone. --help is printed
 * from the same table; man pages are checked against it.
 */
#ifndef HEAPWATCH_LIB_OPTIONS_H
#define HEAPWATCH_LIB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_STRING, /* const char *, borrowed from argv; the last one wins */
	OPTION_LIST,   /* struct option_list, repeatable */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *values[OPTION_LIST_MAX]; /* borrowed from argv */
	size_t count;
};

struct option_row {
	const char *name;     /* without the dashes */
	const char *argument; /* placeholder in --help; NULL for a flag */
	const char *fallback; /* default as text for --help, NULL when there is none */
	const char *help;
	enum option_kind kind;
	size_t offset; /* of the member in the caller's struct */
};

struct option_table {
	const char *program;
	const char *synopsis; /* the words after the program's name */
	const char *purpose;  /* one sentence */
	const struct option_row *rows;
	size_t count;
};

/*
 * Fills *values by the table. Returns the index of the first operand, or a negative errno with a
 * message for the user in reterr_message: unknown option, missing or superfluous value, too many.
 */
int options_parse(const struct option_table *table, int argc, char **argv, void *values,
                  char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
void options_print_help(const struct option_table *table, FILE *out);

#endif
