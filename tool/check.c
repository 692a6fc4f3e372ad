// SPDX-License-Identifier: MIT
/*
 * heapwatch check KIND FILE...: validates files as heapwatchd would read them. One row per kind.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "daemon/exposition/http_gate.h"
#include "lib/options.h"
#include "tool/check_gc_log.h"
#include "tool/check_receivers.h"
#include "tool/command.h"

#define MESSAGE_SIZE 256

struct check_kind {
	const char *name;
	/* An exit status; unless it is 0, it says on stderr what is wrong with the file, or what it
	 * stands for. What is to be told of a valid one is put into *ret_detail, "" before. */
	int (*check)(const char *path, char *ret_detail, size_t detail_size);
};

struct check_options {
	bool help;
};

static const struct option_row check_rows[] = {
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct check_options, help)},
};

static const struct option_table check_table = {
    .program = "heapwatch check",
    .synopsis = "config|web-config|receivers|gc-log FILE...",
    .purpose = "Checks files that heapwatchd reads, without a running one, and with receivers "
               "whether those of a configuration take a test alert. Exits with 0 when all are "
               "valid, with 2 when one is not, after saying where and what was expected, and with "
               "1 when a receiver does not take the alert.",
    .rows = check_rows,
    .count = sizeof(check_rows) / sizeof(check_rows[0]),
};

static void print_warning(void *context, const char *message)
{
	(void)context;
	(void)fprintf(stderr, "warning: %s\n", message);
}

static int check_config(const char *path, char *ret_detail, size_t detail_size)
{
	char message[CONFIG_MESSAGE_SIZE];
	struct config *config = NULL;

	(void)ret_detail;
	(void)detail_size;
	if (config_load(path, print_warning, NULL, &config, message) < 0) {
		(void)fprintf(stderr, "%s\n", message);
		return STATUS_USAGE;
	}
	(void)config_free(config);
	return STATUS_OK;
}

/* With the certificates and keys that it names. */
static int check_web_config(const char *path, char *ret_detail, size_t detail_size)
{
	char message[CONFIG_MESSAGE_SIZE];

	(void)ret_detail;
	(void)detail_size;
	if (http_gate_check(path, message, sizeof(message)) == 0)
		return STATUS_OK;
	(void)fprintf(stderr, "%s\n", message);
	return STATUS_USAGE;
}

static const struct check_kind kinds[] = {
    {"config", check_config},
    {"web-config", check_web_config},
    {"receivers", check_receivers},
    {"gc-log", check_gc_log},
};

static const struct check_kind *kind_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch check: %s%s; see heapwatch help check\n", message, detail);
	return STATUS_USAGE;
}

static int check_files(const struct check_kind *kind, int count, char **paths)
{
	int i, status = STATUS_OK;

	for (i = 0; i < count; i++) {
		char detail[MESSAGE_SIZE] = "";
		int result = kind->check(paths[i], detail, sizeof(detail));

		if (result == STATUS_OK)
			(void)printf("%s: valid%s%s\n", paths[i], detail[0] != '\0' ? ": " : "",
			             detail);
		status = result > status ? result : status;
	}
	return status;
}

int command_check(int argc, char **argv)
{
	struct check_options options = {0};
	const struct check_kind *kind;
	char message[MESSAGE_SIZE];
	int first = options_parse(&check_table, argc, argv, &options, message, sizeof(message));

	if (first < 0) {
		(void)fprintf(stderr, "heapwatch check: %s\n", message);
		return STATUS_USAGE;
	}
	if (options.help) {
		options_print_help(&check_table, stdout);
		return STATUS_OK;
	}
	if (first == argc)
		return usage_error("the kind of file is missing", "");
	kind = kind_find(argv[first]);
	if (kind == NULL)
		return usage_error("unknown kind of file ", argv[first]);
	if (first + 1 == argc)
		return usage_error("a file is missing", "");
	return check_files(kind, argc - first - 1, argv + first + 1);
}
