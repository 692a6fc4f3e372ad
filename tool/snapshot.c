// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot: what heap snapshots hold, and what grew from one to the next.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/large.h"
#include "lib/options.h"
#include "tool/command.h"
#include "tool/process_name.h"
#include "tool/snapshot_words.h"

#define MESSAGE_SIZE 256

static const struct snapshot_word words[] = {
    {"summary", 1, 1, "exactly one file is needed", "FILE|-",
     "Tell what one holds, by constructor.", snapshot_summary},
    {"diff", 2, 3, "two or three files are needed, the oldest first", "A B [C]",
     "Tell what grew between snapshots of one process, and what holds it (--by=retainer).",
     snapshot_diff},
    {"take", 1, 2, "a process is needed, and at most a file", "PID|APP/SLOT [FILE]",
     "Take one of a running process; to compare, take them with watch.", snapshot_take},
    {"watch", 1, 1, "exactly one process is needed", "PID|APP/SLOT",
     "Take two or three of a running process and tell what grew.", snapshot_watch},
};

static const char *const format_names[] = {
    [SNAPSHOT_TEXT] = "text", [SNAPSHOT_JSON] = "json", [SNAPSHOT_HTML] = "html"};

static const struct option_row snapshot_rows[] = {
    {"by", "WHAT", "constructor", "What diff groups by: constructor or retainer.", OPTION_STRING,
     offsetof(struct snapshot_options, by)},
    {"count", "N", "2", "How many snapshots watch takes: 2 or 3.", OPTION_STRING,
     offsetof(struct snapshot_options, count)},
    {"force", NULL, NULL, "Take one even where memory might not suffice.", OPTION_FLAG,
     offsetof(struct snapshot_options, force)},
    {"format", "FORMAT", "text",
     "text for people, json with every row, or html, one page for a browser.", OPTION_STRING,
     offsetof(struct snapshot_options, format)},
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct snapshot_options, help)},
    {"inspector", "MODE", "attach",
     "What take and watch may do: attach to an inspector that is open; signal: else open one by "
     "SIGUSR1.",
     OPTION_STRING, offsetof(struct snapshot_options, inspector)},
    {"interval", "DURATION", "5m", "How long watch waits from one snapshot to the next.",
     OPTION_STRING, offsetof(struct snapshot_options, interval)},
    {"retained", NULL, "true",
     "Compute retained sizes; without, a summary's memory does not grow with the snapshot.",
     OPTION_FLAG, offsetof(struct snapshot_options, retained)},
    {"url", "URL", PROCESS_NAME_URL, "The heapwatchd of this host that knows APP/SLOT.",
     OPTION_STRING, offsetof(struct snapshot_options, url)},
};

static const struct option_table snapshot_table = {
    .program = "heapwatch snapshot",
    .synopsis = "summary|diff|take|watch [OPTION]... OPERAND...",
    .purpose = "Takes V8 heap snapshots, and tells what they hold and what grew between them.",
    .rows = snapshot_rows,
    .count = sizeof(snapshot_rows) / sizeof(snapshot_rows[0]),
};

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch snapshot: %s%s; see heapwatch help snapshot\n", message,
	              detail);
	return STATUS_USAGE;
}

/* The options may stand before and behind the word. */
static int parse(int argc, char **argv, struct snapshot_options *options, const char **ret_word)
{
	char message[MESSAGE_SIZE];
	int first = options_parse(&snapshot_table, argc, argv, options, message, sizeof(message));
	int rest = 0;

	if (first >= 0 && first < argc) {
		*ret_word = argv[first];
		rest = options_parse(&snapshot_table, argc - first, argv + first, options, message,
		                     sizeof(message));
	}
	if (first < 0 || rest < 0) {
		(void)fprintf(stderr, "heapwatch snapshot: %s\n", message);
		return -EINVAL;
	}
	return first + rest;
}

static bool find_format(struct snapshot_options *options)
{
	size_t i;

	for (i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++)
		if (strcmp(options->format, format_names[i]) == 0) {
			options->output = (enum snapshot_format)i;
			return true;
		}
	return false;
}

static bool find_grouping(struct snapshot_options *options)
{
	options->is_by_retainer = strcmp(options->by, "retainer") == 0;
	return options->is_by_retainer || strcmp(options->by, "constructor") == 0;
}

static const struct snapshot_word *find_word(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i].name) == 0)
			return &words[i];
	return NULL;
}

/* What stands behind an operand would be taken for another one: the name of a file to write. */
static const char *misplaced_option(char **operands, int count)
{
	int i;

	for (i = 1; i < count; i++)
		if (strncmp(operands[i], "--", 2) == 0)
			return operands[i];
	return NULL;
}

static void print_help(void)
{
	size_t i;

	options_print_help(&snapshot_table, stdout);
	(void)fputs("\nwhat to do:\n", stdout);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		(void)printf("  %s %s\n      %s\n", words[i].name, words[i].synopsis,
		             words[i].help);
}

int command_snapshot(int argc, char **argv)
{
	struct snapshot_options options = {.by = "constructor",
	                                   .count = "2",
	                                   .interval = "5m",
	                                   .format = "text",
	                                   .inspector = "attach",
	                                   .url = PROCESS_NAME_URL,
	                                   .retained = true};
	const struct snapshot_word *word;
	const char *name = NULL;
	int first = parse(argc, argv, &options, &name);

	if (first < 0)
		return STATUS_USAGE;
	if (options.help) {
		print_help();
		return STATUS_OK;
	}
	if (name == NULL)
		return usage_error("what to do is missing", "");
	word = find_word(name);
	if (word == NULL)
		return usage_error("unknown word ", name);
	if (!find_format(&options))
		return usage_error("unknown format ", options.format);
	if (strcmp(options.inspector, "attach") != 0 && strcmp(options.inspector, "signal") != 0)
		return usage_error("unknown mode of the inspector ", options.inspector);
	if (!find_grouping(&options))
		return usage_error("cannot group by ", options.by);
	if (options.is_by_retainer && !options.retained)
		return usage_error("--by=retainer needs retained sizes", "");
	if (misplaced_option(argv + first, argc - first) != NULL)
		return usage_error("options stand before files and processes: ",
		                   misplaced_option(argv + first, argc - first));
	if (argc - first < word->operands_min || argc - first > word->operands_max)
		return usage_error(word->operands, "");
	large_return_when_freed();
	return word->run(&options, argv + first, argc - first);
}
