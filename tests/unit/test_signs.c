// SPDX-License-Identifier: MIT
/*
 * The sentences for people: each where it applies, none where it does not; and the advice.
 */
#include "tool/signs.h"

#include <string.h>

#include "tests/unit/heap_recording.h"
#include "tool/advice.h"

static bool says(const struct notes *notes, const char *part)
{
	size_t i;

	for (i = 0; i < notes->count; i++)
		if (strstr(notes->text[i], part) != NULL)
			return true;
	return false;
}

struct sign_case {
	const char *name;
	double (*floor)(double t);
	double garbage;
	const char *in_favour; /* NULL: nothing at all */
	const char *against;
};

static const struct sign_case cases[] = {
    {"rise", floor_rising, 2, "to the next: 27.5, 42.5, 57.5, 72.5 MiB", NULL},
    {"rise, kept", floor_rising, 2, "Nothing of it was ever given back.", NULL},
    {"rise, in vain", floor_rising, 2, "free next to nothing", NULL},
    {"flat", floor_flat, 2, NULL, "stays where it was: 20.0, 20.0, 20.0, 20.0 MiB"},
    {"garbage", floor_flat, 60, NULL, "free 75 % of the heap: what swings is garbage"},
    {"saw tooth", floor_saw, 2, NULL, "the floor fell by 3"},
    {"saturating", floor_saturating, 2, "given back", "slowing down"},
    {"step", floor_step, 2, "given back", "in one step"},
};

START_TEST(test_signs_say_what_applies)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sign_case *row = &cases[i];
		struct recording recording;
		struct reading reading;
		struct signs signs;

		recording_begin(&recording, 60, 0);
		recording_fill(&recording, 120, row->floor, row->garbage);
		reading = recording_end(&recording);
		signs_find(&signs, &reading);
		ck_assert_msg(row->in_favour == NULL ? signs.in_favour.count == 0
		                                     : says(&signs.in_favour, row->in_favour),
		              "%s: %s", row->name, signs.in_favour.text[0]);
		ck_assert_msg(row->against == NULL ? signs.against.count == 0
		                                   : says(&signs.against, row->against),
		              "%s: %s", row->name, signs.against.text[0]);
		ck_assert_uint_eq(signs.open.count, 0);
		heap_table_done(&recording.heaps);
	}
}
END_TEST

START_TEST(test_the_limit_and_futile_work_are_signs)
{
	struct recording recording;
	struct reading reading;
	struct signs signs;

	recording_begin(&recording, 60, 90 * MIB);
	recording_fill(&recording, 120, floor_rising, 10);
	recording.row->alone->isolates[0]->mutator_utilization = 0.12;
	recording.row->alone->isolates[0]->events[HEAP_EVENT_LAST_RESORT] = 3;
	recording.row->alone->isolates[0]->has_external_pressure = true;
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.in_favour, "fills 89 % of the heap limit of 90.0 MiB"));
	ck_assert(says(&signs.in_favour, "left the program 12 % of it"));
	ck_assert(says(&signs.in_favour, "as a last resort, 3 times"));
	ck_assert(says(&signs.in_favour, "because of external memory"));
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_memory_of_buffers_is_named)
{
	struct recording recording;
	struct reading reading;
	struct signs signs;
	uint64_t i;

	recording_begin(&recording, 60, 0);
	recording_fill(&recording, 120, floor_flat, 10);
	for (i = 1; i <= 120; i++) {
		const struct heap_sample sample = {
		    .isolate = 0x55, .part = HEAP_PART_BACKING_STORE, .used_bytes = i * MIB};

		process_add_heap(recording.row->alone, TIMEBASE_ORIGIN_NS + i * NS_PER_SECOND,
		                 &sample);
	}
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.in_favour, "Memory outside the heap (Buffers) rose from 1.0 MiB"));
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_collections_that_come_more_often_are_a_sign)
{
	struct recording recording;
	struct reading reading;
	struct signs signs;
	double seconds;
	double pause;

	recording_begin(&recording, 60, 0);
	for (seconds = 1; seconds < 120; seconds += pause) {
		double left = 20 + seconds / 2;

		pause = fmax(0.5, (120 - seconds) / 10);
		recording_add(&recording, seconds, GC_MARK_COMPACT, left + pause, left);
	}
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.in_favour, "has to try more often"));
	heap_table_done(&recording.heaps);
}
END_TEST

