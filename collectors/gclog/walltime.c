// SPDX-License-Identifier: MIT
/*
 * Stamps by hand: strptime(3) depends on the locale, knows no fraction, and costs more than the
 * line behind the stamp.
 */
#include "collectors/gclog/walltime.h"

#include "lib/clock.h"

#define SECONDS_PER_DAY INT64_C(86400)
#define YEAR_MAX        2500 /* nanoseconds in 64 bits reach 2554 */

struct civil {
	int64_t year;
	int64_t month;
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
	uint64_t fraction_ns;
};

/* ---- calendar ---- */

/* Days since 1970-01-01 in the proleptic Gregorian calendar; the year begins in March here. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = shifted / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int64_t seconds_of(const struct civil *civil)
{
	return days_of(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
	       civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static int64_t year_of(uint64_t at_ns)
{
	int64_t days = (int64_t)(at_ns / NS_PER_SECOND) / SECONDS_PER_DAY;
	int64_t year = 1970 + days / 366;

	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

static bool is_civil(const struct civil *civil)
{
	return civil->year >= 1970 && civil->year <= YEAR_MAX && civil->month >= 1 &&
	       civil->month <= 12 && civil->day >= 1 && civil->day <= 31 && civil->hour <= 23 &&
	       civil->minute <= 59 && civil->second <= 60;
}

static bool instant_of(const struct civil *civil, int64_t offset_seconds, uint64_t *ret_ns)
{
	int64_t seconds = seconds_of(civil) - offset_seconds;

	if (seconds < 0)
		return false;
	*ret_ns = (uint64_t)seconds * NS_PER_SECOND + civil->fraction_ns;
	return true;
}

/* ---- parts ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_byte(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

static bool take_either(struct cursor *cursor, char one, char other)
{
	return take_byte(cursor, one) || take_byte(cursor, other);
}

static bool take_two(struct cursor *cursor, int64_t *ret_number)
{
	const char *at = cursor->at;

	if (cursor->end - at < 2 || !is_digit(at[0]) || !is_digit(at[1]))
		return false;
	*ret_number = (at[0] - '0') * 10 + (at[1] - '0');
	cursor->at += 2;
	return true;
}

/* Of a second, behind its point; digits beyond the ninth are passed over. */
static bool take_fraction(struct cursor *cursor, uint64_t *ret_ns)
{
	const char *start = cursor->at;
	uint64_t unit_ns = NS_PER_SECOND;
	uint64_t fraction_ns = 0;

	for (; cursor->at < cursor->end && is_digit(*cursor->at); cursor->at++) {
		unit_ns /= 10;
		fraction_ns += (uint64_t)(*cursor->at - '0') * unit_ns;
	}
	*ret_ns = fraction_ns;
	return cursor->at > start;
}

/* "04:00", "04:00:00", "04:00:00.123", "04:00:00,123" */
static bool take_time_of_day(struct cursor *cursor, struct civil *civil)
{
	const char *fraction;

	if (!take_two(cursor, &civil->hour) || !take_byte(cursor, ':') ||
	    !take_two(cursor, &civil->minute))
		return false;
	if (!take_byte(cursor, ':'))
		return true;
	if (!take_two(cursor, &civil->second)) {
		cursor->at--; /* PM2: "04:00: text" */
		return true;
	}
	fraction = cursor->at;
	if (take_either(cursor, '.', ',') && !take_fraction(cursor, &civil->fraction_ns))
		cursor->at = fraction;
	return true;
}

static bool take_date(struct cursor *cursor, struct civil *civil)
{
	int64_t century, year;
	char separator;

	if (cursor->end - cursor->at < 10)
		return false;
	separator = cursor->at[4];
	if ((separator != '-' && separator != '/') || cursor->at[7] != separator)
		return false;
	if (!take_two(cursor, &century) || !take_two(cursor, &year))
		return false;
	civil->year = century * 100 + year;
	cursor->at++;
	if (!take_two(cursor, &civil->month))
		return false;
	cursor->at++;
	return take_two(cursor, &civil->day);
}

/* "+01:00", "-0130" */
static bool take_offset(struct cursor *cursor, int64_t *ret_seconds)
{
	struct cursor at = *cursor;
	int64_t hours, minutes;
	bool is_west;

	if (!take_either(&at, '+', '-'))
		return false;
	is_west = at.at[-1] == '-';
	if (!take_two(&at, &hours))
		return false;
	(void)take_byte(&at, ':'); /* may be left out */
	if (!take_two(&at, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret_seconds = (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
	cursor->at = at.at;
	return true;
}

/* The zone that follows, if any. */
static void take_zone(struct cursor *cursor, int64_t *offset_seconds)
{
	struct cursor at = *cursor;

	if (take_either(&at, 'Z', 'z')) {
		*offset_seconds = 0;
	} else {
		(void)take_byte(&at, ' '); /* may be left out */
		if (cursor_take(&at, LITERAL("UTC")) || cursor_take(&at, LITERAL("GMT")))
			*offset_seconds = 0;
		else if (!take_offset(&at, offset_seconds))
			return;
	}
	cursor->at = at.at;
}

static bool take_separator(struct cursor *cursor)
{
	return take_either(cursor, 'T', ' ') || take_byte(cursor, 't');
}

/* ---- stamps ---- */

bool walltime_take_iso(struct cursor *cursor, const struct wall_reference *reference,
                       uint64_t *ret_ns)
{
	int64_t offset_seconds = reference->zone_offset_seconds;
	struct cursor at = *cursor;
	struct civil civil = {0};

	if (!take_date(&at, &civil) || !take_separator(&at) || !take_time_of_day(&at, &civil) ||
	    !is_civil(&civil))
		return false;
	take_zone(&at, &offset_seconds);
	if (!instant_of(&civil, offset_seconds, ret_ns))
		return false;
	cursor->at = at.at;
	return true;
}

static int64_t take_month_name(struct cursor *cursor)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t month;

	for (month = 0; month < 12; month++)
		if (cursor_take(cursor, names + month * 3, 3))
			return month + 1;
	return 0;
}

bool walltime_take_month(struct cursor *cursor, const struct wall_reference *reference,
                         uint64_t *ret_ns)
{
	struct civil civil = {.year = year_of(reference->now_ns)};
	struct cursor at = *cursor;
	uint64_t at_ns;

	civil.month = take_month_name(&at);
	if (civil.month == 0 || !take_byte(&at, ' '))
		return false;
	if (take_byte(&at, ' ')) {
		if (at.at == at.end || !is_digit(*at.at))
			return false;
		civil.day = *at.at++ - '0';
	} else if (!take_two(&at, &civil.day)) {
		return false;
	}
	if (!take_byte(&at, ' ') || !take_time_of_day(&at, &civil) || !is_civil(&civil) ||
	    !instant_of(&civil, reference->zone_offset_seconds, &at_ns))
		return false;
	if (at_ns > reference->now_ns + NS_PER_DAY && civil.year > 1970) {
		civil.year--;
		(void)instant_of(&civil, reference->zone_offset_seconds, &at_ns); /* or as it is */
	}
	cursor->at = at.at;
	*ret_ns = at_ns;
	return true;
}

bool walltime_take_unix(struct cursor *cursor, uint64_t *ret_ns)
{
	struct cursor at = *cursor;
	uint64_t seconds = 0;
	uint64_t fraction_ns;

	if (cursor_take_digits(&at, &seconds) != 10 || !take_byte(&at, '.') ||
	    !take_fraction(&at, &fraction_ns))
		return false;
	*ret_ns = seconds * NS_PER_SECOND + fraction_ns;
	cursor->at = at.at;
	return true;
}
