// SPDX-License-Identifier: MIT
/* One process: limits, memory outside V8, isolates and their names. */
#include "daemon/model/process.h"
#include "daemon/model/process_isolates.h"

#include <math.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS NS_PER_HOUR

static const struct process_facts plain_facts = {
    .key = {.pid = 7, .start_ticks = 99},
    .start_ns = START_NS,
    .app = "shop",
    .script = "server.js",
    .node_version = "20.20.2",
    .container_id = "",
    .pod_uid = "",
    .container_name = "",
    .unit = "",
};

static struct process *new_process(uint64_t seen_after_ns)
{
	struct process *process = process_new(&plain_facts, START_NS + seen_after_ns, 1);

	ck_assert_ptr_nonnull(process);
	return process;
}

/* One full collection of an isolate created created_ms after the process started. */
static void add_gc(struct process *process, uint64_t address, uint64_t created_ms,
                   uint64_t uptime_ms, uint64_t committed_mib)
{
	struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = address,
	    .uptime_ns = uptime_ms * NS_PER_MS,
	    .used_after_bytes = MIB,
	    .committed_after_bytes = committed_mib * MIB,
	    .average_mutator_utilization = (double)NAN,
	};

	process_add_gc(process, START_NS + (created_ms + uptime_ms) * NS_PER_MS, &event);
}

static void add_memory(struct process *process, uint64_t at_ms, uint64_t rss_mib,
                       uint64_t shared_mib, uint64_t threads)
{
	struct memory_sample sample = {
	    .at_ns = START_NS + at_ms * NS_PER_MS,
	    .rss_bytes = rss_mib * MIB,
	    .rss_shared_bytes = shared_mib * MIB,
	    .threads = threads,
	};

	process_add_memory(process, &sample);
}

static uint64_t last_outside(const struct process *process)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(&process->outside, points);

	ck_assert_uint_gt(count, 0);
	return points[count - 1].value;
}

