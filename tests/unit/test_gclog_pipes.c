// SPDX-License-Identifier: MIT
/*
 * FIFOs and the standard input as logs: opened only when they are asked for by name, read as soon
 * as something is in them, never in the way of who writes.
 */
#include "tests/unit/gclog_fixture.h"

#include <errno.h>

static int pipe_writer(const char *name)
{
	return open(path_of(name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

START_TEST(test_fifo_is_followed_by_its_name)
{
	int fd;

	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("pipe");
	process(7);
	pass();
	fd = pipe_writer("pipe");
	ck_assert_int_ge(fd, 0); /* does not wait: it has a reader */
	put_gc(fd, 1);
	run_until_seen(1);
	put_gc(fd, 2);
	put(fd, "[7:0xa]  3 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	run_until_seen(2);
	put(fd, "(5.5) MB, 1.05 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task; \n");
	run_until_seen(3);
	check_each_once(3);
	ck_assert_double_eq(counter(FILES, NULL), 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_fifo_outlives_its_writers)
{
	int fd;
	int i;

	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("pipe");
	process(7);
	pass();
	for (i = 1; i <= 3; i++) {
		fd = pipe_writer("pipe");
		ck_assert_int_ge(fd, 0);
		put_gc(fd, (unsigned)i);
		ck_assert_int_eq(close(fd), 0);
		run_until_seen((size_t)i);
		look();
	}
	check_each_once(3);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_READ], 0);
}
END_TEST

START_TEST(test_fifo_takes_more_than_a_pipe_holds)
{
	int fd;
	unsigned i;

	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("pipe");
	process(7);
	pass();
	fd = pipe_writer("pipe");
	ck_assert_int_ge(fd, 0);
	for (i = 1; i <= 3000; i++) {
		put_gc(fd, i);
		if (i % 500 == 0)
			run_until_seen(i);
	}
	check_each_once(3000);
	(void)close(fd);
}
END_TEST

START_TEST(test_fifo_that_only_matches_is_left_alone)
{
	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("p?pe");
	look();
	ck_assert_double_eq(counter(FILES, NULL), 0);
	ck_assert_int_lt(pipe_writer("pipe"), 0);
	ck_assert_int_eq(errno, ENXIO);
}
END_TEST

START_TEST(test_fifo_is_not_kept_over_a_restart)
{
	int fd;

	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("pipe");
	process(7);
	pass();
	fd = pipe_writer("pipe");
	put_gc(fd, 1);
	run_until_seen(1);
	keep();
	stop();
	start_again();
	process(7);
	pass();
	put_gc(fd, 2); /* its old writer goes on */
	run_until_seen(2);
	check_each_once(2);
	(void)close(fd);
}
END_TEST

START_TEST(test_fifo_may_become_a_file)
{
	int fd;

	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	start("pipe");
	process(7);
	pass();
	ck_assert_int_eq(unlink(path_of("pipe")), 0);
	fd = writer("pipe", O_APPEND);
	put_gc(fd, 1);
	look();
	run_until_seen(1);
	(void)close(fd);
}
END_TEST

static void stdin_from(int fd)
{
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(close(fd), 0);
	test.options.gc_log_globs.values[0] = "-";
	test.options.gc_log_globs.count = 1;
	start(NULL);
	process(7);
	pass();
}

START_TEST(test_standard_input_is_followed_to_its_end)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	stdin_from(ends[0]);
	put_gc(ends[1], 1);
	run_until_seen(1);
	gclog_collector.reconfigure(test.collector, test.config);
	put_gc(ends[1], 2);
	run_until_seen(2);
	check_each_once(2);
	ck_assert_double_eq(counter(FILES, NULL), 1);
	(void)close(ends[1]);
	while (counter(FILES, NULL) > 0)
		run_once();
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_READ], 0);
	look();
}
END_TEST

START_TEST(test_standard_input_that_is_no_pipe_is_refused)
{
	stdin_from(open("/dev/null", O_RDONLY | O_CLOEXEC));
	ck_assert_double_eq(counter(FILES, NULL), 0);
}
END_TEST

GCLOG_MAIN("gclog_pipes", test_fifo_is_followed_by_its_name, test_fifo_outlives_its_writers,
           test_fifo_takes_more_than_a_pipe_holds, test_fifo_that_only_matches_is_left_alone,
           test_fifo_is_not_kept_over_a_restart, test_fifo_may_become_a_file,
           test_standard_input_is_followed_to_its_end,
           test_standard_input_that_is_no_pipe_is_refused)
