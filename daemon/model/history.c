// SPDX-License-Identifier: MIT
/*
 * Members that are 64-bit numbers go as they stand, by a table of where they are; the others one by
 * one. What is read is checked as far as it is used as an index, a count or a name.
 */
#include "daemon/model/history.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/experience.h"
#include "daemon/model/process.h"
#include "daemon/model/process_isolates.h"
#include "lib/pack.h"

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

#define LAYOUT_VERSION 4

/* A run of 64-bit members of struct isolate. */
struct numbers {
	size_t offset;
	size_t count;
};

#define NUMBER(member)                              \
	{                                           \
		offsetof(struct isolate, member), 1 \
	}
#define NUMBERS(member)                                                        \
	{                                                                      \
		offsetof(struct isolate, member),                              \
		    sizeof(((struct isolate *)0)->member) / (sizeof(uint64_t)) \
	}

static const struct numbers isolate_numbers[] = {
    NUMBER(address),     NUMBER(created_ns),      NUMBER(last_gc_ns), NUMBER(last_uptime_ns),
    NUMBER(used_bytes),  NUMBER(committed_bytes), NUMBER(live_bytes), NUMBER(allocated_bytes),
    NUMBERS(totals),     NUMBERS(by_kind),        NUMBERS(events),    NUMBER(bound_ns),
    NUMBER(bound_bytes), NUMBERS(parts),
};

_Static_assert(sizeof(struct gc_totals) % sizeof(uint64_t) == 0, "made of numbers");
_Static_assert(sizeof(struct heap_part_level) % sizeof(uint64_t) == 0, "made of numbers");
_Static_assert(sizeof(struct series_entry) % sizeof(uint64_t) == 0, "made of numbers");
_Static_assert(sizeof(struct outside_level) % sizeof(uint64_t) == 0, "made of numbers");

#define NUMBERS_COUNT (sizeof(isolate_numbers) / sizeof(isolate_numbers[0]))
#define ENTRY_NUMBERS (sizeof(struct series_entry) / sizeof(uint64_t))
#define LEVEL_NUMBERS (ENTRY_NUMBERS * SERIES_LEVEL_POINTS)

/* Differs whenever what is packed does. */
static uint64_t layout_number(void)
{
	uint64_t layout = LAYOUT_VERSION;
	size_t i;

	for (i = 0; i < NUMBERS_COUNT; i++)
		layout = layout * 31 + isolate_numbers[i].count;
	layout = layout * 31 + SERIES_LEVEL_COUNT * LEVEL_NUMBERS;
	layout = layout * 31 + sizeof(struct trail);
	layout = layout * 31 + sizeof(struct course);
	layout = layout * 31 + sizeof(struct map_course);
	layout = layout * 31 + sizeof(struct score_memory);
	return layout * 31 + sizeof(struct outside_level);
}

/* ---- series ---- */

static void pack_series(const struct series *series, struct buf *out)
{
	size_t level;

	pack_u64(out, series->width_ns);
	pack_u64(out, series->last_ns);
	pack_u64(out, series->added_count);
	for (level = 0; level < SERIES_LEVEL_COUNT; level++) {
		pack_u64(out, series->counts[level]);
		pack_u64s(out, &series->levels[level][0].at_ns,
		          ENTRY_NUMBERS * series->counts[level]);
	}
}

/* The width is that of the series as it was made: with another time scale it cannot go on. */
static int unpack_series(struct series *series, struct unpack *in)
{
	struct series read;
	size_t level;

	series_init(&read, series->width_ns);
	if (unpack_u64(in) != series->width_ns)
		return -EBADMSG;
	read.last_ns = unpack_u64(in);
	read.added_count = unpack_u64(in);
	for (level = 0; level < SERIES_LEVEL_COUNT; level++) {
		uint64_t count = unpack_u64(in);

		if (count > SERIES_LEVEL_POINTS)
			return -EBADMSG;
		read.counts[level] = (uint8_t)count;
		unpack_u64s(in, &read.levels[level][0].at_ns, ENTRY_NUMBERS * (size_t)count);
	}
	if (in->has_failed)
		return -EBADMSG;
	*series = read;
	return 0;
}

/* ---- the trail ---- */

static void pack_trail(const struct trail *trail, struct buf *out)
{
	size_t level;

	pack_u64(out, trail->width_ns);
	for (level = 0; level < TRAIL_LEVEL_COUNT; level++)
		pack_bytes(out, trail->levels[level],
		           trail->counts[level] * sizeof(struct trail_entry));
}

/* What is in an entry is only shown, and checked there. */
static int unpack_trail(struct trail *trail, struct unpack *in)
{
	struct trail read;
	size_t level;

	trail_init(&read, trail->width_ns);
	if (unpack_u64(in) != trail->width_ns)
		return -EBADMSG;
	for (level = 0; level < TRAIL_LEVEL_COUNT; level++) {
		size_t length;
		const char *bytes = unpack_bytes(in, &length);

		if (in->has_failed || length % sizeof(struct trail_entry) != 0 ||
		    length > TRAIL_LEVEL_POINTS * sizeof(struct trail_entry))
			return -EBADMSG;
		memcpy(read.levels[level], bytes, length);
		read.counts[level] = (uint8_t)(length / sizeof(struct trail_entry));
	}
	*trail = read;
	return 0;
}

