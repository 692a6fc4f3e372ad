// SPDX-License-Identifier: MIT
/*
 * What V8 prints with the sisters of --trace-gc: collections as named values, marking, and the
 * parts of the heap.
 */
#include <math.h>
#include <string.h>

#include "collectors/gclog/parse.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

static enum gclog_result parse_alone(const char *line, struct gclog_record *ret_record)
{
	struct gclog_parser parser = {0};
	size_t at = 0;

	return gclog_parse(&parser, line, strlen(line), &at, ret_record);
}

/* ---- --trace-gc-nvp ---- */

struct nvp_row {
	const char *line;
	char family;
	pid_t pid;
	uint64_t isolate;
	uint64_t uptime_ms;
	enum gc_kind kind;
	uint64_t used_before_bytes;
	uint64_t used_after_bytes;
	uint64_t committed_after_bytes;
	uint64_t pause_us;
	const char *reason;
};

static const struct nvp_row nvp_rows[] = {
    {"[5536]     1758 ms: pause=128 mutator=210 gc=ms external=0 mark=2 sweep=126 "
     "total_size_before=9540432 total_size_after=6536984 holes_size_before=3472 allocated=3477128 "
     "stepscount=0 stepstook=0 ",
     'N', 5536, 0, 1758, GC_MARK_COMPACT, 9540432, 6536984, 0, 128000, ""},
    {"[5719:0x4098ff60] [I:0x4098ff60]      489 ms: pause=42.5 mutator=-1795300049241.9 gc=s "
     "external=0.0 mark=0.0 total_size_before=2108440 total_size_after=1769424 "
     "promotion_ratio=0.0% ",
     'N', 5719, 0x4098ff60, 489, GC_SCAVENGE, 2108440, 1769424, 0, 42500, ""},
    {"app says: [9:0x4098ff60] [I:0x4098ff60] 1 ms: pause=1 gc=s total_size_before=2 "
     "total_size_after=1",
     'N', 9, 0x4098ff60, 1, GC_SCAVENGE, 2, 1, 0, 1000, ""},
    {"[31283:0000020E5D0C1000]      214 ms: pause=5.3 mutator=196.9 gc=mmc reduce_memory=1 "
     "a.b=0.01c.d=0.00 total_size_before=30 total_size_after=20 incremental.steps_count=0",
     'N', 31283, 0x20E5D0C1000, 214, GC_MINOR_MARK_COMPACT, 30, 20, 0, 5300, ""},
    {"[14993:0x20142000:0]     1709 ms: pause=9.5 mutator=10.3 gc=mc reduce_memory=0 "
     "interleaved=0 start_object_size=9349944 end_object_size=9148120 start_memory_size=26255360 "
     "end_memory_size=26517504",
     'N', 14993, 0x20142000, 1709, GC_MARK_COMPACT, 9349944, 9148120, 26517504, 9500, ""},
    {"[15485:0xa650000:0]      160 ms: GC: "
     "{\"pause\":6.207,\"mutator\":147.867,\"gc\":\"mms\",\"reduce_memory\":true,\"stack\":true,"
     "\"reason\":\"allocation failure\",\"collector_reason\":\"scavenge might not succeed\","
     "\"start_object_size\":5008208,\"end_object_size\":4317384,\"start_memory_size\":5902336,"
     "\"end_memory_size\":6164480,\"during_sweeping\":true}",
     'O', 15485, 0xa650000, 160, GC_MINOR_MARK_COMPACT, 5008208, 4317384, 6164480, 6207,
     "allocation failure"},
};

START_TEST(test_collection_is_read_from_named_values)
{
	const struct nvp_row *row = &nvp_rows[_i];
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(row->line, &record), GCLOG_GC);
	ck_assert_int_eq(record.family, row->family);
	ck_assert_str_ne(gclog_family_versions(record.family), "");
	ck_assert_int_eq(record.pid, row->pid);
	ck_assert_uint_eq(record.event.isolate, row->isolate);
	ck_assert_uint_eq(record.event.uptime_ns, row->uptime_ms * NS_PER_MS);
	ck_assert_int_eq((int)record.event.kind, (int)row->kind);
	ck_assert_uint_eq(record.event.used_before_bytes, row->used_before_bytes);
	ck_assert_uint_eq(record.event.used_after_bytes, row->used_after_bytes);
	ck_assert_uint_eq(record.event.committed_after_bytes, row->committed_after_bytes);
	ck_assert_uint_eq(record.event.pause_ns, row->pause_us * NS_PER_US);
	ck_assert(isnan(record.event.average_mutator_utilization));
	ck_assert_uint_eq(record.reason_length, strlen(row->reason));
	ck_assert_int_eq(memcmp(record.reason, row->reason, record.reason_length), 0);
}
END_TEST

