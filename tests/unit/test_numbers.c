// SPDX-License-Identifier: MIT
/*
 * Text to number and back: edges of each type, refusals, and exactness against the C library.
 */
#include "lib/numbers.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(test_u64)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"007", 0, 7},
	    {"18446744073709551615", 0, UINT64_MAX},
	    {"18446744073709551616", -ERANGE, 0},
	    {"99999999999999999999999", -ERANGE, 0},
	    {"184467440737095516160x", -EINVAL, 0},
	    {"", -EINVAL, 0},
	    {"-1", -EINVAL, 0},
	    {"+1", -EINVAL, 0},
	    {" 1", -EINVAL, 0},
	    {"1 ", -EINVAL, 0},
	    {"1.0", -EINVAL, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 4711;

		ck_assert_int_eq(number_parse_u64(rows[i].text, strlen(rows[i].text), &value),
		                 rows[i].result);
		ck_assert_uint_eq(value, rows[i].result < 0 ? 4711 : rows[i].value);
	}
}
END_TEST

START_TEST(test_i64)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} rows[] = {
	    {"9223372036854775807", 0, INT64_MAX},
	    {"9223372036854775808", -ERANGE, 0},
	    {"-9223372036854775808", 0, INT64_MIN},
	    {"-9223372036854775809", -ERANGE, 0},
	    {"-18446744073709551616", -ERANGE, 0},
	    {"-0", 0, 0},
	    {"-12", 0, -12},
	    {"-", -EINVAL, 0},
	    {"--1", -EINVAL, 0},
	    {"", -EINVAL, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = 4711;

		ck_assert_int_eq(number_parse_i64(rows[i].text, strlen(rows[i].text), &value),
		                 rows[i].result);
		ck_assert_int_eq(value, rows[i].result < 0 ? 4711 : rows[i].value);
	}
}
END_TEST

START_TEST(test_hex)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"0x7fFA", 0, 0x7ffa},
	    {"0XAbc", 0, 0xabc},
	    {"ffffffffffffffff", 0, UINT64_MAX},
	    {"10000000000000000", -ERANGE, 0},
	    {"0x", -EINVAL, 0},
	    {"", -EINVAL, 0},
	    {"0xg", -EINVAL, 0},
	    {"-1", -EINVAL, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 4711;

		ck_assert_int_eq(number_parse_hex(rows[i].text, strlen(rows[i].text), &value),
		                 rows[i].result);
		ck_assert_uint_eq(value, rows[i].result < 0 ? 4711 : rows[i].value);
	}
}
END_TEST

START_TEST(test_length_and_not_a_nul_ends_a_number)
{
	uint64_t value;
	double ratio;

	ck_assert_int_eq(number_parse_u64("12345", 3, &value), 0);
	ck_assert_uint_eq(value, 123);
	ck_assert_int_eq(number_parse_double("1.5e3", 3, &ratio), 0);
	ck_assert_double_eq(ratio, 1.5);
	ck_assert_int_eq(number_parse_double("1.5e3", 2, &ratio), -EINVAL);
}
END_TEST

START_TEST(test_double_is_what_the_c_library_reads)
{
	static const char *const rows[] = {
	    "0",
	    "-0",
	    "0.1",
	    "-12.75",
	    "1e22",
	    "1e23",
	    "123456789012345e22",
	    "123456789012345e23",
	    "1234567890123456",
	    "9007199254740993",
	    "0.000000000000000000000000000001",
	    "1.7976931348623157e308",
	    "2.2250738585072014e-308",
	    "4.9e-324",
	    "1e-400",
	    "00000000000000000000000001.5",
	    "1E+2",
	    "1e-22",
	    "123456789012345e-22",
	    "3.14159265358979323846264338327950288",
	    "8.5070591730234615865843651857942052864e37",
	    "0e999999999999",
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double expected = strtod(rows[i], NULL);
		double value = 4711;

		ck_assert_int_eq(number_parse_double(rows[i], strlen(rows[i]), &value), 0);
		ck_assert_msg(memcmp(&value, &expected, sizeof(value)) == 0, "%s: %.17g", rows[i],
		              value);
	}
}
END_TEST

