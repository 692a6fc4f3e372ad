// SPDX-License-Identifier: MIT
/*
 * Verdicts on what is made to mislead: leaks that dip, pause or hide, clocks that jump,
 * measurements that fail to come, limits that move. One collection and one sample a minute, as the
 * daemon does.
 */
#include <math.h>
#include <string.h>

#include "daemon/scoring/scoring.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS  NS_PER_DAY
#define LIMIT_MIB 300.0

static const struct scoring_options options = {1};

struct play {
	double (*floor_mib)(double minute);
	double (*clock)(double minute); /* the minute that is shown, NAN: nothing is seen; NULL */
	double (*allocated_mib)(double minute); /* in a minute; NULL: 20 */
	unsigned collections;                   /* in a minute; 0: 1 */
	void (*change)(struct process *process);
	double change_minute;
};

struct outcome {
	double first_alarm_minute; /* NAN: none */
	double highest;
	double before; /* median of exhaustion before the change, seconds */
	struct process *process;
};

static const struct process_facts plain_facts = {
    .start_ns = START_NS,
    .app = "",
    PROCESS_FACTS_UNKNOWN,
    .max_old_space_bytes = (uint64_t)(LIMIT_MIB * (double)MIB),
};

static void add_minute(struct process *process, const struct play *play, double minute,
                       uint64_t at_ns)
{
	double floor_mib = play->floor_mib(minute);
	struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = 1,
	    .used_before_bytes =
	        (uint64_t)((floor_mib +
	                    (play->allocated_mib != NULL ? play->allocated_mib(minute) : 20)) *
	                   (double)MIB),
	    .used_after_bytes = (uint64_t)(floor_mib * (double)MIB),
	    .committed_after_bytes = (uint64_t)((floor_mib + 10) * (double)MIB),
	    .average_mutator_utilization = 0.9,
	};
	const struct memory_sample sample = {
	    .at_ns = at_ns,
	    .rss_bytes = (uint64_t)((floor_mib + 50) * (double)MIB),
	    .threads = 11,
	};
	unsigned i;

	for (i = 0; i < (play->collections > 0 ? play->collections : 1); i++) {
		event.uptime_ns = at_ns + i * NS_PER_SECOND / 10 - START_NS;
		process_add_gc(process, at_ns + i * NS_PER_SECOND / 10, &event);
	}
	process_add_memory(process, &sample);
}

static struct outcome run(const struct play *play, double minutes)
{
	struct outcome outcome = {
	    .first_alarm_minute = (double)NAN,
	    .process = process_new(&plain_facts, START_NS, 1),
	};
	struct process *process = outcome.process;
	double minute;

	for (minute = 0; minute < minutes; minute++) {
		double shown = play->clock != NULL ? play->clock(minute) : minute;
		uint64_t at_ns = START_NS + (uint64_t)(fmax(shown, 0) * (double)NS_PER_MINUTE);

		if (isnan(shown))
			continue;
		if (play->change != NULL && minute == play->change_minute) {
			outcome.before = process->verdict.exhaustion_p50_seconds;
			play->change(process);
		}
		add_minute(process, play, minute, at_ns);
		scoring_evaluate(process, at_ns, &options);
		outcome.highest = fmax(outcome.highest, process->verdict.score);
		if (isnan(outcome.first_alarm_minute) && process->verdict.score >= 0.8)
			outcome.first_alarm_minute = minute;
	}
	return outcome;
}

static void expect_leak(const struct play *play, double minutes, double alarm_max)
{
	struct outcome outcome = run(play, minutes);

	ck_assert_msg(outcome.first_alarm_minute <= alarm_max, "first alarm %.0f, highest %.2f",
	              outcome.first_alarm_minute, outcome.highest);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	(void)process_free(outcome.process);
}

static void expect_healthy(const struct play *play, double minutes)
{
	struct outcome outcome = run(play, minutes);

	ck_assert_msg(outcome.highest < 0.5, "highest %.2f", outcome.highest);
	(void)process_free(outcome.process);
}

static double flat(double minute)
{
	return 40 + 0.5 * sin(7 * minute);
}

static double leak(double minute)
{
	return 40 + 0.5 * minute + 0.2 * sin(7 * minute);
}

static double ramp(double minute)
{
	return 50 + minute;
}

static double steady_work(double minute)
{
	return 40 + 2 * sin(5 * minute);
}

static double rising_work(double minute)
{
	return steady_work(minute) * ramp(minute) / 50;
}

static double leak_with_dips(double minute)
{
	return 40 + 0.5 * minute - (fmod(minute, 15) == 14 ? 0.5 + 4.0 / 1024 : 0);
}

static double leak_with_pause(double minute)
{
	return leak(fmin(minute, 30)) + 0.5 * fmax(minute - 40, 0);
}

static double leak_in_warm_up(double minute)
{
	return 20 + 20 * (1 - exp(-minute / 3)) + 0.5 * minute;
}

static double with_gaps(double minute)
{
	return fmod(minute, 40) >= 25 ? (double)NAN : minute;
}

static double jumps_ahead(double minute)
{
	return minute < 50 ? minute : minute + 600;
}

static double jumps_back(double minute)
{
	return minute < 50 ? minute : minute - 10;
}

START_TEST(test_one_dip_in_each_window_hides_no_leak)
{
	static const struct play play = {.floor_mib = leak_with_dips};

	expect_leak(&play, 120, 45);
}
END_TEST

