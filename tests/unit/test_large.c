// SPDX-License-Identifier: MIT
/*
 * Large arrays keep what is in them as they grow and move.
 */
#include "lib/large.h"

#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

#define COUNT_MAX ((size_t)8 << 20) /* 32 MiB: a mapping of its own long before */

START_TEST(test_grows)
{
	uint32_t *array = NULL;
	size_t count = 0, grown, i;

	large_return_when_freed();
	for (grown = 1; grown <= COUNT_MAX; grown *= 4) {
		array = large_realloc(array, grown, sizeof(*array));
		ck_assert_ptr_nonnull(array);
		for (; count < grown; count++)
			array[count] = (uint32_t)count * 3;
	}
	for (i = 0; i < count; i++)
		if (array[i] != (uint32_t)i * 3)
			break;
	ck_assert_uint_eq(i, count);
	array = large_realloc(array, 1, sizeof(*array));
	ck_assert_uint_eq(array[0], 0);
	free(array);
}
END_TEST

START_TEST(test_begins_with_zeros)
{
	static const size_t counts[] = {1, 4096, COUNT_MAX};
	size_t i, at;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint32_t *array = large_calloc(counts[i], sizeof(*array));
		uint32_t any = 0;

		ck_assert_ptr_nonnull(array);
		for (at = 0; at < counts[i]; at++)
			any |= array[at];
		ck_assert_uint_eq(any, 0);
		free(array);
	}
}
END_TEST

UNIT_MAIN("large", test_grows, test_begins_with_zeros)
