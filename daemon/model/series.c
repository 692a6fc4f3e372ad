// SPDX-License-Identifier: MIT
/*
 * Buckets of minima at doubling widths. Each level holds the newest SERIES_LEVEL_POINTS buckets of
 * its width; before another arrives the oldest moves up a level, together with its neighbour when
 * both fall into one bucket of the wider grid. O(1) amortised, nothing allocated.
 */
#include "daemon/model/series.h"

#include <assert.h>
#include <string.h>

void series_init(struct series *series, uint64_t width_ns)
{
	assert(width_ns > 0);
	memset(series, 0, sizeof(*series));
	series->width_ns = width_ns;
}

static uint64_t level_width(const struct series *series, size_t level)
{
	return series->width_ns << level;
}

static void level_drop_oldest(struct series *series, size_t level)
{
	struct series_entry *entries = series->levels[level];

	series->counts[level]--;
	memmove(entries, entries + 1, series->counts[level] * sizeof(*entries));
}

/* Takes the oldest bucket of the width above out of a level: one entry, or two that share it. */
static struct series_entry level_take_oldest(struct series *series, size_t level)
{
	uint64_t wide_ns = level_width(series, level + 1);
	struct series_entry taken = series->levels[level][0];
	struct series_entry next = series->levels[level][1];

	level_drop_oldest(series, level);
	if (taken.at_ns / wide_ns != next.at_ns / wide_ns)
		return taken;
	level_drop_oldest(series, level);
	return taken.value < next.value ? taken : next;
}

/* Makes room first, so that no level ever holds more than its points. */
static void append(struct series *series, struct series_entry entry)
{
	struct series_entry oldest;
	size_t level = 0;

	while (series->counts[level] == SERIES_LEVEL_POINTS && level + 1 < SERIES_LEVEL_COUNT) {
		oldest = level_take_oldest(series, level);
		series->levels[level][series->counts[level]++] = entry;
		entry = oldest;
		level++;
	}
	if (series->counts[level] == SERIES_LEVEL_POINTS)
		level_drop_oldest(series, level);
	series->levels[level][series->counts[level]++] = entry;
}

bool series_add_with_work(struct series *series, uint64_t at_ns, uint64_t value, uint64_t work)
{
	struct series_entry *last;

	if (at_ns < series->last_ns)
		at_ns = series->last_ns;
	series->last_ns = at_ns;
	series->added_count++;
	if (series->counts[0] > 0) {
		last = &series->levels[0][series->counts[0] - 1];
		if (last->at_ns / series->width_ns == at_ns / series->width_ns) {
			if (value <= last->value)
				*last = (struct series_entry){at_ns, value, work};
			return false;
		}
	}
	append(series, (struct series_entry){at_ns, value, work});
	return true;
}

bool series_add(struct series *series, uint64_t at_ns, uint64_t value)
{
	return series_add_with_work(series, at_ns, value, 0);
}

void series_lower_last(struct series *series, uint64_t at_ns, uint64_t value, uint64_t work)
{
	if (series->counts[0] == 0 || value >= series->levels[0][series->counts[0] - 1].value)
		return;
	series->counts[0]--;
	(void)series_add_with_work(series, at_ns, value, work);
}

size_t series_points(const struct series *series, struct series_point ret_points[SERIES_POINTS_MAX])
{
	size_t count = 0;
	size_t level;
	size_t i;

	for (level = SERIES_LEVEL_COUNT; level-- > 0;) {
		for (i = 0; i < series->counts[level]; i++) {
			ret_points[count++] = (struct series_point){
			    .at_ns = series->levels[level][i].at_ns,
			    .value = series->levels[level][i].value,
			    .work = series->levels[level][i].work,
			    .width_ns = level_width(series, level),
			};
		}
	}
	return count;
}
