// SPDX-License-Identifier: MIT
/*
 * The words behind "heapwatch snapshot": one function and one row of the table in snapshot.c each.
 */
#ifndef HEAPWATCH_TOOL_SNAPSHOT_WORDS_H
#define HEAPWATCH_TOOL_SNAPSHOT_WORDS_H

#include <stdbool.h>

enum snapshot_format { SNAPSHOT_TEXT, SNAPSHOT_JSON, SNAPSHOT_HTML };

struct snapshot_options {
	bool help;
	bool retained;
	bool force;
	const char *by;
	const char *format;
	const char *inspector;
	const char *url;
	enum snapshot_format output; /* of format */
	bool is_by_retainer;         /* of by */
};

struct snapshot_word {
	const char *name;
	int operands_min;
	int operands_max;
	const char *operands; /* what is said when there are more or less */
	/* Returns the exit status. */
	int (*run)(const struct snapshot_options *options, char **operands, int count);
};

int snapshot_summary(const struct snapshot_options *options, char **paths, int count);
int snapshot_diff(const struct snapshot_options *options, char **paths, int count);
int snapshot_take(const struct snapshot_options *options, char **operands, int count);

#endif