/* ---- courses ---- */

/* As of a trail: what is in a point is compared and shown, never used as an index. */
static int unpack_points(void *points, size_t stride, size_t count_max, uint8_t *ret_count,
                         struct unpack *in)
{
	size_t length;
	const char *bytes = unpack_bytes(in, &length);

	if (in->has_failed || length % stride != 0 || length / stride > count_max)
		return -EBADMSG;
	memcpy(points, bytes, length);
	*ret_count = (uint8_t)(length / stride);
	return 0;
}

static void pack_course(const struct course *course, struct buf *out)
{
	pack_bytes(out, course->points, course->count * sizeof(course->points[0]));
}

static int unpack_course(struct course *course, struct unpack *in)
{
	return unpack_points(course->points, sizeof(course->points[0]), COURSE_POINTS_MAX,
	                     &course->count, in);
}

static void pack_map_course(const struct map_course *course, struct buf *out)
{
	pack_bytes(out, course->points, course->count * sizeof(course->points[0]));
}

static int unpack_map_course(struct map_course *course, struct unpack *in)
{
	return unpack_points(course->points, sizeof(course->points[0]), MAP_COURSE_POINTS_MAX,
	                     &course->count, in);
}

/* ---- isolates ---- */

static void pack_isolate(const struct isolate *isolate, struct buf *out)
{
	size_t i;

	pack_string(out, isolate->name);
	for (i = 0; i < NUMBERS_COUNT; i++)
		buf_append(out, (const char *)isolate + isolate_numbers[i].offset,
		           isolate_numbers[i].count * sizeof(uint64_t));
	pack_u64(out, isolate->is_gone);
	pack_u64(out, isolate->has_live);
	pack_u64(out, isolate->has_external_pressure);
	pack_u64(out, isolate->ineffective_in_a_row);
	pack_u64(out, isolate->parts_known);
	pack_double(out, isolate->mutator_utilization);
	pack_series(&isolate->floor, out);
	pack_series(&isolate->external, out);
	pack_course(&isolate->course, out);
}

static int unpack_isolate(struct isolate *isolate, struct unpack *in)
{
	size_t i;

	unpack_string(in, isolate->name, sizeof(isolate->name));
	for (i = 0; i < NUMBERS_COUNT; i++)
		unpack_u64s(in, (uint64_t *)(void *)((char *)isolate + isolate_numbers[i].offset),
		            isolate_numbers[i].count);
	isolate->is_gone = unpack_u64(in) != 0;
	isolate->has_live = unpack_u64(in) != 0;
	isolate->has_external_pressure = unpack_u64(in) != 0;
	isolate->ineffective_in_a_row = (unsigned)unpack_u64(in);
	isolate->parts_known = (unsigned)unpack_u64(in) & ((1U << HEAP_PART_COUNT) - 1);
	isolate->mutator_utilization = unpack_double(in);
	if (unpack_series(&isolate->floor, in) < 0 || unpack_series(&isolate->external, in) < 0)
		return -EBADMSG;
	return unpack_course(&isolate->course, in);
}

static int unpack_isolates(struct process *process, struct unpack *in, uint64_t count)
{
	struct isolate read;
	struct isolate *isolate;
	uint64_t i;

	for (i = 0; i < count; i++) {
		isolate_init(&read, 0, process->bucket_width_ns);
		if (unpack_isolate(&read, in) < 0)
			return -EBADMSG;
		isolate = process_append_isolate(process, read.address);
		if (isolate == NULL)
			return -ENOMEM;
		read.limit_bytes = isolate->limit_bytes;
		read.limit_is_estimated = isolate->limit_is_estimated;
		*isolate = read;
	}
	return 0;
}

/* ---- a process ---- */

/* high_since_ns stays behind: the time in which nobody looked is no time that a score was held. */
static void pack_score_memory(const struct score_memory *memory, struct buf *out)
{
	pack_double(out, memory->level);
	pack_double(out, memory->carried);
	pack_u64(out, memory->carried_at_ns);
	pack_u64(out, memory->episode_peak_ns);
	pack_double(out, memory->episode_start);
	pack_double(out, memory->episode_peak);
	pack_double(out, memory->episode_rise_seconds);
	pack_u64(out, memory->episode_signal);
}

static void unpack_score_memory(struct score_memory *ret_memory, struct unpack *in)
{
	*ret_memory = (struct score_memory){.high_since_ns = 0};
	ret_memory->level = unpack_double(in);
	ret_memory->carried = unpack_double(in);
	ret_memory->carried_at_ns = unpack_u64(in);
	ret_memory->episode_peak_ns = unpack_u64(in);
	ret_memory->episode_start = unpack_double(in);
	ret_memory->episode_peak = unpack_double(in);
	ret_memory->episode_rise_seconds = unpack_double(in);
	ret_memory->episode_signal = unpack_u64(in);
}

