// SPDX-License-Identifier: MIT
/*
 * The history of a heap: bounded, and nothing of what was added is lost by merging.
 */
#include "tool/history.h"

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define BUCKETS 16

static struct gc_event collection(enum gc_kind kind, uint64_t before, uint64_t after)
{
	return (struct gc_event){
	    .kind = kind,
	    .used_before_bytes = before,
	    .used_after_bytes = after,
	    .committed_before_bytes = 90,
	    .committed_after_bytes = 80,
	    .pause_ns = before,
	};
}

static void add(struct history *history, uint64_t at_ms, enum gc_kind kind, uint64_t before,
                uint64_t after)
{
	const struct gc_event event = collection(kind, before, after);

	history_add(history, at_ms * NS_PER_MS, &event);
}

START_TEST(test_few_collections_have_a_bucket_each)
{
	struct history history;

	history_init(&history, BUCKETS);
	add(&history, 5, GC_SCAVENGE, 30, 20);
	add(&history, 9, GC_MARK_COMPACT, 40, 10);
	ck_assert_uint_eq(history_count(&history), 2);
	ck_assert_uint_eq(history_at(&history, 0)->used_before_max, 30);
	ck_assert_uint_eq(history_at(&history, 0)->full_count, 0);
	ck_assert_uint_eq(history_at(&history, 1)->floor_min, 10);
	ck_assert_uint_eq(history_at(&history, 1)->floor_ns, 9 * NS_PER_MS);
	ck_assert_uint_eq(history_at(&history, 1)->allocated, 20);
	ck_assert_uint_eq(history_at(&history, 1)->committed_max, 90);
	history_done(&history);
}
END_TEST

START_TEST(test_many_collections_stay_bounded_and_lose_nothing)
{
	struct history history;
	struct history_bucket all;
	uint64_t i;

	history_init(&history, BUCKETS);
	for (i = 0; i < 5000; i++) {
		add(&history, i * 7, i % 5 == 0 ? GC_MARK_COMPACT : GC_MINOR_MARK_COMPACT, i + 20,
		    i + 10);
		ck_assert_uint_le(history_count(&history), BUCKETS);
	}
	ck_assert_uint_gt(history_count(&history), BUCKETS / 2);
	all = history_span(&history, 0, UINT64_MAX);
	ck_assert_uint_eq(all.young_count, 4000);
	ck_assert_uint_eq(all.full_count, 1000);
	ck_assert_uint_eq(all.full_freed, 10000);
	ck_assert_uint_eq(all.allocated, 4999 * 11);
	ck_assert_uint_eq(all.used_before_max, 4999 + 20);
	ck_assert_uint_eq(all.used_after_min, 10);
	ck_assert_uint_eq(all.used_after_last, 4999 + 10);
	ck_assert_uint_eq(all.floor_min, 10);
	ck_assert_uint_eq(all.floor_ns, 0);
	ck_assert_uint_eq(all.floor_max, 4995 + 10);
	ck_assert_uint_eq(all.floor_last, 4995 + 10);
	ck_assert_uint_eq(all.full_pause_max_ns, 4995 + 20);
	ck_assert_uint_eq(all.young_pause_max_ns, 4999 + 20);
	ck_assert_uint_eq(all.first_ns, 0);
	ck_assert_uint_eq(all.last_ns, 4999 * 7 * NS_PER_MS);
	history_done(&history);
}
END_TEST

START_TEST(test_collections_far_apart_stay_apart)
{
	struct history history;
	uint64_t i;

	history_init(&history, BUCKETS);
	for (i = 0; i < BUCKETS; i++)
		add(&history, i * 3600000, GC_SCAVENGE, 2, 1);
	ck_assert_uint_eq(history_count(&history), BUCKETS);
	add(&history, UINT64_MAX / NS_PER_MS, GC_SCAVENGE, 2, 1);
	ck_assert_uint_le(history_count(&history), BUCKETS);
	ck_assert_uint_eq(history_span(&history, 0, UINT64_MAX).young_count, BUCKETS + 1);
	history_done(&history);
}
END_TEST

START_TEST(test_a_span_is_what_began_in_it)
{
	struct history history;
	uint64_t i;

	history_init(&history, BUCKETS);
	for (i = 0; i < 10; i++)
		add(&history, i, GC_MARK_COMPACT, 100, i);
	ck_assert_uint_eq(history_span(&history, 0, 5 * NS_PER_MS).full_count, 5);
	ck_assert_uint_eq(history_span(&history, 5 * NS_PER_MS, 9 * NS_PER_MS).floor_min, 5);
	ck_assert_uint_eq(history_span(&history, 10 * NS_PER_MS, UINT64_MAX).full_count, 0);
	history_done(&history);
}
END_TEST

START_TEST(test_time_does_not_go_back)
{
	struct history history;

	history_init(&history, BUCKETS);
	add(&history, 1000, GC_SCAVENGE, 2, 1);
	add(&history, 10, GC_SCAVENGE, 4, 3);
	ck_assert_uint_eq(history_count(&history), 1);
	ck_assert_uint_eq(history_at(&history, 0)->last_ns, 1000 * NS_PER_MS);
	ck_assert_uint_eq(history_at(&history, 0)->used_after_last, 3);
	history_done(&history);
}
END_TEST

UNIT_MAIN("history", test_few_collections_have_a_bucket_each,
          test_many_collections_stay_bounded_and_lose_nothing,
          test_collections_far_apart_stay_apart, test_a_span_is_what_began_in_it,
          test_time_does_not_go_back)
