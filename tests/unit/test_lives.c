// SPDX-License-Identifier: MIT
/*
 * Lives of one app: what one grew to and kept excuses the next up to there, for about as long, and
 * hides no leak.
 */
#include "daemon/scoring/lives.h"

#include <math.h>
#include <string.h>

#include "daemon/model/model.h"
#include "daemon/scoring/scoring.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

typedef double (*curve)(double minute);

/* ---- a plateau ---- */

static double fill(double minute)
{
	return 40 + fmin(minute, 40);
}

static double leak(double minute)
{
	return 40 + minute;
}

static double steps(double minute)
{
	return 40 + 20 * floor(minute / 30);
}

static double fill_and_leak(double minute)
{
	return fill(minute) + fmax(minute - 60, 0);
}

static double flat(double minute)
{
	(void)minute;
	return 80;
}

static struct samples sample(curve level, curve work, unsigned minutes)
{
	struct samples samples = {.count = minutes};
	unsigned i;

	ck_assert(minutes <= SAMPLES_MAX);
	for (i = 0; i < minutes; i++) {
		samples.at_seconds[i] = 60.0 * (i + 1);
		samples.value[i] = level(i + 1) * (double)MIB;
		samples.work[i] = work(i + 1);
	}
	return samples;
}

static double even(double minute)
{
	return minute;
}

static double only_at_first(double minute)
{
	return fmin(minute, 50);
}

START_TEST(test_a_level_that_was_kept_is_a_plateau)
{
	static const struct {
		curve level;
		curve work;
		unsigned minutes;
		bool is_plateau;
		double age_minutes;
	} cases[] = {
	    {fill, even, 90, true, 38},           {fill, even, 70, false, 0},
	    {fill, only_at_first, 100, false, 0}, {leak, even, 100, false, 0},
	    {steps, even, 100, false, 0},         {flat, even, 20, true, 1},
	    {flat, even, 10, false, 0},
	};
	const struct demand demand = {.size_min = 2.5 * (double)MIB};
	struct plateau plateau;
	struct samples samples;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		samples = sample(cases[i].level, cases[i].work, cases[i].minutes);
		ck_assert_msg(lives_plateau(&samples, &demand, &plateau) == cases[i].is_plateau,
		              "case %zu", i);
		if (!cases[i].is_plateau)
			continue;
		ck_assert_double_eq(plateau.level, 80 * (double)MIB);
		ck_assert_double_eq(plateau.age_seconds, 60 * cases[i].age_minutes);
	}
	samples.count = 1;
	ck_assert(!lives_plateau(&samples, &demand, &plateau));
}
END_TEST

START_TEST(test_the_highest_plateau_is_kept_while_lives_come_near_it)
{
	struct plateau known = {.level = 0};
	const struct plateau high = {.level = 100, .age_seconds = 600, .seen_ns = NS_PER_DAY};
	const struct plateau near = {.level = 90, .age_seconds = 900, .seen_ns = 20 * NS_PER_DAY};
	struct plateau low = {.level = 50, .age_seconds = 9000, .seen_ns = 40 * NS_PER_DAY};

	lives_learn(&known, &high, 1);
	lives_learn(&known, &near, 1);
	lives_learn(&known, &low, 1);
	ck_assert_double_eq(known.level, 100);
	ck_assert_double_eq(known.age_seconds, 900);
	ck_assert_double_eq(lives_known_level(&known, 1800, 41 * NS_PER_DAY, 1), 100);
	ck_assert_double_eq(lives_known_level(&known, 1801, 41 * NS_PER_DAY, 1), 0);
	ck_assert_double_eq(lives_known_level(&known, 1800, 51 * NS_PER_DAY, 1), 0);
	low.seen_ns = 51 * NS_PER_DAY;
	lives_learn(&known, &low, 1);
	ck_assert_double_eq(known.level, 50);
}
END_TEST

/* ---- verdicts ---- */

struct life {
	struct model *model;
	uint64_t now_ns;
	struct process_key key;
};

static void begin(struct life *life)
{
	const struct process_facts facts = {
	    .key = {.pid = life->key.pid + 1, .start_ticks = 1},
	    .start_ns = life->now_ns,
	    .app = "shop",
	    .script = "",
	    .node_version = "20.20.2",
	    .container_id = "",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "",
	    .max_old_space_bytes = 400 * MIB,
	};

	life->key = facts.key;
	ck_assert_int_eq(model_process_found(life->model, life->now_ns, &facts), 0);
}

