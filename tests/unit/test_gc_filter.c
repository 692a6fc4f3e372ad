// SPDX-License-Identifier: MIT
/*
 * The filter of "heapwatch run": what the application wrote comes out byte for byte, what V8 wrote
 * goes to the trace, however the stream is cut.
 */
#include "tool/gc_filter.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define ISO "[321:0x55d0c0ffee00]"
#define GC  ISO "       31 ms: Scavenge 2.3 (2.9) -> 2.1 (3.9) MB, 0.41 / 0.00 ms  task; \n"

static struct buf application;
static struct buf trace;
static unsigned question_count;

static void take_application(void *context, const char *bytes, size_t length)
{
	ck_assert_ptr_eq(context, &application);
	buf_append(&application, bytes, length);
}

static void take_trace(void *context, const char *line, size_t length)
{
	ck_assert_ptr_eq(context, &application);
	ck_assert_int_eq(line[length - 1], '\n');
	buf_append(&trace, line, length);
}

static bool is_traced(void *context, pid_t pid)
{
	ck_assert_ptr_eq(context, &application);
	question_count++;
	return pid == 321 || pid == 654;
}

static const struct gc_filter_sink sink = {&application, take_application, take_trace, is_traced};

static void begin(void)
{
	buf_done(&application);
	buf_done(&trace);
	application = BUF_INIT(MIB);
	trace = BUF_INIT(MIB);
}

static void feed(struct gc_filter *filter, const char *text)
{
	gc_filter_feed(filter, &sink, text, strlen(text));
}

static const struct {
	const char *input;
	const char *application;
	const char *trace;
} cases[] = {
    {"", "", ""},
    {"hello\n", "hello\n", ""},
    {GC, "", GC},
    {GC GC, "", GC GC},
    {"one\n" GC "two\n", "one\ntwo\n", GC},
    {"no newline" GC " goes on\n", "no newline goes on\n", GC},
    {"[" GC "]", "[]", GC},
    {"[[321" GC, "[[321", GC},
    {"[321:0x55d0c0ff" GC, "[321:0x55d0c0ff", GC},
    {"\x01\xff\xe6\x97" GC "\xa5\n", "\x01\xff\xe6\x97\xa5\n", GC},
    /* through a terminal */
    {"a\r\n" ISO " 31 ms: Mark-Compact x\r\nb", "a\r\nb", ISO " 31 ms: Mark-Compact x\r\n"},
    /* what --trace-gc-verbose and others print */
    {ISO " New space,          used:    212 KB\n", "",
     ISO " New space,          used:    212 KB\n"},
    {"[321:0x55d0c0ffee00:1]  9 ms: GC: {\"a\":1}\n", "",
     "[321:0x55d0c0ffee00:1]  9 ms: GC: {\"a\":1}\n"},
    /* another process of the application */
    {"[654:0x55d0c0ffee00] 1 ms: x\n", "", "[654:0x55d0c0ffee00] 1 ms: x\n"},
    /* somebody else's */
    {"[4242:0x5eed000] 1234 ms: Scavenge 10.0 (20.0) -> 1.0 (20.0) MB, 0.5 / 0.0 ms  x; \n",
     "[4242:0x5eed000] 1234 ms: Scavenge 10.0 (20.0) -> 1.0 (20.0) MB, 0.5 / 0.0 ms  x; \n", ""},
    /* nothing of V8's */
    {"[321:30:45] ready\n", "[321:30:45] ready\n", ""},
    {"[321:0x1] ready\n", "[321:0x1] ready\n", ""},
    {"[321:0x55d0c0ffee00]ready\n", "[321:0x55d0c0ffee00]ready\n", ""},
    {"[0321:0x55d0c0ffee00] x\n", "[0321:0x55d0c0ffee00] x\n", ""},
    {"[99999999999999:0x55d0c0ffee00] x\n", "[99999999999999:0x55d0c0ffee00] x\n", ""},
    {"[321] ready\n", "[321] ready\n", ""},
    {"[321] 31 ms: that took long\n", "[321] 31 ms: that took long\n", ""},
    {"[321]  31 msgs\n", "[321]  31 msgs\n", ""},
    {"[321] Speedy\n", "[321] Speedy\n", ""},
    /* Node 0.10, and what Node up to 6 says besides */
    {"a[321] 31 ms: Scavenge 1.8 (37.0) -> 1.5 (38.0) MB, 0 ms [allocation failure].\nb", "ab",
     "[321] 31 ms: Scavenge 1.8 (37.0) -> 1.5 (38.0) MB, 0 ms [allocation failure].\n"},
    {"[321] Limited new space size due to high promotion rate: 1 MB\nx", "x",
     "[321] Limited new space size due to high promotion rate: 1 MB\n"},
    /* the stream ends in the middle */
    {"x" ISO " 31 ms: Scav", "x" ISO " 31 ms: Scav", ""},
    {"x[3", "x[3", ""},
    /* a process that dies says all that without a flag */
    {GC "\n<--- Last few GCs --->\n\n" GC GC "\n<--- JS stacktrace --->\n" GC,
     "\n<--- Last few GCs --->\n\n" GC GC "\n<--- JS stacktrace --->\n", GC GC},
    /* an application that quotes it */
    {"it says <--- Last few GCs --->\n" GC, "it says <--- Last few GCs --->\n", GC},
};

