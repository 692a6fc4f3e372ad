// SPDX-License-Identifier: MIT
/* What PM2's environment says of an app, in its two modes, and what is made of lies. */
#include <string.h>

#include "collectors/proc/pm2.h"
#include "tests/unit/unit.h"

/* A text and its length, that NULs separate within it. */
#define TEXT(text) (text), sizeof(text)

START_TEST(test_app_is_found)
{
	static const struct {
		const char *environment;
		size_t length;
		const char *name;
		const char *script;
	} cases[] = {
	    {TEXT("PATH=/bin"), "", ""},
	    {TEXT("name=other\0pm_exec_path=/x.js"), "", ""},
	    {TEXT("pm_id=0\0name=api\0pm_exec_path=/srv/api.js"), "api", "/srv/api.js"},
	    {TEXT("pm_id=0"), "", ""},
	    {TEXT("pm2_env={\"env\":{\"name\":\"no\"},\"name\":\"cart\",\"pm_exec_path\":\"/"
	          "c.js\"}"),
	     "cart", "/c.js"},
	    {TEXT("pm_id=0\0name=api\0pm2_env={\"name\":\"cart\"}"), "cart", ""},
	    {TEXT("pm2_env={\"name\":7,\"pm_exec_path\":[\"/c.js\"]}"), "", ""},
	    {TEXT("pm2_env={\"name\":\"cart\""), "", ""},
	    {TEXT("pm2_env=[\"name\"]"), "", ""},
	    {TEXT("pm2_env="), "", ""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char environment[256];
		struct pm2_app app;

		ck_assert_uint_le(cases[i].length, sizeof(environment));
		memcpy(environment, cases[i].environment, cases[i].length);
		pm2_find(environment, cases[i].length - 1, &app);
		ck_assert_str_eq(app.name, cases[i].name);
		ck_assert_str_eq(app.script, cases[i].script);
	}
}
END_TEST

START_TEST(test_name_that_is_too_long_is_none)
{
	char environment[PM2_NAME_SIZE + 32] = "pm_id=0";
	char *name = environment + sizeof("pm_id=0");
	struct pm2_app app;

	memcpy(name, "name=", sizeof("name="));
	memset(name + strlen("name="), 'x', PM2_NAME_SIZE);
	pm2_find(environment, sizeof(environment) - 1, &app);
	ck_assert_str_eq(app.name, "");
	name[strlen("name=") + PM2_NAME_SIZE - 1] = '\0';
	pm2_find(environment, sizeof(environment) - 1, &app);
	ck_assert_uint_eq(strlen(app.name), PM2_NAME_SIZE - 1);
}
END_TEST

UNIT_MAIN("pm2", test_app_is_found, test_name_that_is_too_long_is_none)
