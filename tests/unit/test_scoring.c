// SPDX-License-Identifier: MIT
/*
 * Verdicts on synthetic processes: a curve of the floor, of memory outside, of threads, sampled
 * once a minute of production and judged as the daemon does it.
 */
#include "daemon/scoring/scoring.h"

#include <math.h>
#include <string.h>

#include "daemon/scoring/terms.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS NS_PER_DAY

typedef double (*curve)(double minute);

struct play {
	curve floor_mib;   /* NULL: no GC log */
	curve outside_mib; /* NULL: 40 MiB */
	curve threads;     /* NULL: 11 */
	double minutes;
	double limit_mib;
	double time_scale; /* 0: 1 */
	bool has_external_pressure;
	curve shared_mib;   /* page cache and shared memory; NULL: none */
	curve unused_mib;   /* committed and not used; NULL: 10 MiB */
	curve external_mib; /* NULL: not told */
	curve malloc_mib;   /* of the mappings, as is the rest of anonymous memory; NULL: no map */
	double judged_from; /* minute from which the highest score counts */
	double score_every; /* minutes between evaluations, 0: each; days need no more */
};

struct outcome {
	double highest;
	double first_alarm_minute; /* NAN: none */
	struct process *process;
};

/* Repeatable noise in -1…1. */
static double noise(double minute)
{
	uint64_t state = (uint64_t)minute * UINT64_C(6364136223846793005) + 1442695040888963407U;

	state ^= state >> 29;
	state *= UINT64_C(0xbf58476d1ce4e5b9);
	state ^= state >> 32;
	return (double)(state % 20001) / 10000 - 1;
}

static double flat(double minute)
{
	return 40 + noise(minute);
}

static double linear_leak(double minute)
{
	return 40 + 0.5 * minute + noise(minute);
}

static double lru_fill(double minute)
{
	return 40 + fmin(minute, 19) + 0.5 * noise(minute);
}

static double log_fill(double minute)
{
	return 30 + 12 * log1p(minute);
}

static double one_step(double minute)
{
	return (minute < 30 ? 40 : 70) + noise(minute);
}

static double saw_tooth(double minute)
{
	return 30 + 4 * fmod(minute, 12) + noise(minute);
}

static double day_and_night(double minute)
{
	return 60 + 25 * sin(minute / 1440 * 2 * 3.14159265) + noise(minute);
}

static double leak_under_saw_tooth(double minute)
{
	return saw_tooth(minute) + 0.5 * minute;
}

static double late_leak(double minute)
{
	return 40 + fmax(minute - 60, 0) + 0.5 * noise(minute);
}

static double fast_leak(double minute)
{
	return 20 + 3.2 * minute;
}

static double leak_then_release(double minute)
{
	return minute < 80 ? linear_leak(minute) : 41 + noise(minute);
}

static double leak_then_rest(double minute)
{
	return linear_leak(fmin(minute, 75));
}

static double dying(double minute)
{
	return minute < 5 ? 50 : 96;
}

static double growing_threads(double minute)
{
	return 11 + floor(minute / 2);
}

static double native_leak(double minute)
{
	return 40 + minute;
}

/* What more a source may tell of the memory. */
static void add_parts(struct process *process, const struct play *play, double minute,
                      uint64_t at_ns)
{
	struct heap_sample external = {.isolate = 1, .part = HEAP_PART_BACKING_STORE};
	struct memory_map map = {.at_ns = at_ns};

	if (play->external_mib != NULL) {
		external.used_bytes = (uint64_t)(play->external_mib(minute) * (double)MIB);
		process_add_heap(process, at_ns, &external);
	}
	if (play->malloc_mib == NULL)
		return;
	map.malloc_bytes = (uint64_t)(play->malloc_mib(minute) * (double)MIB);
	map.v8_page_bytes = u64_subtract_floor(process_rss_anon_bytes(process), map.malloc_bytes);
	process_add_map(process, &map);
}

