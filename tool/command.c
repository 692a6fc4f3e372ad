// SPDX-License-Identifier: MIT
/*
 * The table of subcommands, and the options that stand before the name of one.
 */
#include "tool/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/options.h"

#define MESSAGE_SIZE 256

static const struct command commands[] = {
    {"analyze", "[OPTION]... FILE...|-",
     "Judge the heaps of a GC log, with or without /proc samples.", command_analyze},
    {"check", "config|web-config|receivers|gc-log FILE...",
     "Check files that heapwatchd reads, without a running one.", command_check},
    {"explain", "[OPTION]... PID|APP/SLOT",
     "Name the code that holds the growth of a running process, through its inspector.",
     command_explain},
    {"run", "[OPTION]... -- COMMAND [ARGUMENT]...",
     "Start a Node.js command with V8's GC trace on, and keep its output clean.", command_run},
    {"snapshot", "summary|diff|take|watch [OPTION]... OPERAND...",
     "Take V8 heap snapshots, tell what they hold, and what grew between them.", command_snapshot},
    {"top", "[OPTION]...", "Show the processes that a heapwatchd watches, as they change.",
     command_top},
};
static const size_t command_count = sizeof(commands) / sizeof(commands[0]);

struct global_options {
	bool help;
	bool version;
};

static const struct option_row global_rows[] = {
    {"help", NULL, NULL, "Show this help; \"help COMMAND\" shows that of a command.", OPTION_FLAG,
     offsetof(struct global_options, help)},
    {"version", NULL, NULL, "Show the version.", OPTION_FLAG,
     offsetof(struct global_options, version)},
};

static const struct option_table global_table = {
    .program = "heapwatch",
    .synopsis = "[OPTION]... COMMAND [ARGUMENT]...",
    .purpose = "Looks into the memory of Node.js processes, from outside.",
    .rows = global_rows,
    .count = sizeof(global_rows) / sizeof(global_rows[0]),
};

static const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch: %s%s; see heapwatch --help\n", message, detail);
	return STATUS_USAGE;
}

static void print_help(void)
{
	size_t i;

	options_print_help(&global_table, stdout);
	(void)fputs("\ncommands:\n", stdout);
	for (i = 0; i < command_count; i++)
		(void)printf("  %s %s\n      %s\n", commands[i].name, commands[i].synopsis,
		             commands[i].help);
}

/* heapwatch help [COMMAND] */
static int run_help(int argc, char **argv)
{
	char option[] = "--help";
	const struct command *command;

	if (argc == 1) {
		print_help();
		return STATUS_OK;
	}
	command = command_find(argv[1]);
	if (command == NULL)
		return usage_error("unknown command ", argv[1]);
	return command->run(2, (char *[]){argv[1], option, NULL});
}

static int run_command(int argc, char **argv)
{
	const struct command *command;

	if (argc == 0)
		return usage_error("a command is missing", "");
	if (strcmp(argv[0], "help") == 0)
		return run_help(argc, argv);
	command = command_find(argv[0]);
	if (command == NULL)
		return usage_error("unknown command ", argv[0]);
	return command->run(argc, argv);
}

static int run(int argc, char **argv)
{
	struct global_options options = {0};
	char message[MESSAGE_SIZE];
	int first = options_parse(&global_table, argc, argv, &options, message, sizeof(message));

	if (first < 0) {
		(void)fprintf(stderr, "heapwatch: %s\n", message);
		return STATUS_USAGE;
	}
	if (options.help) {
		print_help();
		return STATUS_OK;
	}
	if (options.version) {
		(void)printf("heapwatch %s (%s)\n", PACKAGE_VERSION, HEAPWATCH_REVISION);
		return STATUS_OK;
	}
	return run_command(argc - first, argv + first);
}

int command_main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* A result that did not reach a full disk is no success. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fputs("heapwatch: cannot write to stdout\n", stderr);
		return status != STATUS_OK ? status : STATUS_FAILURE;
	}
	return status;
}
