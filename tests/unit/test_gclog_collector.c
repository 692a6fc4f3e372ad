// SPDX-License-Identifier: MIT
/*
 * The gclog collector: which files it follows by itself, and which process gets a line.
 */
#include "config/lists.h"
#include "tests/unit/gclog_fixture.h"

/* ---- whose line ---- */

START_TEST(test_two_processes_and_two_isolates_share_a_file)
{
	int fd = start_with_two_lines(O_APPEND);

	process(8);
	put_gc_of(fd, 8, 0xa, 1);
	put_gc_of(fd, 7, 0xb, 1);
	put_gc_of(fd, 8, 0xa, 2);
	run_until_seen(5);
	ck_assert_int_eq(test.seen[2].pid, 8);
	ck_assert_int_eq(test.seen[3].pid, 7);
	ck_assert_uint_eq(test.seen[3].isolate, 0xb);
	ck_assert_int_eq(test.seen[4].pid, 8);
	(void)close(fd);
}
END_TEST

START_TEST(test_file_that_is_followed_is_no_error)
{
	int fd = start_with_two_lines(O_APPEND);
	enum collector_error error;

	look();
	for (error = 0; error < COLLECTOR_ERROR_COUNT; error++)
		ck_assert_uint_eq(test.errors[error], 0);
	(void)close(fd);
}
END_TEST

START_TEST(test_lines_wait_for_their_process)
{
	int fd = start_with_two_lines(O_APPEND);

	put_gc_of(fd, 9, 0xa, 1);
	put_gc_of(fd, 9, 0xa, 2);
	look(); /* longer than lines wait: these are lost, and counted */
	ck_assert_uint_eq(test.seen_count, 2);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 2);
	put_gc_of(fd, 9, 0xa, 3);
	put_gc_of(fd, 9, 0xa, 4);
	run_once();
	pass();
	process(9);
	put_gc_of(fd, 9, 0xa, 5);
	run_until_seen(5);
	ck_assert_uint_eq(test.seen[2].uptime_ms, 3);
	ck_assert_uint_eq(test.seen[3].uptime_ms, 4);
	ck_assert_uint_eq(test.seen[4].uptime_ms, 5);
	(void)close(fd);
}
END_TEST

START_TEST(test_parts_of_the_heap_are_handed_on)
{
	int fd = start_with_two_lines(O_APPEND);

	put(fd, "[7:0xa] Old space,          used:     12 KB, available: 1 KB, committed: 14 KB\n"
	        "[7:0xa] Backing store memory:  34 KB\n");
	put_gc(fd, 3);
	run_until_seen(3);
	ck_assert_uint_eq(test.part_bytes[HEAP_PART_OLD], 12 * 1024);
	ck_assert_uint_eq(test.part_bytes[HEAP_PART_BACKING_STORE], 34 * 1024);
	(void)close(fd);
}
END_TEST

START_TEST(test_history_is_dated_from_the_start_of_the_process)
{
	int fd = start_with_two_lines(O_APPEND);

	ck_assert_uint_eq(test.seen[0].at_ns, START_NS + 1 * NS_PER_MS);
	ck_assert_uint_eq(test.seen[1].at_ns, START_NS + 2 * NS_PER_MS);
	(void)close(fd);
}
END_TEST

START_TEST(test_last_words_reach_a_process_that_has_exited)
{
	int fd = start_with_two_lines(O_APPEND);

	process_with_stdout(7, 7, "app.log", true);
	put_gc(fd, 3);
	process_exits(7); /* reads at once */
	ck_assert_uint_eq(test.seen_count, 3);
	put(fd,
	    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n");
	pass();
	run_until_seen(4);
	ck_assert(test.seen[3].is_fatal);
	ck_assert_uint_eq(test.seen[3].isolate, 0xa);
	look();
	put_gc(fd, 4); /* a liar with its pid */
	look();
	look();
	ck_assert_uint_eq(test.seen_count, 4);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 1);
	(void)close(fd);
}
END_TEST

