// SPDX-License-Identifier: MIT
/*
 * One table of units for durations and one for sizes, used for reading and for writing.
 */
#include "lib/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/numbers.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct unit {
	const char *name;
	uint64_t factor;
};

/* Ascending, for the formatters. */
static const struct unit duration_units[] = {
    {"ms", NS_PER_MS},  {"s", NS_PER_SECOND}, {"m", NS_PER_MINUTE},
    {"h", NS_PER_HOUR}, {"d", NS_PER_DAY},
};
static const struct unit size_units[] = {
    {"", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}, {"TiB", 1024 * GIB},
};

static int scale_fraction(const char *text, size_t length, uint64_t factor, uint64_t *ret_value)
{
	double value;
	int result = number_parse_double(text, length, &value);

	if (result < 0)
		return result;
	value = value * (double)factor + 0.5;
	if (value >= 0x1p64)
		return -ERANGE;
	*ret_value = (uint64_t)value;
	return 0;
}

static int scale_integer(const char *text, size_t length, uint64_t factor, uint64_t *ret_value)
{
	uint64_t value;
	int result = number_parse_u64(text, length, &value);

	if (result < 0)
		return result;
	if (__builtin_mul_overflow(value, factor, &value))
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int quantity_parse(const char *text, const struct unit *units, size_t count,
                          uint64_t *ret_value)
{
	size_t length = strspn(text, "0123456789.");
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(text + length, units[i].name) != 0)
			continue;
		if (memchr(text, '.', length) != NULL)
			return scale_fraction(text, length, units[i].factor, ret_value);
		return scale_integer(text, length, units[i].factor, ret_value);
	}
	return -EINVAL;
}

int duration_parse(const char *text, uint64_t *ret_ns)
{
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	return quantity_parse(text, duration_units, ARRAY_COUNT(duration_units), ret_ns);
}

int size_parse(const char *text, uint64_t *ret_bytes)
{
	return quantity_parse(text, size_units, ARRAY_COUNT(size_units), ret_bytes);
}

const char *duration_format(char out[UNIT_TEXT_SIZE], uint64_t duration_ns)
{
	const struct unit *unit = &duration_units[0];
	size_t i;
	long long tenths = 0;

	if (duration_ns == 0)
		unit = &duration_units[1];
	for (i = 0; i < ARRAY_COUNT(duration_units) && duration_ns > 0; i++) {
		unit = &duration_units[i];
		tenths = llround((double)duration_ns * 10 / (double)unit->factor);
		/* As few digits as possible: up to the next unit once rounding reaches it. */
		if (i + 1 < ARRAY_COUNT(duration_units) &&
		    tenths < (long long)(10 * duration_units[i + 1].factor / unit->factor))
			break;
	}
	if (tenths % 10 == 0)
		(void)snprintf(out, UNIT_TEXT_SIZE, "%lld%s", tenths / 10, unit->name);
	else
		(void)snprintf(out, UNIT_TEXT_SIZE, "%lld.%lld%s", tenths / 10, tenths % 10,
		               unit->name);
	return out;
}

const char *size_format(char out[UNIT_TEXT_SIZE], double bytes)
{
	size_t i = 0;

	/* 1023.95 would be printed as 1024.0 of the smaller unit. */
	while (i + 1 < ARRAY_COUNT(size_units) && fabs(bytes) >= (i == 0 ? 1023.5 : 1023.95)) {
		bytes /= 1024;
		i++;
	}
	if (i == 0)
		(void)snprintf(out, UNIT_TEXT_SIZE, "%.0f B", bytes);
	else if (fabs(bytes) < 1e6)
		(void)snprintf(out, UNIT_TEXT_SIZE, "%.1f %s", bytes, size_units[i].name);
	else
		(void)snprintf(out, UNIT_TEXT_SIZE, "%.3g %s", bytes, size_units[i].name);
	return out;
}