static void add_minute(struct process *process, const struct play *play, double minute,
                       uint64_t at_ns)
{
	double floor_mib = play->floor_mib != NULL ? play->floor_mib(minute) : 0;
	double outside = play->outside_mib != NULL ? play->outside_mib(minute) : 40;
	double shared = play->shared_mib != NULL ? play->shared_mib(minute) : 0;
	double unused = play->unused_mib != NULL ? play->unused_mib(minute) : 10;
	const struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = 1,
	    .uptime_ns = at_ns - START_NS,
	    .used_before_bytes = (uint64_t)((floor_mib + 1) * (double)MIB),
	    .used_after_bytes = (uint64_t)(floor_mib * (double)MIB),
	    .committed_after_bytes = (uint64_t)((floor_mib + unused) * (double)MIB),
	    .average_mutator_utilization = floor_mib > 95 ? 0.2 : 0.9,
	    .is_external_pressure = play->has_external_pressure,
	};
	const struct memory_sample sample = {
	    .at_ns = at_ns,
	    .rss_bytes = (uint64_t)((floor_mib + 10 + outside + shared) * (double)MIB),
	    .rss_shared_bytes = (uint64_t)(shared * (double)MIB),
	    .threads = play->threads != NULL ? (uint64_t)play->threads(minute) : 11,
	};

	if (play->floor_mib != NULL)
		process_add_gc(process, at_ns, &event);
	process_add_memory(process, &sample);
	add_parts(process, play, minute, at_ns);
}

static struct outcome run(const struct play *play)
{
	const struct scoring_options options = {play->time_scale > 0 ? play->time_scale : 1};
	const struct process_facts facts = {
	    .start_ns = START_NS,
	    .app = "",
	    .script = "",
	    .node_version = "",
	    .container_id = "",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "",
	    .max_old_space_bytes = (uint64_t)(play->limit_mib * (double)MIB),
	};
	struct outcome outcome = {
	    .first_alarm_minute = (double)NAN,
	    .process = process_new(&facts, START_NS, options.time_scale),
	};
	double minute;

	for (minute = 0; minute < play->minutes; minute++) {
		uint64_t at_ns =
		    START_NS + (uint64_t)(minute * (double)NS_PER_MINUTE / options.time_scale);

		add_minute(outcome.process, play, minute, at_ns);
		if (!scoring_is_due(outcome.process, at_ns, &options) ||
		    (play->score_every > 0 && fmod(minute, play->score_every) > 0))
			continue;
		scoring_evaluate(outcome.process, at_ns, &options);
		if (minute >= play->judged_from)
			outcome.highest = fmax(outcome.highest, outcome.process->verdict.score);
		if (isnan(outcome.first_alarm_minute) && outcome.process->verdict.score >= 0.8)
			outcome.first_alarm_minute = minute;
	}
	return outcome;
}

static bool has_evidence(const struct process *process, const char *part)
{
	size_t i;

	for (i = 0; i < process->evidence_count; i++) {
		if (strstr(process->evidence[i], part) != NULL)
			return true;
	}
	return false;
}

START_TEST(test_healthy_shapes_never_alarm)
{
	static const struct play rows[] = {
	    {.floor_mib = flat, .minutes = 120, .limit_mib = 200},
	    {.floor_mib = lru_fill, .minutes = 120, .limit_mib = 200},
	    {.floor_mib = one_step, .minutes = 120, .limit_mib = 200},
	    {.floor_mib = saw_tooth, .minutes = 120, .limit_mib = 200},
	    /* The first rise of a wave is a rise like any other. */
	    {.floor_mib = day_and_night,
	     .minutes = 10 * 1440,
	     .limit_mib = 400,
	     .judged_from = 3 * 1440,
	     .score_every = 10},
	    {.floor_mib = flat, .minutes = 20 * 1440, .limit_mib = 200, .score_every = 10},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome outcome = run(&rows[i]);

		ck_assert_msg(outcome.highest < 0.8, "row %zu: %.2f", i, outcome.highest);
		ck_assert_msg(outcome.process->verdict.score < 0.5, "row %zu ends at %.2f", i,
		              outcome.process->verdict.score);
		ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_NONE);
		ck_assert(isinf(outcome.process->verdict.exhaustion_p50_seconds));
		(void)process_free(outcome.process);
	}
}
END_TEST

