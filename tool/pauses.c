// SPDX-License-Identifier: MIT
/*
 * First an array of all pauses, then a histogram with 256 buckets for each power of two.
 */
#include "tool/pauses.h"

#include <math.h>
#include <stdlib.h>

#include "lib/clock.h"

/* Below 512 us a bucket is a microsecond wide. */
#define BUCKET_BITS  8
#define BUCKET_LEAST (1U << (BUCKET_BITS + 1))
#define BUCKET_COUNT (BUCKET_LEAST + (32 - BUCKET_BITS - 1) * (1U << BUCKET_BITS))

static unsigned bucket_shift(uint32_t us)
{
	return us < BUCKET_LEAST ? 0 : 31 - (unsigned)__builtin_clz(us) - BUCKET_BITS;
}

static size_t bucket_of(uint32_t us)
{
	unsigned shift = bucket_shift(us);

	return ((size_t)shift << BUCKET_BITS) + (us >> shift);
}

/* The middle of the bucket. */
static double bucket_us(size_t bucket)
{
	size_t shift = bucket < BUCKET_LEAST ? 0 : (bucket >> BUCKET_BITS) - 1;
	size_t least = (bucket - (shift << BUCKET_BITS)) << shift;

	return (double)least + (double)(((size_t)1 << shift) - 1) / 2;
}

static void begin_buckets(struct pauses *pauses)
{
	size_t i;

	pauses->buckets = calloc(BUCKET_COUNT, sizeof(*pauses->buckets));
	if (pauses->buckets == NULL)
		return;
	for (i = 0; i < pauses->count; i++)
		pauses->buckets[bucket_of(pauses->exact[i])]++;
	free(pauses->exact);
	pauses->exact = NULL;
}

/* False without memory. */
static int grow(struct pauses *pauses)
{
	size_t capacity = pauses->capacity > 0 ? pauses->capacity * 2 : 64;
	uint32_t *grown = reallocarray(pauses->exact, capacity, sizeof(*grown));

	if (grown == NULL)
		return 0;
	pauses->exact = grown;
	pauses->capacity = capacity;
	return 1;
}

bool pauses_add(struct pauses *pauses, uint64_t pause_ns)
{
	uint64_t us = pause_ns / NS_PER_US;
	uint32_t capped_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;

	if (pauses->buckets == NULL && pauses->count == PAUSES_EXACT_MAX)
		begin_buckets(pauses);
	if (pauses->buckets != NULL)
		pauses->buckets[bucket_of(capped_us)]++;
	else if (pauses->count < PAUSES_EXACT_MAX &&
	         (pauses->count < pauses->capacity || grow(pauses)))
		pauses->exact[pauses->count] = capped_us;
	else
		return false; /* the later ones are missing, too */
	if (capped_us > pauses->max_us)
		pauses->max_us = capped_us;
	pauses->count++;
	return true;
}

static int compare_us(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static double bucket_quantile(const struct pauses *pauses, uint64_t rank)
{
	uint64_t below = 0;
	size_t bucket = 0;

	while (bucket < BUCKET_COUNT && below + pauses->buckets[bucket] < rank)
		below += pauses->buckets[bucket++];
	return fmin(bucket_us(bucket), pauses->max_us);
}

double pauses_quantile(const struct pauses *pauses, double quantile)
{
	uint64_t rank = (uint64_t)ceil(quantile * (double)pauses->count);

	if (pauses->count == 0)
		return (double)NAN;
	if (rank == 0)
		rank = 1;
	if (pauses->buckets != NULL)
		return bucket_quantile(pauses, rank) / 1000;
	qsort(pauses->exact, (size_t)pauses->count, sizeof(*pauses->exact), compare_us);
	return pauses->exact[rank - 1] / 1000.0;
}

void pauses_done(struct pauses *pauses)
{
	free(pauses->exact);
	free(pauses->buckets);
	*pauses = (struct pauses){0};
}