START_TEST(test_a_pause_hides_no_leak)
{
	static const struct play play = {.floor_mib = leak_with_pause};

	expect_leak(&play, 150, 90);
}
END_TEST

START_TEST(test_a_leak_inside_the_warm_up_is_called)
{
	static const struct play play = {.floor_mib = leak_in_warm_up};

	expect_leak(&play, 120, 60);
}
END_TEST

START_TEST(test_collections_by_hand_change_nothing)
{
	static const struct play healthy = {.floor_mib = flat, .collections = 5};
	static const struct play leaking = {.floor_mib = leak, .collections = 5};

	expect_healthy(&healthy, 120);
	expect_leak(&leaking, 120, 60);
}
END_TEST

START_TEST(test_what_goes_with_the_load_is_no_leak)
{
	static const struct play play = {.floor_mib = ramp, .allocated_mib = rising_work};
	struct outcome outcome = run(&play, 90);

	ck_assert_msg(outcome.highest < 0.8, "highest %.2f", outcome.highest);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LOAD);
	ck_assert_ptr_nonnull(
	    strstr(outcome.process->evidence[outcome.process->evidence_count - 1], "work done"));
	(void)process_free(outcome.process);
	expect_leak(&(struct play){.floor_mib = ramp, .allocated_mib = steady_work}, 90, 45);
}
END_TEST

START_TEST(test_gaps_neither_make_nor_hide_a_leak)
{
	static const struct play healthy = {.floor_mib = flat, .clock = with_gaps};
	static const struct play leaking = {.floor_mib = leak, .clock = with_gaps};

	expect_healthy(&healthy, 185);
	expect_leak(&leaking, 185, 90);
}
END_TEST

START_TEST(test_a_clock_that_jumps_makes_no_leak)
{
	static const struct play rows[] = {
	    {.floor_mib = flat, .clock = jumps_ahead},
	    {.floor_mib = flat, .clock = jumps_back},
	};

	expect_healthy(&rows[0], 150);
	expect_healthy(&rows[1], 150);
}
END_TEST

START_TEST(test_a_clock_that_jumps_back_hides_no_leak)
{
	static const struct play play = {.floor_mib = leak, .clock = jumps_back};

	expect_leak(&play, 150, 60);
}
END_TEST

static void raise_heap_limit(struct process *process)
{
	struct process_facts facts = plain_facts;

	facts.max_old_space_bytes *= 2;
	ck_assert_int_eq(process_set_facts(process, &facts), 0);
}

START_TEST(test_a_raised_heap_limit_moves_the_end_away)
{
	static const struct play play = {
	    .floor_mib = leak, .change = raise_heap_limit, .change_minute = 100};
	struct outcome outcome = run(&play, 101);

	ck_assert_double_ge(outcome.before, 1);
	ck_assert_double_gt(outcome.process->verdict.exhaustion_p50_seconds, 2 * outcome.before);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	(void)process_free(outcome.process);
}
END_TEST

static void limit_container(struct process *process)
{
	const struct memory_detail detail = {
	    .limit_bytes = 160 * MIB, .limit_usage_bytes = 140 * MIB, .limit_is_cgroup = true};

	process_add_detail(process, &detail);
}

START_TEST(test_a_lower_container_limit_brings_the_end_near)
{
	static const struct play play = {
	    .floor_mib = leak, .change = limit_container, .change_minute = 100};
	struct outcome outcome = run(&play, 101);

	ck_assert_double_lt(outcome.process->verdict.exhaustion_p50_seconds, outcome.before / 2);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	(void)process_free(outcome.process);
}
END_TEST

static void scavenge(struct process *process, double minute, double left_mib)
{
	uint64_t at_ns = START_NS + (uint64_t)(minute * (double)NS_PER_MINUTE);
	const struct gc_event event = {
	    .kind = GC_SCAVENGE,
	    .isolate = 1,
	    .uptime_ns = at_ns - START_NS,
	    .used_before_bytes = (uint64_t)((left_mib + 4) * (double)MIB),
	    .used_after_bytes = (uint64_t)(left_mib * (double)MIB),
	    .committed_after_bytes = 120 * MIB,
	};

	process_add_gc(process, at_ns, &event);
	scoring_evaluate(process, at_ns, &options);
}

/* One tooth of a saw, then nothing but scavenges: the first of them tells that it was given back.
 */
START_TEST(test_garbage_does_not_hide_what_was_given_back)
{
	static const struct play play = {.floor_mib = ramp};
	struct outcome outcome = run(&play, 30);
	unsigned i;

	ck_assert_double_ge(outcome.highest, 0.8);
	for (i = 0; i < 15; i++)
		scavenge(outcome.process, 31 + i, 50 + 6 * i);
	ck_assert_double_lt(outcome.process->verdict.score, 0.5);
	(void)process_free(outcome.process);
}
END_TEST

UNIT_MAIN("scoring_adversity", test_one_dip_in_each_window_hides_no_leak,
          test_a_pause_hides_no_leak, test_a_leak_inside_the_warm_up_is_called,
          test_collections_by_hand_change_nothing, test_what_goes_with_the_load_is_no_leak,
          test_gaps_neither_make_nor_hide_a_leak, test_a_clock_that_jumps_makes_no_leak,
          test_a_clock_that_jumps_back_hides_no_leak, test_a_raised_heap_limit_moves_the_end_away,
          test_a_lower_container_limit_brings_the_end_near,
          test_garbage_does_not_hide_what_was_given_back)
