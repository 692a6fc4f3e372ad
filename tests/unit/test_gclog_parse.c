// SPDX-License-Identifier: MIT
/*
 * GC lines of every family of V8, where they stand in a line, what breaks them, and what only looks
 * like one. Excerpts of real logs are in tests/fixtures/gclog; whole ones in test_gclog_corpus.c.
 */
#include "collectors/gclog/parse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define MB(tenths) (((tenths)*MIB + 5) / 10)

static enum gclog_result parse(struct gclog_parser *parser, const char *line,
                               struct gclog_record *ret_record)
{
	size_t at = 0;

	return gclog_parse(parser, line, strlen(line), &at, ret_record);
}

static enum gclog_result parse_alone(const char *line, struct gclog_record *ret_record)
{
	struct gclog_parser parser = {0};

	return parse(&parser, line, ret_record);
}

struct line_row {
	const char *line;
	char family;
	pid_t pid;
	uint64_t isolate;
	uint64_t uptime_ms;
	enum gc_kind kind;
	uint64_t used_after_tenths;
	uint64_t pause_us;
	uint64_t embedder_us;
	const char *reason;
	const char *collector;
};

static const struct line_row line_rows[] = {
    {"      27 ms: Scavenge 2.1 (35.0) -> 1.8 (37.0) MB, 1 ms [Runtime::PerformGC].", 'A', 0, 0, 27,
     GC_SCAVENGE, 18, 1000, 0, "Runtime::PerformGC", ""},
    {"[3417]     1583 ms: Mark-sweep 13.1 (18.0) -> 13.0 (18.0) MB, 1 / 4 ms (+ 5 ms in 2 steps "
     "since start of marking, biggest step 5.694092 ms) [StackGuard GC request] "
     "[GC in old space requested].",
     'B', 3417, 0, 1583, GC_MARK_COMPACT, 130, 4000, 1000, "StackGuard GC request",
     "GC in old space requested"},
    {"[4819]       24 ms: Scavenge 2.0 (37.5) -> 1.7 (37.5) MB, 0.8 ms [allocation failure].", 'B',
     4819, 0, 24, GC_SCAVENGE, 17, 800, 0, "allocation failure", ""},
    {"[4707:0x3aaccf30]       25 ms: Scavenge 2.2 (38.0) -> 1.9 (38.0) MB, 4.0 / 1 ms "
     "[external memory allocation limit reached.] [promotion limit reached].",
     'C', 4707, 0x3aaccf30, 25, GC_SCAVENGE, 19, 4000, 1000,
     "external memory allocation limit reached", "promotion limit reached"},
    {"[13151:0x280ecfa0]     2101 ms: Mark-sweep 17.0 (24.0) -> 16.7 (24.0) MB, 30.2 / 0.1 ms "
     "[last resort gc].",
     'D', 13151, 0x280ecfa0, 2101, GC_MARK_COMPACT, 167, 30200, 100, "last resort gc", ""},
    {"[16932:0x1a06a770]      105 ms: Scavenge 3.4 (6.3) -> 3.1 (7.3) MB, 1.2 / 0.0 ms  allocation "
     "failure ",
     'E', 16932, 0x1a06a770, 105, GC_SCAVENGE, 31, 1200, 0, "allocation failure", ""},
    {"[14016:0x9810880]      888 ms: Mark-sweep 8.8 (13.3) -> 8.6 (13.3) MB, 15.7 / 0.0 ms  (+ "
     "31.5 ms in 30 steps since start of marking, biggest step 16.4 ms, walltime since start of "
     "marking 47 ms) finalize incremental marking via task GC in old space requested",
     'E', 14016, 0x9810880, 888, GC_MARK_COMPACT, 86, 15700, 0,
     "finalize incremental marking via task", "GC in old space requested"},
    {"[24697:0x2e9cef20]       40 ms: Mark-sweep (reduce) 2.4 (3.2) -> 2.1 (4.2) MB, 1.8 / 0.0 ms  "
     "(average mu = 0.951, current mu = 0.042) allocation failure scavenge might not succeed",
     'F', 24697, 0x2e9cef20, 40, GC_MARK_COMPACT, 21, 1800, 0, "allocation failure",
     "scavenge might not succeed"},
    {"[1659:0x1490c8a0]       68 ms: Scavenge 4.5 (4.6) -> 4.1 (5.6) MB, 14.6 / 0.0 ms  (average "
     "mu "
     "= 1.000, current mu = 1.000) allocation failure; ",
     'G', 1659, 0x1490c8a0, 68, GC_SCAVENGE, 41, 14600, 0, "allocation failure", ""},
    {"[574:0x18059ff0]     1206 ms: Mark-Compact 9.6 (12.0) -> 9.1 (12.0) MB, 25.87 / 0.03 ms  (+ "
     "0.0 ms in 1 steps since start of marking, biggest step 0.0 ms, walltime since start of "
     "marking 35 ms) (average mu = 1.000, current mu = 1.000) finalize incremental marking via "
     "task; GC in old space requested",
     'H', 574, 0x18059ff0, 1206, GC_MARK_COMPACT, 91, 25870, 30,
     "finalize incremental marking via task", "GC in old space requested"},
    {"[13537:0x17070000:3]       51 ms: Scavenge (interleaved) 4.8 (5.8) -> 4.0 (6.8) MB, pooled: "
     "0 "
     "MB, 1.64 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task; ",
     'I', 13537, 0x17070000, 51, GC_SCAVENGE, 40, 1640, 0, "task", ""},
    {"[9:0x7f6704000f00] 1000000000 ms: Minor Mark-Sweep (during sweeping) 4.8 (6.6) -> 4.1 (6.9) "
     "MB, pooled: 0.1 MB, 3.84 / 0.00 ms (average mu = 1.000, current mu = 1.000) external memory "
     "pressure; ",
     'J', 9, 0x7f6704000f00, 1000000000, GC_MINOR_MARK_COMPACT, 41, 3840, 0,
     "external memory pressure", ""},
    {"[5404:00BC12F0]       40 ms: Mark-sweep 2.4 (3.2) -> 2.1 (4.2) MB, 1.8 / 0.0 ms  (average mu "
     "= 1.000, current mu = 1.000) low memory notification GC in old space requested\r",
     'F', 5404, 0xBC12F0, 40, GC_MARK_COMPACT, 21, 1800, 0, "low memory notification",
     "GC in old space requested"},
    {"[1:0000020E5D0C1000]  1035 ms: Incremental Mark-Compact (reduce) 9.6 (11.9) -> 9.4 (11.9) "
     "MB, "
     "pooled: 0.0 MB, 7.24 / 0.00 ms (+ 1.1 ms in 8 steps since start of marking, biggest step 0.3 "
     "ms, walltime since start of marking 30 ms) (average mu = 0.992, current mu = 0.992) last "
     "resort; GC in old space requested\r",
     'K', 1, 0x20E5D0C1000, 1035, GC_MARK_COMPACT, 94, 7240, 0, "last resort",
     "GC in old space requested"},
};

