// SPDX-License-Identifier: MIT
/* One heap: totals, floor, bound from scavenges, V8's ineffective rule, lives. */
#include "daemon/model/isolate.h"

#include <math.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

static struct isolate isolate;

static struct gc_event event_of(enum gc_kind kind, uint64_t uptime_ms, uint64_t before_mib,
                                uint64_t after_mib)
{
	return (struct gc_event){
	    .kind = kind,
	    .isolate = 1,
	    .uptime_ns = uptime_ms * NS_PER_MS,
	    .used_before_bytes = before_mib * MIB,
	    .used_after_bytes = after_mib * MIB,
	    .committed_before_bytes = (before_mib + 4) * MIB,
	    .committed_after_bytes = (after_mib + 4) * MIB,
	    .pause_ns = 3 * NS_PER_MS,
	    .average_mutator_utilization = (double)NAN,
	    .current_mutator_utilization = (double)NAN,
	};
}

static void add(enum gc_kind kind, uint64_t uptime_ms, uint64_t before_mib, uint64_t after_mib)
{
	struct gc_event event = event_of(kind, uptime_ms, before_mib, after_mib);

	isolate_add_gc(&isolate, NS_PER_HOUR + uptime_ms * NS_PER_MS, &event);
}

static void setup(void)
{
	isolate_init(&isolate, 1, NS_PER_MINUTE);
}

START_TEST(test_totals_count_every_collection_by_kind_and_generation)
{
	setup();
	add(GC_SCAVENGE, 100, 10, 8);
	add(GC_MINOR_MARK_COMPACT, 200, 12, 9);
	add(GC_MARK_COMPACT, 300, 13, 6);
	ck_assert_uint_eq(isolate.by_kind[GC_SCAVENGE].count, 1);
	ck_assert_uint_eq(isolate.by_kind[GC_MINOR_MARK_COMPACT].count, 1);
	ck_assert_uint_eq(isolate.by_kind[GC_MARK_COMPACT].count, 1);
	ck_assert_uint_eq(isolate.totals[GC_GENERATION_YOUNG].count, 2);
	ck_assert_uint_eq(isolate.totals[GC_GENERATION_YOUNG].reclaimed_bytes, 5 * MIB);
	ck_assert_uint_eq(isolate.totals[GC_GENERATION_FULL].reclaimed_bytes, 7 * MIB);
	ck_assert_uint_eq(isolate.totals[GC_GENERATION_FULL].pause_max_ns, 3 * NS_PER_MS);
	ck_assert_uint_eq(isolate.totals[GC_GENERATION_FULL].buckets[2], 1);
	ck_assert_uint_eq(isolate.allocated_bytes, (4 + 4) * MIB);
	ck_assert_uint_eq(isolate.used_bytes, 6 * MIB);
	ck_assert_uint_eq(isolate.committed_bytes, 10 * MIB);
	ck_assert_uint_eq(isolate.created_ns, NS_PER_HOUR);
}
END_TEST

START_TEST(test_pause_buckets_are_closed_above)
{
	static const struct {
		uint64_t pause_ns;
		size_t bucket;
	} rows[] = {
	    {0, 0},
	    {NS_PER_MS, 0},
	    {NS_PER_MS + 1, 1},
	    {500 * NS_PER_MS, 9},
	    {10 * NS_PER_SECOND, GC_PAUSE_BOUND_COUNT - 1},
	    {11 * NS_PER_SECOND, GC_PAUSE_BOUND_COUNT},
	};
	struct gc_event event = event_of(GC_SCAVENGE, 1, 1, 1);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup();
		event.pause_ns = rows[i].pause_ns;
		isolate_add_gc(&isolate, NS_PER_HOUR, &event);
		ck_assert_uint_eq(isolate.by_kind[GC_SCAVENGE].buckets[rows[i].bucket], 1);
	}
}
END_TEST

START_TEST(test_pauses_up_to_a_bound_add_up)
{
	static const uint64_t pauses_ns[] = {NS_PER_MS, NS_PER_MS + 1, 75 * NS_PER_MS,
	                                     NS_PER_SECOND, 60 * NS_PER_SECOND};
	struct gc_event event = event_of(GC_SCAVENGE, 1, 1, 1);
	const struct gc_totals *totals = &isolate.by_kind[GC_SCAVENGE];
	size_t i;

	setup();
	for (i = 0; i < sizeof(pauses_ns) / sizeof(pauses_ns[0]); i++) {
		event.pause_ns = pauses_ns[i];
		isolate_add_gc(&isolate, NS_PER_HOUR, &event);
	}
	ck_assert_uint_eq(gc_totals_up_to(totals, 0.001), 1);
	ck_assert_uint_eq(gc_totals_up_to(totals, 0.0025), 2);
	ck_assert_uint_eq(gc_totals_up_to(totals, 0.1), 3);
	ck_assert_uint_eq(gc_totals_up_to(totals, 1), 4);
	ck_assert_uint_eq(gc_totals_up_to(totals, 10), 4);
	ck_assert_uint_eq(totals->count, 5);
}
END_TEST