START_TEST(test_a_rise_that_slows_down_is_at_most_suspected)
{
	static const struct play play = {.floor_mib = log_fill, .minutes = 120, .limit_mib = 400};
	struct outcome outcome = run(&play);

	ck_assert_double_lt(outcome.highest, 0.8);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_leaks_of_the_heap_are_called)
{
	static const struct {
		struct play play;
		double alarm_min;
		double alarm_max;
	} rows[] = {
	    {{.floor_mib = linear_leak, .minutes = 120, .limit_mib = 200}, 20, 60},
	    {{.floor_mib = leak_under_saw_tooth, .minutes = 150, .limit_mib = 200}, 20, 90},
	    {{.floor_mib = late_leak, .minutes = 180, .limit_mib = 300}, 75, 90},
	    {{.floor_mib = fast_leak, .minutes = 23, .limit_mib = 100}, 8, 22},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome outcome = run(&rows[i].play);

		ck_assert_msg(outcome.first_alarm_minute >= rows[i].alarm_min &&
		                  outcome.first_alarm_minute <= rows[i].alarm_max,
		              "row %zu: first alarm %.0f, highest %.2f", i,
		              outcome.first_alarm_minute, outcome.highest);
		ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
		ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_JS_HEAP);
		(void)process_free(outcome.process);
	}
}
END_TEST

START_TEST(test_growth_and_exhaustion_are_those_of_the_curve)
{
	static const struct play play = {
	    .floor_mib = linear_leak, .minutes = 120, .limit_mib = 200};
	struct outcome outcome = run(&play);
	const struct verdict *verdict = &outcome.process->verdict;
	double rate = 0.5 * (double)MIB / 60;
	double seconds = (0.92 * 200 - 99.5) / 0.5 * 60; /* V8 gives up before its limit */

	ck_assert_double_eq_tol(verdict->growth_bytes_per_second, rate, 0.05 * rate);
	ck_assert_double_lt(verdict->growth_lower_bytes_per_second,
	                    verdict->growth_bytes_per_second);
	ck_assert_double_gt(verdict->growth_upper_bytes_per_second,
	                    verdict->growth_bytes_per_second);
	ck_assert_double_eq_tol(verdict->exhaustion_p50_seconds, seconds, 0.1 * seconds);
	ck_assert_double_lt(verdict->exhaustion_p10_seconds, verdict->exhaustion_p50_seconds);
	ck_assert_double_gt(verdict->exhaustion_p90_seconds, verdict->exhaustion_p50_seconds);
	ck_assert_uint_gt(verdict->onset_ns, START_NS);
	ck_assert_double_eq(verdict->confidence, 1);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_confidence_grows_with_the_way_to_the_end)
{
	static const struct {
		double limit_mib;
		double confidence_min;
		double confidence_max;
	} rows[] = {{200, 1, 1}, {280, 1, 1}, {1000, 0.2, 0.45}, {0, 1, 1}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct play play = {
		    .floor_mib = linear_leak, .minutes = 120, .limit_mib = rows[i].limit_mib};
		struct outcome outcome = run(&play);
		const struct verdict *verdict = &outcome.process->verdict;

		ck_assert_double_ge(verdict->score, 0.8);
		ck_assert_msg(verdict->confidence >= rows[i].confidence_min &&
		                  verdict->confidence <= rows[i].confidence_max,
		              "limit %.0f: %.2f", rows[i].limit_mib, verdict->confidence);
		(void)process_free(outcome.process);
	}
}
END_TEST

