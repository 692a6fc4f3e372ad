// SPDX-License-Identifier: MIT
/*
 * Text stays text in HTML and XML, whatever its bytes.
 */
#include "lib/markup.h"

#include "tests/unit/unit.h"

#define BAD "\xEF\xBF\xBD"

START_TEST(test_text_is_escaped)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    {"", ""},
	    {"plain ü €", "plain ü €"},
	    {"<script>&\"'", "&lt;script&gt;&amp;&quot;&#39;"},
	    {"a\tb\nc", "a\tb\nc"},
	    {"\x01\x1b[31m\x7f", BAD BAD "[31m" BAD},
	    {"\xc2\x9b\xc2\xa0", BAD "\xc2\xa0"},
	    {"\xff\xc0\xaf", BAD BAD BAD},
	    {"a\xe2\x80\xae", "a" BAD},
	    {"\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd", BAD BAD BAD},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = BUF_INIT(1024);

		markup_append(&text, rows[i].text);
		ck_assert_str_eq(buf_string(&text), rows[i].expected);
		buf_done(&text);
	}
}
END_TEST

UNIT_MAIN("markup", test_text_is_escaped)