START_TEST(test_each_family_is_read)
{
	const struct line_row *row = &line_rows[_i];
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(row->line, &record), GCLOG_GC);
	ck_assert_int_eq(record.family, row->family);
	ck_assert_int_eq(record.pid, row->pid);
	ck_assert_uint_eq(record.event.isolate, row->isolate);
	ck_assert_uint_eq(record.event.uptime_ns, row->uptime_ms * NS_PER_MS);
	ck_assert_int_eq((int)record.event.kind, (int)row->kind);
	ck_assert_uint_eq(record.event.used_after_bytes, MB(row->used_after_tenths));
	ck_assert_uint_eq(record.event.pause_ns, row->pause_us * NS_PER_US);
	ck_assert_uint_eq(record.embedder_ns, row->embedder_us * NS_PER_US);
	ck_assert_uint_eq(record.reason_length, strlen(row->reason));
	ck_assert_int_eq(memcmp(record.reason, row->reason, record.reason_length), 0);
	ck_assert_uint_eq(record.collector_length, strlen(row->collector));
	ck_assert_int_eq(memcmp(record.collector, row->collector, record.collector_length), 0);
}
END_TEST

START_TEST(test_each_family_names_its_versions)
{
	char family;

	for (family = 'A'; family <= 'K'; family++)
		ck_assert_str_ne(gclog_family_versions(family), "");
	ck_assert_str_eq(gclog_family_versions('L'), "");
}
END_TEST