void history_pack(const struct process *process, struct buf *out)
{
	size_t i;

	pack_u64(out, process->first_seen_ns);
	pack_u64(out, process->sources);
	pack_score_memory(&process->score_memory, out);
	pack_u64s(out, &process->outside_level.bucket,
	          sizeof(process->outside_level) / sizeof(uint64_t));
	pack_series(&process->outside, out);
	pack_series(&process->threads, out);
	pack_trail(&process->trail, out);
	pack_map_course(&process->map_course, out);
	pack_u64(out, process->isolate_count);
	for (i = 0; i < process->isolate_count; i++)
		pack_isolate(process->isolates[i], out);
}

int history_unpack(struct process *process, struct unpack *in)
{
	uint64_t first_seen_ns = unpack_u64(in);
	uint64_t sources = unpack_u64(in);
	struct score_memory score_memory;
	uint64_t count;

	unpack_score_memory(&score_memory, in);
	unpack_u64s(in, &process->outside_level.bucket,
	            sizeof(process->outside_level) / sizeof(uint64_t));
	if (unpack_series(&process->outside, in) < 0 || unpack_series(&process->threads, in) < 0 ||
	    unpack_trail(&process->trail, in) < 0 ||
	    unpack_map_course(&process->map_course, in) < 0)
		return -EBADMSG;
	count = unpack_u64(in);
	if (count > ISOLATES_MAX || process->isolate_count > 0)
		return -EBADMSG;
	process->first_seen_ns = first_seen_ns;
	process->sources |= (unsigned)sources & ((1U << SOURCE_COUNT) - 1);
	process->score_memory = score_memory;
	process->needs_scoring = true;
	return unpack_isolates(process, in, count);
}

/* ---- of many processes ---- */

struct history_entry {
	uint64_t key[2]; /* pid, start_ticks */
	struct unpack in;
	UT_hash_handle hh;
};

void histories_begin(struct buf *out)
{
	pack_u64(out, layout_number());
}

void histories_add(const struct process *process, struct buf *out)
{
	size_t at;

	pack_u64(out, (uint64_t)process->key.pid);
	pack_u64(out, process->key.start_ticks);
	at = pack_begin(out);
	history_pack(process, out);
	pack_end(out, at);
}

static int read_entry(struct histories *histories, struct unpack *in)
{
	struct history_entry *entry = calloc(1, sizeof(*entry));
	size_t length;

	if (entry == NULL)
		return -ENOMEM;
	unpack_u64s(in, entry->key, 2);
	entry->in.at = unpack_bytes(in, &length);
	entry->in.end = entry->in.at + length;
	if (!in->has_failed)
		HASH_ADD(hh, histories->table, key, sizeof(entry->key), entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return in->has_failed ? -EBADMSG : -ENOMEM;
	}
	return 0;
}

int histories_read(struct histories *histories, const char *bytes, size_t length)
{
	struct unpack in;
	int result = 0;

	histories_done(histories);
	histories->bytes = malloc(length + 1);
	if (histories->bytes == NULL)
		return -ENOMEM;
	memcpy(histories->bytes, bytes, length);
	in = (struct unpack){histories->bytes, histories->bytes + length, false};
	if (unpack_u64(&in) != layout_number())
		result = -EBADMSG;
	while (result == 0 && in.at < in.end)
		result = read_entry(histories, &in);
	if (result < 0)
		histories_done(histories);
	return result;
}

int histories_give(struct histories *histories, struct process *process)
{
	const uint64_t key[2] = {(uint64_t)process->key.pid, process->key.start_ticks};
	struct history_entry *entry;
	int result;

	HASH_FIND(hh, histories->table, key, sizeof(key), entry);
	if (entry == NULL)
		return 0;
	result = history_unpack(process, &entry->in);
	HASH_DEL(histories->table, entry);
	free(entry);
	return result;
}

void histories_add_waiting(const struct histories *histories, struct buf *out)
{
	const struct history_entry *entry;

	for (entry = histories->table; entry != NULL; entry = entry->hh.next) {
		pack_u64s(out, entry->key, 2);
		pack_bytes(out, entry->in.at, (size_t)(entry->in.end - entry->in.at));
	}
}

/* No process has these. */
static const uint64_t apps_key[2] = {UINT64_MAX, UINT64_MAX};

void histories_add_apps(struct app_table *apps, struct buf *out)
{
	size_t at;

	pack_u64s(out, apps_key, 2);
	at = pack_begin(out);
	experiences_pack(apps, out);
	pack_end(out, at);
}

void histories_give_apps(struct histories *histories, struct app_table *apps)
{
	struct history_entry *entry;

	HASH_FIND(hh, histories->table, apps_key, sizeof(apps_key), entry);
	if (entry == NULL)
		return;
	experiences_unpack(apps, &entry->in);
	HASH_DEL(histories->table, entry);
	free(entry);
}

void histories_done(struct histories *histories)
{
	struct history_entry *entry;
	struct history_entry *next;

	HASH_ITER(hh, histories->table, entry, next)
	{
		HASH_DEL(histories->table, entry);
		free(entry);
	}
	free(histories->bytes);
	*histories = (struct histories){NULL, NULL};
}
