// SPDX-License-Identifier: MIT
/*
 * Durations and sizes, read and written, and the saturating arithmetic.
 */
#include "lib/units.h"

#include <errno.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

struct parse_row {
	const char *text;
	int result;
	uint64_t value;
};

static void check_parse(int (*parse)(const char *, uint64_t *), const struct parse_row *row)
{
	uint64_t value = 4711;
	int result = parse(row->text, &value);

	ck_assert_msg(result == row->result, "%s: %d", row->text, result);
	ck_assert_msg(value == (row->result < 0 ? 4711 : row->value), "%s: %llu", row->text,
	              (unsigned long long)value);
}

START_TEST(test_durations_are_read)
{
	static const struct parse_row rows[] = {
	    {"500ms", 0, 500 * NS_PER_MS},
	    {"5s", 0, 5 * NS_PER_SECOND},
	    {"10m", 0, 10 * NS_PER_MINUTE},
	    {"24h", 0, NS_PER_DAY},
	    {"7d", 0, 7 * NS_PER_DAY},
	    {"1.5h", 0, 90 * NS_PER_MINUTE},
	    {"0.1s", 0, 100 * NS_PER_MS},
	    {"0", 0, 0},
	    {"0s", 0, 0},
	    {"213503d", 0, 213503 * NS_PER_DAY},
	    {"213504d", -ERANGE, 0},
	    {"213504.5d", -ERANGE, 0},
	    {"99999999999999999999s", -ERANGE, 0},
	    {"5", -EINVAL, 0},
	    {"", -EINVAL, 0},
	    {"s", -EINVAL, 0},
	    {"-5s", -EINVAL, 0},
	    {"5 s", -EINVAL, 0},
	    {"5S", -EINVAL, 0},
	    {"1h30m", -EINVAL, 0},
	    {"1.s", -EINVAL, 0},
	    {"1.2.3s", -EINVAL, 0},
	    {"5w", -EINVAL, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_parse(duration_parse, &rows[i]);
}
END_TEST

START_TEST(test_sizes_are_read)
{
	static const struct parse_row rows[] = {
	    {"0", 0, 0},
	    {"123", 0, 123},
	    {"2KiB", 0, 2048},
	    {"64MiB", 0, 64 * MIB},
	    {"0.5GiB", 0, 512 * MIB},
	    {"3TiB", 0, 3 * 1024 * GIB},
	    {"16777216TiB", -ERANGE, 0},
	    {"18446744073709551616", -ERANGE, 0},
	    {"64MB", -EINVAL, 0},
	    {"64M", -EINVAL, 0},
	    {"MiB", -EINVAL, 0},
	    {"64 MiB", -EINVAL, 0},
	    {"-1", -EINVAL, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_parse(size_parse, &rows[i]);
}
END_TEST

START_TEST(test_durations_are_written_for_people)
{
	static const struct {
		uint64_t duration_ns;
		const char *text;
	} rows[] = {
	    {0, "0s"},
	    {1, "0ms"},
	    {NS_PER_MS / 2, "0.5ms"},
	    {1500 * NS_PER_US, "1.5ms"},
	    {5 * NS_PER_SECOND, "5s"},
	    {999960 * NS_PER_US, "1s"},
	    {59960 * NS_PER_MS, "1m"},
	    {90 * NS_PER_SECOND, "1.5m"},
	    {150 * NS_PER_MINUTE, "2.5h"},
	    {NS_PER_DAY, "1d"},
	    {77 * NS_PER_HOUR, "3.2d"},
	    {UINT64_MAX, "213504d"},
	};
	char out[UNIT_TEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(duration_format(out, rows[i].duration_ns), rows[i].text);
}
END_TEST

START_TEST(test_sizes_are_written_for_people)
{
	static const struct {
		double bytes;
		const char *text;
	} rows[] = {
	    {0, "0 B"},
	    {1023, "1023 B"},
	    {1023.7, "1.0 KiB"},
	    {1536, "1.5 KiB"},
	    {410412000, "391.4 MiB"},
	    {-1048576, "-1.0 MiB"},
	    {1073741823, "1.0 GiB"},
	    {2e15, "1819.0 TiB"},
	    {1e300, "9.09e+287 TiB"},
	};
	char out[UNIT_TEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(size_format(out, rows[i].bytes), rows[i].text);
}
END_TEST

START_TEST(test_arithmetic_saturates)
{
	ck_assert_uint_eq(u64_add_saturating(1, 2), 3);
	ck_assert_uint_eq(u64_add_saturating(UINT64_MAX, 1), UINT64_MAX);
	ck_assert_uint_eq(u64_multiply_saturating(6, 7), 42);
	ck_assert_uint_eq(u64_multiply_saturating(UINT64_MAX / 2, 3), UINT64_MAX);
	ck_assert_uint_eq(u64_subtract_floor(7, 5), 2);
	ck_assert_uint_eq(u64_subtract_floor(5, 7), 0);
	ck_assert_double_eq(ns_to_seconds(1500 * NS_PER_MS), 1.5);
}
END_TEST

START_TEST(test_clocks_run_forward)
{
	uint64_t boot = clock_boottime_ns(), real = clock_realtime_ns();
	uint64_t process = clock_process_cpu_ns(), thread = clock_thread_cpu_ns();

	ck_assert_uint_gt(boot, 0);
	ck_assert_uint_le(boot, clock_boottime_ns());
	ck_assert_uint_gt(real, UINT64_C(1500000000) * NS_PER_SECOND);
	ck_assert_uint_le(process, clock_process_cpu_ns());
	ck_assert_uint_le(thread, clock_process_cpu_ns());
}
END_TEST

UNIT_MAIN("units", test_durations_are_read, test_sizes_are_read,
          test_durations_are_written_for_people, test_sizes_are_written_for_people,
          test_arithmetic_saturates, test_clocks_run_forward)
