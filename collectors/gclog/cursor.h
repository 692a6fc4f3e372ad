// SPDX-License-Identifier: MIT
/*
 * A place in a text and the small readers that move it: literals and numbers as V8 prints them.
 * Inline, because a GC line takes thirty of them. Each moves the cursor only when it succeeds, and
 * none looks beyond the end.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_CURSOR_H
#define HEAPWATCH_COLLECTORS_GCLOG_CURSOR_H

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

CURSOR_INLINE bool cursor_take_decimal(struct cursor *cursor, struct cursor_decimal *ret_decimal)
{
	const char *start = cursor->at;
	uint64_t digits = 0;
	unsigned fraction_count = 0;
	unsigned whole_count = cursor_take_digits(cursor, &digits);

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

/* Rounds. Constant divisors for what V8 prints: a division by a variable is most of the cost. */
CURSOR_INLINE uint64_t cursor_scale(const struct cursor_decimal *decimal, uint64_t factor)
{
	uint64_t scaled = decimal->digits * factor;
	uint64_t divisor = 1000;
	unsigned i;

	switch (decimal->fraction_count) {
	case 0:
		return scaled;
	case 1:
		return (scaled + 5) / 10;
	case 2:
		return (scaled + 50) / 100;
	case 3:
		return (scaled + 500) / 1000;
	default:
		for (i = 3; i < decimal->fraction_count; i++)
			divisor *= 10;
		return (scaled + divisor / 2) / divisor;
	}
}

CURSOR_INLINE bool cursor_take_milliseconds(struct cursor *cursor, uint64_t *ret_ns,
                                            unsigned *ret_fraction_count)
{
	struct cursor_decimal decimal;

	if (!cursor_take_decimal(cursor, &decimal))
		return false;
	*ret_ns = cursor_scale(&decimal, UINT64_C(1000000));
	*ret_fraction_count = decimal.fraction_count;
	return true;
}

CURSOR_INLINE bool cursor_take_megabytes(struct cursor *cursor, uint64_t *ret_bytes)
{
	struct cursor_decimal decimal;

	if (!cursor_take_decimal(cursor, &decimal))
		return false;
	*ret_bytes = cursor_scale(&decimal, MIB);
	return true;
}

CURSOR_INLINE unsigned cursor_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

CURSOR_INLINE bool cursor_take_hex(struct cursor *cursor, uint64_t *ret_value)
{
	const char *start = cursor->at;
	uint64_t value = 0;
	unsigned count = 0;

	(void)cursor_take(cursor, LITERAL("0x")); /* Windows prints pointers without it */
	for (; cursor->at < cursor->end && cursor_hex_digit(*cursor->at) < 16; cursor->at++) {
		value = value << 4 | cursor_hex_digit(*cursor->at);
		count++;
	}
	if (count == 0 || count > 16) {
		cursor->at = start;
		return false;
	}
	*ret_value = value;
	return true;
}

#endif
