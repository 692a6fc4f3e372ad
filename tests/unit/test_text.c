// SPDX-License-Identifier: MIT
/*
 * The text format: headers once and only with a sample, labels that cannot break out.
 */
#include "daemon/exposition/text.h"

#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/unit.h"

struct escape_case {
	const char *name;
	const char *value;
	const char *expected;
};

static const struct escape_case escape_cases[] = {
    {"empty", "", ""},
    {"plain", "checkout-api", "checkout-api"},
    {"quote", "a\"b", "a\\\"b"},
    {"backslash", "C:\\x", "C:\\\\x"},
    {"newline", "a\nb\n", "a\\nb\\n"},
    {"forged series", "x\"} 1\nevil 2", "x\\\"} 1\\nevil 2"},
    {"legal control characters", "a\tb\rc\x01\x7f", "a\tb\rc\x01\x7f"},
    {"UTF-8", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\xa5",
     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\xa5"},
    {"latin-1", "caf\xe9", "caf\xef\xbf\xbd"},
    {"stray bytes", "\x80\xff!", "\xef\xbf\xbd\xef\xbf\xbd!"},
    {"cut sequence before a quote", "\xe2\x82\"", "\xef\xbf\xbd\xef\xbf\xbd\\\""},
    {"cut sequence at the end", "a\xf0\x9f\x94", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"overlong slash", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(test_label_values_are_escaped_and_valid_utf8)
{
	size_t i;

	for (i = 0; i < sizeof(escape_cases) / sizeof(escape_cases[0]); i++) {
		struct buf out = BUF_INIT(1024);

		text_escape_label(&out, escape_cases[i].value);
		ck_assert_msg(strcmp(buf_string(&out), escape_cases[i].expected) == 0, "%s: %s",
		              escape_cases[i].name, buf_string(&out));
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_header_is_written_once_and_only_with_a_sample)
{
	struct buf out = BUF_INIT(1024);
	struct text_writer writer;

	text_init(&writer, &out);
	text_family(&writer, "unused", "gauge", "Nobody has it.");
	text_family(&writer, "used_total", "counter", "Two\nlines, \\ one backslash.");
	text_begin(&writer, "", NULL);
	text_end_u64(&writer, 18446744073709551615U);
	text_begin(&writer, "", NULL);
	text_label(&writer, "a", "b");
	text_end(&writer, 0.1);
	ck_assert_str_eq(buf_string(&out), "# HELP used_total Two\\nlines, \\\\ one backslash.\n"
	                                   "# TYPE used_total counter\n"
	                                   "used_total 18446744073709551615\n"
	                                   "used_total{a=\"b\"} 0.1\n");
	buf_done(&out);
}
END_TEST

START_TEST(test_prefix_comes_before_further_labels)
{
	const struct text_prefix prefix = {"{app=\"x\",slot=\"0\"", 17};
	const struct text_prefix none = {"", 0};
	struct buf out = BUF_INIT(1024);
	struct text_writer writer;

	text_init(&writer, &out);
	text_family(&writer, "h", "histogram", "H.");
	text_begin(&writer, "_bucket", &prefix);
	text_label(&writer, "le", "+Inf");
	text_end(&writer, 3);
	text_begin(&writer, "_sum", &prefix);
	text_end(&writer, (double)INFINITY);
	text_begin(&writer, "_count", &none);
	text_end(&writer, (double)NAN);
	ck_assert_str_eq(buf_string(&out), "# HELP h H.\n# TYPE h histogram\n"
	                                   "h_bucket{app=\"x\",slot=\"0\",le=\"+Inf\"} 3\n"
	                                   "h_sum{app=\"x\",slot=\"0\"} +Inf\n"
	                                   "h_count NaN\n");
	buf_done(&out);
}
END_TEST

UNIT_MAIN("text", test_label_values_are_escaped_and_valid_utf8,
          test_header_is_written_once_and_only_with_a_sample,
          test_prefix_comes_before_further_labels)