START_TEST(test_only_full_collections_make_the_floor)
{
	setup();
	add(GC_SCAVENGE, 100, 10, 8);
	ck_assert(!isolate.has_live);
	ck_assert_uint_eq(isolate.floor.added_count, 0);
	add(GC_MARK_COMPACT, 200, 12, 7);
	ck_assert(isolate.has_live);
	ck_assert_uint_eq(isolate.live_bytes, 7 * MIB);
	add(GC_SCAVENGE, 300, 12, 9);
	ck_assert_uint_eq(isolate.live_bytes, 7 * MIB);
	ck_assert_uint_eq(isolate.floor.added_count, 1);
}
END_TEST

START_TEST(test_a_scavenge_below_the_floor_lowers_it_for_good)
{
	struct series_point points[SERIES_POINTS_MAX];

	setup();
	add(GC_MARK_COMPACT, 100, 30, 20);
	add(GC_SCAVENGE, 200, 30, 15);
	ck_assert_uint_eq(isolate.bound_bytes, 15 * MIB);
	ck_assert_uint_gt(isolate.bound_ns, 0);
	add(GC_SCAVENGE, 300, 30, 18);
	add(GC_SCAVENGE, 400, 30, 25);
	ck_assert_uint_eq(isolate.bound_bytes, 15 * MIB);
	ck_assert_uint_eq(isolate.live_bytes, 20 * MIB);
	ck_assert_uint_eq(isolate.floor.added_count, 2);
	ck_assert_uint_eq(series_points(&isolate.floor, points), 1);
	ck_assert_uint_eq(points[0].value, 15 * MIB);
	add(GC_MARK_COMPACT, 500, 30, 14);
	ck_assert_uint_eq(isolate.bound_bytes, 0);
}
END_TEST

START_TEST(test_a_clock_that_goes_back_begins_a_new_life)
{
	setup();
	add(GC_MARK_COMPACT, 90000, 30, 20);
	add(GC_MARK_COMPACT, 89500, 30, 21); /* within a second: the same life */
	ck_assert_uint_eq(isolate.floor.added_count, 2);
	add(GC_MARK_COMPACT, 40, 9, 5);
	ck_assert_uint_eq(isolate.floor.added_count, 1);
	ck_assert_uint_eq(isolate.live_bytes, 5 * MIB);
	ck_assert_uint_eq(isolate.by_kind[GC_MARK_COMPACT].count, 3);
	ck_assert_uint_eq(isolate.allocated_bytes, 10 * MIB);
}
END_TEST

START_TEST(test_ineffective_is_v8s_own_rule)
{
	static const struct {
		uint64_t before_mib;
		uint64_t after_mib;
		double utilization;
		bool is_ineffective;
	} rows[] = {
	    {99, 85, 0.39, true}, {99, 85, 0.41, false},       {99, 79, 0.1, false},
	    {99, 80, 0.1, true},  {90, 85, (double)NAN, true}, {99, 85, (double)NAN, false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gc_event event =
		    event_of(GC_MARK_COMPACT, 1000, rows[i].before_mib, rows[i].after_mib);

		setup();
		isolate.limit_bytes = 100 * MIB;
		event.average_mutator_utilization = rows[i].utilization;
		isolate_add_gc(&isolate, NS_PER_HOUR, &event);
		ck_assert_uint_eq(isolate.events[HEAP_EVENT_INEFFECTIVE],
		                  rows[i].is_ineffective ? 1 : 0);
		ck_assert_uint_eq(isolate.ineffective_in_a_row, rows[i].is_ineffective ? 1 : 0);
	}
}
END_TEST

START_TEST(test_an_effective_collection_ends_the_row)
{
	setup();
	isolate.limit_bytes = 100 * MIB;
	add(GC_MARK_COMPACT, 1000, 90, 88);
	add(GC_MARK_COMPACT, 2000, 90, 88);
	add(GC_SCAVENGE, 2500, 90, 89);
	ck_assert_uint_eq(isolate.ineffective_in_a_row, 2);
	add(GC_MARK_COMPACT, 3000, 90, 40);
	ck_assert_uint_eq(isolate.ineffective_in_a_row, 0);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_NEAR_LIMIT], 2);
}
END_TEST

