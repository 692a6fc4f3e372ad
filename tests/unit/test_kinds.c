// SPDX-License-Identifier: MIT
/* What leaks, by the part that made the most of a rise. */
#include "daemon/scoring/kinds.h"

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define START_NS NS_PER_HOUR

static const struct process_facts facts = {
    .start_ns = START_NS,
    .app = "",
    .script = "",
    .node_version = "",
    .container_id = "",
    .pod_uid = "",
    .container_name = "",
    .unit = "",
};

static struct process *make(void)
{
	struct process *process = process_new(&facts, START_NS, 1);

	ck_assert_ptr_nonnull(process);
	return process;
}

static void tell(struct process *process, uint64_t minute, enum heap_part part, double mib)
{
	const struct heap_sample sample = {
	    .isolate = 1, .part = part, .used_bytes = (uint64_t)(mib * (double)MIB)};

	process_add_heap(process, START_NS + minute * NS_PER_MINUTE, &sample);
}

static void collect(struct process *process, uint64_t minute, uint64_t live_mib)
{
	const struct gc_event event = {
	    .kind = GC_MARK_COMPACT,
	    .isolate = 1,
	    .uptime_ns = minute * NS_PER_MINUTE,
	    .used_before_bytes = (live_mib + 5) * MIB,
	    .used_after_bytes = live_mib * MIB,
	    .average_mutator_utilization = 0.9,
	};

	process_add_gc(process, START_NS + minute * NS_PER_MINUTE, &event);
}

static void map(struct process *process, uint64_t minute, uint64_t page_mib, uint64_t large_mib,
                uint64_t malloc_mib)
{
	const struct memory_map sample = {
	    .at_ns = START_NS + minute * NS_PER_MINUTE,
	    .v8_page_bytes = page_mib * MIB,
	    .v8_large_object_bytes = large_mib * MIB,
	    .malloc_bytes = malloc_mib * MIB,
	};

	process_add_map(process, &sample);
}

/* From minute 10 to 20. */
static struct rise rise_of(const struct process *process, double net_mib)
{
	return (struct rise){
	    .process = process,
	    .since_ns = START_NS + 10 * NS_PER_MINUTE,
	    .net_bytes = net_mib * (double)MIB,
	};
}

START_TEST(test_the_space_that_rises_names_a_leak_of_a_heap)
{
	static const struct {
		double large_mib; /* of a rise by 20 MiB */
		double code_mib;
		double trusted_mib;
		enum leak_kind kind;
	} rows[] = {
	    {0, 0, 0, LEAK_KIND_JS_HEAP},       {11, 0, 0, LEAK_KIND_LARGE_OBJECT},
	    {9, 0, 0, LEAK_KIND_JS_HEAP},       {0, 6, 0, LEAK_KIND_CODE},
	    {0, 3, 3, LEAK_KIND_CODE},          {0, 2, 2, LEAK_KIND_JS_HEAP},
	    {11, 6, 0, LEAK_KIND_LARGE_OBJECT},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process *process = make();
		struct rise rise = rise_of(process, 20);
		uint64_t minute;

		for (minute = 10; minute <= 20; minute += 10) {
			double share = minute == 20 ? 1 : 0;

			collect(process, minute, 30 + (uint64_t)(20 * share));
			tell(process, minute, HEAP_PART_LARGE_OBJECT,
			     3 + share * rows[i].large_mib);
			tell(process, minute, HEAP_PART_CODE, 1 + share * rows[i].code_mib);
			tell(process, minute, HEAP_PART_TRUSTED, 1 + share * rows[i].trusted_mib);
		}
		ck_assert_msg(kinds_of_heap(&rise, process->isolates[0]) == rows[i].kind, "row %zu",
		              i);
		(void)process_free(process);
	}
}
END_TEST

START_TEST(test_spaces_known_only_now_say_nothing)
{
	struct process *process = make();
	struct rise rise = rise_of(process, 20);

	collect(process, 10, 30);
	collect(process, 20, 50);
	tell(process, 20, HEAP_PART_LARGE_OBJECT, 40);
	ck_assert(!kinds_large(&rise, process->isolates[0]).is_known);
	ck_assert_int_eq(kinds_of_heap(&rise, process->isolates[0]), LEAK_KIND_JS_HEAP);
	(void)process_free(process);
}
END_TEST

START_TEST(test_without_spaces_the_mappings_tell_large_objects)
{
	struct process *process = make();
	struct rise rise = rise_of(process, 20);

	collect(process, 10, 30);
	map(process, 10, 30, 2, 20);
	collect(process, 20, 50);
	map(process, 20, 31, 22, 20);
	ck_assert_int_eq(kinds_of_heap(&rise, process->isolates[0]), LEAK_KIND_LARGE_OBJECT);
	(void)process_free(process);
}
END_TEST

START_TEST(test_measured_external_memory_outweighs_what_v8_gave_as_a_reason)
{
	struct process *process = make();
	struct rise rise = rise_of(process, 20);

	collect(process, 10, 30);
	ck_assert_int_eq(kinds_of_outside(&rise), LEAK_KIND_NATIVE);
	process->isolates[0]->has_external_pressure = true;
	ck_assert_int_eq(kinds_of_outside(&rise), LEAK_KIND_EXTERNAL);
	tell(process, 10, HEAP_PART_BACKING_STORE, 5);
	tell(process, 20, HEAP_PART_BACKING_STORE, 9);
	ck_assert_int_eq(kinds_of_outside(&rise), LEAK_KIND_NATIVE);
	tell(process, 21, HEAP_PART_BACKING_STORE, 24);
	ck_assert_int_eq(kinds_of_outside(&rise), LEAK_KIND_EXTERNAL);
	ck_assert_double_eq(kinds_external(&rise).from_bytes, 5 * (double)MIB);
	(void)process_free(process);
}
END_TEST

START_TEST(test_anonymous_memory_goes_to_who_mapped_it)
{
	static const struct {
		uint64_t page_mib; /* that they rise by, of 20 */
		uint64_t large_mib;
		uint64_t malloc_mib;
		enum leak_kind kind;
	} rows[] = {
	    {20, 0, 1, LEAK_KIND_JS_HEAP},  {5, 15, 0, LEAK_KIND_LARGE_OBJECT},
	    {1, 0, 20, LEAK_KIND_NATIVE},   {2, 1, 3, LEAK_KIND_UNKNOWN},
	    {12, 0, 11, LEAK_KIND_JS_HEAP}, {11, 0, 12, LEAK_KIND_NATIVE},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process *process = make();
		struct rise rise = rise_of(process, 20);

		ck_assert_int_eq(kinds_of_anonymous(&rise), LEAK_KIND_UNKNOWN);
		map(process, 10, 30, 2, 20);
		map(process, 20, 30 + rows[i].page_mib, 2 + rows[i].large_mib,
		    20 + rows[i].malloc_mib);
		ck_assert_msg(kinds_of_anonymous(&rise) == rows[i].kind, "row %zu", i);
		(void)process_free(process);
	}
}
END_TEST

UNIT_MAIN("kinds", test_the_space_that_rises_names_a_leak_of_a_heap,
          test_spaces_known_only_now_say_nothing,
          test_without_spaces_the_mappings_tell_large_objects,
          test_measured_external_memory_outweighs_what_v8_gave_as_a_reason,
          test_anonymous_memory_goes_to_who_mapped_it)