START_TEST(test_all_figures_of_a_line_are_read)
{
	struct gclog_record record;

	ck_assert_int_eq(
	    parse_alone(
	        "[1:0xabc]  7 ms: Mark-Compact (reduce) (interleaved) 29.1 (31.4) -> 29.0 "
	        "(32.4) MB, pooled: 2 MB, 70.18 / 0.01 ms  (+ 50.7 ms in 16 steps since "
	        "start of marking, biggest step 38.6 ms, walltime since start of marking 133 "
	        "ms) (average mu = 0.245, current mu = 0.143) allocation failure; scavenge "
	        "might not succeed",
	        &record),
	    GCLOG_GC);
	ck_assert_uint_eq(record.event.used_before_bytes, 30513562); /* 29.1 * 2^20, rounded */
	ck_assert_uint_eq(record.event.committed_before_bytes, MB(314));
	ck_assert_uint_eq(record.event.used_after_bytes, 29 * MIB);
	ck_assert_uint_eq(record.event.committed_after_bytes, MB(324));
	ck_assert_uint_eq(record.incremental_ns, 50700 * NS_PER_US);
	ck_assert_double_eq_tol(record.event.average_mutator_utilization, 0.245, 1e-9);
	ck_assert_double_eq_tol(record.event.current_mutator_utilization, 0.143, 1e-9);
	ck_assert(record.event.is_reducing);
	ck_assert(record.event.is_during_sweeping);
	ck_assert(record.event.is_scavenge_might_not_succeed);
	ck_assert(!record.event.is_last_resort);
	ck_assert(!record.event.is_external_pressure);
}
END_TEST

static const char *const sizes[] = {
    "0",     "7",      "12345678",  "123456789012", "0.1",           "9.9",
    "12.3",  "123.4",  "1234.5",    "12345.6",      "123456.7",      "1.25",
    "0.125", "1.2345", "1234.5678", "00000.0",      "1234567890.12",
};

/* As a person would: through a floating-point number. */
START_TEST(test_figures_of_any_length_are_read)
{
	double expected = strtod(sizes[_i], NULL) * (double)MIB;
	struct gclog_record record;
	char line[256];

	(void)snprintf(line, sizeof(line),
	               "[7:0xa0] 20 ms: Scavenge %s (3.0) -> 1.0 (%s) MB, %s ms", sizes[_i],
	               sizes[_i], sizes[_i]);
	ck_assert_int_eq(parse_alone(line, &record), GCLOG_GC);
	ck_assert_double_eq_tol((double)record.event.used_before_bytes, expected, 0.6);
	ck_assert_double_eq_tol((double)record.event.committed_after_bytes, expected, 0.6);
	ck_assert_double_eq_tol((double)record.event.pause_ns, strtod(sizes[_i], NULL) * 1e6, 0.6);
}
END_TEST

static const char *const broken_sizes[] = {
    "",        ".5",     "1.",   "1. 5", "1..5", "1,5", "x.1",           "-1.0",
    "1\xb1.5", "1.\xb5", "1/.5", "1:.5", "1./",  "1.:", "1234567890123", "1234567.890123"};

START_TEST(test_broken_figures_are_torn)
{
	struct gclog_record record;
	char line[256];

	(void)snprintf(line, sizeof(line),
	               "[7:0xa0] 20 ms: Scavenge 2.0 (%s) -> 1.0 (3.0) MB, 1.0 ms",
	               broken_sizes[_i]);
	ck_assert_int_eq(parse_alone(line, &record), GCLOG_TORN);
}
END_TEST

#define WHOLE                                                                                 \
	"[7:0xa0]  20 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.58 / 0.00 ms  (average mu = " \
	"1.000, current mu = 1.000) task; "
#define BEFORE "[8:0xb0]  19 ms: Scav"

struct place_row {
	const char *line;
	enum gclog_result result;
};

