// SPDX-License-Identifier: MIT
/*
 * Which bytes count as UTF-8: the borders of every row of the Unicode table.
 */
#include "lib/utf8.h"

#include "tests/unit/unit.h"

struct utf8_case {
	const char *text;
	size_t length;
};

static const struct utf8_case well_formed[] = {
    {"a", 1},
    {"\x01", 1},
    {"\x7f", 1},
    {"\xc2\x80", 2},
    {"\xdf\xbf", 2},
    {"\xe0\xa0\x80", 3},
    {"\xed\x9f\xbf", 3},
    {"\xee\x80\x80", 3},
    {"\xef\xbf\xbd", 3},
    {"\xf0\x90\x80\x80", 4},
    {"\xf1\x80\x80\x80", 4},
    {"\xf4\x8f\xbf\xbf", 4},
};

static const char *const malformed[] = {
    "",
    "\x80", /* a continuation alone */
    "\xbf",
    "\xc0\xaf", /* overlong */
    "\xc1\xbf",
    "\xe0\x9f\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xed\xa0\x80",     /* surrogate */
    "\xf4\x90\x80\x80", /* above U+10FFFF */
    "\xf5\x80\x80\x80",
    "\xff",
    "\xc3", /* cut off */
    "\xe2\x82",
    "\xf0\x9f\x98",
    "\xe2\x28\xa1",
    "\xe2\x82\x28",
};

START_TEST(test_every_well_formed_sequence_has_its_length)
{
	size_t i;

	for (i = 0; i < sizeof(well_formed) / sizeof(well_formed[0]); i++)
		ck_assert_uint_eq(utf8_sequence_length(well_formed[i].text), well_formed[i].length);
}
END_TEST

START_TEST(test_overlong_surrogate_cut_and_stray_bytes_have_none)
{
	size_t i;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		ck_assert_msg(utf8_sequence_length(malformed[i]) == 0, "row %zu", i);
}
END_TEST

START_TEST(test_what_acts_or_hides_is_not_shown)
{
	static const char *const hidden[] = {
	    "\x01",         "\n",           "\x1b",         "\x7f",         "\xc2\x80",
	    "\xc2\x9f",     "\xd8\x9c",     "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f",
	    "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa0", "\xe2\x81\xaf", "\xef\xbb\xbf",
	    "\xef\xbf\xbe", "\xef\xbf\xbf", "\xff",
	};
	/* The neighbours of those, and the joiners. */
	static const char *const shown[] = {
	    " ",
	    "~",
	    "\xc2\xa0",
	    "\xd8\x9b",
	    "\xd8\x9d",
	    "\xe2\x80\x8a",
	    "\xe2\x80\x8c",
	    "\xe2\x80\x8d",
	    "\xe2\x80\x90",
	    "\xe2\x80\xa7",
	    "\xe2\x80\xaf",
	    "\xe2\x81\x9f",
	    "\xe2\x81\xb0",
	    "\xef\xbb\xbe",
	    "\xef\xbc\x80",
	    "\xef\xbf\xbd",
	    "\xd9\x85",
	    "\xf0\x9f\x98\x80",
	};
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		ck_assert_msg(!utf8_may_show(hidden[i], utf8_sequence_length(hidden[i])),
		              "hidden %zu", i);
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		ck_assert_msg(utf8_may_show(shown[i], utf8_sequence_length(shown[i])), "shown %zu",
		              i);
}
END_TEST

START_TEST(test_clean_text_shows_where_something_was)
{
	static const struct {
		const char *text;
		const char *clean;
	} rows[] = {
	    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"a\nb\tc\x7f", "a" UTF8_REPLACEMENT "b" UTF8_REPLACEMENT "c" UTF8_REPLACEMENT},
	    {"\x1b[31m", UTF8_REPLACEMENT "[31m"},
	    {"\xff\xfe", UTF8_REPLACEMENT UTF8_REPLACEMENT},
	    {"\xc0\xaf", UTF8_REPLACEMENT UTF8_REPLACEMENT},
	    {"\xc2\x85", UTF8_REPLACEMENT},
	    {"\xe2\x82", UTF8_REPLACEMENT UTF8_REPLACEMENT},
	    {"a\xe2\x80\xae"
	     "b",
	     "a" UTF8_REPLACEMENT "b"},
	    {"", ""},
	};
	char tiny[4];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char clean[64];

		utf8_clean(clean, sizeof(clean), rows[i].text);
		ck_assert_str_eq(clean, rows[i].clean);
	}
	utf8_clean(tiny, sizeof(tiny), "ab\xe2\x82\xac"); /* never half a character */
	ck_assert_str_eq(tiny, "ab");
}
END_TEST

UNIT_MAIN("utf8", test_every_well_formed_sequence_has_its_length,
          test_overlong_surrogate_cut_and_stray_bytes_have_none,
          test_what_acts_or_hides_is_not_shown, test_clean_text_shows_where_something_was)
