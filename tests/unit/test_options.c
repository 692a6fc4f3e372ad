// SPDX-License-Identifier: MIT
/*
 * Command lines against a table with one option of each kind.
 */
#include "lib/options.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ARGUMENTS_MAX 80

struct values {
	bool verbose;
	bool retained;
	const char *path;
	struct option_list listen;
};

static const struct option_row rows[] = {
    {"verbose", NULL, NULL, "Say more.", OPTION_FLAG, offsetof(struct values, verbose)},
    {"retained", NULL, "true",
     "Compute retained sizes, which takes a while for a large file and needs memory.", OPTION_FLAG,
     offsetof(struct values, retained)},
    {"storage.path", "DIR", "/var/lib/x", "Where state is kept.", OPTION_STRING,
     offsetof(struct values, path)},
    {"web.listen-address-with-a-long-name", "ADDRESS", NULL, "Where to listen.", OPTION_LIST,
     offsetof(struct values, listen)},
    {"listen", "ADDRESS", NULL, "Where to listen.", OPTION_LIST, offsetof(struct values, listen)},
};

static const struct option_table table = {
    .program = "program",
    .synopsis = "[OPTION]... FILE",
    .purpose = "Does one thing.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

/* Parses the words of a line. */
static int parse(const char *line, struct values *values, char *message, size_t size)
{
	static char words[1024];
	char *argv[ARGUMENTS_MAX], *save = NULL, *word;
	int argc = 0;

	(void)snprintf(words, sizeof(words), "program %s", line);
	for (word = strtok_r(words, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	*values = (struct values){.retained = true, .path = "default"};
	message[0] = '\0';
	return options_parse(&table, argc, argv, values, message, size);
}

START_TEST(test_values_of_good_lines)
{
	static const struct {
		const char *line;
		int result;
		bool verbose, retained;
		const char *path;
		size_t listen_count;
	} cases[] = {
	    {"", 1, false, true, "default", 0},
	    {"--verbose file", 2, true, true, "default", 0},
	    {"--verbose --no-verbose", 3, false, true, "default", 0},
	    {"--no-retained", 2, false, false, "default", 0},
	    {"--storage.path=/a --storage.path=/b", 3, false, true, "/b", 0},
	    {"--storage.path /a file", 3, false, true, "/a", 0},
	    {"--storage.path=", 2, false, true, "", 0},
	    {"--storage.path=--x", 2, false, true, "--x", 0},
	    {"--storage.path -", 3, false, true, "-", 0},
	    {"--listen=a --listen b", 4, false, true, "default", 2},
	    {"-", 1, false, true, "default", 0},
	    {"file --verbose", 1, false, true, "default", 0},
	    {"-- --verbose", 2, false, true, "default", 0},
	    {"--verbose --", 3, true, true, "default", 0},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct values values;
		char message[128];
		int result = parse(cases[i].line, &values, message, sizeof(message));

		ck_assert_msg(result == cases[i].result, "%s: %d", cases[i].line, result);
		ck_assert_int_eq(values.verbose, cases[i].verbose);
		ck_assert_int_eq(values.retained, cases[i].retained);
		ck_assert_str_eq(values.path, cases[i].path);
		ck_assert_uint_eq(values.listen.count, cases[i].listen_count);
	}
}
END_TEST

START_TEST(test_messages_of_bad_lines)
{
	static const struct {
		const char *line;
		const char *message;
	} cases[] = {
	    {"--unknown", "unknown option --unknown; see --help"},
	    {"--unknown=value", "unknown option --unknown; see --help"},
	    {"--no-storage.path", "unknown option --no-storage.path; see --help"},
	    {"--no-", "unknown option --no-; see --help"},
	    {"--=x", "unknown option --; see --help"},
	    {"--verbos", "unknown option --verbos; see --help"},
	    {"-v", "unknown option -v; see --help"},
	    {"--verbose=yes", "option --verbose takes no value"},
	    {"--no-verbose=yes", "option --verbose takes no value"},
	    {"--storage.path", "option --storage.path needs a value: --storage.path=DIR"},
	    {"--storage.path --verbose", "option --storage.path needs a value: --storage.path=DIR"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct values values;
		char message[128];

		ck_assert_int_eq(parse(cases[i].line, &values, message, sizeof(message)), -EINVAL);
		ck_assert_str_eq(message, cases[i].message);
	}
}
END_TEST

START_TEST(test_list_keeps_its_order_and_its_maximum)
{
	char line[1024] = "--listen=first", message[128];
	struct values values;
	size_t i;

	for (i = 1; i < OPTION_LIST_MAX; i++)
		(void)strncat(line, " --listen=x", sizeof(line) - strlen(line) - 1);
	ck_assert_int_eq(parse(line, &values, message, sizeof(message)), OPTION_LIST_MAX + 1);
	ck_assert_uint_eq(values.listen.count, OPTION_LIST_MAX);
	ck_assert_str_eq(values.listen.values[0], "first");
	(void)strncat(line, " --listen=x", sizeof(line) - strlen(line) - 1);
	ck_assert_int_eq(parse(line, &values, message, sizeof(message)), -E2BIG);
	ck_assert_str_eq(message, "option --listen more than 64 times");
}
END_TEST

START_TEST(test_help_is_printed_from_the_table)
{
	static const char expected[] =
	    "usage: program [OPTION]... FILE\n"
	    "\n"
	    "Does one thing.\n"
	    "\n"
	    "options:\n"
	    "  --verbose            Say more.\n"
	    "  --[no-]retained      Compute retained sizes, which takes a while for a large\n"
	    "                       file and needs memory.\n"
	    "  --storage.path=DIR   Where state is kept. (default: /var/lib/x)\n"
	    "  --web.listen-address-with-a-long-name=ADDRESS...\n"
	    "                       Where to listen.\n"
	    "  --listen=ADDRESS...  Where to listen.\n";
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	options_print_help(&table, out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

UNIT_MAIN("options", test_values_of_good_lines, test_messages_of_bad_lines,
          test_list_keeps_its_order_and_its_maximum, test_help_is_printed_from_the_table)