/* Everything that may surround a whole line leaves it whole. */
static const char *const places[] = {
    "progress: 1% ... " WHOLE,
    "\xe6\x97\xa5\xe6\x9c" WHOLE,
    "bar\rbar\x1b[32m\x01" WHOLE "\r",
    "{\"log\":\"" WHOLE "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T22:58:47.776Z\"}",
    "2026-11-21T22:58:50.188905000Z stdout F " WHOLE,
    "Nov 21 22:58:52 host1 app[1423]: " WHOLE,
    "took 12 ms: fine " WHOLE,
    BEFORE WHOLE,
    "[8:0xb0] " WHOLE,
    "[8:0xb0]  19 ms: Scavenge 2.0 (3." WHOLE,
    "][[[]" WHOLE,
};

START_TEST(test_line_is_found_anywhere)
{
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(places[_i], &record), GCLOG_GC);
	ck_assert_int_eq(record.pid, 7);
	ck_assert_uint_eq(record.event.isolate, 0xa0);
	ck_assert_uint_eq(record.event.pause_ns, 580 * NS_PER_US);
	ck_assert_uint_eq(record.reason_length, 4);
}
END_TEST

static const struct place_row other_rows[] = {
    {"", GCLOG_OTHER},
    {"[", GCLOG_OTHER},
    {"plain words, [1], 12 ms: and a time", GCLOG_OTHER},
    {"[1:0xa]  55 ms: Scavenge stack scanning: survived_before= 552KB", GCLOG_OTHER},
    {"[1:0xa]  55 ms: [IncrementalMarking] Marking speed 12KB/ms", GCLOG_OTHER},
    {"[1:0xa] Fast promotion mode: false survival rate: 54%", GCLOG_OTHER},
    {"stderr says: <--- Last few GCs --->", GCLOG_OTHER},
    {"FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal.", GCLOG_OTHER},
    {"Speed up marking because of low space left", GCLOG_OTHER},
    {"Special FATAL ms: words", GCLOG_OTHER},
    /* without its figures it is torn */
    {"[1:0xa]  55 ms: Mark-sw", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge ", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge (redu", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge 2.", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, pooled: ", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / ", GCLOG_TORN},
    {"app [1:0xa]  55 ms: Scavenge 2.0 (3.0) -> ", GCLOG_TORN},
    {"[1:0xa]  55 ms: Scavenge 9999999999999999999.0 (3.0) -> 1.0 (3.0) MB, 0.5 ms", GCLOG_TORN},
    /* the second half of a line of Node 4, which looks like one of 0.8 but for its decimals */
    {"    454 ms: Scavenge 2.2 (8.0) -> 1.9 (8.0) MB, 19.4 / 0 ms [allocation failure].",
     GCLOG_TORN},
    /* the figures are whole, what follows is lost */
    {"[1:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms", GCLOG_GC},
    {"[1:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms  (average mu = 1.0",
     GCLOG_GC},
    {"[1:0xa]  55 ms: Scavenge (of a new kind) 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms  (+ 1",
     GCLOG_GC},
    /* numbers that are no pid, no isolate */
    {"[0:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms ", GCLOG_OTHER},
    {"[4294967297:0xa]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms ", GCLOG_OTHER},
    {"[1:0x]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms ", GCLOG_OTHER},
    {"[1:0x12345678901234567]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 ms ", GCLOG_OTHER},
    {"[1:0xa:]  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms ", GCLOG_OTHER},
    {"[1:0xa}  55 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms ", GCLOG_TORN},
};

START_TEST(test_line_is_told_from_what_is_none)
{
	struct gclog_record record;

	ck_assert_msg(parse_alone(other_rows[_i].line, &record) == other_rows[_i].result, "%s",
	              other_rows[_i].line);
}
END_TEST

START_TEST(test_unprinted_utilization_is_nan)
{
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(line_rows[5].line, &record), GCLOG_GC);
	ck_assert(isnan(record.event.average_mutator_utilization));
	ck_assert(isnan(record.event.current_mutator_utilization));
}
END_TEST

START_TEST(test_no_prefix_of_a_line_is_misread)
{
	size_t length;

	for (length = 0; length < strlen(WHOLE); length++) {
		struct gclog_parser parser = {0};
		struct gclog_record record;
		char line[256];
		size_t at = 0;

		/* a copy of exactly that size, so that a sanitizer sees a read beyond it */
		memcpy(line + sizeof(line) - length, WHOLE, length);
		if (gclog_parse(&parser, line + sizeof(line) - length, length, &at, &record) ==
		    GCLOG_GC)
			ck_assert_uint_eq(record.event.pause_ns, 580 * NS_PER_US);
		ck_assert_uint_eq(at, length);
	}
}
END_TEST

