// SPDX-License-Identifier: MIT
/*
 * Stamps in every spelling that is read, against seconds that date(1) computed.
 */
#include "collectors/gclog/walltime.h"

#include "lib/clock.h"
#include "tests/unit/unit.h"

/* 2026-11-22 04:00:00 UTC */
#define THEN 1795320000

static const struct wall_reference utc = {(THEN + 60) * NS_PER_SECOND, 0};
static const struct wall_reference east = {(THEN + 60) * NS_PER_SECOND, 3600};

struct row {
	const char *text; /* stamp, then '|' where the cursor is expected afterwards */
	const struct wall_reference *reference;
	uint64_t seconds;
	uint64_t fraction_ns;
};

typedef bool (*take_stamp)(struct cursor *cursor, const struct wall_reference *reference,
                           uint64_t *ret_ns);

static void check_rows(take_stamp take, const struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const char *text = rows[i].text;
		const char *bar = strchr(text, '|');
		struct cursor cursor = {text, text + strlen(text)};
		uint64_t at_ns = 7;

		ck_assert_msg(take(&cursor, rows[i].reference, &at_ns) == (bar != NULL), "%s",
		              text);
		if (bar == NULL) {
			ck_assert_ptr_eq(cursor.at, text);
			continue;
		}
		ck_assert_msg(cursor.at == bar, "%s: stops at %s", text, cursor.at);
		ck_assert_msg(at_ns == rows[i].seconds * NS_PER_SECOND + rows[i].fraction_ns,
		              "%s: %llu", text, (unsigned long long)at_ns);
	}
}

#define CHECK_ROWS(take, rows) check_rows((take), (rows), sizeof(rows) / sizeof((rows)[0]))

START_TEST(test_iso_stamps)
{
	static const struct row rows[] = {
	    {"2026-11-22T04:00:00Z|", &east, THEN, 0},
	    {"2026-11-22T04:00:00z| x", &east, THEN, 0},
	    {"2026-11-22T04:00:00.123456789Z|", &utc, THEN, 123456789},
	    {"2026-11-22T04:00:00.1234567891Z|", &utc, THEN, 123456789},
	    {"2026-11-22 04:00:00,123| x", &utc, THEN, 123000000},
	    {"2026-11-22 04:00:00| x", &east, THEN - 3600, 0},
	    {"2026/11/22 04:00| x", &utc, THEN, 0},
	    {"2026-11-22T04:00:00+01:00|", &utc, THEN - 3600, 0},
	    {"2026-11-22T04:00:00+0100|", &utc, THEN - 3600, 0},
	    {"2026-11-22T04:00:00-0330|", &utc, THEN + 12600, 0},
	    {"2026-11-22 04:00 +00:00|: x", &east, THEN, 0},
	    {"2026-11-22 04:00:00 UTC| x", &east, THEN, 0},
	    {"2026-11-22 04:00:00 GMT| x", &east, THEN, 0},
	    {"2026-11-22 04:00:00| -1 x", &utc, THEN, 0},
	    {"2026-11-22T04:00:00|: x", &utc, THEN, 0},
	    {"2026-11-22T04:00|:", &utc, THEN, 0},
	    {"2026-11-22T04:00:00|. x", &utc, THEN, 0},
	    {"2026-11-22T23:59:60Z|", &utc, THEN + 72000, 0},
	    {"1970-01-01T00:00:00Z|", &utc, 0, 0},
	    {"2000-02-29T12:00:00Z|", &utc, 951825600, 0},
	    {"1969-12-31T23:59:59Z", &utc, 0, 0},
	    {"1970-01-01T00:00:00+01:00", &utc, 0, 0},
	    {"9999-01-01T00:00:00Z", &utc, 0, 0},
	    {"2026-13-22T04:00:00Z", &utc, 0, 0},
	    {"2026-11-32T04:00:00Z", &utc, 0, 0},
	    {"2026-11-22T24:00:00Z", &utc, 0, 0},
	    {"2026-11/22T04:00:00Z", &utc, 0, 0},
	    {"2026-11-22", &utc, 0, 0},
	    {"2026-11-22T04", &utc, 0, 0},
	    {"2026-11-22T0400", &utc, 0, 0},
	    {"2026-1", &utc, 0, 0},
	    {"[23670:0x275dfcf0]", &utc, 0, 0},
	    {"", &utc, 0, 0},
	};

	CHECK_ROWS(walltime_take_iso, rows);
}
END_TEST

START_TEST(test_month_stamps_are_of_the_latest_year_that_fits)
{
	static const struct wall_reference new_year = {UINT64_C(1798761700) * NS_PER_SECOND, 0};
	static const struct row rows[] = {
	    {"Nov 22 04:00:00| host", &utc, THEN, 0},
	    {"Nov 22 04:00:00| host", &east, THEN - 3600, 0},
	    {"Nov 22 04:00:00.250000| host", &utc, THEN, 250000000},
	    {"Nov  2 04:00:00|", &utc, THEN - 20 * 86400, 0},
	    {"Nov 23 03:00:00|", &utc, THEN + 23 * 3600, 0}, /* clocks differ */
	    {"Nov 24 05:00:00|", &utc, THEN + 2 * 86400 + 3600 - 365 * 86400, 0},
	    {"Dec 31 23:59:59|", &new_year, 1798761599, 0}, /* 2026, the day before */
	    {"Jan  1 00:00:01|", &new_year, 1798761601, 0},
	    {"Nov x2 04:00:00", &utc, 0, 0},
	    {"Nov  x 04:00:00", &utc, 0, 0},
	    {"Nov", &utc, 0, 0},
	    {"Nov 22", &utc, 0, 0},
	    {"nov 22 04:00:00", &utc, 0, 0},
	    {"Not 22 04:00:00", &utc, 0, 0},
	    {"Nov 22 25:00:00", &utc, 0, 0},
	};

	CHECK_ROWS(walltime_take_month, rows);
}
END_TEST

START_TEST(test_a_month_without_a_reference_is_of_the_first_year)
{
	static const struct wall_reference none = {0, 0};
	static const struct row rows[] = {{"Jan  2 00:00:00|", &none, 86400, 0}};

	CHECK_ROWS(walltime_take_month, rows);
}
END_TEST

START_TEST(test_unix_stamps)
{
	static const char text[] = "1795320000.123456 host";
	struct cursor cursor = {text, text + strlen(text)};
	struct cursor shorter = {text, text + 10};
	struct cursor early = {text + 1, text + strlen(text)};
	uint64_t at_ns;

	ck_assert(walltime_take_unix(&cursor, &at_ns));
	ck_assert_uint_eq(at_ns, THEN * NS_PER_SECOND + 123456000);
	ck_assert_str_eq(cursor.at, " host");
	ck_assert(!walltime_take_unix(&shorter, &at_ns));
	ck_assert(!walltime_take_unix(&early, &at_ns));
}
END_TEST

UNIT_MAIN("gclog_walltime", test_iso_stamps, test_month_stamps_are_of_the_latest_year_that_fits,
          test_a_month_without_a_reference_is_of_the_first_year, test_unix_stamps)
