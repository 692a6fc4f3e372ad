// SPDX-License-Identifier: MIT
/*
 * The trail: bounded whatever the age, with the highest of each time, oldest first.
 */
#include "daemon/model/trail.h"

#include "daemon/model/isolate.h"
#include "daemon/model/process.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

static struct trail trail;
static struct trail_point points[TRAIL_POINTS_MAX];

static void add(uint64_t minute, uint64_t mib, double score, enum leak_state state)
{
	const struct trail_point point = {
	    .at_ns = minute * NS_PER_MINUTE,
	    .used_bytes = mib * MIB,
	    .anon_bytes = 2 * mib * MIB,
	    .pause_ns = {NS_PER_US, mib * NS_PER_MS},
	    .score = score,
	    .state = state,
	};

	trail_add(&trail, &point);
}

START_TEST(test_a_bucket_has_the_highest_of_its_time)
{
	trail_init(&trail, NS_PER_MINUTE);
	add(5, 10, 0.9, LEAK_STATE_LEAK);
	add(5, 30, 0.2, LEAK_STATE_STABLE);
	add(5, 20, 0.1, LEAK_STATE_FILLING);
	add(6, 1, 0.5, LEAK_STATE_STEP);
	add(6, 1, 0.5, LEAK_STATE_LOAD); /* as high: the later one */
	ck_assert_uint_eq(trail_points(&trail, points), 2);
	ck_assert_uint_eq(points[0].at_ns, 5 * NS_PER_MINUTE);
	ck_assert_uint_eq(points[0].width_ns, NS_PER_MINUTE);
	ck_assert_uint_eq(points[0].used_bytes, 30 * MIB);
	ck_assert_uint_eq(points[0].anon_bytes, 60 * MIB);
	ck_assert_uint_eq(points[0].pause_ns[GC_GENERATION_FULL], 30 * NS_PER_MS);
	/* less than the unit is not nothing */
	ck_assert_uint_eq(points[0].pause_ns[GC_GENERATION_YOUNG], NS_PER_MS / 10);
	ck_assert_double_eq_tol(points[0].score, 0.9, 1e-9);
	ck_assert_int_eq(points[0].state, LEAK_STATE_LEAK);
	ck_assert_int_eq(points[1].state, LEAK_STATE_LOAD);
}
END_TEST

START_TEST(test_time_that_goes_back_is_the_latest)
{
	trail_init(&trail, NS_PER_MINUTE);
	add(9, 1, 0, LEAK_STATE_WARMUP);
	add(3, 7, 0, LEAK_STATE_WARMUP);
	ck_assert_uint_eq(trail_points(&trail, points), 1);
	ck_assert_uint_eq(points[0].at_ns, 9 * NS_PER_MINUTE);
	ck_assert_uint_eq(points[0].used_bytes, 7 * MIB);
}
END_TEST

START_TEST(test_two_months_stay_bounded_and_keep_peaks)
{
	const uint64_t minutes = UINT64_C(60) * 24 * 60;
	uint64_t highest = 0;
	uint64_t minute;
	size_t count;
	size_t i;

	trail_init(&trail, NS_PER_MINUTE);
	for (minute = 0; minute < minutes; minute++)
		add(minute, minute == minutes - 3000 ? 5000 : 100, 0, LEAK_STATE_STABLE);
	count = trail_points(&trail, points);
	ck_assert_uint_le(count, TRAIL_POINTS_MAX);
	ck_assert_uint_gt(count, TRAIL_LEVEL_COUNT * TRAIL_LEVEL_POINTS / 2);
	/* it reaches back weeks, and begins with what is oldest */
	ck_assert_uint_lt(points[0].at_ns, (minutes - UINT64_C(21) * 24 * 60) * NS_PER_MINUTE);
	for (i = 0; i < count; i++) {
		if (points[i].used_bytes > highest)
			highest = points[i].used_bytes;
		if (i > 0) {
			ck_assert_uint_gt(points[i].at_ns, points[i - 1].at_ns);
			ck_assert_uint_le(points[i].width_ns, points[i - 1].width_ns);
		}
	}
	ck_assert_uint_eq(highest, 5000 * MIB);
	ck_assert_uint_eq(points[count - 1].at_ns, (minutes - 1) * NS_PER_MINUTE);
}
END_TEST

START_TEST(test_what_does_not_fit_saturates)
{
	const struct trail_point point = {
	    .at_ns = 1,
	    .used_bytes = UINT64_MAX,
	    .pause_ns = {UINT64_MAX, NS_PER_HOUR},
	    .score = 7,
	};

	trail_init(&trail, 1);
	trail_add(&trail, &point);
	ck_assert_uint_eq(trail_points(&trail, points), 1);
	ck_assert_uint_eq(points[0].used_bytes, UINT32_MAX * KIB);
	ck_assert_uint_eq(points[0].pause_ns[GC_GENERATION_FULL], UINT16_MAX * (NS_PER_MS / 10));
	ck_assert_double_eq(points[0].score, 1);
}
END_TEST

START_TEST(test_a_process_leaves_one)
{
	const struct process_facts facts = {.key = {1, 1},
	                                    .script = "",
	                                    .node_version = "",
	                                    .container_id = "",
	                                    .pod_uid = "",
	                                    .container_name = "",
	                                    .unit = ""};
	const struct memory_sample memory = {
	    .at_ns = NS_PER_MINUTE, .rss_bytes = 50 * MIB, .rss_shared_bytes = 20 * MIB};
	const struct gc_event event = {.kind = GC_MARK_COMPACT,
	                               .isolate = 1,
	                               .used_after_bytes = 8 * MIB,
	                               .pause_ns = 4 * NS_PER_MS};
	struct process *process = process_new(&facts, 0, 1);

	ck_assert_ptr_nonnull(process);
	process->verdict.state = LEAK_STATE_SUSPECTED;
	process->verdict.score = 0.75;
	process_add_memory(process, &memory);
	process_add_gc(process, NS_PER_MINUTE, &event);
	ck_assert_uint_eq(trail_points(&process->trail, points), 1);
	ck_assert_uint_eq(points[0].anon_bytes, 30 * MIB);
	ck_assert_uint_eq(points[0].file_bytes, 20 * MIB);
	ck_assert_uint_eq(points[0].used_bytes, 8 * MIB);
	ck_assert_uint_eq(points[0].committed_bytes, 8 * MIB); /* never printed: what is used */
	ck_assert_uint_eq(points[0].pause_ns[GC_GENERATION_FULL], 4 * NS_PER_MS);
	ck_assert_uint_eq(points[0].pause_ns[GC_GENERATION_YOUNG], 0);
	ck_assert_int_eq(points[0].state, LEAK_STATE_SUSPECTED);
	(void)process_free(process);
}
END_TEST

UNIT_MAIN("trail", test_a_bucket_has_the_highest_of_its_time,
          test_time_that_goes_back_is_the_latest, test_two_months_stay_bounded_and_keep_peaks,
          test_what_does_not_fit_saturates, test_a_process_leaves_one)
