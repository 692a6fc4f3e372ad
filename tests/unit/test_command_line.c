// SPDX-License-Identifier: MIT
/* Finding the script and the heap's flags in a command line that may be hostile or rewritten. */
#include <stdio.h>
#include <string.h>

#include "collectors/proc/command_line.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

/* '|' stands for the NUL between arguments. */
static void parse(const char *text, char *buffer, size_t size, struct command_line *ret_line)
{
	size_t length = strlen(text);
	size_t i;

	ck_assert_uint_lt(length, size);
	memcpy(buffer, text, length + 1);
	for (i = 0; i < length; i++) {
		if (buffer[i] == '|')
			buffer[i] = '\0';
	}
	command_line_parse(buffer, length, ret_line);
}

START_TEST(test_script_is_found_behind_options)
{
	static const struct {
		const char *text;
		const char *script;
	} cases[] = {
	    {"node|app.js|", "app.js"},
	    {"node|app.js|--port|80|", "app.js"},
	    {"/usr/bin/node|--max-old-space-size=64|/srv/app.js|", "/srv/app.js"},
	    {"node|-r|ts-node/register|src/main.ts|", "src/main.ts"},
	    {"node|--require|a|--import|b|app.js|", "app.js"},
	    {"node|--require=a|app.js|", "app.js"},
	    {"node|-C|development|--conditions|x|app.js|", "app.js"},
	    {"node|--env-file|.env|app.js|", "app.js"},
	    {"node|--env_file|.env|app.js|", "app.js"},
	    {"node|--inspect|app.js|", "app.js"},
	    {"node|--inspect=0.0.0.0:9229|app.js|", "app.js"},
	    {"node|--title|x y|app.js|", "app.js"},
	    {"node|--|--odd-name.js|", "--odd-name.js"},
	    {"node|--watch|app.js|", "app.js"},
	    {"node|.|", "."},
	    {"node|-e|1|", NULL},
	    {"node|-p|1|", NULL},
	    {"node|--eval=1|", NULL},
	    {"node|--test|", NULL},
	    {"node|-i|", NULL},
	    {"node|-|", NULL},
	    {"node|--|", NULL},
	    {"node|-r|", NULL},
	    {"node|inspect|app.js|", NULL},
	    {"node|", NULL},
	    {"node||", NULL},
	    {"", NULL},
	    {"|||", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[256];
		struct command_line line;
		parse(cases[i].text, buffer, sizeof(buffer), &line);
		ck_assert_pstr_eq(line.script, cases[i].script);
		ck_assert(!line.is_rewritten);
	}
}
END_TEST

START_TEST(test_title_is_believed_only_in_the_form_of_a_command)
{
	static const struct {
		const char *text;
		const char *script;
	} cases[] = {
	    {"node /srv/app.js||||||", "/srv/app.js"},
	    {"node --trace-gc /srv/app.js extra", "/srv/app.js"},
	    {"PM2 v5.3.0: God Daemon (/root/.pm2)|||", NULL},
	    {"npm run start||||", NULL},
	    {"next-server (v14.1.0)||", NULL},
	    {"node ", NULL},
	    {"   ", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[256];
		struct command_line line;
		parse(cases[i].text, buffer, sizeof(buffer), &line);
		ck_assert_pstr_eq(line.script, cases[i].script);
		ck_assert(line.is_rewritten);
	}
}
END_TEST

START_TEST(test_heap_flags_are_read_in_every_spelling)
{
	static const struct {
		const char *text;
		uint64_t old_mib;
		uint64_t semi_mib;
		bool traces_gc;
	} cases[] = {
	    {"node|--max-old-space-size=64|a|", 64, 0, false},
	    {"node|--max_old_space_size=64|a|", 64, 0, false},
	    {"node|--max-old-space-size|64|a|", 64, 0, false},
	    {"node|--max-old_space-size=1|--max-old-space-size=2|a|", 2, 0, false},
	    {"node|--max-semi-space-size=16|a|", 0, 16, false},
	    {"node|--max-old-space-size=x|a|", 0, 0, false},
	    {"node|--max-old-space-size-percentage=50|a|", 0, 0, false},
	    {"node|a|--max-old-space-size=64|--trace-gc|", 0, 0, false},
	    {"node|--trace-gc|a|", 0, 0, true},
	    {"node|--trace_gc|a|", 0, 0, true},
	    {"node|--trace-gc-nvp|a|", 0, 0, true},
	    {"node|--trace-gc-verbose=true|a|", 0, 0, true},
	    {"node|--no-trace-gc|a|", 0, 0, false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[256];
		struct command_line line;
		parse(cases[i].text, buffer, sizeof(buffer), &line);
		ck_assert_uint_eq(line.max_old_space_bytes, cases[i].old_mib * MIB);
		ck_assert_uint_eq(line.max_semi_space_bytes, cases[i].semi_mib * MIB);
		ck_assert_int_eq(line.traces_gc, cases[i].traces_gc);
		ck_assert_str_eq(line.script, "a");
	}
}
END_TEST

START_TEST(test_node_options_count_where_the_command_line_is_silent)
{
	static const struct {
		const char *options;
		uint64_t old_mib;
		uint64_t semi_mib;
	} cases[] = {
	    {"--max-old-space-size=128", 128, 0},
	    {"  --max_old_space_size=1   --max-old-space-size=128 ", 128, 0},
	    {"--max-old-space-size 128 --max-semi-space-size=8", 128, 8},
	    {"--require \"a b\" --max-old-space-size=128", 128, 0},
	    {"-r \"a \\\" b\" --max-old-space-size=128", 128, 0},
	    {"\"--max-old-space-size=128\"", 128, 0},
	    {"--require", 0, 0},
	    {"", 0, 0},
	    {"\"", 0, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char options[256];
		struct command_line line = {.script = NULL};
		(void)snprintf(options, sizeof(options), "%s", cases[i].options);
		command_line_add_node_options(&line, options);
		ck_assert_uint_eq(line.max_old_space_bytes, cases[i].old_mib * MIB);
		ck_assert_uint_eq(line.max_semi_space_bytes, cases[i].semi_mib * MIB);
		line.max_old_space_bytes = 7;
		(void)snprintf(options, sizeof(options), "%s", cases[i].options);
		command_line_add_node_options(&line, options);
		ck_assert_uint_eq(line.max_old_space_bytes, 7);
	}
}
END_TEST

START_TEST(test_endless_arguments_are_bounded)
{
	static char text[3 * (COMMAND_LINE_ARGUMENTS_MAX + 10) + 1];
	struct command_line line;
	size_t i;

	for (i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "-x", 3);
	command_line_parse(text, sizeof(text) - 1, &line);
	ck_assert_ptr_null(line.script);
}
END_TEST

START_TEST(test_environment_is_searched_by_whole_name)
{
	char text[] = "my_name=x\0name=api\0pm_id=\0=odd\0last";

	ck_assert_str_eq(environment_find(text, sizeof(text) - 1, "name"), "api");
	ck_assert_str_eq(environment_find(text, sizeof(text) - 1, "pm_id"), "");
	ck_assert_ptr_null(environment_find(text, sizeof(text) - 1, "last"));
	ck_assert_ptr_null(environment_find(text, sizeof(text) - 1, "nam"));
	ck_assert_ptr_null(environment_find(text, 0, "name"));
}
END_TEST

UNIT_MAIN("command_line", test_script_is_found_behind_options,
          test_title_is_believed_only_in_the_form_of_a_command,
          test_heap_flags_are_read_in_every_spelling,
          test_node_options_count_where_the_command_line_is_silent,
          test_endless_arguments_are_bounded, test_environment_is_searched_by_whole_name)
