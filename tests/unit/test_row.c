// SPDX-License-Identifier: MIT
/*
 * Whole rows of numbers: the same as number by number, or left to who reads number by number.
 */
#include "snapshot/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define WIDTH_MAX 12
#define TEXT_SIZE (ROW_BYTES(WIDTH_MAX) + 64)

/* What is behind the row, from its start; 0: it was left. Behind the text stands noise. */
static size_t scan(const char *text, uint32_t width, uint64_t *row)
{
	char copy[TEXT_SIZE];
	int length = snprintf(copy, sizeof(copy), "%s", text);
	const char *end;

	memset(copy + length, '9', sizeof(copy) - (size_t)length);
	end = row_scan(copy, width, row);
	return end != NULL ? (size_t)(end - copy) : 0;
}

static uint64_t number_of(unsigned digits)
{
	uint64_t value = 0;

	for (; digits > 0; digits--)
		value = value * 10 + digits % 9 + 1;
	return value;
}

START_TEST(test_numbers_of_every_length_in_every_place)
{
	uint64_t expected[WIDTH_MAX], row[WIDTH_MAX];
	char text[TEXT_SIZE];
	unsigned first, step, i;

	for (first = 1; first <= 19; first++)
		for (step = 0; step < 19; step++) {
			size_t length = 0;

			for (i = 0; i < WIDTH_MAX; i++) {
				expected[i] = number_of((first + i * step) % 19 + 1);
				length += (size_t)snprintf(
				    text + length, sizeof(text) - length, "%" PRIu64 "%s",
				    expected[i], i == WIDTH_MAX - 1 && step % 2 == 1 ? "\n," : ",");
			}
			ck_assert_uint_eq(scan(text, WIDTH_MAX, row), length);
			ck_assert_mem_eq(row, expected, sizeof(row));
		}
}
END_TEST

START_TEST(test_what_is_left_to_others)
{
	static const char *const texts[] = {",2,3,",
	                                    "1,,3,",
	                                    "1,2,,",
	                                    "1,2,3]",
	                                    "1,2,3\n]",
	                                    "1,2,3 ,",
	                                    "1, 2,3,",
	                                    "-1,2,3,",
	                                    "1,2.5,3",
	                                    "1,a,3,",
	                                    "1\n,2,3,",
	                                    "1,2,3\n\n,",
	                                    "1,\"2\",3,",
	                                    "1,2\n,3,",
	                                    "1/2,3,",
	                                    "1:2,3,",
	                                    "1,2,\xB0,",
	                                    "1,2,\xB9,",
	                                    "12345678901234567890,2,3,",
	                                    "1,2,123456789012345678901234567890123456789,"};
	uint64_t row[WIDTH_MAX];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(scan(texts[i], 3, row) == 0, "%s", texts[i]);
	ck_assert_uint_eq(scan("1,2,3,", 3, row), 6);
}
END_TEST

UNIT_MAIN("row", test_numbers_of_every_length_in_every_place, test_what_is_left_to_others)
