// SPDX-License-Identifier: MIT
/* Texts with {{key}}: what is one, what stands there afterwards. */
#include "config/template.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/unit.h"

static void append_key(const void *context, const char *key, struct buf *out)
{
	buf_printf(out, "%s%s", (const char *)context, key);
}

START_TEST(test_keys_are_replaced_and_all_else_stays)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    {"", ""},
	    {"plain {text} } with } braces", "plain {text} } with } braces"},
	    {"{{app}}", "{{app"},
	    {"<{{app}}/{{ slot }}> {{summary}}!", "<{{app/{{slot> {{summary!"},
	    {"{{app}}}", "{{app}"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT(1024);
		const char *at;
		size_t length;

		ck_assert(template_is_valid(rows[i].text, &at, &length));
		/* A value that looks like a key is not looked at again. */
		template_write(rows[i].text, append_key, "{{", &out);
		ck_assert_str_eq(buf_string(&out), rows[i].expected);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_what_is_no_key_is_told)
{
	static const struct {
		const char *text;
		const char *wrong;
	} rows[] = {
	    {"{{app}} {{bogus}} {{app}}", "{{bogus}}"},
	    {"{{}}", "{{}}"},
	    {"{{ap p}}", "{{ap p}}"},
	    {"x {{app", "{{app"},
	    {"{{app}} {{", "{{"},
	    {"{{{app}}", "{{{app}}"},
	    {"{{APP}}", "{{APP}}"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = NULL;
		size_t length = 0;

		ck_assert(!template_is_valid(rows[i].text, &at, &length));
		ck_assert_uint_eq(length, strlen(rows[i].wrong));
		ck_assert_int_eq(memcmp(at, rows[i].wrong, length), 0);
	}
}
END_TEST

UNIT_MAIN("template", test_keys_are_replaced_and_all_else_stays, test_what_is_no_key_is_told)
