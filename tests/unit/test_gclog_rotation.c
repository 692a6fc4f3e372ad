// SPDX-License-Identifier: MIT
/*
 * However a log is rotated and however its lines are cut by that, every line arrives exactly once,
 * or what was lost is counted.
 */
#include "tests/unit/gclog_fixture.h"

/* ---- rotation ---- */

START_TEST(test_lines_arrive_when_they_are_written)
{
	int fd = start_with_two_lines(O_APPEND);

	put_gc(fd, 3);
	run_until_seen(3);
	put_gc(fd, 4);
	put_gc(fd, 5);
	run_until_seen(5);
	check_each_once(5);
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "gc"), 5);
	(void)close(fd);
}
END_TEST

START_TEST(test_renamed_file_is_read_on_and_the_new_one_too)
{
	int old_fd = start_with_two_lines(O_APPEND);
	int new_fd;

	put_gc(old_fd, 3); /* not read before the rotation */
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	run_until_seen(3);
	put_gc(old_fd, 4);
	look(); /* its name is not followed: no event tells */
	ck_assert_uint_eq(test.seen_count, 4);
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 5);
	run_until_seen(5);
	put_gc(old_fd, 6);
	look();
	put_gc(new_fd, 7);
	run_until_seen(7);
	check_each_once(7);
	ck_assert_double_eq(counter(FILES, NULL), 2);
	(void)close(old_fd);
	(void)close(new_fd);
}
END_TEST

START_TEST(test_renamed_file_that_still_matches_is_read_once)
{
	int old_fd;
	int new_fd;

	old_fd = writer("app.log", O_APPEND);
	put_gc(old_fd, 1);
	start("app.log*");
	process(7);
	pass();
	run_until_seen(1);
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 2);
	run_until_seen(2);
	put_gc(old_fd, 3);
	run_until_seen(3);
	look();
	check_each_once(3);
	(void)close(old_fd);
	(void)close(new_fd);
}
END_TEST

START_TEST(test_old_file_is_let_go_when_nobody_writes)
{
	int fd = start_with_two_lines(O_APPEND);
	int i;

	put(fd, "[7:0xa]  3 ms: Scaven"); /* its last line stays without an end */
	ck_assert_int_eq(unlink(path_of("app.log")), 0);
	for (i = 0; i < 40; i++)
		pass();
	ck_assert_double_eq(counter(FILES, NULL), 0);
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "torn"), 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_truncated_file_is_read_from_its_start)
{
	int fd = start_with_two_lines(O_APPEND);

	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 3);
	run_until_seen(3);
	check_each_once(3);
	ck_assert_double_eq(counter(TRUNCATIONS, NULL), 1);
	ck_assert_double_eq(counter(LOST, NULL), 0);
	(void)close(fd);
}
END_TEST

START_TEST(test_writer_that_leaves_a_hole_is_followed)
{
	int fd = start_with_two_lines(0);

	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 3); /* at its old offset */
	run_until_seen(3);
	check_each_once(3);
	ck_assert_double_eq(counter(TRUNCATIONS, NULL), 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_regrown_file_is_seen_by_its_head)
{
	int fd = start_with_two_lines(O_APPEND);

	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 3); /* as long as the lines before, and one more, before anyone looks */
	put_gc(fd, 4);
	put_gc(fd, 5);
	run_until_seen(5);
	check_each_once(5);
	ck_assert_double_eq(counter(TRUNCATIONS, NULL), 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_deleted_file_is_read_on_and_its_successor_too)
{
	int old_fd = start_with_two_lines(O_APPEND);
	int new_fd;

	ck_assert_int_eq(unlink(path_of("app.log")), 0);
	put_gc(old_fd, 3);
	look();
	ck_assert_uint_eq(test.seen_count, 3);
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 4);
	run_until_seen(4);
	check_each_once(4);
	(void)close(old_fd);
	(void)close(new_fd);
}
END_TEST

START_TEST(test_late_file_is_found)
{
	int fd;

	start("*.log");
	process(7);
	pass();
	fd = writer("late.log", O_APPEND);
	put_gc(fd, 1);
	run_until_seen(1);
	put_gc(fd, 2);
	run_until_seen(2);
	check_each_once(2);
	(void)close(fd);
}
END_TEST

START_TEST(test_late_directory_is_found)
{
	int fd;

	start("a*/logs/*.log");
	process(7);
	pass();
	ck_assert_int_eq(mkdir(path_of("app"), 0700), 0);
	ck_assert_int_eq(mkdir(path_of("app/logs"), 0700), 0);
	fd = writer("app/logs/out.log", O_APPEND);
	put_gc(fd, 1);
	look();
	ck_assert_uint_eq(test.seen_count, 1);
	put_gc(fd, 2);
	run_until_seen(2);
	(void)close(fd);
}
END_TEST

