// SPDX-License-Identifier: MIT
/*
 * Numbers without locale: heapwatch never calls setlocale, so that strtod and printf of the C
 * library see the "C" locale; the common short decimal does not even reach them.
 */
#include "lib/numbers.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL_TEXT_MAX      512    /* digits of a decimal that is still looked at */
#define EXACT_DIGITS          15     /* 10^15 < 2^53: such a mantissa is exact in a double */
#define EXACT_POWER           22     /* 10^22 is the largest power of ten exact in a double */
#define EXPONENT_LIMIT        100000 /* far beyond any double; keeps the sum from overflowing */
#define INTEGER_DOUBLE_LIMIT  1e15   /* below it integers are printed by hand */
#define SHORT_DECIMAL_PLACES  9
#define SHORT_DECIMAL_SCALE   1e9
#define SHORT_DECIMAL_MIN     1e-4 /* below it printf uses an exponent */
#define SHORT_DECIMAL_LIMIT   1e6  /* times the scale: 15 digits */
#define SHORTEST_DIGITS_FIRST 15
#define SHORTEST_DIGITS_LAST  17

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int number_parse_u64(const char *text, size_t length, uint64_t *ret_value)
{
	uint64_t value = 0;
	bool has_overflown = false;
	size_t i;

	if (length == 0)
		return -EINVAL;
	for (i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return -EINVAL;
		has_overflown |= __builtin_mul_overflow(value, UINT64_C(10), &value);
		has_overflown |= __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value);
	}
	if (has_overflown)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int number_parse_i64(const char *text, size_t length, int64_t *ret_value)
{
	bool is_negative = length > 0 && text[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
	uint64_t magnitude = 0;
	int result;

	result = number_parse_u64(text + is_negative, length - is_negative, &magnitude);
	if (result < 0)
		return result;
	if (magnitude > limit)
		return -ERANGE;
	/* Negated as unsigned, which is defined for INT64_MIN too. */
	*ret_value = (int64_t)(is_negative ? UINT64_C(0) - magnitude : magnitude);
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int number_parse_hex(const char *text, size_t length, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	if (length >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		length -= 2;
	}
	if (length == 0)
		return -EINVAL;
	for (i = 0; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return digit;
		value = value << 4 | (unsigned)digit;
	}
	if (length > 16)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* A decimal taken apart; up to EXACT_DIGITS its value is mantissa * 10^power. */
struct decimal {
	uint64_t mantissa;
	int digit_count; /* significant ones */
	int power;
	bool is_negative;
};

static size_t decimal_take_digits(struct decimal *decimal, const char *text, size_t length,
                                  bool is_fraction)
{
	size_t i;

	for (i = 0; i < length && is_digit(text[i]); i++) {
		if (decimal->digit_count > 0 || text[i] != '0')
			decimal->digit_count++;
		if (decimal->digit_count <= EXACT_DIGITS)
			decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(text[i] - '0');
		if (is_fraction)
			decimal->power--;
	}
	return i;
}

/* The e+NN part at text; its length, or 0 when it is none. */
static size_t decimal_take_exponent(struct decimal *decimal, const char *text, size_t length)
{
	int exponent = 0;
	bool is_negative;
	size_t i = 1;

	is_negative = i < length && text[i] == '-';
	if (i < length && (text[i] == '-' || text[i] == '+'))
		i++;
	if (i >= length || !is_digit(text[i]))
		return 0;
	for (; i < length && is_digit(text[i]); i++)
		if (exponent < EXPONENT_LIMIT)
			exponent = exponent * 10 + (text[i] - '0');
	decimal->power += is_negative ? -exponent : exponent;
	return i;
}

static int decimal_parse(const char *text, size_t length, struct decimal *decimal)
{
	size_t at = 0, taken;

	*decimal = (struct decimal){.is_negative = length > 0 && text[0] == '-'};
	at += decimal->is_negative;
	taken = decimal_take_digits(decimal, text + at, length - at, false);
	if (taken == 0)
		return -EINVAL;
	at += taken;
	if (at < length && text[at] == '.') {
		taken = decimal_take_digits(decimal, text + at + 1, length - at - 1, true);
		if (taken == 0)
			return -EINVAL;
		at += 1 + taken;
	}
	if (at < length && (text[at] == 'e' || text[at] == 'E')) {
		taken = decimal_take_exponent(decimal, text + at, length - at);
		if (taken == 0)
			return -EINVAL;
		at += taken;
	}
	return at == length ? 0 : -EINVAL;
}

/* True when one correctly rounded operation on two exact doubles gives the value. */
static bool decimal_is_exact(const struct decimal *decimal)
{
	return decimal->digit_count <= EXACT_DIGITS && decimal->power >= -EXACT_POWER &&
	       decimal->power <= EXACT_POWER;
}

static double decimal_to_double(const struct decimal *decimal)
{
	static const double powers[EXACT_POWER + 1] = {
	    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
	    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	double value = (double)decimal->mantissa;

	value =
	    decimal->power < 0 ? value / powers[-decimal->power] : value * powers[decimal->power];
	return decimal->is_negative ? -value : value;
}

int number_parse_double(const char *text, size_t length, double *ret_value)
{
	char copy[DECIMAL_TEXT_MAX + 1]; /* strtod wants a NUL */
	struct decimal decimal;
	double value;

	if (length > DECIMAL_TEXT_MAX)
		return -EINVAL;
	if (decimal_parse(text, length, &decimal) < 0)
		return -EINVAL;
	if (decimal_is_exact(&decimal)) {
		*ret_value = decimal_to_double(&decimal);
		return 0;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	value = strtod(copy, NULL);
	if (isinf(value))
		return -ERANGE;
	*ret_value = value;
	return 0;
}

size_t number_format_u64(char out[NUMBER_TEXT_SIZE], uint64_t value)
{
	char digits[NUMBER_TEXT_SIZE];
	size_t start = sizeof(digits);
	size_t length;

	do {
		digits[--start] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	length = sizeof(digits) - start;
	memcpy(out, digits + start, length);
	out[length] = '\0';
	return length;
}

static size_t format_constant(char out[NUMBER_TEXT_SIZE], const char *text)
{
	size_t length = strlen(text);

	memcpy(out, text, length + 1);
	return length;
}

static size_t format_integer_double(char out[NUMBER_TEXT_SIZE], double value)
{
	size_t sign = signbit(value) ? 1 : 0;

	out[0] = '-';
	return sign + number_format_u64(out + sign, (uint64_t)fabs(value));
}

/*
 * A positive number of at most 9 decimals and 15 digits, as seconds counted in ns are; 0 when it is
 * none. Then it is the quotient of two exact doubles, and no other number of 15 digits is this
 * double.
 */
static size_t format_short_decimal(char out[NUMBER_TEXT_SIZE], double value)
{
	uint64_t scaled, whole, fraction;
	size_t length;
	size_t i;

	if (!(value >= SHORT_DECIMAL_MIN && value < SHORT_DECIMAL_LIMIT))
		return 0;
	scaled = (uint64_t)(value * SHORT_DECIMAL_SCALE + 0.5);
	if ((double)scaled / SHORT_DECIMAL_SCALE < value ||
	    (double)scaled / SHORT_DECIMAL_SCALE > value)
		return 0;
	whole = scaled / (uint64_t)SHORT_DECIMAL_SCALE;
	fraction = scaled % (uint64_t)SHORT_DECIMAL_SCALE;
	length = number_format_u64(out, whole);
	out[length] = '.';
	for (i = SHORT_DECIMAL_PLACES; i > 0; i--) {
		out[length + i] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	length += SHORT_DECIMAL_PLACES + 1;
	while (out[length - 1] == '0') /* an integer does not come here */
		length--;
	out[length] = '\0';
	return length;
}

size_t number_format_double(char out[NUMBER_TEXT_SIZE], double value)
{
	size_t short_length;
	int digits, length = 0;

	if (isnan(value))
		return format_constant(out, "NaN");
	if (isinf(value))
		return format_constant(out, value > 0 ? "+Inf" : "-Inf");
	if (fabs(value) < INTEGER_DOUBLE_LIMIT && trunc(value) >= value && trunc(value) <= value)
		return format_integer_double(out, value);
	short_length = format_short_decimal(out, value);
	if (short_length > 0)
		return short_length;
	for (digits = SHORTEST_DIGITS_FIRST; digits <= SHORTEST_DIGITS_LAST; digits++) {
		double again;

		length = snprintf(out, NUMBER_TEXT_SIZE, "%.*g", digits, value);
		again = strtod(out, NULL);
		if (again >= value && again <= value)
			break;
	}
	return (size_t)length;
}