START_TEST(test_what_cannot_be_told_is_said)
{
	struct recording recording;
	struct reading reading;
	struct signs signs;

	recording_begin(&recording, 1, 0);
	recording_add(&recording, 1, GC_SCAVENGE, 10, 5);
	recording_add(&recording, 9, GC_SCAVENGE, 10, 5);
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.open, "There was no full collection"));
	ck_assert(says(&signs.open, "9s are too short"));
	recording_add(&recording, 10, GC_MARK_COMPACT, 10, 5);
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.open, "There was only 1 full collection;"));
	heap_table_done(&recording.heaps);

	recording_begin(&recording, 1, 0);
	recording_die(&recording);
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.open, "Not one collection was written"));
	heap_table_done(&recording.heaps);

	recording_begin(&recording, 1, 0);
	recording_fill(&recording, 30, floor_rising, 10);
	reading = recording_end(&recording);
	signs_find(&signs, &reading);
	ck_assert(says(&signs.open, "(--time-scale=120) the verdict would be: leak"));
	heap_table_done(&recording.heaps);
}
END_TEST

struct advice_case {
	double (*floor)(double t);
	size_t seconds;
	double time_scale;
	uint64_t limit_bytes;
	bool dies;
	const char *advice;
};

static const struct advice_case advices[] = {
    {floor_rising, 120, 60, 0, false, "heapsnapshot-signal"},
    {floor_rising, 120, 60, 0, false, "each GiB lasts 34.1m"},
    {floor_rising, 120, 60, 0, false, "--heap-limit=SIZE"},
    {floor_rising, 120, 60, 200 * MIB, false, "restart it before"},
    {floor_rising, 30, 1, 0, false, "Record for half an hour"},
    {floor_rising, 30, 1, 0, true, "heapsnapshot-near-heap-limit"},
    {floor_flat, 30, 1, 0, true, "Raise --max-old-space-size if"},
    {floor_flat, 30, 1, 0, false, "Record for half an hour"},
    {floor_flat, 120, 60, 0, false, "it is not in this heap"},
};

START_TEST(test_advice_fits_the_verdict)
{
	size_t i;

	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		const struct advice_case *row = &advices[i];
		struct recording recording;
		struct reading reading;
		struct notes advice;

		recording_begin(&recording, row->time_scale, row->limit_bytes);
		recording_fill(&recording, row->seconds, row->floor, 10);
		if (row->dies)
			recording_die(&recording);
		reading = recording_end(&recording);
		advice_find(&advice, &reading);
		ck_assert_msg(says(&advice, row->advice), "%zu: %s", i, advice.text[0]);
		heap_table_done(&recording.heaps);
	}
}
END_TEST

START_TEST(test_external_memory_and_young_pauses_have_advice)
{
	struct recording recording;
	struct reading reading;
	struct notes advice;
	size_t i;

	recording_begin(&recording, 60, 0);
	recording_fill(&recording, 120, floor_flat, 10);
	recording.row->alone->isolates[0]->has_external_pressure = true;
	for (i = 0; i < 20000; i++)
		recording_add(&recording, 120 + (double)i / 250, GC_SCAVENGE, 30, 20);
	reading = recording_end(&recording);
	advice_find(&advice, &reading);
	ck_assert(says(&advice, "--trace-gc-verbose"));
	ck_assert(says(&advice, "--max-semi-space-size"));
	heap_table_done(&recording.heaps);
}
END_TEST

UNIT_MAIN("signs", test_signs_say_what_applies, test_the_limit_and_futile_work_are_signs,
          test_memory_of_buffers_is_named, test_collections_that_come_more_often_are_a_sign,
          test_what_cannot_be_told_is_said, test_advice_fits_the_verdict,
          test_external_memory_and_young_pauses_have_advice)