/* Each run is one minute longer: what is new at the first call is that it was just made. */
START_TEST(test_a_call_whose_end_is_far_must_stand)
{
	struct play play = {.floor_mib = linear_leak, .minutes = 15, .limit_mib = 120};
	struct outcome outcome = run(&play);

	while (outcome.process->verdict.score < 0.8) {
		(void)process_free(outcome.process);
		play.minutes++;
		ck_assert_double_le(play.minutes, 60);
		outcome = run(&play);
	}
	ck_assert_double_lt(outcome.process->verdict.confidence, 0.5);
	(void)process_free(outcome.process);
	play.minutes += 5;
	outcome = run(&play);
	ck_assert_double_ge(outcome.process->verdict.score, 0.8);
	ck_assert_double_ge(outcome.process->verdict.confidence, 0.5);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_time_scale_shrinks_every_constant_alike)
{
	struct play play = {.floor_mib = linear_leak, .minutes = 100, .limit_mib = 200};
	struct outcome slow = run(&play);
	struct outcome fast;

	play.time_scale = 60;
	fast = run(&play);
	ck_assert_double_eq_tol(fast.process->verdict.score, slow.process->verdict.score, 1e-3);
	ck_assert_double_eq_tol(fast.first_alarm_minute, slow.first_alarm_minute, 1);
	ck_assert_double_eq_tol(fast.process->verdict.growth_bytes_per_second,
	                        60 * slow.process->verdict.growth_bytes_per_second, 100);
	ck_assert_double_eq_tol(60 * fast.process->verdict.exhaustion_p50_seconds,
	                        slow.process->verdict.exhaustion_p50_seconds, 30);
	(void)process_free(slow.process);
	(void)process_free(fast.process);
}
END_TEST

