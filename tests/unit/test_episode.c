// SPDX-License-Identifier: MIT
/* From a verdict to an episode: how sure, how long, how bad, and back. */
#include "daemon/alerting/episode.h"

#include <math.h>

#include "config/config.h"
#include "daemon/model/process.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define START_NS NS_PER_HOUR

static const struct alerting_config config = {
    .threshold = 0.8,
    .clear = 0.5,
    .min_uptime_ns = 10 * NS_PER_MINUTE,
    .hold_ns = 2 * NS_PER_MINUTE,
    .warning_ns = NS_PER_DAY,
    .critical_ns = NS_PER_HOUR,
};

static struct process process_of(double score, double confidence, double left_seconds)
{
	return (struct process){
	    .start_ns = START_NS,
	    .verdict = {.score = score,
	                .confidence = confidence,
	                .state = LEAK_STATE_LEAK,
	                .exhaustion_p50_seconds = left_seconds,
	                .onset_ns = START_NS + 1,
	                .at_ns = 1},
	};
}

static enum episode_change at_minute(struct episode *episode, enum condition condition,
                                     const struct process *process, unsigned minute)
{
	const struct episode_limits limits = {.config = &config, .time_scale = 1};

	return episode_advance(episode, condition, process, &limits,
	                       START_NS + minute * NS_PER_MINUTE);
}

START_TEST(test_sure_and_long_enough_fires)
{
	static const struct {
		double score;
		double confidence;
		unsigned first_minute;
		enum episode_change change; /* at minute 12 */
	} rows[] = {
	    {0.8, 0.5, 10, EPISODE_FIRED},   {1, 1, 1, EPISODE_FIRED},
	    {0.79, 1, 1, EPISODE_UNCHANGED}, /* not above the threshold */
	    {1, 0.49, 1, EPISODE_UNCHANGED}, /* on too little evidence */
	    {1, 1, 11, EPISODE_UNCHANGED},   /* not for long enough */
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct process process =
		    process_of(rows[i].score, rows[i].confidence, (double)INFINITY);
		struct episode episode = {0};

		ck_assert_int_eq(
		    at_minute(&episode, CONDITION_LEAK, &process, rows[i].first_minute),
		    EPISODE_UNCHANGED);
		ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &process, 12), rows[i].change);
	}
}
END_TEST

START_TEST(test_a_young_process_waits_for_its_uptime)
{
	const struct process process = process_of(1, 1, (double)INFINITY);
	struct episode episode = {0};
	unsigned minute;

	for (minute = 0; minute < 10; minute++)
		ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &process, minute),
		                 EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &process, 10), EPISODE_FIRED);
	ck_assert_uint_eq(episode.onset_ns, START_NS);
}
END_TEST

START_TEST(test_a_dip_while_pending_begins_anew)
{
	const struct process high = process_of(1, 1, (double)INFINITY);
	const struct process low = process_of(0.7, 1, (double)INFINITY);
	struct episode episode = {0};

	(void)at_minute(&episode, CONDITION_LEAK, &high, 20);
	(void)at_minute(&episode, CONDITION_LEAK, &low, 21);
	(void)at_minute(&episode, CONDITION_LEAK, &high, 22);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &high, 23), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &high, 24), EPISODE_FIRED);
	ck_assert_uint_eq(episode.onset_ns, START_NS + 1);
}
END_TEST

static struct episode firing(const struct process *process)
{
	struct episode episode = {0};

	(void)at_minute(&episode, CONDITION_LEAK, process, 20);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, process, 22), EPISODE_FIRED);
	return episode;
}

START_TEST(test_resolved_only_below_clear_and_for_the_hold)
{
	const struct process high = process_of(1, 1, (double)INFINITY);
	const struct process between = process_of(0.6, 1, (double)INFINITY);
	const struct process low = process_of(0.4, 1, (double)INFINITY);
	struct episode episode = firing(&high);

	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &between, 30), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &low, 40), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &between, 41), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &low, 50), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &low, 51), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &low, 52), EPISODE_RESOLVED);
	ck_assert_int_eq(episode.phase, EPISODE_NONE);
}
END_TEST

