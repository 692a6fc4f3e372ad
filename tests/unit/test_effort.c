// SPDX-License-Identifier: MIT
/* How hard V8 works, then and now. */
#include "daemon/scoring/effort.h"

#include <math.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

static struct isolate isolate;

/* What collections are like from now on; times in seconds. */
struct phase {
	unsigned count;
	unsigned interval;
	unsigned before_mib;
	unsigned after_mib;
	unsigned full_ms;
	unsigned young_tenths; /* of a millisecond; 0: none */
	double utilization;
	bool is_last_resort;
};

static uint64_t now_seconds;

static void add(enum gc_kind kind, const struct phase *phase, uint64_t pause_ns)
{
	const struct gc_event event = {
	    .kind = kind,
	    .isolate = isolate.address,
	    .uptime_ns = now_seconds * NS_PER_SECOND,
	    .used_before_bytes = phase->before_mib * MIB,
	    .used_after_bytes = phase->after_mib * MIB,
	    .committed_after_bytes = phase->before_mib * MIB,
	    .pause_ns = pause_ns,
	    .average_mutator_utilization = phase->utilization,
	    .is_last_resort = phase->is_last_resort,
	};

	isolate_add_gc(&isolate, NS_PER_HOUR + now_seconds * NS_PER_SECOND, &event);
}

static void play(const struct phase *phase)
{
	unsigned i;

	for (i = 0; i < phase->count; i++) {
		now_seconds += phase->interval;
		if (phase->young_tenths > 0)
			add(GC_SCAVENGE, phase, phase->young_tenths * NS_PER_MS / 10);
		add(GC_MARK_COMPACT, phase, phase->full_ms * NS_PER_MS);
	}
}

static void start(uint64_t address)
{
	isolate_init(&isolate, address, NS_PER_MINUTE);
	now_seconds = 0;
}

static const struct phase easy = {
    .count = 12,
    .interval = 60,
    .before_mib = 50,
    .after_mib = 30,
    .full_ms = 4,
    .young_tenths = 8,
    .utilization = 0.99,
};
static const struct phase hard = {
    .count = 40,
    .interval = 20,
    .before_mib = 50,
    .after_mib = 45,
    .full_ms = 30,
    .young_tenths = 20,
    .utilization = 0.6,
    .is_last_resort = true,
};

START_TEST(test_a_heap_that_fills_makes_v8_work_harder)
{
	struct effort effort;
	char text[240];

	start(1);
	play(&easy);
	play(&hard);
	ck_assert(effort_compare(&isolate, 0, &effort));
	ck_assert_uint_ge(effort_tell_worse(&effort, text, sizeof(text)), 5);
	ck_assert_ptr_nonnull(strstr(text, "full collections free 10 % of the heap (4"));
	ck_assert_ptr_nonnull(strstr(text, "full collections come every 20 s (60 s)"));
	ck_assert_ptr_nonnull(strstr(text, "full collections take 30 ms (4.0 ms)"));
	ck_assert_ptr_nonnull(strstr(text, "scavenges take 2.0 ms (0.8 ms)"));
	ck_assert_ptr_nonnull(strstr(text, "the program has 60 % of the time (99 %)"));
	ck_assert_uint_eq(effort.events[HEAP_EVENT_LAST_RESORT], 80 /* young ones, too */);
	ck_assert_uint_eq(effort.full_count, 51);
}
END_TEST

START_TEST(test_a_steady_heap_is_as_before)
{
	struct effort effort;
	char text[240];

	start(1);
	play(&easy);
	play(&easy);
	ck_assert(effort_compare(&isolate, 0, &effort));
	ck_assert_uint_eq(effort_tell_worse(&effort, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(effort_tell_steady(&effort, text, sizeof(text)), 5);
	ck_assert_ptr_nonnull(strstr(text, "each full collection frees 20.0 MiB (20.0 MiB)"));
	ck_assert_ptr_nonnull(strstr(text, "committed are 50.0 MiB (50.0 MiB)"));
}
END_TEST

START_TEST(test_more_allocation_excuses_more_collections)
{
	struct phase busy = easy;
	struct effort effort;
	char text[240];

	busy.interval = 20;
	busy.count = 36;
	start(1);
	play(&easy);
	play(&busy);
	ck_assert(effort_compare(&isolate, 0, &effort));
	ck_assert_uint_eq(effort_tell_worse(&effort, text, sizeof(text)), 0);
}
END_TEST

START_TEST(test_what_the_inspector_does_not_tell_is_no_sign)
{
	struct phase alike = easy;
	struct effort effort;
	char text[240];

	alike.before_mib = alike.after_mib;
	alike.utilization = (double)NAN;
	alike.young_tenths = 0;
	start(ISOLATE_INSPECTOR_MAIN);
	play(&alike);
	play(&alike);
	ck_assert(effort_compare(&isolate, 0, &effort));
	ck_assert_uint_eq(effort_tell_worse(&effort, text, sizeof(text)), 0);
	(void)effort_tell_steady(&effort, text, sizeof(text));
	ck_assert_ptr_null(strstr(text, "frees"));
	ck_assert_ptr_null(strstr(text, "scavenges"));
}
END_TEST

START_TEST(test_few_collections_say_nothing)
{
	struct phase few = easy;
	struct effort effort;

	start(1);
	ck_assert(!effort_compare(&isolate, 0, &effort));
	few.count = 5;
	play(&few);
	ck_assert(!effort_compare(&isolate, 0, &effort));
	ck_assert_uint_eq(effort.full_count, 4);
}
END_TEST

START_TEST(test_text_is_cut_at_its_size)
{
	struct effort effort;
	char text[32];

	start(1);
	play(&easy);
	play(&hard);
	ck_assert(effort_compare(&isolate, 0, &effort));
	(void)effort_tell_worse(&effort, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
}
END_TEST

UNIT_MAIN("effort", test_a_heap_that_fills_makes_v8_work_harder, test_a_steady_heap_is_as_before,
          test_more_allocation_excuses_more_collections,
          test_what_the_inspector_does_not_tell_is_no_sign, test_few_collections_say_nothing,
          test_text_is_cut_at_its_size)
