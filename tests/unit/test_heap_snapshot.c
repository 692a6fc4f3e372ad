// SPDX-License-Identifier: MIT
/* What sampling and snapshots cost a process: chosen and estimated before. */
#include "collectors/inspector/heap_snapshot.h"

#include <unistd.h>

#include "collectors/inspector/explain.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

START_TEST(test_estimate_grows_with_the_heap)
{
	struct heap_snapshot_estimate small = heap_snapshot_estimate(10 * MIB, 200 * MIB);
	struct heap_snapshot_estimate large = heap_snapshot_estimate(95 * MIB, 200 * MIB);

	ck_assert_uint_eq(small.needed_bytes, 120 * MIB);
	ck_assert_uint_lt(small.needed_bytes, small.available_bytes);
	ck_assert_uint_gt(large.needed_bytes, large.available_bytes);
	/* As measured for 95 MB: 10 to 28 s on a busy machine. */
	ck_assert_uint_lt(large.pause_min_ns, 10 * NS_PER_SECOND);
	ck_assert_uint_ge(large.pause_max_ns, 28 * NS_PER_SECOND);
	ck_assert_uint_eq(heap_snapshot_estimate(UINT64_MAX, 0).needed_bytes, UINT64_MAX);
}
END_TEST

START_TEST(test_memory_that_is_left_is_read)
{
	uint64_t left_bytes = heap_snapshot_available("/proc", "/", getpid());

	ck_assert_uint_gt(left_bytes, 0);
	ck_assert_uint_lt(left_bytes, UINT64_MAX);
	ck_assert_uint_eq(heap_snapshot_available("/nonexistent", "/", 1), UINT64_MAX);
}
END_TEST

START_TEST(test_busy_processes_and_fast_leaks_are_sampled_more_rarely)
{
	static const struct {
		struct explain_rates rates;
		uint64_t seconds;
		uint64_t interval_bytes;
	} rows[] = {{{0, 0}, 24, 1024},
	            {{EXPLAIN_SAMPLES_PER_SECOND * 4096, 0}, 24, 4096},
	            {{EXPLAIN_SAMPLES_PER_SECOND * 4097, 0}, 24, 8192},
	            {{EXPLAIN_SAMPLES_PER_SECOND * 4096, 0}, 97, 8192},
	            {{EXPLAIN_SAMPLES_MAX * 4096, 0}, 1, EXPLAIN_INTERVAL_MAX_BYTES},
	            {{EXPLAIN_SAMPLES_MAX / 240 * 8192, 0}, 240, 8192},
	            {{100e6, 0}, 10, 262144},
	            {{100e6, 1e3}, 10, 262144},
	            {{1e12, 0}, 24, EXPLAIN_INTERVAL_MAX_BYTES},
	            {{0, EXPLAIN_SAMPLES_WANTED * 4095 / 30}, 30, 4096},
	            {{4096, EXPLAIN_SAMPLES_WANTED * 8191 / 30}, 30, 8192},
	            {{4096, EXPLAIN_SAMPLES_WANTED * 8191 / 30}, 60, 16384},
	            {{0, 1e12}, 30, EXPLAIN_INTERVAL_MAX_BYTES}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(explain_interval(&rows[i].rates, rows[i].seconds * NS_PER_SECOND),
		                  rows[i].interval_bytes);
}
END_TEST

UNIT_MAIN("heap_snapshot", test_estimate_grows_with_the_heap, test_memory_that_is_left_is_read,
          test_busy_processes_and_fast_leaks_are_sampled_more_rarely)
