// SPDX-License-Identifier: MIT
/*
 * A place in a text and the small readers that move it: literals and numbers as V8 prints them.
 * Inline, because a GC line takes thirty of them. Each moves the cursor only when it succeeds, and
 * none looks beyond the end.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_CURSOR_H
#define HEAPWATCH_COLLECTORS_GCLOG_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/units.h"

#define CURSOR_DIGITS_MAX 12 /* of a number, so that it fits 64 bits even times 2^20 */

#define LITERAL(text) (text), sizeof(text) - 1

/* Compilers think these too large to inline everywhere; out of line a GC line costs more. */
#define CURSOR_INLINE static inline __attribute__((always_inline))

/* Readers keep the place to go back to, not a copy of the cursor: loading both pointers at once
 * right after one was stored makes the processor wait. */
struct cursor {
	const char *at;
	const char *end;
};

/* A decimal number as digits and how many of them are fraction. */
struct cursor_decimal {
	uint64_t digits;
	unsigned fraction_count;
};

CURSOR_INLINE bool cursor_take(struct cursor *cursor, const char *literal, size_t length)
{
	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, literal, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

CURSOR_INLINE void cursor_skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && *cursor->at == ' ')
		cursor->at++;
}

/* Continues the number in *value; returns how many digits. */
CURSOR_INLINE unsigned cursor_take_digits(struct cursor *cursor, uint64_t *value)
{
	const char *at = cursor->at;
	uint64_t number = *value;
	unsigned digit;
	size_t count;

	for (; at < cursor->end && (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++)
		number = number * 10 + digit;
	count = (size_t)(at - cursor->at);
	if (count > CURSOR_DIGITS_MAX)
		return 0;
	*value = number;
	cursor->at = at;
	return (unsigned)count;
}

/* The high bit of each byte of eight that is no digit. */
CURSOR_INLINE uint64_t cursor_no_digits(uint64_t bytes)
{
	const uint64_t low = bytes & UINT64_C(0x7f7f7f7f7f7f7f7f);

	return ((low + UINT64_C(0x4646464646464646)) | ~(low + UINT64_C(0x5050505050505050)) |
	        bytes) &
	       UINT64_C(0x8080808080808080);
}

/* The number whose eight digits these are, the first one in the lowest byte. */
CURSOR_INLINE uint64_t cursor_eight_digits(uint64_t bytes)
{
	bytes = (bytes & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
	bytes = (bytes & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	return (bytes & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

/*
 * "123.4" followed by something, eight bytes at once: V8's lines have eight such numbers of any
 * length, and a loop over digits ends where no processor expects it. False: read it otherwise.
 */
CURSOR_INLINE bool cursor_take_short_decimal(struct cursor *cursor,
                                             struct cursor_decimal *ret_decimal)
{
	uint64_t bytes, others, whole_bits, all_bits;

	if (cursor->end - cursor->at < (ptrdiff_t)sizeof(bytes))
		return false;
	memcpy(&bytes, cursor->at, sizeof(bytes));
	bytes = le64toh(bytes);
	others = cursor_no_digits(bytes);
	if ((others & (others - 1)) == 0)
		return false;
	whole_bits = (uint64_t)__builtin_ctzll(others) - 7;
	all_bits = (uint64_t)__builtin_ctzll(others & (others - 1)) - 7;
	if (whole_bits == 0 || all_bits == whole_bits + 8 || (bytes >> whole_bits & 0xff) != '.')
		return false;
	bytes = (bytes & ((UINT64_C(1) << whole_bits) - 1)) | bytes >> 8 >> whole_bits
	                                                                        << whole_bits;
	/* Behind leading zeros; what stands behind the last digit falls out. */
	ret_decimal->digits = cursor_eight_digits(bytes << (72 - all_bits));
	ret_decimal->fraction_count = (unsigned)(all_bits - whole_bits) / 8 - 1;
	cursor->at += all_bits / 8;
	return true;
}

CURSOR_INLINE bool cursor_take_decimal(struct cursor *cursor, struct cursor_decimal *ret_decimal)
{
	const char *start = cursor->at;
	uint64_t digits = 0;
	unsigned fraction_count = 0;
	unsigned whole_count;

	if (cursor_take_short_decimal(cursor, ret_decimal))
		return true;
	whole_count = cursor_take_digits(cursor, &digits);
	if (whole_count == 0)
		return false;
	if (cursor_take(cursor, LITERAL("."))) {
		fraction_count = cursor_take_digits(cursor, &digits);
		if (fraction_count == 0 || whole_count + fraction_count > CURSOR_DIGITS_MAX) {
			cursor->at = start;
			return false;
		}
	}
	*ret_decimal = (struct cursor_decimal){digits, fraction_count};
	return true;
}

static const uint64_t cursor_powers[CURSOR_DIGITS_MAX + 1] = {
    1,        10,        100,        1000,        10000,        100000,       1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000};

/* Nanoseconds of milliseconds: no division for what V8 prints, which has six decimals at most. */
CURSOR_INLINE uint64_t cursor_decimal_ns(const struct cursor_decimal *decimal)
{
	uint64_t divisor;

	if (__builtin_expect(decimal->fraction_count <= 6, true))
		return decimal->digits * cursor_powers[6 - decimal->fraction_count];
	divisor = cursor_powers[decimal->fraction_count - 6];
	return (decimal->digits + divisor / 2) / divisor;
}

/* Bytes of mebibytes, rounded: V8 prints one decimal, and its constant makes the division cheap. */
CURSOR_INLINE uint64_t cursor_decimal_bytes(const struct cursor_decimal *decimal)
{
	uint64_t divisor;

	if (__builtin_expect(decimal->fraction_count == 1, true))
		return (decimal->digits * MIB + 5) / 10;
	divisor = cursor_powers[decimal->fraction_count];
	return (decimal->digits * MIB + divisor / 2) / divisor;
}

CURSOR_INLINE double cursor_decimal_ratio(const struct cursor_decimal *decimal)
{
	return (double)decimal->digits / (double)cursor_powers[decimal->fraction_count];
}

CURSOR_INLINE bool cursor_take_milliseconds(struct cursor *cursor, uint64_t *ret_ns,
                                            unsigned *ret_fraction_count)
{
	struct cursor_decimal decimal;

	if (!cursor_take_decimal(cursor, &decimal))
		return false;
	*ret_ns = cursor_decimal_ns(&decimal);
	*ret_fraction_count = decimal.fraction_count;
	return true;
}

CURSOR_INLINE bool cursor_take_megabytes(struct cursor *cursor, uint64_t *ret_bytes)
{
	struct cursor_decimal decimal;

	if (!cursor_take_decimal(cursor, &decimal))
		return false;
	*ret_bytes = cursor_decimal_bytes(&decimal);
	return true;
}

/* One more than the value of a hexadecimal digit; 0: it is none. */
static const unsigned char cursor_hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

CURSOR_INLINE bool cursor_take_hex(struct cursor *cursor, uint64_t *ret_value)
{
	const char *start = cursor->at;
	const char *at;
	uint64_t value = 0;
	unsigned digit;
	size_t count;

	(void)cursor_take(cursor, LITERAL("0x")); /* Windows prints pointers without it */
	for (at = cursor->at;
	     at < cursor->end && (digit = cursor_hex_digits[(unsigned char)*at]) > 0; at++)
		value = value << 4 | (digit - 1);
	count = (size_t)(at - cursor->at);
	if (count == 0 || count > 16) {
		cursor->at = start;
		return false;
	}
	cursor->at = at;
	*ret_value = value;
	return true;
}

#endif