START_TEST(test_a_leak_that_is_given_back_is_revoked)
{
	static const struct play play = {
	    .floor_mib = leak_then_release, .minutes = 110, .limit_mib = 200};
	struct outcome outcome = run(&play);

	ck_assert_double_ge(outcome.highest, 0.8);
	ck_assert_double_lt(outcome.process->verdict.score, 0.5);
	ck_assert_uint_eq(outcome.process->verdict.onset_ns, 0);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_memory_outside_is_native_or_external)
{
	struct play play = {.floor_mib = flat, .outside_mib = native_leak, .minutes = 120};
	struct outcome outcome = run(&play);

	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_NATIVE);
	ck_assert(has_evidence(outcome.process, "Memory outside the V8 heap rose"));
	(void)process_free(outcome.process);
	play.has_external_pressure = true;
	outcome = run(&play);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_EXTERNAL);
	ck_assert(has_evidence(outcome.process, "external memory"));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_without_a_gc_source_the_score_is_capped)
{
	static const struct play play = {.outside_mib = native_leak, .minutes = 120};
	struct outcome outcome = run(&play);
	const struct verdict *verdict = &outcome.process->verdict;

	ck_assert_double_eq_tol(outcome.highest, 0.70, 1e-9);
	ck_assert_int_eq(verdict->state, LEAK_STATE_SUSPECTED);
	ck_assert_int_eq(verdict->kind, LEAK_KIND_UNKNOWN);
	ck_assert_double_le(verdict->confidence, 0.5);
	ck_assert(has_evidence(outcome.process, "No GC log is known"));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_the_mappings_tell_whose_growth_it_is_without_a_gc_source)
{
	struct play play = {.outside_mib = native_leak, .malloc_mib = flat, .minutes = 120};
	struct outcome outcome = run(&play);

	ck_assert_double_eq_tol(outcome.highest, 0.70, 1e-9);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_JS_HEAP);
	ck_assert(has_evidence(outcome.process, "by the shape of /proc/PID/maps, V8's heaps went"));
	ck_assert(has_evidence(outcome.process, "V8's heap is told from other memory by an est"));
	ck_assert_double_le(outcome.process->verdict.confidence, 0.5);
	(void)process_free(outcome.process);
	play.malloc_mib = native_leak;
	outcome = run(&play);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_NATIVE);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_page_cache_and_shared_memory_are_no_leak)
{
	struct play play = {.floor_mib = flat, .shared_mib = native_leak, .minutes = 240};
	struct outcome outcome = run(&play);

	ck_assert_double_lt(outcome.highest, 0.5);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_STABLE);
	(void)process_free(outcome.process);
	play.floor_mib = NULL;
	outcome = run(&play);
	ck_assert_double_lt(outcome.highest, 0.5);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_external_memory_that_is_told_is_a_signal_of_its_own)
{
	static const struct play play = {
	    .floor_mib = flat, .external_mib = native_leak, .minutes = 120};
	struct outcome outcome = run(&play);

	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_EXTERNAL);
	ck_assert(has_evidence(outcome.process, "External memory (main: Buffers, ArrayBuffers)"));
	ck_assert_double_eq_tol(outcome.process->verdict.growth_bytes_per_second, (double)MIB / 60,
	                        2000);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_what_v8_holds_unused_is_suspected_and_never_an_alarm)
{
	static const struct play play = {
	    .floor_mib = flat, .unused_mib = native_leak, .minutes = 180};
	static const struct play growing = {
	    .floor_mib = late_leak, .unused_mib = fast_leak, .minutes = 70};
	struct outcome outcome = run(&play);

	ck_assert_double_eq_tol(outcome.highest, 0.70, 1e-9);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_SUSPECTED);
	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_FRAGMENTATION);
	ck_assert(has_evidence(outcome.process, "What V8 committed and does not use (main) rose"));
	ck_assert(has_evidence(outcome.process, "alone it is no leak"));
	(void)process_free(outcome.process);
	outcome = run(&growing);
	ck_assert_int_ne(outcome.process->verdict.kind, LEAK_KIND_JS_HEAP);
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_threads_leak_too)
{
	static const struct play play = {
	    .floor_mib = flat, .threads = growing_threads, .minutes = 120};
	struct outcome outcome = run(&play);

	ck_assert_int_eq(outcome.process->verdict.kind, LEAK_KIND_THREADS);
	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_LEAK);
	ck_assert_double_eq(outcome.process->verdict.growth_bytes_per_second, 0);
	ck_assert(isinf(outcome.process->verdict.exhaustion_p10_seconds));
	ck_assert(has_evidence(outcome.process, "number of threads rose"));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_a_heap_that_collects_in_vain_is_thrashing)
{
	static const struct play play = {.floor_mib = dying, .minutes = 30, .limit_mib = 100};
	struct outcome outcome = run(&play);

	ck_assert_int_eq(outcome.process->verdict.state, LEAK_STATE_THRASH);
	ck_assert_double_ge(outcome.process->verdict.score, 0.8);
	ck_assert(has_evidence(outcome.process, "V8 gives up"));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_a_heap_that_is_out_of_memory_is_beyond_smoothing)
{
	static const struct play play = {.floor_mib = fast_leak, .minutes = 6, .limit_mib = 100};
	const struct scoring_options options = {1};
	struct outcome outcome = run(&play);
	struct process *process = outcome.process;

	ck_assert_double_lt(process->verdict.score, 0.5);
	process_add_incident(process, 1, process->scored_ns + 1, HEAP_INCIDENT_FATAL_OOM);
	scoring_evaluate(process, process->scored_ns + 1, &options);
	ck_assert_double_ge(process->verdict.score, 0.8);
	ck_assert_int_eq(process->verdict.state, LEAK_STATE_THRASH);
	ck_assert(has_evidence(process, "out of memory"));
	(void)process_free(process);
}
END_TEST