START_TEST(test_line_with_two_records_gives_both)
{
	static const char line[] =
	    "[21467]  1219 ms: Mark-sweep 27.0 (33.8) -> 27.0 (33.8) MB, 4.2 ms [allocatiFATAL "
	    "ERROR: CALL_AND_RETRY_LAST Allocation failed - process out of memory";
	struct gclog_parser parser = {0};
	struct gclog_record record;
	size_t at = 0;

	ck_assert_int_eq(gclog_parse(&parser, line, strlen(line), &at, &record), GCLOG_GC);
	ck_assert_uint_lt(at, strlen(line));
	ck_assert_int_eq(gclog_parse(&parser, line, strlen(line), &at, &record), GCLOG_INCIDENT);
	ck_assert_int_eq((int)record.incident, HEAP_INCIDENT_FATAL_OOM);
	ck_assert_int_eq(record.pid, 21467);
	ck_assert_uint_eq(at, strlen(line));
}
END_TEST

START_TEST(test_last_few_gcs_are_repeats_until_the_block_ends)
{
	struct gclog_parser parser = {0};
	struct gclog_record record;

	ck_assert_int_eq(parse(&parser, WHOLE, &record), GCLOG_GC);
	ck_assert_int_eq(parse(&parser, "<--- Last few GCs --->\r", &record), GCLOG_OTHER);
	ck_assert_int_eq(parse(&parser, "iz" WHOLE, &record), GCLOG_REPEAT);
	ck_assert_int_eq(parse(&parser, "[7:0xa0] 21 ms: Scavenge 2.", &record), GCLOG_OTHER);
	/* another process, another isolate go on meanwhile */
	ck_assert_int_eq(
	    parse(&parser, "[8:0xa0] 5 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 1 ms", &record),
	    GCLOG_GC);
	ck_assert_int_eq(
	    parse(&parser, "[7:0xa1] 5 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 1 ms", &record),
	    GCLOG_GC);
	ck_assert_int_eq(parse(&parser, "<--- JS stacktrace --->", &record), GCLOG_OTHER);
	ck_assert_int_eq(parse(&parser,
	                       "FATAL ERROR: Reached heap limit Allocation failed - "
	                       "JavaScript heap out of memory",
	                       &record),
	                 GCLOG_INCIDENT);
	ck_assert_int_eq(record.pid, 7);
	ck_assert_uint_eq(record.event.isolate, 0xa0);
	ck_assert_int_eq(parse(&parser, WHOLE, &record), GCLOG_GC);
}
END_TEST

START_TEST(test_block_without_end_does_not_swallow_the_log)
{
	struct gclog_parser parser = {0};
	struct gclog_record record;
	int repeats = 0;

	ck_assert_int_eq(parse(&parser, "<--- Last few GCs --->", &record), GCLOG_OTHER);
	while (parse(&parser, WHOLE, &record) == GCLOG_REPEAT)
		ck_assert_int_lt(repeats++, 20);
	ck_assert_int_gt(repeats, 4);
}
END_TEST

START_TEST(test_fatal_error_without_block_is_of_who_printed_last)
{
	struct gclog_parser parser = {0};
	struct gclog_record record;

	ck_assert_int_eq(parse(&parser, WHOLE, &record), GCLOG_GC);
	ck_assert_int_eq(parse(&parser,
	                       "words FATAL ERROR: CALL_AND_RETRY_2 Allocation failed - "
	                       "process out of memory",
	                       &record),
	                 GCLOG_INCIDENT);
	ck_assert_int_eq(record.pid, 7);
}
END_TEST

START_TEST(test_marking_sped_up_is_an_incident)
{
	struct gclog_record record;

	ck_assert_int_eq(parse_alone("x[12] Speed up marking because of low space left", &record),
	                 GCLOG_INCIDENT);
	ck_assert_int_eq((int)record.incident, HEAP_INCIDENT_MARKING_SPED_UP);
	ck_assert_int_eq(record.pid, 12);
	ck_assert_int_eq(
	    parse_alone("[12:0xab] Speed up marking because marker was not keeping up", &record),
	    GCLOG_INCIDENT);
	ck_assert_uint_eq(record.event.isolate, 0xab);
}
END_TEST