START_TEST(test_flags_of_named_values_are_read)
{
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(nvp_rows[5].line, &record), GCLOG_GC);
	ck_assert(record.event.is_reducing);
	ck_assert(record.event.is_during_sweeping);
	ck_assert(record.event.is_scavenge_might_not_succeed);
	ck_assert_int_eq(parse_alone(nvp_rows[3].line, &record), GCLOG_GC);
	ck_assert(record.event.is_reducing);
	ck_assert(!record.event.is_during_sweeping);
}
END_TEST

/* No beginning of such a line is taken for a collection with other figures. */
START_TEST(test_torn_named_values_are_torn)
{
	const char *line = nvp_rows[_i].line;
	struct gclog_record whole;
	size_t length;

	ck_assert_int_eq(parse_alone(line, &whole), GCLOG_GC);
	for (length = strlen(line) - 1; length > 0; length--) {
		struct gclog_parser parser = {0};
		struct gclog_record record;
		size_t at = 0;

		if (gclog_parse(&parser, line, length, &at, &record) != GCLOG_GC)
			continue;
		ck_assert_uint_eq(record.event.pause_ns, whole.event.pause_ns);
		ck_assert_uint_eq(record.event.used_before_bytes, whole.event.used_before_bytes);
		ck_assert_int_eq((int)record.event.kind, (int)whole.event.kind);
	}
	ck_assert_int_eq(parse_alone("[1:0xa] 5 ms: pause=1.9 mutator=130.8 gc=s mark=", &whole),
	                 GCLOG_TORN);
	ck_assert_int_eq(
	    parse_alone("[1:0xa:0] 5 ms: GC: {\"pause\":6.2,\"gc\":\"s\",\"st", &whole),
	    GCLOG_TORN);
}
END_TEST

static const char *const other_lines[] = {
    "[1:0xa:0]  5 ms: action=SetOldGenerationAndGlobalAllocationLimit old=1 global=2",
    ", removed zone reservations: 0",
    "[1:0xa:0]  5 ms: Memory pool: Removed pages: 0, removed large pages: 0",
    "[1:0xa]  5 ms: GC of the app's own: {}",
    "[1:0xa]  5 ms: pause",
    "[IncrementalMarking] Start marking",
    "[IncrementalMarking] Start sweeping.",
    "[IncrementalMarking] Stopping.",
    "[1:0xa]  5 ms: [IncrementalMarking] Start marking",
    "[1:0xa]  5 ms: [IncrementalMarking] Complete (normal).",
    "[1:0xa]  5 ms: [IncrementalMarking] Completion: Delaying GC via stack guard, time left: 1ms",
    "[12] Postponing speeding up marking until marking starts",
    "[12] Marking speed increased to 3",
    "Speed up marking because of low space left",
    "working on it, 7 KB parking left",
    "[12] Memory allocator,   used:  37904 KB, available: 1461232 KB",
    "[12] All spaces,         used:   1809 KB, available:    774 KB, committed:   6019 KB",
    "[12:0xa] New space,          used:    x KB",
    "[12:0xa] New space",
    "[12:0xa] External memory global 0 KB",
    "a reply of 12 KB",
};

START_TEST(test_other_lines_are_no_facts)
{
	struct gclog_record record;

	ck_assert_msg(parse_alone(other_lines[_i], &record) == GCLOG_OTHER, "%s", other_lines[_i]);
}
END_TEST

/* ---- marking ---- */

struct marking_row {
	const char *line;
	enum heap_incident incident;
	pid_t pid;
	uint64_t isolate;
};

