// SPDX-License-Identifier: MIT
/*
 * Seeded pseudo-random numbers (xorshift64*): the same seed gives the same worlds everywhere.
 */
#ifndef HEAPWATCH_TESTS_SIMULATION_RANDOM_H
#define HEAPWATCH_TESTS_SIMULATION_RANDOM_H

#include <math.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline void random_seed(struct random *random, uint64_t seed)
{
	/* splitmix64: neighbouring seeds give unrelated states, and never 0. */
	uint64_t z = seed * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	random->state = (z ^ (z >> 31)) | 1;
}

/* In 0…1, without 1. */
static inline double random_unit(struct random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return (double)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 11) / 9007199254740992.0;
}

static inline double random_uniform(struct random *random, double low, double high)
{
	return low + (high - low) * random_unit(random);
}

static inline double random_log_uniform(struct random *random, double low, double high)
{
	return low * exp(random_unit(random) * log(high / low));
}

static inline double random_normal(struct random *random)
{
	double radius = sqrt(-2 * log(1 - random_unit(random)));

	return radius * cos(2 * 3.14159265358979 * random_unit(random));
}

/* Log-normal around a median, cut to low…high. */
static inline double random_log_normal(struct random *random, double median, double sigma)
{
	return median * exp(sigma * random_normal(random));
}

#endif