START_TEST(test_severity_follows_the_time_left_and_never_falls)
{
	static const struct {
		double left_seconds;
		enum severity severity;
	} rows[] = {
	    {(double)INFINITY, SEVERITY_INFO}, {2 * 86400, SEVERITY_INFO},
	    {86399, SEVERITY_WARNING},         {3600, SEVERITY_WARNING},
	    {3599, SEVERITY_CRITICAL},
	};
	const struct process better = process_of(1, 1, (double)INFINITY);
	const struct process worse = process_of(1, 1, 60);
	struct episode episode = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct process process = process_of(1, 1, rows[i].left_seconds);

		episode = firing(&process);
		ck_assert_int_eq(episode.severity, rows[i].severity);
	}
	episode = firing(&better);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &worse, 30), EPISODE_WORSENED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &worse, 31), EPISODE_UNCHANGED);
	ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &better, 32), EPISODE_UNCHANGED);
	ck_assert_int_eq(episode.severity, SEVERITY_CRITICAL);
}
END_TEST

START_TEST(test_time_scale_shrinks_every_time)
{
	const struct episode_limits limits = {.config = &config, .time_scale = 60};
	const struct process process = process_of(1, 1, 61); /* as 3660 seconds */
	struct episode episode = {0};
	uint64_t now_ns = START_NS + 10 * NS_PER_SECOND;

	(void)episode_advance(&episode, CONDITION_LEAK, &process, &limits, now_ns);
	now_ns += 2 * NS_PER_SECOND;
	ck_assert_int_eq(episode_advance(&episode, CONDITION_LEAK, &process, &limits, now_ns),
	                 EPISODE_FIRED);
	ck_assert_int_eq(episode.severity, SEVERITY_WARNING);
}
END_TEST

START_TEST(test_thrash_and_leak_do_not_see_each_other)
{
	struct process process = process_of(1, 1, (double)INFINITY);
	struct episode leak = {0};
	struct episode thrash = {0};

	process.verdict.state = LEAK_STATE_THRASH;
	(void)at_minute(&leak, CONDITION_LEAK, &process, 20);
	(void)at_minute(&thrash, CONDITION_THRASH, &process, 20);
	ck_assert_int_eq(at_minute(&leak, CONDITION_LEAK, &process, 22), EPISODE_FIRED);
	ck_assert_int_eq(at_minute(&thrash, CONDITION_THRASH, &process, 22), EPISODE_FIRED);
	ck_assert_int_eq(thrash.severity, SEVERITY_CRITICAL);
	process.verdict.state = LEAK_STATE_LEAK;
	(void)at_minute(&thrash, CONDITION_THRASH, &process, 23);
	ck_assert_int_eq(at_minute(&thrash, CONDITION_THRASH, &process, 25), EPISODE_RESOLVED);
	ck_assert_int_eq(leak.phase, EPISODE_FIRING);
}
END_TEST

START_TEST(test_nothing_is_resolved_before_the_first_verdict)
{
	struct process process = process_of(0, 0, (double)INFINITY);
	struct episode episode = {.phase = EPISODE_FIRING};
	unsigned minute;

	process.verdict.at_ns = 0;
	for (minute = 0; minute < 20; minute++)
		ck_assert_int_eq(at_minute(&episode, CONDITION_LEAK, &process, minute),
		                 EPISODE_UNCHANGED);
}
END_TEST

UNIT_MAIN("episode", test_sure_and_long_enough_fires, test_a_young_process_waits_for_its_uptime,
          test_a_dip_while_pending_begins_anew, test_resolved_only_below_clear_and_for_the_hold,
          test_severity_follows_the_time_left_and_never_falls, test_time_scale_shrinks_every_time,
          test_thrash_and_leak_do_not_see_each_other,
          test_nothing_is_resolved_before_the_first_verdict)