START_TEST(test_states_of_what_is_no_leak)
{
	static const struct {
		struct play play;
		enum leak_state state;
	} rows[] = {
	    {{.floor_mib = flat, .minutes = 5}, LEAK_STATE_WARMUP},
	    {{.floor_mib = flat, .minutes = 90}, LEAK_STATE_STABLE},
	    {{.floor_mib = one_step, .minutes = 60}, LEAK_STATE_STEP},
	    {{.floor_mib = linear_leak, .minutes = 15}, LEAK_STATE_FILLING},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome outcome = run(&rows[i].play);

		ck_assert_msg(outcome.process->verdict.state == rows[i].state, "row %zu: %s %.2f",
		              i, leak_state_name(outcome.process->verdict.state),
		              outcome.process->verdict.score);
		ck_assert_uint_gt(outcome.process->evidence_count, 0);
		(void)process_free(outcome.process);
	}
}
END_TEST

START_TEST(test_too_few_full_collections_are_insufficient)
{
	const struct scoring_options options = {1};
	const struct process_facts facts = {.start_ns = START_NS,
	                                    .app = "",
	                                    .script = "",
	                                    .node_version = "",
	                                    .container_id = "",
	                                    .pod_uid = "",
	                                    .container_name = "",
	                                    .unit = ""};
	struct process *process = process_new(&facts, START_NS, 1);
	struct gc_event event = {.kind = GC_MARK_COMPACT, .isolate = 1};

	process_add_gc(process, START_NS + NS_PER_MINUTE, &event);
	scoring_evaluate(process, START_NS + 40 * NS_PER_MINUTE, &options);
	ck_assert_int_eq(process->verdict.state, LEAK_STATE_INSUFFICIENT);
	ck_assert(has_evidence(process, "Only 1 full collections"));
	ck_assert_double_le(process->verdict.confidence, 0.25);
	(void)process_free(process);
}
END_TEST

START_TEST(test_nothing_known_is_a_warm_up)
{
	const struct scoring_options options = {1};
	const struct process_facts facts = {.start_ns = START_NS,
	                                    .app = "",
	                                    .script = "",
	                                    .node_version = "",
	                                    .container_id = "",
	                                    .pod_uid = "",
	                                    .container_name = "",
	                                    .unit = ""};
	struct process *process = process_new(&facts, START_NS, 1);

	ck_assert(!scoring_is_due(process, START_NS + NS_PER_MINUTE, &options));
	scoring_evaluate(process, START_NS + NS_PER_MINUTE, &options);
	ck_assert_int_eq(process->verdict.state, LEAK_STATE_WARMUP);
	ck_assert_double_eq(process->verdict.score, 0);
	ck_assert(isinf(process->verdict.exhaustion_p90_seconds));
	ck_assert_uint_eq(process->evidence_count, 0);
	(void)process_free(process);
}
END_TEST

START_TEST(test_a_life_that_ended_leaking_fades_over_hours)
{
	static const struct play play = {.floor_mib = flat, .minutes = 90, .limit_mib = 200};
	const struct scoring_options options = {1};
	struct outcome outcome = run(&play);
	struct process *process = outcome.process;
	uint64_t now_ns = START_NS + 90 * NS_PER_MINUTE;

	process->score_memory.carried = 0.96;
	process->score_memory.carried_at_ns = now_ns;
	scoring_evaluate(process, now_ns, &options);
	ck_assert_double_eq_tol(process->verdict.score, 0.96, 1e-6);
	ck_assert(has_evidence(process, "in this slot ended leaking"));
	scoring_evaluate(process, now_ns + NS_PER_HOUR, &options);
	ck_assert_double_eq_tol(process->verdict.score, 0.48, 1e-6);
	scoring_evaluate(process, now_ns + 12 * NS_PER_HOUR, &options);
	ck_assert_double_eq(process->score_memory.carried, 0);
	(void)process_free(process);
}
END_TEST