/* ---- stdout ---- */

START_TEST(test_stdout_of_a_tracing_process_is_followed)
{
	int fd = writer("out", O_APPEND);

	start(NULL);
	process_with_stdout(4007, 7, "out", true);
	pass();
	put_gc(fd, 1);
	run_until_seen(1);
	ck_assert_int_eq(test.seen[0].pid, 4007);
	(void)close(fd);
}
END_TEST

START_TEST(test_stdout_is_followed_once_gc_lines_appear)
{
	int fd = writer("out", O_APPEND);

	put(fd, "listening on port 80\n");
	start(NULL);
	process_with_stdout(7, 7, "out", false);
	look();
	ck_assert_double_eq(counter(FILES, NULL), 0);
	put_gc(fd, 1);
	look();
	look();
	look();
	ck_assert_uint_eq(test.seen_count, 1);
	put_gc(fd, 2);
	run_until_seen(2);
	check_each_once(2);
	(void)close(fd);
}
END_TEST

START_TEST(test_stdout_is_left_alone_when_so_configured)
{
	int fd = writer("out", O_APPEND);

	test.config->gc_log.follow_stdout = false;
	put_gc(fd, 1);
	start(NULL);
	process_with_stdout(7, 7, "out", true);
	look();
	ck_assert_double_eq(counter(FILES, NULL), 0);
	(void)close(fd);
}
END_TEST

START_TEST(test_patterns_of_a_new_configuration_replace_the_old_ones)
{
	struct config *other = config_new_default();
	int first = writer("first.log", O_APPEND);
	int second = writer("second.log", O_APPEND);

	ck_assert_ptr_nonnull(other);
	ck_assert_int_eq(config_list_append(&test.config->gc_log.paths, path_of("first.log")), 0);
	ck_assert_int_eq(config_list_append(&other->gc_log.paths, path_of("second.log")), 0);
	start(NULL);
	process(7);
	put_gc(first, 1);
	put_gc(second, 2);
	look();
	run_until_seen(1);
	ck_assert_uint_eq(test.seen[0].uptime_ms, 1);
	gclog_collector.reconfigure(test.collector, other);
	look();
	run_until_seen(2);
	ck_assert_uint_eq(test.seen[1].uptime_ms, 2);
	ck_assert_double_eq(counter(FILES, NULL), 1);
	gclog_collector.reconfigure(test.collector, test.config);
	config_free(other);
	(void)close(first);
	(void)close(second);
}
END_TEST

START_TEST(test_stdout_is_let_go_when_configured_so_later)
{
	struct config *other = config_new_default();
	int fd = writer("out", O_APPEND);

	ck_assert_ptr_nonnull(other);
	put_gc(fd, 1);
	start(NULL);
	process_with_stdout(4007, 7, "out", true);
	look();
	run_until_seen(1);
	gclog_collector.reconfigure(test.collector, other); /* nothing changed: it is kept */
	ck_assert_double_eq(counter(FILES, NULL), 1);
	other->gc_log.follow_stdout = false;
	gclog_collector.reconfigure(test.collector, other);
	ck_assert_double_eq(counter(FILES, NULL), 0);
	gclog_collector.reconfigure(test.collector, test.config);
	config_free(other);
	(void)close(fd);
}
END_TEST

