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

UNIT_MAIN("utf8", test_every_well_formed_sequence_has_its_length,
          test_overlong_surrogate_cut_and_stray_bytes_have_none)
