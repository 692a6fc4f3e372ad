// SPDX-License-Identifier: MIT
/*
 * Follows node's own option parser (src/node_options-inl.h) as far as finding the script needs it:
 * which options take the next argument as their value. '-' and '_' are the same in option names.
 */
#include "collectors/proc/command_line.h"

#include <string.h>

#include "lib/numbers.h"
#include "lib/units.h"

#define OPTION_NAME_SIZE 64

struct arguments {
	const char *values[COMMAND_LINE_ARGUMENTS_MAX];
	size_t count;
};

/* Options whose value may be the next argument, of Node 12 to 26 (node --help). */
static const char *const options_with_value[] = {
    "--allow-fs-read",
    "--allow-fs-write",
    "--bench-isolation",
    "--bench-name-pattern",
    "--bench-reporter",
    "--bench-reporter-destination",
    "--bench-samples",
    "--bench-warmup",
    "--conditions",
    "--cpu-prof-dir",
    "--cpu-prof-interval",
    "--cpu-prof-name",
    "--debug-port",
    "--diagnostic-dir",
    "--disable-proto",
    "--disable-warning",
    "--dns-result-order",
    "--env-file",
    "--env-file-if-exists",
    "--experimental-config-file",
    "--experimental-default-type",
    "--experimental-loader",
    "--experimental-package-map",
    "--experimental-policy",
    "--experimental-specifier-resolution",
    "--experimental-test-isolation",
    "--experimental-test-tag-filter",
    "--heap-prof-dir",
    "--heap-prof-interval",
    "--heap-prof-name",
    "--heapsnapshot-near-heap-limit",
    "--heapsnapshot-signal",
    "--icu-data-dir",
    "--import",
    "--input-type",
    "--inspect-port",
    "--inspect-publish-uid",
    "--loader",
    "--localstorage-file",
    "--max-http-header-size",
    "--max-old-space-size-percentage",
    "--network-family-autoselection-attempt-timeout",
    "--openssl-config",
    "--policy-integrity",
    "--redirect-warnings",
    "--report-dir",
    "--report-directory",
    "--report-filename",
    "--report-signal",
    "--require",
    "--secure-heap",
    "--secure-heap-min",
    "--security-revert",
    "--snapshot-blob",
    "--test-concurrency",
    "--test-coverage-branches",
    "--test-coverage-exclude",
    "--test-coverage-functions",
    "--test-coverage-include",
    "--test-coverage-lines",
    "--test-global-setup",
    "--test-isolation",
    "--test-name-pattern",
    "--test-random-seed",
    "--test-reporter",
    "--test-reporter-destination",
    "--test-rerun-failures",
    "--test-shard",
    "--test-skip-pattern",
    "--test-timeout",
    "--title",
    "--tls-cipher-list",
    "--tls-keylog",
    "--trace-event-categories",
    "--trace-event-file-pattern",
    "--trace-require-module",
    "--unhandled-rejections",
    "--use-largepages",
    "--v8-pool-size",
    "--vfs-load",
    "--vfs-mount",
    "--watch-kill-signal",
    "--watch-path",
    "-C",
    "-r",
};

/* Options after which no script runs: code, the REPL, or a tool of node's own. */
static const char *const options_without_script[] = {
    "-e",          "-p",
    "-pe",         "-i",
    "--build-sea", "--build-snapshot-config",
    "--eval",      "--interactive",
    "--print",     "--run",
    "--test",      "--experimental-sea-config",
};

