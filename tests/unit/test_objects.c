// SPDX-License-Identifier: MIT
/*
 * Nodes in the order of their ids: as qsort() has them, those of one id in the order of nodes.
 */
#include "snapshot/objects.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

#define COUNT 5000

static int compare(const void *one, const void *other)
{
	const struct object_id *a = one;
	const struct object_id *b = other;

	return a->id != b->id ? (a->id > b->id) - (a->id < b->id)
	                      : (a->node > b->node) - (a->node < b->node);
}

/* Up to the maximum, and that. */
static void fill(uint32_t keys[COUNT], uint32_t maximum)
{
	uint32_t state = 1;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		state = state * 1664525 + 1013904223;
		keys[i] = (uint32_t)((uint64_t)state * ((uint64_t)maximum + 1) >> 32);
	}
	keys[COUNT / 2] = maximum;
}

START_TEST(test_order)
{
	static const uint32_t maxima[] = {0,        1,         0xFFF,     0x1000,     0xFFFFF,
	                                  0xFFFFFF, 0x1000000, 0xFFFFFFF, 0x80000000, UINT32_MAX};
	static uint32_t keys[COUNT];
	static struct object_id expected[COUNT];
	size_t i;
	uint32_t at;

	for (i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		struct object_id *ids;

		fill(keys, maxima[i]);
		for (at = 0; at < COUNT; at++)
			expected[at] = (struct object_id){keys[at], at};
		qsort(expected, COUNT, sizeof(*expected), compare);
		ids = objects_sort(keys, COUNT);
		ck_assert_ptr_nonnull(ids);
		ck_assert_mem_eq(ids, expected, sizeof(expected));
		free(ids);
	}
}
END_TEST

START_TEST(test_none)
{
	struct object_id *ids = objects_sort(NULL, 0);

	ck_assert_ptr_nonnull(ids);
	ck_assert_int_eq(objects_order(&ids, 0), 0);
	free(ids);
}
END_TEST

UNIT_MAIN("objects", test_order, test_none)
