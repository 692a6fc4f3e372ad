// SPDX-License-Identifier: MIT
/*
 * Limits: more events than the kernel keeps, as many files as are followed and more, and no
 * descriptors left. What is beyond a limit is counted, what is within is not harmed.
 */
#include "tests/unit/gclog_fixture.h"

#include <sys/resource.h>

#include "collectors/gclog/files.h"
#include "lib/numbers.h"

#define QUEUE_MAX_USUAL 16384u
#define DESCRIPTORS     6000u

/* As a user may have set it; beyond what a test can fill it is not tested. */
static unsigned queue_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	char text[32] = "";
	uint64_t limit = 0;

	if (file != NULL && fgets(text, sizeof(text), file) != NULL &&
	    number_parse_u64(text, strcspn(text, "\n"), &limit) < 0)
		limit = 0;
	if (file != NULL)
		(void)fclose(file);
	return limit > 0 && limit <= 4 * QUEUE_MAX_USUAL ? (unsigned)limit : 0;
}

/* No two neighbours are the same, which the kernel would merge; neither file is followed. */
static void flood(const int fds[2], unsigned events)
{
	unsigned i;

	for (i = 0; i < events; i++)
		put(fds[i % 2], "\n");
}

START_TEST(test_overflow_of_the_queue_loses_no_line)
{
	const int noise[2] = {writer("noise-0", O_APPEND), writer("noise-1", O_APPEND)};
	unsigned limit = queue_limit();
	int fd = start_with_two_lines(O_APPEND);
	int late_fd;

	if (limit == 0)
		return;
	flood(noise, limit + 1000); /* nobody reads the queue meanwhile */
	put_gc(fd, 3);              /* no event tells of this, nor of the new file */
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	late_fd = writer("app.log", O_APPEND);
	put_gc(late_fd, 4);
	run_until_seen(4); /* without a pass: by the event of the overflow alone */
	put_gc(late_fd, 5);
	run_until_seen(5);
	check_each_once(5);
	(void)close(fd);
	(void)close(late_fd);
}
END_TEST

static bool allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < count)
		return false;
	limit.rlim_cur = count;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void write_one(unsigned number, const char *ending, unsigned uptime_ms)
{
	char name[32];
	int fd;

	(void)snprintf(name, sizeof(name), "%u.%s", number, ending);
	fd = writer(name, O_APPEND);
	put_gc_of(fd, 7, number + 1, uptime_ms); /* the same line would make it a copy */
	(void)close(fd);
}

/* The list of the fixture is shorter than what is seen here: only the number counts. */
static void forget_seen(void)
{
	test.seen_count = 0;
}

static void run_until_lines(unsigned count)
{
	while (counter("heapwatch_gclog_lines_total", "gc") < count) {
		run_once();
		forget_seen();
	}
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "gc"), count);
}

START_TEST(test_as_many_files_as_allowed_are_followed)
{
	unsigned i;

	if (!allow_descriptors(DESCRIPTORS))
		return;
	for (i = 0; i < LOG_FILES_MAX; i++)
		write_one(i, "log", 1);
	start("*.log");
	process(7);
	test.now_ns += NS_PER_SECOND;
	pass();
	run_until_lines((unsigned)LOG_FILES_MAX);
	ck_assert_double_eq(counter(FILES, NULL), (double)LOG_FILES_MAX);
	for (i = 0; i < LOG_FILES_MAX; i += 50)
		write_one(i, "log", 2);
	run_until_lines((unsigned)(LOG_FILES_MAX + LOG_FILES_MAX / 50));
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_LIMIT], 0);
	write_one(9999, "log", 3); /* one too many */
	while (test.errors[COLLECTOR_ERROR_LIMIT] == 0)
		run_once();
	ck_assert_double_eq(counter(FILES, NULL), (double)LOG_FILES_MAX);
	write_one(0, "log", 4);
	run_until_lines((unsigned)(LOG_FILES_MAX + LOG_FILES_MAX / 50 + 1));
}
END_TEST

START_TEST(test_without_descriptors_the_files_that_are_open_go_on)
{
	unsigned i;

	start("*.log");
	process(7);
	pass();
	ck_assert(allow_descriptors(64));
	for (i = 0; i < 40; i++)
		write_one(i, "log", 1);
	look();
	forget_seen();
	ck_assert_double_eq(counter(FILES, NULL), 40);
	ck_assert(allow_descriptors(48));
	for (i = 40; i < 60; i++) {
		ck_assert(allow_descriptors(64)); /* for the writer */
		write_one(i, "log", 1);
		ck_assert(allow_descriptors(32));
	}
	look();
	ck_assert_uint_gt(test.errors[COLLECTOR_ERROR_LIMIT], 0);
	ck_assert_double_eq(counter(FILES, NULL), 40);
	ck_assert(allow_descriptors(256));
	look();
	ck_assert_double_eq(counter(FILES, NULL), 60); /* as soon as there are some again */
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "gc"), 60);
}
END_TEST

GCLOG_MAIN("gclog_many", test_overflow_of_the_queue_loses_no_line,
           test_as_many_files_as_allowed_are_followed,
           test_without_descriptors_the_files_that_are_open_go_on)
