// SPDX-License-Identifier: MIT
/*
 * Radix sort from the least digit, of eleven bits each, up to the first of the largest key.
 */
#include "snapshot/objects.h"

#include <stdlib.h>

#include "lib/cleanup.h"

#define DIGIT_BITS  11
#define DIGIT_COUNT (1U << DIGIT_BITS)
#define PASS_COUNT  3

static void sort_by_digit(const struct object_id *from, struct object_id *to, size_t count,
                          unsigned shift)
{
	size_t starts[DIGIT_COUNT] = {0};
	size_t i, sum = 0;

	for (i = 0; i < count; i++)
		starts[from[i].id >> shift & (DIGIT_COUNT - 1)]++;
	for (i = 0; i < DIGIT_COUNT; i++) {
		size_t here = starts[i];

		starts[i] = sum;
		sum += here;
	}
	for (i = 0; i < count; i++)
		to[starts[from[i].id >> shift & (DIGIT_COUNT - 1)]++] = from[i];
}

struct object_id *objects_sort(const uint32_t *keys, uint32_t node_count)
{
	_cleanup_(freep) struct object_id *ids = malloc(node_count * sizeof(*ids));
	_cleanup_(freep) struct object_id *others = malloc(node_count * sizeof(*others));
	uint32_t maximum = 0;
	unsigned pass;
	uint32_t i;

	if (ids == NULL || others == NULL)
		return NULL;
	for (i = 0; i < node_count; i++) {
		ids[i] = (struct object_id){keys[i], i};
		maximum = keys[i] > maximum ? keys[i] : maximum;
	}
	for (pass = 0; pass < PASS_COUNT && maximum >> (pass * DIGIT_BITS) != 0; pass++) {
		struct object_id *sorted = others;

		sort_by_digit(ids, sorted, node_count, pass * DIGIT_BITS);
		others = ids;
		ids = sorted;
	}
	return TAKE_PTR(ids);
}