START_TEST(test_double_refusals)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
	    {"", -EINVAL},     {"-", -EINVAL},     {"+1", -EINVAL},     {".5", -EINVAL},
	    {"5.", -EINVAL},   {"1e", -EINVAL},    {"1e+", -EINVAL},    {"1 ", -EINVAL},
	    {"inf", -EINVAL},  {"nan", -EINVAL},   {"0x10", -EINVAL},   {"1,5", -EINVAL},
	    {"1.5x", -EINVAL}, {"1e400", -ERANGE}, {"-1e400", -ERANGE},
	};
	char longest[600];
	double value = 4711;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_int_eq(number_parse_double(rows[i].text, strlen(rows[i].text), &value),
		                 rows[i].result);
	memset(longest, '0', sizeof(longest));
	ck_assert_int_eq(number_parse_double(longest, sizeof(longest), &value), -EINVAL);
	ck_assert_double_eq(value, 4711);
}
END_TEST

START_TEST(test_u64_is_printed)
{
	static const uint64_t rows[] = {0, 7, 10, 4294967296, UINT64_MAX};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[NUMBER_TEXT_SIZE], expected[NUMBER_TEXT_SIZE];

		(void)snprintf(expected, sizeof(expected), "%llu", (unsigned long long)rows[i]);
		ck_assert_uint_eq(number_format_u64(out, rows[i]), strlen(expected));
		ck_assert_str_eq(out, expected);
	}
}
END_TEST

START_TEST(test_double_is_printed_short)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
	    {0, "0"},
	    {-0.0, "-0"},
	    {1, "1"},
	    {-42, "-42"},
	    {999999999999999, "999999999999999"},
	    {1e15, "1e+15"},
	    {0.1, "0.1"},
	    {0.30000000000000004, "0.30000000000000004"},
	    {1e300, "1e+300"},
	    {1.5e-7, "1.5e-07"},
	    {2.0 / 3.0, "0.6666666666666666"},
	    {-DBL_MAX, "-1.7976931348623157e+308"},
	    {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
	};
	char out[NUMBER_TEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_uint_eq(number_format_double(out, rows[i].value), strlen(rows[i].text));
		ck_assert_str_eq(out, rows[i].text);
	}
	ck_assert_uint_eq(number_format_double(out, (double)NAN), 3);
	ck_assert_str_eq(out, "NaN");
	(void)number_format_double(out, (double)INFINITY);
	ck_assert_str_eq(out, "+Inf");
	(void)number_format_double(out, -(double)INFINITY);
	ck_assert_str_eq(out, "-Inf");
}
END_TEST

/* A fixed sequence (xorshift64) over all bit patterns: what is printed reads back as itself. */
START_TEST(test_double_round_trips)
{
	uint64_t bits = UINT64_C(88172645463325252);
	unsigned i;

	for (i = 0; i < 20000; i++) {
		char out[NUMBER_TEXT_SIZE];
		double value, again;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		ck_assert_int_eq(number_parse_double(out, number_format_double(out, value), &again),
		                 0);
		ck_assert_msg(memcmp(&value, &again, sizeof(value)) == 0, "%s", out);
	}
}
END_TEST

/* Decimals of a few places, as times are, come out as the C library's shortest. */
START_TEST(test_short_decimals_are_as_short_as_can_be)
{
	static const double scales[] = {1e1, 1e3, 1e6, 1e9, 1e10};
	uint64_t bits = UINT64_C(88172645463325252);
	unsigned i;

	for (i = 0; i < 100000; i++) {
		char out[NUMBER_TEXT_SIZE], wanted[NUMBER_TEXT_SIZE];
		double value;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		value = (double)((bits >> 16) % 100000000000000) / scales[i % 5];
		if (value >= 1e15)
			continue;
		(void)snprintf(wanted, sizeof(wanted), "%.15g", value);
		(void)number_format_double(out, value);
		ck_assert_str_eq(out, wanted);
	}
}
END_TEST

UNIT_MAIN("numbers", test_u64, test_i64, test_hex, test_length_and_not_a_nul_ends_a_number,
          test_double_is_what_the_c_library_reads, test_double_refusals, test_u64_is_printed,
          test_double_is_printed_short, test_double_round_trips,
          test_short_decimals_are_as_short_as_can_be)
