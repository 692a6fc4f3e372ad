// SPDX-License-Identifier: MIT
/*
 * The subcommands of heapwatch: one file and one row of the table each. A command parses its own
 * options (lib/options.h, with --help), prints its result on stdout and complaints on stderr.
 */
#ifndef HEAPWATCH_TOOL_COMMAND_H
#define HEAPWATCH_TOOL_COMMAND_H

#include <stdbool.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2, /* also a bad configuration */
	STATUS_LEAK = 3,  /* analyze --fail-on=leak */
};

struct command {
	const char *name;
	const char *synopsis; /* the words after the name */
	const char *help;     /* one sentence */
	/* argv[0] is the name of the command; with the argument --help it explains itself. */
	int (*run)(int argc, char **argv);
};

/* Runs the command line of heapwatch; returns the exit status. */
int command_main(int argc, char **argv);

int command_analyze(int argc, char **argv);
int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_run(int argc, char **argv);
int command_snapshot(int argc, char **argv);
int command_top(int argc, char **argv);

#endif