static bool is_listed(const char *name, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

#define IS_LISTED(name, list) is_listed((name), (list), sizeof(list) / sizeof((list)[0]))

/* The name before '=', '_' read as '-'. ret_value: behind '=', or NULL. */
static void split_option(const char *argument, char ret_name[OPTION_NAME_SIZE],
                         const char **ret_value)
{
	size_t i;

	for (i = 0; i < OPTION_NAME_SIZE - 1 && argument[i] != '\0' && argument[i] != '='; i++)
		ret_name[i] = (char)(argument[i] == '_' ? '-' : argument[i]);
	ret_name[i] = '\0';
	while (argument[i] != '\0' && argument[i] != '=')
		i++;
	*ret_value = argument[i] == '=' ? argument + i + 1 : NULL;
}

/* Whether the argument is a heap flag's separate value. */
static bool parse_mebibytes(const char *text, uint64_t *ret_bytes)
{
	uint64_t value;

	if (text == NULL || number_parse_u64(text, strlen(text), &value) < 0)
		return false;
	*ret_bytes = u64_multiply_saturating(value, MIB);
	return true;
}

/* Returns how many arguments the option takes: 1, or 2 with a separate value. */
static size_t apply_option(struct command_line *line, const char *argument, const char *next,
                           const char name[OPTION_NAME_SIZE], const char *value)
{
	uint64_t *bytes = NULL;

	if (strncmp(name, "--trace-gc", strlen("--trace-gc")) == 0)
		line->traces_gc = true;
	else if (strcmp(name, "--max-old-space-size") == 0)
		bytes = &line->max_old_space_bytes;
	else if (strcmp(name, "--max-semi-space-size") == 0)
		bytes = &line->max_semi_space_bytes;
	if (bytes != NULL && value != NULL)
		(void)parse_mebibytes(value,
		                      bytes); /* V8 ignores what is no number, and so do we */
	else if (bytes != NULL)
		return parse_mebibytes(next, bytes) ? 2 : 1;
	return value == NULL && argument[0] == '-' && IS_LISTED(name, options_with_value) ? 2 : 1;
}

static void parse_arguments(struct command_line *line, const struct arguments *arguments)
{
	size_t i = 1; /* after the name of the program */

	while (i < arguments->count) {
		const char *argument = arguments->values[i];
		const char *next = i + 1 < arguments->count ? arguments->values[i + 1] : NULL;
		char name[OPTION_NAME_SIZE];
		const char *value;
		if (strcmp(argument, "--") == 0) {
			line->script = next;
			return;
		}
		if (argument[0] != '-') {
			/* "node inspect app.js" is the debugger's client. */
			line->script = strcmp(argument, "inspect") == 0 ? NULL : argument;
			return;
		}
		if (argument[1] == '\0')
			return; /* "-": the program comes from stdin */
		split_option(argument, name, &value);
		if (IS_LISTED(name, options_without_script))
			return;
		i += apply_option(line, argument, next, name, value);
	}
}

static void split_text(const char *text, size_t length, struct arguments *ret_arguments)
{
	size_t position = 0;

	ret_arguments->count = 0;
	while (position < length && ret_arguments->count < COMMAND_LINE_ARGUMENTS_MAX) {
		ret_arguments->values[ret_arguments->count++] = text + position;
		position += strlen(text + position) + 1;
	}
}

static bool is_node_name(const char *argument)
{
	const char *slash = strrchr(argument, '/');
	const char *base = slash != NULL ? slash + 1 : argument;

	return strncmp(base, "node", strlen("node")) == 0;
}

/* A title is one string behind which libuv leaves NULs; "node /srv/app.js" is PM2's form of it. */
static size_t cut_title(char *text, size_t length)
{
	char *blank;

	for (blank = text; (blank = strchr(blank, ' ')) != NULL; blank++)
		*blank = '\0';
	return length;
}

void command_line_parse(char *text, size_t length, struct command_line *ret_line)
{
	struct command_line line = {.script = NULL};
	struct arguments arguments;

	while (length > 0 && text[length - 1] == '\0')
		length--;
	split_text(text, length, &arguments);
	if (arguments.count == 1 && strchr(text, ' ') != NULL) {
		line.is_rewritten = true;
		length = cut_title(text, length);
		split_text(text, length, &arguments);
		if (!is_node_name(text))
			arguments.count = 0;
	}
	parse_arguments(&line, &arguments);
	if (line.script != NULL && line.script[0] == '\0')
		line.script = NULL;
	*ret_line = line;
}

/* Blanks separate words, double quotes group, a backslash escapes in quotes; in place. */
static void split_node_options(char *text, struct arguments *ret_arguments)
{
	const char *at = text;
	char *out = text;

	ret_arguments->count = 1;
	ret_arguments->values[0] = "node";
	while (ret_arguments->count < COMMAND_LINE_ARGUMENTS_MAX) {
		bool is_quoted = false;
		while (*at == ' ')
			at++;
		if (*at == '\0')
			return;
		ret_arguments->values[ret_arguments->count++] = out;
		for (; *at != '\0' && (is_quoted || *at != ' '); at++) {
			if (*at == '"') {
				is_quoted = !is_quoted;
				continue;
			}
			if (*at == '\\' && is_quoted && at[1] != '\0')
				at++;
			*out++ = *at;
		}
		if (*at != '\0')
			at++;
		*out++ = '\0'; /* never overtakes at: a word is followed by a blank or the end */
	}
}

void command_line_add_node_options(struct command_line *line, char *node_options)
{
	struct command_line found = {.script = NULL};
	struct arguments arguments;

	split_node_options(node_options, &arguments);
	parse_arguments(&found, &arguments);
	if (line->max_old_space_bytes == 0)
		line->max_old_space_bytes = found.max_old_space_bytes;
	if (line->max_semi_space_bytes == 0)
		line->max_semi_space_bytes = found.max_semi_space_bytes;
}

char *environment_find(char *text, size_t length, const char *name)
{
	size_t name_length = strlen(name);
	size_t position = 0;

	while (position < length) {
		char *entry = text + position;
		if (strncmp(entry, name, name_length) == 0 && entry[name_length] == '=')
			return entry + name_length + 1;
		position += strlen(entry) + 1;
	}
	return NULL;
}
