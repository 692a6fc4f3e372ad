// SPDX-License-Identifier: MIT
/*
 * Eight characters are looked at together, since a branch for each digit is mispredicted once a
 * number.
 */
#include "snapshot/row.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define DIGITS_AT_ONCE   8
#define DIGITS_MAX       19 /* fit into 64 bits */

/* The value of the digits in front, and how many there are, at most eight. */
static uint64_t scan_digits(const char *at, unsigned *ret_count)
{
	uint64_t bytes, others;
	unsigned count;

	memcpy(&bytes, at, sizeof(bytes));
	bytes = le64toh(bytes) ^ EACH_BYTE('0');
	others =
	    ((bytes + EACH_BYTE(0x76)) | bytes) & EACH_BYTE(0x80); /* no digit, or behind one */
	count = others != 0 ? (unsigned)__builtin_ctzll(others) / 8 : DIGITS_AT_ONCE;
	*ret_count = count;
	if (count == 0)
		return 0;
	/* As eight digits with zeros in front; then pairs, fours and all of them are added up. */
	bytes <<= (DIGITS_AT_ONCE - count) * 8;
	bytes = (bytes * 10 + (bytes >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
	bytes = (bytes * 100 + (bytes >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
	return (bytes * 10000 + (bytes >> 32)) & UINT32_MAX;
}

/* NULL: there is none, or one that is too long. */
static const char *scan_number(const char *at, uint64_t *ret_value)
{
	unsigned count, digit;
	uint64_t value = scan_digits(at, &count);
	const char *start = at;

	at += count;
	if (count == DIGITS_AT_ONCE)
		for (; (digit = (unsigned)(unsigned char)*at - '0') <= 9 && at - start < DIGITS_MAX;
		     at++)
			value = value * 10 + digit;
	*ret_value = value;
	return count > 0 ? at : NULL;
}

const char *row_scan(const char *at, uint32_t width, uint64_t *row)
{
	uint32_t i;

	for (i = 0; i < width; i++) {
		at = scan_number(at, &row[i]);
		if (at == NULL)
			return NULL;
		if (i == width - 1)
			at += *at == '\n';
		if (*at++ != ',')
			return NULL;
	}
	return at;
}