/* ---- excerpts of real logs ---- */

struct fixture_row {
	const char *name;
	unsigned young_count;
	unsigned full_count;
	double pause_ms;
	unsigned fatal_count;
};

static const struct fixture_row fixture_rows[] = {
    {"node-4.log", 10, 1, 213.90, 1},          {"node-6.log", 9, 0, 125.80, 1},
    {"node-8.log", 9, 3, 100.00, 1},           {"node-10.log", 7, 1, 35.30, 1},
    {"node-14.log", 7, 1, 61.60, 1},           {"node-14-verbose.log", 2, 0, 6.00, 0},
    {"node-16.log", 7, 1, 69.80, 1},           {"node-18.log", 8, 0, 94.40, 1},
    {"node-20.log", 9, 1, 115.41, 1},          {"node-20-application.log", 23, 0, 39.28, 0},
    {"node-20-workers.log", 12, 0, 148.24, 0}, {"node-22.log", 7, 1, 28.70, 1},
    {"node-24.log", 6, 2, 34.80, 1},           {"node-26.log", 6, 4, 46.14, 1},
};

static void count_line(struct gclog_parser *parser, const char *line, size_t length,
                       struct fixture_row *sums)
{
	struct gclog_record record;
	size_t at = 0;

	do {
		enum gclog_result result = gclog_parse(parser, line, length, &at, &record);

		ck_assert_int_ne((int)result, GCLOG_TORN);
		if (result == GCLOG_INCIDENT && record.incident == HEAP_INCIDENT_FATAL_OOM)
			sums->fatal_count++;
		if (result != GCLOG_GC)
			continue;
		sums->pause_ms += (double)record.event.pause_ns / 1e6;
		if (record.event.kind == GC_MARK_COMPACT)
			sums->full_count++;
		else
			sums->young_count++;
	} while (at < length);
}

START_TEST(test_excerpts_of_real_logs_are_counted)
{
	const struct fixture_row *row = &fixture_rows[_i];
	struct fixture_row sums = {row->name, 0, 0, 0.0, 0};
	struct gclog_parser parser = {0};
	static char line[8192];
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/gclog/%s", getenv("top_srcdir"),
	               row->name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	while (fgets(line, sizeof(line), file) != NULL)
		count_line(&parser, line, strcspn(line, "\n"), &sums);
	(void)fclose(file);
	ck_assert_uint_eq(sums.young_count, row->young_count);
	ck_assert_uint_eq(sums.full_count, row->full_count);
	ck_assert_uint_eq(sums.fatal_count, row->fatal_count);
	ck_assert_double_eq_tol(sums.pause_ms, row->pause_ms, 0.005);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *suite = suite_create("gclog_parse");
	TCase *cases = tcase_create("gclog_parse");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(cases, test_each_family_is_read, 0, ROWS(line_rows));
	tcase_add_loop_test(cases, test_line_is_found_anywhere, 0, ROWS(places));
	tcase_add_loop_test(cases, test_line_is_told_from_what_is_none, 0, ROWS(other_rows));
	tcase_add_loop_test(cases, test_figures_of_any_length_are_read, 0, ROWS(sizes));
	tcase_add_loop_test(cases, test_broken_figures_are_torn, 0, ROWS(broken_sizes));
	tcase_add_loop_test(cases, test_excerpts_of_real_logs_are_counted, 0, ROWS(fixture_rows));
	tcase_add_test(cases, test_each_family_names_its_versions);
	tcase_add_test(cases, test_all_figures_of_a_line_are_read);
	tcase_add_test(cases, test_unprinted_utilization_is_nan);
	tcase_add_test(cases, test_no_prefix_of_a_line_is_misread);
	tcase_add_test(cases, test_line_with_two_records_gives_both);
	tcase_add_test(cases, test_last_few_gcs_are_repeats_until_the_block_ends);
	tcase_add_test(cases, test_block_without_end_does_not_swallow_the_log);
	tcase_add_test(cases, test_fatal_error_without_block_is_of_who_printed_last);
	tcase_add_test(cases, test_marking_sped_up_is_an_incident);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}