static void check_case(size_t i, const char *how, size_t where)
{
	ck_assert_msg(strcmp(buf_string(&application), cases[i].application) == 0,
	              "case %zu, %s %zu: application got \"%s\"", i, how, where,
	              buf_string(&application));
	ck_assert_msg(strcmp(buf_string(&trace), cases[i].trace) == 0,
	              "case %zu, %s %zu: trace got \"%s\"", i, how, where, buf_string(&trace));
}

START_TEST(test_streams_are_taken_apart_the_same_wherever_they_are_cut)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = strlen(cases[i].input);
		size_t cut;

		for (cut = 0; cut <= length; cut++) {
			struct gc_filter filter = {.held_length = 0};

			begin();
			gc_filter_feed(&filter, &sink, cases[i].input, cut);
			gc_filter_feed(&filter, &sink, cases[i].input + cut, length - cut);
			gc_filter_release(&filter, &sink);
			check_case(i, "cut at", cut);
		}
	}
	begin();
}
END_TEST

START_TEST(test_streams_are_taken_apart_the_same_byte_by_byte)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gc_filter filter = {.held_length = 0};
		size_t at;

		begin();
		for (at = 0; cases[i].input[at] != '\0'; at++)
			gc_filter_feed(&filter, &sink, cases[i].input + at, 1);
		gc_filter_release(&filter, &sink);
		check_case(i, "byte by byte", 0);
	}
	begin();
}
END_TEST

/* What may be seen of a prompt at once. */
START_TEST(test_bytes_that_cannot_begin_a_line_pass_at_once)
{
	static const struct {
		const char *prompt;
		size_t held;
	} prompts[] = {
	    {"name: ", 0},
	    {"go on? [y/N] ", 0},
	    {"[0", 0},
	    {"[1] ", 0}, /* not a process of the application */
	    {"[321] ", 6},
	    {"[1] > ", 0},
	    {"[12:30", 0},
	    {"[321] listening on ", 0},
	    {"[321] 12 ", 9},
	    {"[321] 12 ms", 11},
	    {"[321] 12 MB", 0},
	    {"[", 1},
	    {"[321:0x55d0", 11},
	    {"[321:0x5g", 0},
	    {"[321:0x55d0c0ffee00:1", 21},
	    {ISO "   11 ms", 28},
	    {"[4242:0x55d0c0ffee00] 11 ms", 0}, /* the pid says enough */
	};
	size_t i;

	for (i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		struct gc_filter filter = {.held_length = 0};

		begin();
		feed(&filter, prompts[i].prompt);
		ck_assert_msg(strlen(prompts[i].prompt) - application.length == filter.held_length,
		              "bytes are missing: \"%s\"", prompts[i].prompt);
		ck_assert_msg(filter.held_length == prompts[i].held, "\"%s\" holds %zu",
		              prompts[i].prompt, filter.held_length);
	}
	begin();
}
END_TEST

