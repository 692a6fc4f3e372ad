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

	text_init(&writer, TEXT_PROMETHEUS, &out);
	text_family(&writer, &(struct text_family){"unused", "gauge", "", "Nobody has it."});
	text_family(&writer, &(struct text_family){"used_total", "counter", "",
	                                           "Two\nlines, \\ one backslash."});
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

	text_init(&writer, TEXT_PROMETHEUS, &out);
	text_family(&writer, &(struct text_family){"h", "histogram", "", "H."});
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

struct header_case {
	struct text_family family;
	const char *expected; /* in OpenMetrics */
};

static const struct header_case header_cases[] = {
    {{"heap_bytes", "gauge", "bytes", "Heap."},
     "# HELP heap_bytes Heap.\n# TYPE heap_bytes gauge\n# UNIT heap_bytes bytes\n"},
    {{"cpu_seconds_total", "counter", "seconds", "A \"quote\"."},
     "# HELP cpu_seconds A \\\"quote\\\".\n# TYPE cpu_seconds counter\n"
     "# UNIT cpu_seconds seconds\n"},
    {{"growth_bytes_per_second", "gauge", "bytes per second", "G."},
     "# HELP growth_bytes_per_second G.\n# TYPE growth_bytes_per_second gauge\n"
     "# UNIT growth_bytes_per_second bytes_per_second\n"},
    {{"threads", "gauge", "threads", "T."}, "# HELP threads T.\n# TYPE threads gauge\n"},
    {{"open_fds", "gauge", "descriptors", "O."}, "# HELP open_fds O.\n# TYPE open_fds gauge\n"},
    {{"megabytes", "gauge", "bytes", "M."}, "# HELP megabytes M.\n# TYPE megabytes gauge\n"},
    {{"lines_total", "counter", "", "L."}, "# HELP lines L.\n# TYPE lines counter\n"},
    {{"handles_total", "gauge", "", "H."}, "# HELP handles_total H.\n# TYPE handles_total gauge\n"},
};

START_TEST(test_openmetrics_headers)
{
	size_t i;

	for (i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]); i++) {
		struct buf out = BUF_INIT(1024);
		struct text_writer writer;

		text_init(&writer, TEXT_OPENMETRICS, &out);
		text_family(&writer, &header_cases[i].family);
		text_header(&writer);
		ck_assert_str_eq(buf_string(&out), header_cases[i].expected);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_openmetrics_samples_keep_their_names_and_the_text_has_an_end)
{
	struct buf out = BUF_INIT(1024);
	struct text_writer writer;

	text_init(&writer, TEXT_OPENMETRICS, &out);
	text_family(&writer, &(struct text_family){"exits_total", "counter", "", "Ends."});
	text_begin(&writer, "", NULL);
	text_label(&writer, "app", "a\"b");
	text_end_u64(&writer, 3);
	text_finish(&writer);
	ck_assert_str_eq(buf_string(&out), "# HELP exits Ends.\n# TYPE exits counter\n"
	                                   "exits_total{app=\"a\\\"b\"} 3\n# EOF\n");
	buf_done(&out);
}
END_TEST

UNIT_MAIN("text", test_label_values_are_escaped_and_valid_utf8,
          test_header_is_written_once_and_only_with_a_sample,
          test_prefix_comes_before_further_labels, test_openmetrics_headers,
          test_openmetrics_samples_keep_their_names_and_the_text_has_an_end)