START_TEST(test_directory_that_comes_back_is_watched_again)
{
	int fd;

	ck_assert_int_eq(mkdir(path_of("logs"), 0700), 0);
	fd = writer("logs/out.log", O_APPEND);
	put_gc(fd, 1);
	start("logs/*.log");
	process(7);
	pass();
	run_until_seen(1);
	(void)close(fd);
	ck_assert_int_eq(unlink(path_of("logs/out.log")), 0);
	ck_assert_int_eq(rmdir(path_of("logs")), 0);
	run_once();
	ck_assert_int_eq(mkdir(path_of("logs"), 0700), 0);
	look();
	fd = writer("logs/out.log", O_APPEND);
	put_gc(fd, 2);
	run_until_seen(2);
	put_gc(fd, 3);
	run_until_seen(3);
	check_each_once(3);
	(void)close(fd);
}
END_TEST

/* ---- partial lines ---- */

START_TEST(test_partial_line_is_completed_later)
{
	int fd = start_with_two_lines(O_APPEND);

	put(fd, "[7:0xa]  3 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	run_once();
	look();
	ck_assert_uint_eq(test.seen_count, 2);
	put(fd, "(5.5) MB, 1.05 / 0.00 ms  task; \n");
	run_until_seen(3);
	check_each_once(3);
	(void)close(fd);
}
END_TEST

START_TEST(test_partial_line_is_completed_behind_a_truncation)
{
	int fd = start_with_two_lines(O_APPEND);

	put(fd, "[7:0xa]  3 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	look();
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put(fd, "(5.5) MB, 1.05 / 0.00 ms  task; \n");
	run_until_seen(3);
	put_gc(fd, 4);
	run_until_seen(4);
	check_each_once(4);
	(void)close(fd);
}
END_TEST

START_TEST(test_partial_line_is_completed_behind_a_copytruncate_and_a_restart)
{
	int fd = start_with_two_lines(O_APPEND);

	put(fd, "[7:0xa]  3 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	look();
	copy_to("app.log.1", "app.log");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	look();
	put(fd, "(5.5) MB, ");
	look();
	keep();
	stop();
	put(fd, "1.05 / 0.00 ms  task; \n");
	start_again();
	process(7);
	look();
	put_gc(fd, 4);
	run_until_seen(4);
	check_each_once(4);
	(void)close(fd);
}
END_TEST

START_TEST(test_truncation_without_a_copy_is_a_loss_that_is_counted)
{
	static char text[1 << 20];
	int fd = writer("app.log", O_APPEND);
	int i;

	memset(text, '.', sizeof(text) - 1);
	for (i = 0; i < 8; i++)
		put(fd, text);
	start("app.log");
	process(7);
	pass(); /* one slice is less than that */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 1);
	run_until_seen(1);
	ck_assert_double_eq(counter(TRUNCATIONS, NULL), 1);
	ck_assert_double_gt(counter(LOST, NULL), (double)sizeof(text));
	(void)close(fd);
}
END_TEST

START_TEST(test_file_with_a_like_name_and_the_same_start_is_no_copy)
{
	static const char banner[] = "the same long words of welcome, whatever it is that starts\n";
	int fd = writer("app.log", O_APPEND);
	int other_fd = writer("app-2.log", O_APPEND);
	int i;

	for (i = 0; i < 10; i++) {
		put(fd, banner);
		put(other_fd, banner);
	}
	start("*.log");
	process(7);
	look();
	put_gc(fd, 1);
	run_until_seen(1);
	put_gc(other_fd, 2);
	run_until_seen(2);
	put_gc(other_fd, 3);
	run_until_seen(3);
	check_each_once(3);
	(void)close(fd);
	(void)close(other_fd);
}
END_TEST

START_TEST(test_partial_line_is_completed_in_the_renamed_file)
{
	int old_fd = start_with_two_lines(O_APPEND);
	int new_fd;

	put(old_fd, "[7:0xa]  3 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	look();
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	new_fd = writer("app.log", O_APPEND);
	put(old_fd, "(5.5) MB, 1.05 / 0.00 ms  task; \n");
	look();
	ck_assert_uint_eq(test.seen_count, 3);
	put_gc(new_fd, 4);
	run_until_seen(4);
	check_each_once(4);
	(void)close(old_fd);
	(void)close(new_fd);
}
END_TEST

GCLOG_MAIN("gclog_rotation", test_lines_arrive_when_they_are_written,
           test_renamed_file_is_read_on_and_the_new_one_too,
           test_renamed_file_that_still_matches_is_read_once,
           test_old_file_is_let_go_when_nobody_writes, test_truncated_file_is_read_from_its_start,
           test_writer_that_leaves_a_hole_is_followed, test_regrown_file_is_seen_by_its_head,
           test_deleted_file_is_read_on_and_its_successor_too, test_late_file_is_found,
           test_late_directory_is_found, test_directory_that_comes_back_is_watched_again,
           test_partial_line_is_completed_later, test_partial_line_is_completed_behind_a_truncation,
           test_partial_line_is_completed_behind_a_copytruncate_and_a_restart,
           test_truncation_without_a_copy_is_a_loss_that_is_counted,
           test_file_with_a_like_name_and_the_same_start_is_no_copy,
           test_partial_line_is_completed_in_the_renamed_file)