START_TEST(test_file_reached_twice_is_followed_once)
{
	int fd = start_with_two_lines(O_APPEND);

	ck_assert_int_eq(link(path_of("app.log"), path_of("other")), 0);
	process_with_stdout(7, 7, "other", true);
	put_gc(fd, 3);
	run_until_seen(3);
	look();
	check_each_once(3);
	ck_assert_double_eq(counter(FILES, NULL), 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_stdout_that_was_renamed_before_is_reached_through_the_process)
{
	struct process_facts facts = {.key = {getpid(), 1},
	                              .start_ns = START_NS,
	                              .namespace_pids = {7},
	                              .namespace_count = 1,
	                              .traces_gc = true};
	int saved = dup(STDOUT_FILENO);
	int fd = writer("out", O_APPEND);
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	facts.stdout_file = (struct file_identity){status.st_dev, status.st_ino};
	facts.stdout_path = path_of("out");
	put_gc(fd, 1);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(rename(path_of("out"), path_of("out.1")), 0);
	start(NULL);
	gclog_collector.process_seen(test.collector, &facts);
	pass();
	ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	run_until_seen(1);
	(void)close(saved);
	(void)close(fd);
}
END_TEST

/* ---- what is no log ---- */

START_TEST(test_fifo_and_directory_are_not_opened)
{
	ck_assert_int_eq(mkfifo(path_of("pipe.log"), 0600), 0);
	ck_assert_int_eq(mkdir(path_of("directory.log"), 0700), 0);
	start("*.log");
	look();
	ck_assert_double_eq(counter(FILES, NULL), 0);
	/* nobody has it open for reading */
	ck_assert_int_lt(open(path_of("pipe.log"), O_WRONLY | O_NONBLOCK | O_CLOEXEC), 0);
}
END_TEST

START_TEST(test_huge_file_is_read_from_near_its_end)
{
	int fd = writer("app.log", O_APPEND);

	put_gc(fd, 1); /* too long ago */
	ck_assert_int_eq(ftruncate(fd, (off_t)300 << 20), 0);
	put(fd, "\n");
	put_gc(fd, 2);
	start("app.log");
	process(7);
	pass();
	run_until_seen(1);
	ck_assert_uint_eq(test.seen[0].uptime_ms, 2);
	ck_assert_double_gt(counter(LOST, NULL), (double)(200 << 20));
	(void)close(fd);
}
END_TEST

START_TEST(test_many_files_are_followed)
{
	char name[32];
	int fds[200];
	unsigned i;

	start("*.log");
	process(7);
	pass();
	for (i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "%u.log", i);
		fds[i] = writer(name, O_APPEND);
		put_gc(fds[i], i + 1);
	}
	run_until_seen(200);
	for (i = 0; i < 200; i++)
		put_gc(fds[i], 201 + i);
	run_until_seen(400);
	for (i = 0; i < 200; i++)
		(void)close(fds[i]);
}
END_TEST

static void put_trace_gc(int fd, unsigned uptime_ms)
{
	char events[512];

	(void)snprintf(events, sizeof(events),
	               ",{\"pid\":7,\"tid\":7,\"ts\":%u000,\"ph\":\"B\",\"name\":\"MinorGC\","
	               "\"args\":{\"usedHeapSizeBefore\":9,\"type\":\"task\"}}"
	               ",{\"pid\":7,\"tid\":7,\"ts\":%u500,\"ph\":\"E\",\"name\":\"MinorGC\","
	               "\"args\":{\"usedHeapSizeAfter\":5}}",
	               uptime_ms, uptime_ms);
	put(fd, events);
}

static int trace_events_writer(void)
{
	int fd = writer("node_trace.1.log", O_APPEND);

	put(fd, "{\"traceEvents\":[{\"pid\":7,\"tid\":7,\"ts\":0,\"ph\":\"M\",\"name\":\"x\"}");
	return fd;
}

START_TEST(test_text_and_trace_events_of_a_process_count_once)
{
	int events_fd = trace_events_writer();
	int fd = writer("app.log", O_APPEND);

	put_trace_gc(events_fd, 1);
	put_trace_gc(events_fd, 2);
	start("*.log");
	process(7);
	pass();
	put_gc(fd, 1);
	put_gc(fd, 2);
	run_until_seen(2);
	put_trace_gc(events_fd, 3);
	look();
	put_gc(fd, 3);
	run_until_seen(3);
	keep();
	stop();
	put_trace_gc(events_fd, 4);
	start_again();
	process(7);
	look();
	check_each_once(3);
	put_gc(fd, 4);
	run_until_seen(4);
	check_each_once(4);
	(void)close(fd);
	(void)close(events_fd);
}
END_TEST

