// SPDX-License-Identifier: MIT
/*
 * Log and inspector tell of the same process: nothing is counted twice, the better fact wins.
 */
#include <math.h>
#include <string.h>

#include "daemon/model/process.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS (1000 * NS_PER_SECOND)
#define MAIN     ISOLATE_INSPECTOR_MAIN
#define WORKER   (ISOLATE_INSPECTOR_MAIN + 1)

static struct process *new_process(uint64_t max_old_space_bytes)
{
	const struct process_facts facts = {.key = {.pid = 1},
	                                    .start_ns = START_NS,
	                                    .app = "a",
	                                    .script = "",
	                                    .node_version = "20.20.2",
	                                    .container_id = "",
	                                    .container_name = "",
	                                    .pod_uid = "",
	                                    .unit = "",
	                                    .max_old_space_bytes = max_old_space_bytes};

	return process_new(&facts, START_NS, 1);
}

/* A collection that ends so many seconds after the start of the process. */
static void collect(struct process *process, uint64_t isolate, unsigned second, enum gc_kind kind)
{
	const struct gc_event event = {.kind = kind,
	                               .isolate = isolate,
	                               .uptime_ns = second * NS_PER_SECOND,
	                               .used_before_bytes =
	                                   isolate_is_inspectors(isolate) ? MIB : 3 * MIB,
	                               .used_after_bytes = MIB,
	                               .committed_after_bytes = 8 * MIB,
	                               .pause_ns = NS_PER_MS,
	                               .average_mutator_utilization = (double)NAN,
	                               .current_mutator_utilization = (double)NAN};

	process_add_gc(process, START_NS + second * NS_PER_SECOND, &event);
}

static void tell_level(struct process *process, uint64_t isolate, unsigned second)
{
	const struct heap_level level = {.isolate = isolate,
	                                 .uptime_ns = second * NS_PER_SECOND,
	                                 .used_bytes = 5 * MIB,
	                                 .committed_bytes = 9 * MIB,
	                                 .limit_bytes = 100 * MIB,
	                                 .has_detached_contexts = true,
	                                 .detached_contexts = 1};

	process_add_level(process, START_NS + second * NS_PER_SECOND, &level);
}

static uint64_t count(const struct process *process, const char *name)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		if (strcmp(process->isolates[i]->name, name) == 0)
			sum += process->isolates[i]->totals[GC_GENERATION_YOUNG].count +
			       process->isolates[i]->totals[GC_GENERATION_FULL].count;
	return sum;
}

START_TEST(test_the_inspector_alone_is_a_source)
{
	struct process *process = new_process(0);
	const struct isolate *isolate;
	uint64_t used_bytes;

	tell_level(process, MAIN, 60); /* long after the start, and main all the same */
	tell_level(process, WORKER, 60);
	collect(process, MAIN, 61, GC_MARK_COMPACT);
	collect(process, WORKER, 62, GC_SCAVENGE);
	tell_level(process, MAIN, 63);
	isolate = process->isolates[0];
	ck_assert_uint_eq(process->isolate_count, 2);
	ck_assert_str_eq(isolate->name, "main");
	ck_assert_str_eq(process->isolates[1]->name, "worker-1");
	ck_assert_uint_eq(process->sources, 1U << SOURCE_PROC | 1U << SOURCE_INSPECTOR);
	ck_assert(isolate->has_live);
	ck_assert_uint_eq(isolate->live_bytes, MIB);
	ck_assert(isolate_used_bytes(isolate, &used_bytes));
	ck_assert_uint_eq(used_bytes, 5 * MIB);
	ck_assert_uint_eq(isolate->committed_bytes, 9 * MIB);
	ck_assert_uint_eq(isolate->limit_bytes, 100 * MIB);
	ck_assert(!isolate->limit_is_estimated);
	ck_assert_uint_eq(isolate->detached_contexts, 1);
	/* What was freed is not known, and not said to be nothing. */
	ck_assert(!isolate_knows_reclaimed(isolate));
	ck_assert_uint_eq(isolate->allocated_bytes, 0);
	process_free(process);
}
END_TEST

START_TEST(test_a_flag_says_the_limit_best)
{
	struct process *process = new_process(64 * MIB);

	tell_level(process, MAIN, 1);
	ck_assert_uint_eq(process->isolates[0]->limit_bytes, 64 * MIB);
	ck_assert(!process->isolates[0]->limit_is_estimated);
	process_free(process);
}
END_TEST