START_TEST(test_default_limits_of_v8)
{
	static const struct {
		const char *version;
		uint64_t memory;
		uint64_t limit;
	} rows[] = {
	    {"20.20.2", 24 * GIB, 4 * GIB},
	    {"26.10.0", 15 * GIB, 4 * GIB},
	    {"22.1.0", 8 * GIB, 2 * GIB},
	    {"22.1.0", 3 * GIB, 3 * GIB / 2},
	    {"22.1.0", 300 * MIB, 256 * MIB},
	    {"22.1.0", 0, 0},
	    {"12.22.12", 24 * GIB, 2 * GIB},
	    {"10.24.1", 24 * GIB, 1400 * MIB},
	    {"0.10.48", 0, 1400 * MIB},
	    {"", 24 * GIB, 0},
	    {"x.y", 24 * GIB, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(heap_limit_default(rows[i].version, rows[i].memory),
		                  rows[i].limit);
}
END_TEST

START_TEST(test_limit_comes_from_flags_else_from_memory)
{
	struct process *process = new_process(0);
	struct memory_detail detail = {.limit_bytes = 2 * GIB};
	struct process_facts facts = plain_facts;

	add_gc(process, 1, 30, 1000, 20);
	ck_assert_uint_eq(process->isolates[0]->limit_bytes, 0);
	process_add_detail(process, &detail);
	ck_assert_uint_eq(process->isolates[0]->limit_bytes, GIB);
	ck_assert(process->isolates[0]->limit_is_estimated);
	facts.max_old_space_bytes = 96 * MIB;
	ck_assert_int_eq(process_set_facts(process, &facts), 0);
	ck_assert_uint_eq(process->isolates[0]->limit_bytes, 96 * MIB);
	ck_assert(!process->isolates[0]->limit_is_estimated);
	(void)process_free(process);
}
END_TEST

/* What V8 gives back it may not say before its next line. */
START_TEST(test_outside_moves_no_further_than_it_must)
{
	struct process *process = new_process(0);

	add_gc(process, 1, 30, 1000, 50);
	add_memory(process, 1000, 120, 30, 11);
	ck_assert_uint_eq(last_outside(process), 40 * MIB);
	add_memory(process, 70000, 90, 30, 11);
	ck_assert_uint_eq(last_outside(process), 40 * MIB); /* 10 … 59 */
	add_memory(process, 130000, 60, 30, 11);
	ck_assert_uint_lt(last_outside(process), 40 * MIB);
	ck_assert_uint_gt(last_outside(process), 0);
	add_memory(process, 190000, 150, 30, 11);
	ck_assert_uint_eq(last_outside(process), 70 * MIB);
	(void)process_free(process);
}
END_TEST

START_TEST(test_outside_is_what_v8_has_not_committed)
{
	struct process *process = new_process(0);

	add_memory(process, 1000, 100, 30, 11);
	ck_assert_uint_eq(last_outside(process), 70 * MIB);
	ck_assert(process->needs_scoring);
	add_gc(process, 1, 30, 1000, 50);
	add_memory(process, 70000, 100, 30, 11);
	ck_assert_uint_eq(last_outside(process), 20 * MIB);
	add_gc(process, 2, 30, 100000, 90);
	add_memory(process, 130000, 100, 30, 11);
	ck_assert_uint_eq(last_outside(process), 0); /* committed, not yet touched */
	(void)process_free(process);
}
END_TEST

START_TEST(test_swapped_memory_is_still_held)
{
	struct process *process = new_process(0);
	struct memory_detail detail = {.swap_bytes = 40 * MIB, .rss_shmem_bytes = 10 * MIB};

	process_add_detail(process, &detail);
	add_memory(process, 1000, 100, 30, 11);
	ck_assert_uint_eq(last_outside(process), 110 * MIB);
	ck_assert_uint_eq(process_rss_anon_bytes(process), 70 * MIB);
	ck_assert_uint_eq(process_rss_shmem_bytes(process), 10 * MIB);
	ck_assert_uint_eq(process_rss_file_bytes(process), 20 * MIB);
	(void)process_free(process);
}
END_TEST

START_TEST(test_shared_parts_never_exceed_their_sum)
{
	struct process *process = new_process(0);
	struct memory_detail detail = {.rss_shmem_bytes = 90 * MIB};

	process_add_detail(process, &detail);
	add_memory(process, 1000, 20, 30, 11);
	ck_assert_uint_eq(process_rss_anon_bytes(process), 0);
	ck_assert_uint_eq(process_rss_shmem_bytes(process), 30 * MIB);
	ck_assert_uint_eq(process_rss_file_bytes(process), 0);
	(void)process_free(process);
}
END_TEST

START_TEST(test_first_isolate_is_main_and_the_rest_are_workers)
{
	struct process *process = new_process(100 * NS_PER_MS);

	add_gc(process, 0xa, 30, 1000, 20);
	add_gc(process, 0xb, 500, 1000, 20);
	add_gc(process, 0xc, 60000, 1000, 20);
	add_gc(process, 0xa, 30, 2000, 20);
	ck_assert_uint_eq(process->isolate_count, 3);
	ck_assert_str_eq(process->isolates[0]->name, "main");
	ck_assert_str_eq(process->isolates[1]->name, "worker-1");
	ck_assert_str_eq(process->isolates[2]->name, "worker-2");
	(void)process_free(process);
}
END_TEST

START_TEST(test_main_is_reserved_when_the_first_to_speak_was_created_late)
{
	struct process *process = new_process(100 * NS_PER_MS);

	add_gc(process, 0xb, 60000, 1000, 20);
	add_gc(process, 0xa, 30, 70000, 20);
	ck_assert_str_eq(process->isolates[0]->name, "worker-1");
	ck_assert_str_eq(process->isolates[1]->name, "main");
	(void)process_free(process);
}
END_TEST

START_TEST(test_in_an_old_process_whoever_speaks_first_is_main)
{
	struct process *process = new_process(NS_PER_DAY);

	add_gc(process, 0xb, 60000, 1000, 20);
	ck_assert_str_eq(process->isolates[0]->name, "main");
	(void)process_free(process);
}
END_TEST

START_TEST(test_ended_threads_retire_the_most_silent_worker)
{
	struct process *process = new_process(0);

	add_memory(process, 500, 200, 0, 13);
	add_gc(process, 0xa, 30, 1000, 20);
	add_gc(process, 0xb, 100, 2000, 30);
	add_gc(process, 0xc, 100, 3000, 40);
	add_memory(process, 5000, 200, 0, 12);
	ck_assert(!process->isolates[0]->is_gone);
	ck_assert(process->isolates[1]->is_gone);
	ck_assert(!process->isolates[2]->is_gone);
	add_memory(process, 70000, 200, 0, 5); /* more threads than workers: main stays */
	ck_assert(!process->isolates[0]->is_gone);
	ck_assert_uint_eq(last_outside(process), 180 * MIB);
	add_gc(process, 0xc, 100, 80000, 40);
	ck_assert(!process->isolates[2]->is_gone);
	(void)process_free(process);
}
END_TEST

START_TEST(test_a_new_worker_takes_the_place_of_one_that_is_gone)
{
	struct process *process = new_process(0);

	add_memory(process, 500, 200, 0, 12);
	add_gc(process, 0xa, 30, 1000, 20);
	add_gc(process, 0xb, 100, 2000, 30);
	add_memory(process, 5000, 200, 0, 11);
	add_gc(process, 0xd, 6000, 50, 10);
	ck_assert_uint_eq(process->isolate_count, 2);
	ck_assert_uint_eq(process->isolates[1]->address, 0xd);
	ck_assert_str_eq(process->isolates[1]->name, "worker-1");
	ck_assert_uint_eq(process->isolates[1]->floor.added_count, 1);
	ck_assert_uint_eq(process->isolates[1]->by_kind[GC_MARK_COMPACT].count, 2);
	(void)process_free(process);
}
END_TEST

START_TEST(test_isolates_are_bounded)
{
	struct process *process = new_process(0);
	uint64_t address;

	for (address = 1; address <= ISOLATES_MAX + 10; address++)
		add_gc(process, address, 30, 1000, 1);
	ck_assert_uint_eq(process->isolate_count, ISOLATES_MAX);
	ck_assert_uint_eq(process->isolates[ISOLATES_MAX - 1]->by_kind[GC_MARK_COMPACT].count, 11);
	(void)process_free(process);
}
END_TEST

START_TEST(test_an_incident_without_address_is_of_the_last_speaker)
{
	struct process *process = new_process(0);

	add_gc(process, 0xa, 30, 5000, 20);
	add_gc(process, 0xb, 100, 2000, 30);
	ck_assert(!process_has_fatal_oom(process));
	process_add_incident(process, 0, START_NS + 6 * NS_PER_SECOND, HEAP_INCIDENT_FATAL_OOM);
	ck_assert_uint_eq(process->isolates[0]->events[HEAP_EVENT_FATAL_OOM], 1);
	ck_assert(process_has_fatal_oom(process));
	(void)process_free(process);
}
END_TEST

START_TEST(test_an_incident_may_be_all_that_is_known)
{
	struct process *process = new_process(0);

	process_add_incident(process, 0, START_NS + NS_PER_SECOND, HEAP_INCIDENT_FATAL_OOM);
	ck_assert_uint_eq(process->isolate_count, 1);
	ck_assert_str_eq(process->isolates[0]->name, "main");
	ck_assert(process_has_fatal_oom(process));
	(void)process_free(process);
}
END_TEST

START_TEST(test_memory_per_process_stays_within_bounds)
{
	ck_assert_uint_le(sizeof(struct process) + sizeof(char[EVIDENCE_MAX][EVIDENCE_TEXT_SIZE]),
	                  10000);
	ck_assert_uint_le(sizeof(struct isolate), 10000);
}
END_TEST

UNIT_MAIN("process", test_default_limits_of_v8, test_limit_comes_from_flags_else_from_memory,
          test_outside_moves_no_further_than_it_must, test_outside_is_what_v8_has_not_committed,
          test_swapped_memory_is_still_held, test_shared_parts_never_exceed_their_sum,
          test_first_isolate_is_main_and_the_rest_are_workers,
          test_main_is_reserved_when_the_first_to_speak_was_created_late,
          test_in_an_old_process_whoever_speaks_first_is_main,
          test_ended_threads_retire_the_most_silent_worker,
          test_a_new_worker_takes_the_place_of_one_that_is_gone, test_isolates_are_bounded,
          test_an_incident_without_address_is_of_the_last_speaker,
          test_an_incident_may_be_all_that_is_known, test_memory_per_process_stays_within_bounds)
