// SPDX-License-Identifier: MIT
/*
 * Radix sort from the least digit, of at most twelve bits, as few as the largest key needs.
 */
#include "snapshot/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/large.h"

#define ID_BITS        32U
#define DIGIT_BITS_MAX 12U
#define DIGIT_COUNT    (1U << DIGIT_BITS_MAX)

struct digit {
	unsigned shift;
	uint32_t mask;
};

static inline uint32_t digit_of(const struct object_id *id, struct digit digit)
{
	return id->id >> digit.shift & digit.mask;
}

static void sort_by_digit(const struct object_id *from, struct object_id *to, size_t count,
                          struct digit digit)
{
	size_t starts[DIGIT_COUNT] = {0};
	size_t i, sum = 0;

	for (i = 0; i < count; i++)
		starts[digit_of(&from[i], digit)]++;
	for (i = 0; i < DIGIT_COUNT; i++) {
		size_t here = starts[i];

		starts[i] = sum;
		sum += here;
	}
	for (i = 0; i < count; i++)
		to[starts[digit_of(&from[i], digit)]++] = from[i];
}

static unsigned count_bits(const struct object_id *ids, size_t count)
{
	uint32_t all = 1;
	size_t i;

	for (i = 0; i < count; i++)
		all |= ids[i].id;
	return ID_BITS - (unsigned)__builtin_clz(all);
}

int objects_order(struct object_id **ids, size_t count)
{
	_cleanup_(freep) struct object_id *others = large_calloc(count + 1, sizeof(*others));
	unsigned bits = count_bits(*ids, count);
	unsigned passes = (bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX;
	unsigned width = (bits + passes - 1) / passes;
	unsigned pass;

	if (others == NULL)
		return -ENOMEM;
	for (pass = 0; pass < passes; pass++) {
		struct object_id *sorted = others;

		sort_by_digit(*ids, sorted, count,
		              (struct digit){pass * width, (UINT32_C(1) << width) - 1});
		others = *ids;
		*ids = sorted;
	}
	return 0;
}

struct object_id *objects_sort(const uint32_t *keys, uint32_t node_count)
{
	_cleanup_(freep) struct object_id *ids = large_calloc((size_t)node_count + 1, sizeof(*ids));
	uint32_t i;

	if (ids == NULL)
		return NULL;
	for (i = 0; i < node_count; i++)
		ids[i] = (struct object_id){keys[i], i};
	if (objects_order(&ids, node_count) < 0)
		return NULL;
	return TAKE_PTR(ids);
}