START_TEST(test_trace_events_count_where_there_is_no_text)
{
	int events_fd = trace_events_writer();
	int fd;

	put_trace_gc(events_fd, 1);
	put_trace_gc(events_fd, 2);
	start("*.log");
	process(7);
	look();
	ck_assert_uint_eq(test.seen_count, 2);
	fd = writer("app.log", O_APPEND);
	put_gc(fd, 1); /* it was told by events */
	look();
	ck_assert_uint_eq(test.seen_count, 2);
	put_gc(fd, 3);
	run_until_seen(3);
	put_trace_gc(events_fd, 3);
	look();
	ck_assert_uint_eq(test.seen_count, 3);
	(void)close(fd);
	(void)close(events_fd);
}
END_TEST

START_TEST(test_everything_is_found_without_events)
{
	int fd = writer("app.log", O_APPEND);

	start("*.log");
	process(7);
	memset(test.watches, 0, sizeof(test.watches)); /* nothing wakes the collector */
	put_gc(fd, 1);
	look();
	put_gc(fd, 2);
	look();
	check_each_once(2);
	(void)close(fd);
}
END_TEST

static void make_directories(const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(mkdir(path_of(names[i]), 0700), 0);
}

/* Anybody may make files there, so a link may lead to what its maker may not read. */
START_TEST(test_where_heapwatch_run_writes_links_are_not_followed)
{
	static const char *const names[] = {"run",      "run/heapwatch", "run/heapwatch/gc",
	                                    "run/user", "run/user/1000", "run/user/1000/heapwatch"};
	int precious = writer("precious", O_APPEND);
	int fds[2];

	make_directories(names, sizeof(names) / sizeof(names[0]));
	put_gc(precious, 99);
	ck_assert_int_eq(symlink(path_of("precious"), path_of("run/heapwatch/gc/5.log")), 0);
	ck_assert_int_eq(link(path_of("precious"), path_of("run/heapwatch/gc/6.log")), 0);
	fds[0] = writer("run/heapwatch/gc/7.log", O_APPEND);
	fds[1] = writer("run/user/1000/heapwatch/7.log", O_APPEND);
	start(NULL);
	process(7);
	put_gc(fds[0], 1);
	look();
	run_until_seen(1);
	put_gc(fds[1], 2);
	look();
	run_until_seen(2);
	look();
	check_each_once(2);
	ck_assert_double_eq(counter(FILES, NULL), 2);
	/* nor when a log that is followed becomes one */
	ck_assert_int_eq(symlink(path_of("precious"), path_of("link")), 0);
	ck_assert_int_eq(rename(path_of("link"), path_of("run/heapwatch/gc/7.log")), 0);
	put_gc(fds[0], 3); /* has lost its name */
	look();
	run_until_seen(3);
	look();
	check_each_once(3);
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(precious);
}
END_TEST

GCLOG_MAIN("gclog_collector", test_two_processes_and_two_isolates_share_a_file,
           test_file_that_is_followed_is_no_error, test_lines_wait_for_their_process,
           test_parts_of_the_heap_are_handed_on,
           test_history_is_dated_from_the_start_of_the_process,
           test_last_words_reach_a_process_that_has_exited,
           test_stdout_of_a_tracing_process_is_followed,
           test_stdout_is_followed_once_gc_lines_appear,
           test_stdout_is_left_alone_when_so_configured,
           test_patterns_of_a_new_configuration_replace_the_old_ones,
           test_stdout_is_let_go_when_configured_so_later, test_file_reached_twice_is_followed_once,
           test_stdout_that_was_renamed_before_is_reached_through_the_process,
           test_fifo_and_directory_are_not_opened, test_huge_file_is_read_from_near_its_end,
           test_many_files_are_followed, test_text_and_trace_events_of_a_process_count_once,
           test_trace_events_count_where_there_is_no_text, test_everything_is_found_without_events,
           test_where_heapwatch_run_writes_links_are_not_followed)
