// SPDX-License-Identifier: MIT
/*
 * Charts of text, character by character.
 */
#include "tool/chart.h"

#include "lib/units.h"
#include "tests/unit/unit.h"

static void check(const struct chart *chart, const char *expected)
{
	struct buf out = BUF_INIT(65536);

	chart_append(&out, chart);
	ck_assert_str_eq(buf_string(&out), expected);
	buf_done(&out);
}

static const struct chart areas = {
    .columns = 6,
    .rows = 4,
    .front = {-1, 1.0 * MIB, 2.0 * MIB, 2.25 * MIB, 4.0 * MIB, 0},
    .back = {2.0 * MIB, 3.0 * MIB, 3.0 * MIB, 3.0 * MIB, 4.0 * MIB, -1},
    .from = "0s",
    .to = "9s",
    .indent = 2,
};

START_TEST(test_areas_in_ascii)
{
	check(&areas, "     4.0 MiB +    #\n"
	              "     3.0 MiB + ...#\n"
	              "             |..###\n"
	              "         0 B +.####\n"
	              "              0s  9s\n");
}
END_TEST

START_TEST(test_areas_in_unicode)
{
	struct chart chart = areas;

	chart.is_utf8 = true;
	check(&chart, "     4.0 MiB ┤    █\n"
	              "     3.0 MiB ┤ ░░▂█\n"
	              "             │░░███\n"
	              "         0 B ┤░████\n"
	              "              0s  9s\n");
}
END_TEST

START_TEST(test_a_limit_is_drawn_where_nothing_is)
{
	struct chart chart = areas;

	chart.limit = 4.0 * MIB;
	check(&chart, "     4.0 MiB +----#-\n"
	              "     3.0 MiB + ...#\n"
	              "             |..###\n"
	              "         0 B +.####\n"
	              "              0s  9s\n");
}
END_TEST

START_TEST(test_nothing_is_no_error)
{
	const struct chart chart = {.columns = 3, .rows = 2, .from = "a", .to = "bcd"};

	check(&chart, "       1 B +\n"
	              "       0 B +\n"
	              "            a bcd\n");
}
END_TEST

UNIT_MAIN("chart", test_areas_in_ascii, test_areas_in_unicode,
          test_a_limit_is_drawn_where_nothing_is, test_nothing_is_no_error)
