// SPDX-License-Identifier: MIT
/*
 * Levels of doubling width, as in series.c: the oldest bucket of a full level moves up, together
 * with its neighbour when the wider grid has one bucket for both.
 */
#include "daemon/model/trail.h"

#include <assert.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"

#define PAUSE_UNIT_NS (NS_PER_MS / 10)

void trail_init(struct trail *trail, uint64_t width_ns)
{
	assert(width_ns > 0);
	memset(trail, 0, sizeof(*trail));
	trail->width_ns = width_ns;
}

/* ---- entries ---- */

static uint32_t to_u32(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* Rounded up: what was is never shown as nothing. */
static uint16_t to_u16(uint64_t value, uint64_t unit)
{
	uint64_t count = value / unit + (value % unit != 0);

	return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static uint8_t to_percent(double ratio)
{
	return ratio > 0 ? (uint8_t)(ratio < 1 ? ratio * 100 + 0.5 : 100) : 0;
}

static struct trail_entry entry_of(uint32_t bucket, const struct trail_point *point)
{
	return (struct trail_entry){
	    .bucket = bucket,
	    .used_kib = to_u32(point->used_bytes / KIB),
	    .committed_kib = to_u32(point->committed_bytes / KIB),
	    .anon_kib = to_u32(point->anon_bytes / KIB),
	    .file_kib = to_u32(point->file_bytes / KIB),
	    .shmem_mib = to_u16(point->shmem_bytes, MIB),
	    .pause_tenths = {to_u16(point->pause_ns[0], PAUSE_UNIT_NS),
	                     to_u16(point->pause_ns[1], PAUSE_UNIT_NS)},
	    .score_percent = to_percent(point->score),
	    .state = (uint8_t)point->state,
	};
}

static void raise_u32(uint32_t *value, uint32_t other)
{
	if (other > *value)
		*value = other;
}

static void raise_u16(uint16_t *value, uint16_t other)
{
	if (other > *value)
		*value = other;
}

/* Takes a later entry into an earlier one; of verdicts with the same score the later one holds. */
static void merge(struct trail_entry *into, const struct trail_entry *later)
{
	raise_u32(&into->used_kib, later->used_kib);
	raise_u32(&into->committed_kib, later->committed_kib);
	raise_u32(&into->anon_kib, later->anon_kib);
	raise_u32(&into->file_kib, later->file_kib);
	raise_u16(&into->shmem_mib, later->shmem_mib);
	raise_u16(&into->pause_tenths[0], later->pause_tenths[0]);
	raise_u16(&into->pause_tenths[1], later->pause_tenths[1]);
	if (later->score_percent < into->score_percent)
		return;
	into->score_percent = later->score_percent;
	into->state = later->state;
}

/* Nothing of the point is higher than what its bucket holds: told without a conversion. */
static bool is_covered(const struct trail_entry *entry, const struct trail_point *point)
{
	uint8_t score_percent = to_percent(point->score);

	return point->used_bytes / KIB <= entry->used_kib &&
	       point->committed_bytes / KIB <= entry->committed_kib &&
	       point->anon_bytes / KIB <= entry->anon_kib &&
	       point->file_bytes / KIB <= entry->file_kib &&
	       point->shmem_bytes <= entry->shmem_mib * MIB &&
	       point->pause_ns[0] <= entry->pause_tenths[0] * PAUSE_UNIT_NS &&
	       point->pause_ns[1] <= entry->pause_tenths[1] * PAUSE_UNIT_NS &&
	       (score_percent < entry->score_percent ||
	        (score_percent == entry->score_percent && (uint8_t)point->state == entry->state));
}

/* ---- levels ---- */

static void drop_oldest(struct trail *trail, size_t level)
{
	struct trail_entry *entries = trail->levels[level];

	trail->counts[level]--;
	memmove(entries, entries + 1, trail->counts[level] * sizeof(*entries));
}

static struct trail_entry take_oldest(struct trail *trail, size_t level)
{
	struct trail_entry taken = trail->levels[level][0];
	struct trail_entry next = trail->levels[level][1];

	drop_oldest(trail, level);
	if (taken.bucket >> (level + 1) != next.bucket >> (level + 1))
		return taken;
	drop_oldest(trail, level);
	merge(&taken, &next);
	return taken;
}

/* Makes room first, as in series.c. */
static void append(struct trail *trail, struct trail_entry entry)
{
	struct trail_entry oldest;
	size_t level = 0;

	while (trail->counts[level] == TRAIL_LEVEL_POINTS && level + 1 < TRAIL_LEVEL_COUNT) {
		oldest = take_oldest(trail, level);
		trail->levels[level][trail->counts[level]++] = entry;
		entry = oldest;
		level++;
	}
	if (trail->counts[level] == TRAIL_LEVEL_POINTS)
		drop_oldest(trail, level);
	trail->levels[level][trail->counts[level]++] = entry;
}

/* For each collection: nearly always its bucket is there already, and nothing is divided. */
void trail_add(struct trail *trail, const struct trail_point *point)
{
	uint8_t count = trail->counts[0];
	struct trail_entry *newest = count > 0 ? &trail->levels[0][count - 1] : NULL;
	struct trail_entry entry;

	if (newest != NULL && point->at_ns < (newest->bucket + UINT64_C(1)) * trail->width_ns) {
		if (is_covered(newest, point))
			return;
		entry = entry_of(newest->bucket, point);
		merge(newest, &entry);
		return;
	}
	append(trail, entry_of(to_u32(point->at_ns / trail->width_ns), point));
}

/* ---- reading ---- */

static struct trail_point point_of(const struct trail *trail, size_t level, size_t index)
{
	const struct trail_entry *entry = &trail->levels[level][index];

	return (struct trail_point){
	    .at_ns = (uint64_t)(entry->bucket >> level << level) * trail->width_ns,
	    .width_ns = trail->width_ns << level,
	    .used_bytes = entry->used_kib * KIB,
	    .committed_bytes = entry->committed_kib * KIB,
	    .anon_bytes = entry->anon_kib * KIB,
	    .file_bytes = entry->file_kib * KIB,
	    .shmem_bytes = entry->shmem_mib * MIB,
	    .pause_ns = {entry->pause_tenths[0] * PAUSE_UNIT_NS,
	                 entry->pause_tenths[1] * PAUSE_UNIT_NS},
	    .score = entry->score_percent / 100.0,
	    .state = entry->state < LEAK_STATE_COUNT ? (enum leak_state)entry->state
	                                             : LEAK_STATE_INSUFFICIENT,
	};
}

size_t trail_points(const struct trail *trail, struct trail_point ret_points[TRAIL_POINTS_MAX])
{
	size_t count = 0;
	size_t level;
	size_t i;

	for (level = TRAIL_LEVEL_COUNT; level-- > 0;)
		for (i = 0; i < trail->counts[level]; i++)
			ret_points[count++] = point_of(trail, level, i);
	return count;
}