START_TEST(test_evaluations_are_not_too_frequent)
{
	static const struct play play = {.floor_mib = flat, .minutes = 10};
	const struct scoring_options options = {1};
	struct outcome outcome = run(&play);
	struct process *process = outcome.process;
	uint64_t at_ns = process->scored_ns;

	process->needs_scoring = true;
	ck_assert(!scoring_is_due(process, at_ns + 9 * NS_PER_SECOND, &options));
	ck_assert(scoring_is_due(process, at_ns + 10 * NS_PER_SECOND, &options));
	process->needs_scoring = false;
	ck_assert(!scoring_is_due(process, at_ns + NS_PER_HOUR, &options));
	(void)process_free(process);
}
END_TEST

START_TEST(test_evidence_speaks_in_figures)
{
	static const struct play play = {
	    .floor_mib = linear_leak, .minutes = 100, .limit_mib = 200};
	struct outcome outcome = run(&play);

	ck_assert(has_evidence(outcome.process, "Heap after full collections (main) rose"));
	ck_assert(has_evidence(outcome.process, "MiB an hour (90 % between "));
	ck_assert(has_evidence(outcome.process, "demands on a leak are met"));
	ck_assert(!has_evidence(outcome.process, "No GC log"));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_evidence_of_what_is_no_leak_does_not_read_like_one)
{
	static const struct play play = {.floor_mib = saw_tooth, .minutes = 100};
	struct outcome outcome = run(&play);

	ck_assert_double_lt(outcome.process->verdict.score, 0.5);
	ck_assert(has_evidence(outcome.process, "Heap after full collections (main) shows no"));
	ck_assert(!has_evidence(outcome.process, "never gave it back"));
	ck_assert(has_evidence(outcome.process, "V8 works no harder than at first: each full "));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_evidence_tells_what_v8_says_when_a_heap_runs_full)
{
	static const struct play play = {.floor_mib = dying, .minutes = 12, .limit_mib = 100};
	struct outcome outcome = run(&play);

	ck_assert(
	    has_evidence(outcome.process, "V8 told of: collections in vain near the limit ("));
	ck_assert(has_evidence(outcome.process, "80 % or more of the limit left in use ("));
	(void)process_free(outcome.process);
}
END_TEST

START_TEST(test_a_leak_that_rests_says_that_it_was_called_before)
{
	static const struct play play = {
	    .floor_mib = leak_then_rest, .minutes = 88, .limit_mib = 200};
	struct outcome outcome = run(&play);

	ck_assert_double_ge(outcome.process->verdict.score, 0.55);
	ck_assert(has_evidence(outcome.process, "A leak was called before and stands"));
	(void)process_free(outcome.process);
}
END_TEST

UNIT_MAIN("scoring", test_healthy_shapes_never_alarm,
          test_a_rise_that_slows_down_is_at_most_suspected, test_leaks_of_the_heap_are_called,
          test_growth_and_exhaustion_are_those_of_the_curve,
          test_confidence_grows_with_the_way_to_the_end, test_a_call_whose_end_is_far_must_stand,
          test_time_scale_shrinks_every_constant_alike, test_a_leak_that_is_given_back_is_revoked,
          test_memory_outside_is_native_or_external, test_without_a_gc_source_the_score_is_capped,
          test_the_mappings_tell_whose_growth_it_is_without_a_gc_source,
          test_page_cache_and_shared_memory_are_no_leak,
          test_external_memory_that_is_told_is_a_signal_of_its_own,
          test_what_v8_holds_unused_is_suspected_and_never_an_alarm, test_threads_leak_too,
          test_a_heap_that_collects_in_vain_is_thrashing,
          test_a_heap_that_is_out_of_memory_is_beyond_smoothing, test_states_of_what_is_no_leak,
          test_too_few_full_collections_are_insufficient, test_nothing_known_is_a_warm_up,
          test_a_life_that_ended_leaking_fades_over_hours, test_evaluations_are_not_too_frequent,
          test_evidence_speaks_in_figures, test_evidence_of_what_is_no_leak_does_not_read_like_one,
          test_evidence_tells_what_v8_says_when_a_heap_runs_full,
          test_a_leak_that_rests_says_that_it_was_called_before)
