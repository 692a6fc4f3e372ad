// SPDX-License-Identifier: MIT
/*
 * What a log held before it was followed is given to a process only when it may be of it: earlier
 * lives of its pid are somebody else's.
 */
#include "tests/unit/gclog_fixture.h"

#define MAIN_A   0x1234cf0
#define MAIN_B   0x2345cf0
#define WORKER   0x7f2233000f00
#define WORKER_B 0x7f4455000f00

struct written {
	pid_t pid;
	uint64_t isolate;
	unsigned uptime_ms;
	bool is_of_process; /* the one with the pid that lives now */
};

struct past {
	const char *name;
	struct written lines[10];
};

static const struct past pasts[] = {
    {"one life", {{1, MAIN_A, 100, true}, {1, MAIN_A, 900, true}}},
    {"a clock that went backwards",
     {{1, MAIN_A, 100, false}, {1, MAIN_A, 900, false}, {1, MAIN_A, 100, true}}},
    {"another heap",
     {{1, MAIN_A, 100, false},
      {1, WORKER, 120, false},
      {1, MAIN_B, 800, true},
      {1, WORKER_B, 820, true},
      {1, MAIN_B, 900, true}}},
    {"three lives",
     {{1, MAIN_A, 100, false},
      {1, MAIN_B, 100, false},
      {1, MAIN_B, 200, false},
      {1, MAIN_B, 90, true},
      {1, MAIN_B, 300, true}}},
    {"two containers at once",
     {{1, MAIN_A, 100, true},
      {1, MAIN_B, 50, true},
      {1, MAIN_A, 200, true},
      {1, MAIN_B, 150, true}}},
    {"a life of another pid",
     {{1, MAIN_A, 100, true}, {2, MAIN_B, 100, false}, {1, MAIN_A, 200, true}}},
};

static void write_past(int fd, const struct past *past)
{
	const struct written *line;

	for (line = past->lines; line->pid != 0; line++)
		put_gc_of(fd, line->pid, line->isolate, line->uptime_ms);
}

static void check_seen(const struct past *past)
{
	const struct written *line;
	size_t i = 0;

	for (line = past->lines; line->pid != 0; line++) {
		if (!line->is_of_process)
			continue;
		ck_assert_msg(i < test.seen_count, "%s: line at %u ms is missing", past->name,
		              line->uptime_ms);
		ck_assert_msg(test.seen[i].uptime_ms == line->uptime_ms &&
		                  test.seen[i].isolate == line->isolate,
		              "%s: line at %u ms came instead of that at %u ms", past->name,
		              (unsigned)test.seen[i].uptime_ms, line->uptime_ms);
		i++;
	}
	ck_assert_msg(i == test.seen_count, "%s: %zu lines, not %zu", past->name, test.seen_count,
	              i);
}

START_TEST(test_earlier_lives_are_not_given_to_the_process)
{
	size_t i;
	int fd;

	tear_down(); /* each case has its own */
	for (i = 0; i < sizeof(pasts) / sizeof(pasts[0]); i++) {
		set_up();
		fd = writer("app.log", O_APPEND);
		write_past(fd, &pasts[i]);
		start("app.log");
		process_with_stdout(500, 1, NULL, false);
		look();
		check_seen(&pasts[i]);
		(void)close(fd);
		tear_down();
	}
	set_up();
	start(NULL);
}
END_TEST

START_TEST(test_a_past_of_many_buffers_is_counted_once)
{
	int fd = writer("app.log", O_APPEND);
	unsigned i;

	for (i = 0; i < 9000; i++) /* of 120 bytes: more than one turn */
		put_gc_of(fd, 7, MAIN_A, 100000 + i);
	for (i = 0; i < 2000; i++)
		put_gc_of(fd, 7, MAIN_A, 100 + i);
	start("app.log");
	process(7);
	pass();
	run_until_seen(2000);
	look();
	ck_assert_uint_eq(test.seen_count, 2000);
	ck_assert_uint_eq(test.seen[0].uptime_ms, 100);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 9000);
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "gc"), 11000);
	(void)close(fd);
}
END_TEST

START_TEST(test_truncation_meanwhile_loses_nothing_new)
{
	int fd = writer("app.log", O_APPEND);
	unsigned i;

	for (i = 0; i < 9000; i++)
		put_gc_of(fd, 8, MAIN_A, 100000 + i);
	start("app.log");
	process(7);
	pass(); /* a part of the survey at most */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 1);
	put_gc(fd, 2);
	run_until_seen(2);
	check_each_once(2);
	ck_assert_double_eq(counter(TRUNCATIONS, NULL), 1);
	(void)close(fd);
}
END_TEST

GCLOG_MAIN("gclog_survey", test_earlier_lives_are_not_given_to_the_process,
           test_a_past_of_many_buffers_is_counted_once, test_truncation_meanwhile_loses_nothing_new)