static const struct marking_row marking_rows[] = {
    {"x[12] Speed up marking because of low space left", HEAP_INCIDENT_MARKING_SPED_UP, 12, 0},
    {"[12:0xab] Speed up marking because marker was not keeping up", HEAP_INCIDENT_MARKING_SPED_UP,
     12, 0xab},
    {"[12] Increasing marking speed to 3 due to high promotion rate", HEAP_INCIDENT_MARKING_SPED_UP,
     12, 0},
    {"[IncrementalMarking] Start", HEAP_INCIDENT_MARKING_STARTED, 0, 0},
    {"[IncrementalMarking] Start\r", HEAP_INCIDENT_MARKING_STARTED, 0, 0},
    {"[IncrementalMarking] Start (GC epilogue)", HEAP_INCIDENT_MARKING_STARTED, 0, 0},
    {"[IncrementalMarking] Complete (normal).", HEAP_INCIDENT_MARKING_FINALIZED, 0, 0},
    {"[7:0xab]      120 ms: [IncrementalMarking] Start (allocation limit): old generation 3MB",
     HEAP_INCIDENT_MARKING_STARTED, 7, 0xab},
    {"[7:0xab:2]      120 ms: [IncrementalMarking] Stopping: old generation size 3MB",
     HEAP_INCIDENT_MARKING_FINALIZED, 7, 0xab},
};

START_TEST(test_marking_is_told)
{
	const struct marking_row *row = &marking_rows[_i];
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(row->line, &record), GCLOG_INCIDENT);
	ck_assert_int_eq((int)record.incident, (int)row->incident);
	ck_assert_int_eq(record.pid, row->pid);
	ck_assert_uint_eq(record.event.isolate, row->isolate);
}
END_TEST

START_TEST(test_marking_without_a_name_is_of_who_printed_last)
{
	static const char gc[] =
	    "[21:0xc0]  12 ms: Scavenge 2.0 (37.5) -> 1.7 (37.5) MB, 0.8 / 0 ms [task].";
	static const char marking[] = "[IncrementalMarking] Start (old space step)";
	struct gclog_parser parser = {0};
	struct gclog_record record;
	size_t at = 0;

	ck_assert_int_eq(gclog_parse(&parser, gc, strlen(gc), &at, &record), GCLOG_GC);
	at = 0;
	ck_assert_int_eq(gclog_parse(&parser, marking, strlen(marking), &at, &record),
	                 GCLOG_INCIDENT);
	ck_assert_int_eq(record.pid, 21);
	ck_assert_uint_eq(record.event.isolate, 0xc0);
}
END_TEST

/* ---- --trace-gc-verbose ---- */

struct part_row {
	const char *line;
	enum heap_part part;
	uint64_t used_kib;
	uint64_t committed_kib;
};

static const struct part_row part_rows[] = {
    {"[12:0xa] New space,          used:    251 KB, available:    772 KB, committed:   2048 KB",
     HEAP_PART_NEW, 251, 2048},
    {"[12] Old pointers,       used:    591 KB, available:      0 KB, committed:   1519 KB",
     HEAP_PART_OLD_POINTER, 591, 1519},
    {"[12] PropertyCell space, used:     25 KB, available:      0 KB, committed:     64 KB",
     HEAP_PART_PROPERTY_CELL, 25, 64},
    {"[12:0xa] Code space,         used:   1192 KB, available:      0 KB, committed:   2048KB\r",
     HEAP_PART_CODE, 1192, 2048},
    {"[12:0xa] Trusted large object space,     used:      7 KB, available:      0 KB, committed: "
     "     9 KB",
     HEAP_PART_TRUSTED_LARGE_OBJECT, 7, 9},
    {"[12:0xa] Old space,                  used:   2835 KB, available:*     492 KB, committed:   "
     "3328 KB",
     HEAP_PART_OLD, 2835, 3328},
    {"half a line of the app[12:0xa] New large object space, used:      4 KB, available:   10",
     HEAP_PART_NEW_LARGE_OBJECT, 4, 0},
    {"[12:0xa] External memory reported:   1331 KB", HEAP_PART_EXTERNAL_REPORTED, 1331, 0},
    {"[12:0xa] Backing store memory:                         1693 KB", HEAP_PART_BACKING_STORE,
     1693, 0},
};

START_TEST(test_part_of_the_heap_is_told)
{
	const struct part_row *row = &part_rows[_i];
	struct gclog_record record;

	ck_assert_int_eq(parse_alone(row->line, &record), GCLOG_HEAP);
	ck_assert_int_eq((int)record.part.part, (int)row->part);
	ck_assert_uint_eq(record.part.used_bytes, row->used_kib * KIB);
	ck_assert_uint_eq(record.part.committed_bytes, row->committed_kib * KIB);
	ck_assert_int_eq(record.pid, 12);
	ck_assert(record.part.isolate == 0xa || record.part.isolate == 0);
	ck_assert_uint_eq(record.event.isolate, record.part.isolate);
}
END_TEST