static void end(struct life *life)
{
	const struct process_exit exit = {.at_ns = life->now_ns, .cause = EXIT_CAUSE_EXIT};

	model_process_exited(life->model, &life->key, &exit);
}

static double one_minute(struct life *life, const struct process_key *key, curve floor_mib,
                         double minute)
{
	static const struct scoring_options options = {.time_scale = 1};
	const struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = 1,
	    .uptime_ns = (uint64_t)minute * NS_PER_MINUTE,
	    .used_before_bytes = (uint64_t)((floor_mib(minute) + 5) * (double)MIB),
	    .used_after_bytes = (uint64_t)(floor_mib(minute) * (double)MIB),
	    .average_mutator_utilization = 0.9,
	};
	struct process *process = model_find(life->model, key);

	model_gc(life->model, key, life->now_ns, &event);
	scoring_evaluate(process, life->now_ns, &options);
	return process->verdict.score;
}

/* The minute at which a leak is called; 0: never. */
static unsigned live(struct life *life, curve floor_mib, unsigned minutes)
{
	unsigned called = 0;
	unsigned minute;

	begin(life);
	for (minute = 1; minute <= minutes; minute++) {
		life->now_ns += NS_PER_MINUTE;
		if (one_minute(life, &life->key, floor_mib, minute) >= 0.8 && called == 0)
			called = minute;
	}
	return called;
}

static struct life new_life(void)
{
	static const struct model_options options = {
	    .processes_max = 4, .apps_max = 4, .time_scale = 1};

	return (struct life){.model = model_new(&options), .now_ns = NS_PER_DAY};
}

START_TEST(test_the_same_fill_is_called_once)
{
	struct life life = new_life();
	unsigned i;

	ck_assert_uint_gt(live(&life, fill, 240), 0);
	for (i = 0; i < 3; i++) {
		end(&life);
		ck_assert_uint_eq(live(&life, fill, 240), 0);
	}
	(void)model_free(life.model);
}
END_TEST

START_TEST(test_a_release_that_leaks_beyond_the_fill_is_called)
{
	struct life life = new_life();
	unsigned called;

	(void)live(&life, fill, 240);
	end(&life);
	called = live(&life, fill_and_leak, 240);
	ck_assert_uint_gt(called, 60);
	ck_assert_uint_lt(called, 90);
	(void)model_free(life.model);
}
END_TEST

START_TEST(test_lives_that_leak_excuse_none)
{
	struct life life = new_life();
	unsigned first = live(&life, leak, 300);
	unsigned i;

	ck_assert_uint_gt(first, 0);
	for (i = 0; i < 3; i++) {
		end(&life);
		life.now_ns += NS_PER_DAY; /* the score of the life before has faded */
		ck_assert_uint_eq(live(&life, leak, 300), first);
	}
	(void)model_free(life.model);
}
END_TEST

START_TEST(test_a_sibling_that_is_full_speaks_for_the_young)
{
	struct life life = new_life();
	struct process_key sibling;
	unsigned minute;

	(void)live(&life, fill, 240);
	sibling = life.key;
	begin(&life);
	for (minute = 1; minute <= 60; minute++) {
		life.now_ns += NS_PER_MINUTE;
		(void)one_minute(&life, &sibling, fill, 240 + minute);
		ck_assert_double_lt(one_minute(&life, &life.key, fill, minute), 0.8);
	}
	(void)model_free(life.model);
}
END_TEST

START_TEST(test_a_rise_that_is_known_says_so)
{
	struct life life = new_life();
	const struct process *process;
	bool is_said = false;
	size_t i;

	(void)live(&life, fill, 240);
	end(&life);
	(void)live(&life, fill, 35);
	process = model_find(life.model, &life.key);
	for (i = 0; i < process->evidence_count; i++)
		is_said |= strstr(process->evidence[i], "what other lives of the app kept") != NULL;
	ck_assert(is_said);
	ck_assert_int_eq(process->verdict.state, LEAK_STATE_FILLING);
	(void)model_free(life.model);
}
END_TEST

UNIT_MAIN("lives", test_a_level_that_was_kept_is_a_plateau,
          test_the_highest_plateau_is_kept_while_lives_come_near_it,
          test_the_same_fill_is_called_once, test_a_release_that_leaks_beyond_the_fill_is_called,
          test_lives_that_leak_excuse_none, test_a_sibling_that_is_full_speaks_for_the_young,
          test_a_rise_that_is_known_says_so)