START_TEST(test_where_a_log_speaks_the_inspector_does_not_count)
{
	struct process *process = new_process(0);

	collect(process, 0x1000, 1, GC_SCAVENGE);
	tell_level(process, MAIN, 2);
	collect(process, MAIN, 1, GC_SCAVENGE);
	collect(process, MAIN, 3, GC_SCAVENGE); /* the log tells it a moment later */
	collect(process, WORKER, 3, GC_SCAVENGE);
	collect(process, 0x1000, 3, GC_SCAVENGE);
	ck_assert_uint_eq(process->isolate_count, 1);
	ck_assert_uint_eq(count(process, "main"), 2);
	ck_assert_uint_eq(process->isolates[0]->limit_bytes, 100 * MIB);
	ck_assert_uint_eq(process->sources,
	                  1U << SOURCE_PROC | 1U << SOURCE_GCLOG | 1U << SOURCE_INSPECTOR);
	ck_assert(isolate_knows_reclaimed(process->isolates[0]));
	process_free(process);
}
END_TEST

START_TEST(test_a_log_that_comes_later_is_not_counted_twice)
{
	struct process *process = new_process(0);
	unsigned second;

	for (second = 10; second < 20; second++)
		collect(process, MAIN, second, GC_SCAVENGE);
	for (second = 1; second < 30; second++)
		collect(process, 0x1000, second, GC_SCAVENGE);
	ck_assert_uint_eq(process->isolate_count, 1);
	ck_assert_str_eq(process->isolates[0]->name, "main");
	ck_assert_uint_eq(process->isolates[0]->address, 0x1000);
	ck_assert_uint_eq(count(process, "main"), 29);
	collect(process, MAIN, 29, GC_SCAVENGE);
	ck_assert_uint_eq(count(process, "main"), 29);
	process_free(process);
}
END_TEST

START_TEST(test_workers_of_the_inspector_give_way_to_those_of_the_log)
{
	struct process *process = new_process(0);
	size_t alive = 0;
	size_t i;

	tell_level(process, MAIN, 5);
	tell_level(process, WORKER, 5);
	collect(process, WORKER, 6, GC_SCAVENGE);
	collect(process, 0x1000, 7, GC_SCAVENGE);
	collect(process, 0x2000, 8, GC_SCAVENGE);
	tell_level(process, WORKER, 9);
	for (i = 0; i < process->isolate_count; i++)
		alive += !process->isolates[i]->is_gone;
	ck_assert_uint_eq(alive, 2);
	ck_assert_uint_eq(process->isolate_count, 2);
	process_free(process);
}
END_TEST

START_TEST(test_a_log_that_ended_leaves_it_to_the_inspector)
{
	struct process *process = new_process(0);

	collect(process, 0x1000, 1, GC_SCAVENGE);
	collect(process, MAIN, 300, GC_SCAVENGE);
	ck_assert_uint_eq(count(process, "main"), 1);
	collect(process, MAIN, 1000, GC_SCAVENGE);
	ck_assert_uint_eq(count(process, "main"), 2);
	process_free(process);
}
END_TEST

START_TEST(test_workers_end_and_main_does_not)
{
	const struct heap_level worker = {.isolate = WORKER, .is_gone = true};
	const struct heap_level main_isolate = {.isolate = MAIN, .is_gone = true};
	struct process *process = new_process(0);

	tell_level(process, MAIN, 5);
	tell_level(process, WORKER, 5);
	process_add_level(process, START_NS + 6 * NS_PER_SECOND, &worker);
	process_add_level(process, START_NS + 6 * NS_PER_SECOND, &main_isolate);
	ck_assert(process->isolates[1]->is_gone);
	ck_assert(!process->isolates[0]->is_gone);
	process_free(process);
}
END_TEST

static void tell_loop(struct process *process, uint64_t idle_ns, uint64_t active_ns)
{
	const struct heap_level level = {
	    .isolate = MAIN,
	    .loop = {.has_utilization = true, .idle_ns = idle_ns, .active_ns = active_ns}};

	process_add_level(process, START_NS, &level);
}

START_TEST(test_utilization_is_of_the_time_between)
{
	struct process *process = new_process(0);
	const struct event_loop *loop;

	tell_loop(process, 100, 100);
	loop = &process->isolates[0]->loop;
	tell_loop(process, 130, 110);
	ck_assert_double_eq_tol(loop->utilization_ratio, 0.25, 1e-9);
	tell_loop(process, 130, 110);
	ck_assert(isnan(loop->utilization_ratio));
	tell_loop(process, 1, 1); /* another loop */
	ck_assert(isnan(loop->utilization_ratio));
	process_free(process);
}
END_TEST

UNIT_MAIN("inspected", test_the_inspector_alone_is_a_source, test_a_flag_says_the_limit_best,
          test_where_a_log_speaks_the_inspector_does_not_count,
          test_a_log_that_comes_later_is_not_counted_twice,
          test_workers_of_the_inspector_give_way_to_those_of_the_log,
          test_a_log_that_ended_leaves_it_to_the_inspector, test_workers_end_and_main_does_not,
          test_utilization_is_of_the_time_between)