/* Head and words are two writes: with two heads nobody knows whose the words are. */
START_TEST(test_part_behind_two_heads_is_torn)
{
	struct gclog_record record;

	ck_assert_int_eq(
	    parse_alone("[12:0xa] [13:0xb] New space,          used:    251 KB", &record),
	    GCLOG_TORN);
	ck_assert_int_eq(parse_alone("New space,          used:    251 KB", &record), GCLOG_OTHER);
}
END_TEST

/* ---- what a parser remembers of the line before ---- */

#define LINE(head, kind, rest) \
	head "   12 ms: " kind " 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms  " rest
#define MU_HIGH "(average mu = 0.991, current mu = 0.990) "
#define MU_LOW  "(average mu = 0.191, current mu = 0.190) "

static const char *const row_lines[] = {
    LINE("[1:0xa]", "Scavenge", MU_HIGH "allocation failure; "),
    LINE("[1:0xa]", "Scavenge", MU_HIGH "allocation failure; "),
    LINE("[1:0xab]", "Scavenge", MU_HIGH "allocation failure; "),
    LINE("[1:0xab]", "Mark-Compact", MU_LOW "last resort; GC in old space requested"),
    LINE("[1:0xab]", "Mark-Compact", MU_LOW "last resort; GC in old space requested"),
    LINE("[1:0xa]", "Mark-Compact", MU_LOW "last resort; "),
    LINE("[1:0xa]", "Scavenge", MU_HIGH "allocation failure; \r"),
    LINE("[1:0xa]", "Scavenge", "allocation failure "),
    LINE("[1:0xa]", "Scavenge", ""),
    LINE("[2]", "Scavenge", "[allocation failure]."),
    LINE("x[1:0xa]", "Mark-sweep", "[last resort gc] [GC in old space requested]."),
    LINE("[1:0xa] [2:0xb]", "Scavenge", MU_HIGH "allocation failure; "),
    LINE("", "Scavenge", "[allocation failure]."),
};

START_TEST(test_what_is_remembered_changes_nothing)
{
	const size_t count = sizeof(row_lines) / sizeof(row_lines[0]);
	struct gclog_parser parser = {0};
	size_t i;

	for (i = 0; i < 2 * count * count; i++) { /* each behind each */
		const char *line = row_lines[i % 2 == 0 ? i / 2 % count : i / 2 / count];
		struct gclog_record record;
		struct gclog_record fresh;
		size_t at = 0;

		enum gclog_result result = parse_alone(line, &fresh);

		ck_assert_int_eq(gclog_parse(&parser, line, strlen(line), &at, &record), result);
		if (result != GCLOG_GC)
			continue;
		ck_assert_int_eq(record.family, fresh.family);
		ck_assert_int_eq(record.pid, fresh.pid);
		ck_assert_uint_eq(record.event.isolate, fresh.event.isolate);
		ck_assert_int_eq(isnan(record.event.current_mutator_utilization),
		                 isnan(fresh.event.current_mutator_utilization));
		if (!isnan(fresh.event.current_mutator_utilization))
			ck_assert_double_eq(record.event.current_mutator_utilization,
			                    fresh.event.current_mutator_utilization);
		ck_assert_int_eq(record.event.is_last_resort, fresh.event.is_last_resort);
		ck_assert_uint_eq(record.reason_length, fresh.reason_length);
		ck_assert_uint_eq(record.collector_length, fresh.collector_length);
		ck_assert_int_eq(memcmp(record.reason, fresh.reason, fresh.reason_length), 0);
	}
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *suite = suite_create("gclog_forms");
	TCase *cases = tcase_create("gclog_forms");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(cases, test_collection_is_read_from_named_values, 0, ROWS(nvp_rows));
	tcase_add_loop_test(cases, test_torn_named_values_are_torn, 0, ROWS(nvp_rows));
	tcase_add_loop_test(cases, test_other_lines_are_no_facts, 0, ROWS(other_lines));
	tcase_add_loop_test(cases, test_marking_is_told, 0, ROWS(marking_rows));
	tcase_add_loop_test(cases, test_part_of_the_heap_is_told, 0, ROWS(part_rows));
	tcase_add_test(cases, test_flags_of_named_values_are_read);
	tcase_add_test(cases, test_marking_without_a_name_is_of_who_printed_last);
	tcase_add_test(cases, test_part_behind_two_heads_is_torn);
	tcase_add_test(cases, test_what_is_remembered_changes_nothing);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}
