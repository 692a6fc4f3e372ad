// SPDX-License-Identifier: MIT
/*
 * Where numbers end is found for many characters together, and eight digits are added up together:
 * a branch for each digit is mispredicted once a number, and a number that is looked for behind the
 * one before waits for it.
 */
#include "snapshot/row.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define DIGITS_AT_ONCE   8U
#define DIGITS_MAX       19 /* fit into 64 bits */
#define WINDOW_BYTES     32 /* a bit each */

static uint64_t load(const char *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return le64toh(bytes) ^ EACH_BYTE('0');
}

/* A bit for each of eight characters, the first one the lowest: it is no digit. */
static uint32_t find_ends_of_word(const char *at)
{
	uint64_t bytes = load(at);
	uint64_t others = (((bytes & EACH_BYTE(0x7F)) + EACH_BYTE(0x76)) | bytes) & EACH_BYTE(0x80);

	/* Bits 7, 15 and so on are brought together in the highest byte. */
	return (uint32_t)((others >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* Likewise for WINDOW_BYTES. */
static uint32_t find_ends(const char *at)
{
	return find_ends_of_word(at) | find_ends_of_word(at + 8) << 8 |
	       find_ends_of_word(at + 16) << 16 | find_ends_of_word(at + 24) << 24;
}

/* Of one to eight digits. */
static uint64_t add_up(const char *at, unsigned count)
{
	/* As eight digits with zeros in front; then pairs, fours and all of them are added up. */
	uint64_t digits = load(at) << (DIGITS_AT_ONCE - count) * 8;

	digits = (digits * 10 + (digits >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
	digits = (digits * 100 + (digits >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
	return (digits * 10000 + (digits >> 32)) & UINT32_MAX;
}

static uint64_t read_number(const char *at, unsigned count)
{
	unsigned first = (count - 1) % DIGITS_AT_ONCE + 1;
	uint64_t value;

	if (count == 1) /* types and flags are: always the same branch in a column */
		return (uint64_t)(*at - '0');
	value = add_up(at, first);
	for (; first < count; first += DIGITS_AT_ONCE)
		value = value * 100000000 + add_up(at + first, DIGITS_AT_ONCE);
	return value;
}

const char *row_scan(const char *at, uint32_t width, uint64_t *row)
{
	const char *window = at;
	uint32_t ends = find_ends(window);
	uint32_t i;

	for (i = 0; i < width; i++) {
		const char *end;

		if (ends == 0) {
			window += WINDOW_BYTES;
			ends = find_ends(window);
		}
		end = window + __builtin_ctz(ends | UINT32_C(1) << (WINDOW_BYTES - 1));
		ends &= ends - 1;
		if (end == at || end - at > DIGITS_MAX)
			return NULL;
		row[i] = read_number(at, (unsigned)(end - at));
		at = end;
		if (*at != ',')
			break;
		at++;
	}
	if (i == width)
		return at;
	return i == width - 1 && at[0] == '\n' && at[1] == ',' ? at + 2 : NULL;
}
