// SPDX-License-Identifier: MIT
/*
 * What a Node process's command line and NODE_OPTIONS say: its script and the flags that matter to
 * its heap. Pure. The bytes are hostile input, and process.title may have overwritten them: then
 * there is one string, which is believed only where it has the form "node SCRIPT …".
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_COMMAND_LINE_H
#define HEAPWATCH_COLLECTORS_PROC_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMAND_LINE_ARGUMENTS_MAX 1024

struct command_line {
	const char *script; /* as given; points into the text; NULL: none (REPL, -e, stdin) */
	bool is_rewritten;  /* the text is a title: check that the script exists */
	uint64_t max_old_space_bytes; /* 0: not given */
	uint64_t max_semi_space_bytes;
	bool traces_gc;
};

/*
 * text: /proc/PID/cmdline, its length bytes, followed by a NUL. It is cut into strings in place
 * where blanks separate (a title). The last of repeated flags wins, as in V8.
 */
void command_line_parse(char *text, size_t length, struct command_line *ret_line);
/* Flags from NODE_OPTIONS, only where the command line gave none; the text is cut in place. */
void command_line_add_node_options(struct command_line *line, char *node_options);

/* The value of NAME= in /proc/PID/environ, or NULL. The text must be followed by a NUL. */
char *environment_find(char *text, size_t length, const char *name);

#endif