START_TEST(test_a_release_lets_go_and_the_stream_goes_on)
{
	struct gc_filter filter = {.held_length = 0};

	begin();
	feed(&filter, "prompt [");
	ck_assert_str_eq(buf_string(&application), "prompt ");
	gc_filter_release(&filter, &sink);
	ck_assert_str_eq(buf_string(&application), "prompt [");
	feed(&filter, "y]" GC "\n");
	ck_assert_str_eq(buf_string(&application), "prompt [y]\n");
	ck_assert_str_eq(buf_string(&trace), GC);
	begin();
}
END_TEST

START_TEST(test_a_line_without_end_passes)
{
	static char endless[3 * GC_FILTER_HELD_MAX];
	struct gc_filter filter = {.held_length = 0};
	size_t chunk;

	for (chunk = 1; chunk <= 5000; chunk += 1111) {
		size_t at;

		begin();
		memset(endless, 'x', sizeof(endless));
		memcpy(endless, ISO " ", strlen(ISO) + 1);
		endless[sizeof(endless) - 1] = '\n';
		for (at = 0; at < sizeof(endless); at += chunk)
			gc_filter_feed(&filter, &sink, endless + at,
			               chunk < sizeof(endless) - at ? chunk : sizeof(endless) - at);
		ck_assert_uint_eq(filter.held_length, 0);
		ck_assert_uint_eq(application.length, sizeof(endless));
		ck_assert_mem_eq(application.data, endless, sizeof(endless));
		ck_assert_uint_eq(trace.length, 0);
	}
	begin();
}
END_TEST

/* A line of the greatest length, and one byte more. */
START_TEST(test_the_longest_line_is_known_in_any_chunks)
{
	static char text[GC_FILTER_LINE_MAX + 1];
	size_t length;
	size_t cut;

	for (length = GC_FILTER_LINE_MAX; length <= sizeof(text); length++)
		for (cut = 0; cut <= length; cut += 7) {
			struct gc_filter filter = {.held_length = 0};

			begin();
			memset(text, 'x', length);
			memcpy(text, ISO " ", strlen(ISO) + 1);
			text[length - 1] = '\n';
			gc_filter_feed(&filter, &sink, text, cut);
			gc_filter_feed(&filter, &sink, text + cut, length - cut);
			ck_assert_uint_eq(filter.held_length, 0);
			ck_assert_uint_eq(trace.length, length == GC_FILTER_LINE_MAX ? length : 0);
			ck_assert_uint_eq(application.length + trace.length, length);
		}
	begin();
}
END_TEST

/* Long after the block that quotes them, lines are taken again. */
START_TEST(test_quoted_lines_end_with_their_block)
{
	struct gc_filter filter = {.held_length = 0};
	char filler[1025];

	memset(filler, '.', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	begin();
	feed(&filter, "\n<--- Last few GCs --->\n");
	feed(&filter, filler);
	feed(&filter, GC);
	ck_assert_str_eq(buf_string(&trace), GC);
	begin();
}
END_TEST

START_TEST(test_nobody_is_asked_about_ordinary_output)
{
	struct gc_filter filter = {.held_length = 0};

	begin();
	question_count = 0;
	feed(&filter, "[info] a\n[321] b\n[12:30:45] c\n[2026-11-22] {\"d\":[1,2,[3]]}\n[1] e\n");
	ck_assert_uint_eq(question_count, 0);
	feed(&filter, GC);
	ck_assert_uint_eq(question_count, 1);
	begin();
}
END_TEST

UNIT_MAIN("gc_filter", test_streams_are_taken_apart_the_same_wherever_they_are_cut,
          test_streams_are_taken_apart_the_same_byte_by_byte,
          test_bytes_that_cannot_begin_a_line_pass_at_once,
          test_a_release_lets_go_and_the_stream_goes_on, test_a_line_without_end_passes,
          test_the_longest_line_is_known_in_any_chunks, test_quoted_lines_end_with_their_block,
          test_nobody_is_asked_about_ordinary_output)
