// SPDX-License-Identifier: MIT
/*
 * Durations and sizes as people write them, and conversions with overflow checks.
 * Durations: 500ms 5s 10m 24h 7d, or 0 (one number, one unit). Sizes: plain bytes, or KiB MiB GiB
 * TiB.
 */
#ifndef HEAPWATCH_LIB_UNITS_H
#define HEAPWATCH_LIB_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define UNIT_TEXT_SIZE 32

/* -EINVAL: not a duration / size; -ERANGE: does not fit. A fraction is allowed ("1.5h", "0.5GiB").
 */
int duration_parse(const char *text, uint64_t *ret_ns) __attribute__((warn_unused_result));
int size_parse(const char *text, uint64_t *ret_bytes) __attribute__((warn_unused_result));

/* For people: "5s", "2.5h", "3.2d"; "391.4 MiB". Return out. */
const char *duration_format(char out[UNIT_TEXT_SIZE], uint64_t duration_ns);
const char *size_format(char out[UNIT_TEXT_SIZE], double bytes);

/* Saturating arithmetic: the result sticks at UINT64_MAX (or 0 for a difference). */
static inline uint64_t u64_add_saturating(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t u64_multiply_saturating(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t u64_subtract_floor(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline double ns_to_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

#endif