START_TEST(test_reasons_and_incidents_are_counted)
{
	struct gc_event event = event_of(GC_MARK_COMPACT, 10, 9, 8);

	setup();
	event.is_last_resort = true;
	event.is_scavenge_might_not_succeed = true;
	event.is_external_pressure = true;
	event.average_mutator_utilization = 0.97;
	isolate_add_gc(&isolate, NS_PER_HOUR, &event);
	isolate_add_incident(&isolate, HEAP_INCIDENT_FATAL_OOM);
	isolate_add_incident(&isolate, HEAP_INCIDENT_MARKING_SPED_UP);
	isolate_add_incident(&isolate, HEAP_INCIDENT_MARKING_STARTED);
	isolate_add_incident(&isolate, HEAP_INCIDENT_MARKING_FINALIZED);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_MARKING_STARTED], 1);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_MARKING_FINALIZED], 1);
	isolate_add_incident(&isolate, HEAP_INCIDENT_MARKING_SPED_UP);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_LAST_RESORT], 1);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_SCAVENGE_MIGHT_NOT_SUCCEED], 1);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_FATAL_OOM], 1);
	ck_assert_uint_eq(isolate.events[HEAP_EVENT_MARKING_SPED_UP], 2);
	ck_assert(isolate.has_external_pressure);
	ck_assert_double_eq(isolate.mutator_utilization, 0.97);
}
END_TEST

START_TEST(test_names_are_those_of_the_metrics)
{
	ck_assert_str_eq(gc_generation_name(GC_GENERATION_YOUNG), "young");
	ck_assert_str_eq(gc_generation_name(GC_GENERATION_FULL), "full");
	ck_assert_str_eq(heap_event_name(HEAP_EVENT_NEAR_LIMIT), "near_limit");
	ck_assert_str_eq(heap_event_name(HEAP_EVENT_FATAL_OOM), "fatal_oom");
}
END_TEST

static bool add_part(uint64_t at_s, enum heap_part part, uint64_t used_bytes)
{
	const struct heap_sample sample = {
	    .part = part, .used_bytes = used_bytes, .committed_bytes = 2 * used_bytes};

	return isolate_add_heap(&isolate, at_s * NS_PER_SECOND, &sample);
}

START_TEST(test_spaces_are_known_once_told)
{
	struct heap_part_level level;

	setup();
	ck_assert(!isolate_space(&isolate, HEAP_PART_OLD, &level));
	ck_assert(!add_part(1, HEAP_PART_OLD, 7));
	ck_assert(isolate_space(&isolate, HEAP_PART_OLD, &level));
	ck_assert_uint_eq(level.used_bytes, 7);
	ck_assert_uint_eq(level.committed_bytes, 14);
	ck_assert(!isolate_space(&isolate, HEAP_PART_CODE, &level));
	ck_assert_uint_eq(isolate.external.added_count, 0);
}
END_TEST

/* What was reported holds where no backing stores are told: up to Node 13. */
START_TEST(test_external_memory_is_that_of_backing_stores_where_told)
{
	uint64_t bytes = 0;

	setup();
	ck_assert(!isolate_external_bytes(&isolate, &bytes));
	ck_assert(add_part(1, HEAP_PART_EXTERNAL_REPORTED, 5));
	ck_assert(isolate_external_bytes(&isolate, &bytes));
	ck_assert_uint_eq(bytes, 5);
	ck_assert(add_part(63, HEAP_PART_BACKING_STORE, 9));
	ck_assert(!add_part(125, HEAP_PART_EXTERNAL_REPORTED, 6));
	ck_assert(isolate_external_bytes(&isolate, &bytes));
	ck_assert_uint_eq(bytes, 9);
	ck_assert_uint_eq(isolate.external.added_count, 2);
}
END_TEST

START_TEST(test_another_life_forgets_the_parts)
{
	uint64_t bytes;

	setup();
	add(GC_SCAVENGE, 5000, 2, 1);
	ck_assert(add_part(6, HEAP_PART_BACKING_STORE, 9));
	add(GC_SCAVENGE, 100, 2, 1);
	ck_assert(!isolate_external_bytes(&isolate, &bytes));
	ck_assert_uint_eq(isolate.external.added_count, 0);
}
END_TEST

START_TEST(test_committed_size_stays_where_it_is_not_printed)
{
	struct gc_event event = event_of(GC_SCAVENGE, 10, 9, 8);

	setup();
	isolate_add_gc(&isolate, NS_PER_SECOND, &event);
	ck_assert_uint_eq(isolate.committed_bytes, event.committed_after_bytes);
	event.committed_after_bytes = 0;
	event.uptime_ns++;
	isolate_add_gc(&isolate, 2 * NS_PER_SECOND, &event);
	ck_assert_uint_ne(isolate.committed_bytes, 0);
}
END_TEST

UNIT_MAIN("isolate", test_totals_count_every_collection_by_kind_and_generation,
          test_pause_buckets_are_closed_above, test_pauses_up_to_a_bound_add_up,
          test_only_full_collections_make_the_floor,
          test_a_scavenge_below_the_floor_lowers_it_for_good,
          test_a_clock_that_goes_back_begins_a_new_life, test_ineffective_is_v8s_own_rule,
          test_an_effective_collection_ends_the_row, test_spaces_are_known_once_told,
          test_external_memory_is_that_of_backing_stores_where_told,
          test_another_life_forgets_the_parts, test_committed_size_stays_where_it_is_not_printed,
          test_reasons_and_incidents_are_counted, test_names_are_those_of_the_metrics)
