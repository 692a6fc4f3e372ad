// SPDX-License-Identifier: MIT
/* App names: precedence, and what hostile or odd texts become. */
#include <string.h>

#include "collectors/container_name.h"
#include "collectors/proc/naming.h"
#include "tests/unit/unit.h"

START_TEST(test_name_follows_precedence)
{
	static const struct {
		struct naming_facts facts;
		const char *name;
	} cases[] = {
	    {{"rule", "pm2", "u.service", "c", "p", "/s.js", true}, "rule"},
	    {{"", "pm2", "u.service", "c", "p", "/s.js", true}, "pm2"},
	    {{"", "", "u.service", "c", "p", "/s.js", true}, "u"},
	    {{"", "", "u@1.service", "c", "p", "/s.js", true}, "u@1"},
	    {{"", "", "", "c", "p", "/s.js", true}, "c"},
	    {{"", "", "u.service", "c", "p", "/s.js", false}, "p"},
	    {{"", "", "", "", "p", "/s.js", true}, "p"},
	    {{"", "", "", "", "", "/srv/s.js", true}, "s"},
	    {{"", "", "", "", "", "/srv/s.cjs", false}, "s"},
	    {{"", "", "", "", "", "s.mjs", false}, "s"},
	    {{"", "", "", "", "", "/srv/s.ts", false}, "s"},
	    {{"", "", "", "", "", "/srv/s.coffee", false}, "s.coffee"},
	    {{"", "", "", "", "", "/srv/.js", false}, ".js"},
	    {{"", "", "", "", "", "/", false}, "node"},
	    {{"", "", "", "", "", "", false}, "node"},
	    {{"  ", "\t", " ", "", " ", "", true}, "node"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[APP_NAME_SIZE];
		naming_choose(&cases[i].facts, name);
		ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

START_TEST(test_hostile_text_is_made_harmless)
{
	const struct naming_facts facts = {"", "", "", "", "a\n\x1b[31m\xff", "", false};
	char name[APP_NAME_SIZE];

	naming_choose(&facts, name);
	ck_assert_str_eq(name, "a\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd");
}
END_TEST

START_TEST(test_long_names_are_cut)
{
	char text[1000];
	char name[APP_NAME_SIZE];
	struct naming_facts facts = {"", text, "", "", "", "", false};

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	naming_choose(&facts, name);
	ck_assert_uint_eq(strlen(name), APP_NAME_SIZE - 1);
	facts = (struct naming_facts){"", "", text, "", "", "", true};
	naming_choose(&facts, name);
	ck_assert_uint_eq(strlen(name), APP_NAME_SIZE - 1);
}
END_TEST

START_TEST(test_pod_loses_what_controllers_append)
{
	static const char *const cases[][2] = {
	    {"checkout-7d9f8b6c5d-x2x4z", "checkout"},
	    {"check-out-7d9f8b6c5d-x2x4z", "check-out"},
	    {"agent-x2x4z", "agent"},
	    {"database-0", "database"},
	    {"database-12", "database"},
	    {"plain", "plain"},
	    {"my-app", "my-app"},
	    {"my-apple", "my-apple"}, /* vowels: no hash */
	    {"-x2x4z", "-x2x4z"},
	    {"", ""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[64];
		container_name_of_pod(cases[i][0], name, sizeof(name));
		ck_assert_str_eq(name, cases[i][1]);
	}
}
END_TEST

START_TEST(test_script_is_made_absolute)
{
	static const char *const cases[][3] = {
	    {"/srv/app", "main.js", "/srv/app/main.js"},
	    {"/srv/app", "./lib/../main.js", "/srv/app/main.js"},
	    {"/srv/app", "../x.js", "/srv/x.js"},
	    {"/srv", "../../../x.js", "/x.js"},
	    {"/srv/app", ".", "/srv/app"},
	    {"/srv/app", "/opt//a/./b.js", "/opt/a/b.js"},
	    {"/", "..", "/"},
	    {"", "a.js", "/a.js"},
	};
	char tiny[8];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[64];
		naming_resolve(cases[i][0], cases[i][1], path, sizeof(path));
		ck_assert_str_eq(path, cases[i][2]);
	}
	naming_resolve("/srv", "long.js", tiny, sizeof(tiny));
	ck_assert_str_eq(tiny, "long.js");
}
END_TEST

START_TEST(test_package_name_is_a_string_at_the_top)
{
	static const struct {
		const char *json;
		const char *name; /* NULL: none */
	} cases[] = {
	    {"{\"name\":\"@shop/checkout\",\"version\":\"1\"}", "@shop/checkout"},
	    {"{\"x\":{\"name\":\"inner\"}}", NULL},
	    {"{\"name\":42}", NULL},
	    {"{\"name\":\"\"}", NULL},
	    {"{\"name\":\"a\\nb\"}", "a\xef\xbf\xbd"
	                             "b"},
	    {"{\"name\":\"cut", NULL},
	    {"[1]", NULL},
	    {"", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[64] = "";
		bool is_found = naming_json_string(cases[i].json, strlen(cases[i].json), "name",
		                                   name, sizeof(name));
		ck_assert_int_eq(is_found, cases[i].name != NULL);
		if (is_found)
			ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

START_TEST(test_launchers_are_known)
{
	ck_assert(naming_is_launcher("/usr/lib/node_modules/npm/bin/npm-cli.js"));
	ck_assert(naming_is_launcher("/usr/bin/npm"));
	ck_assert(!naming_is_launcher("/srv/npm/server.js"));
	ck_assert(!naming_is_launcher(""));
}
END_TEST

UNIT_MAIN("naming", test_name_follows_precedence, test_hostile_text_is_made_harmless,
          test_long_names_are_cut, test_pod_loses_what_controllers_append,
          test_script_is_made_absolute, test_package_name_is_a_string_at_the_top,
          test_launchers_are_known)
