// SPDX-License-Identifier: MIT
/*
 * A log whose process is not visible still gives an entry: when it begins, how it is called, what
 * ends it.
 */
#include "tests/unit/gclog_fixture.h"

#include "collectors/gclog/strangers.h"
#include "config/lists.h"

#define MAIN_A        0x1234cf0
#define MAIN_B        0x2345cf0
#define POD_DIRECTORY "prod_shop-7d9f8b6c5d-x2x4z_uid"

/* shared.log, in which pid 1 of somewhere has printed two lines. */
static int start_with_stranger(void)
{
	int fd = writer("shared.log", O_APPEND);

	put_gc_of(fd, 1, MAIN_A, 1000);
	put_gc_of(fd, 1, MAIN_A, 2000);
	test.now_ns = clock_boottime_ns();
	start("*.log");
	look();
	ck_assert_uint_eq(test.found_count, 1);
	ck_assert_str_eq(test.found_app, "shared");
	ck_assert_uint_eq(test.seen_count, 2);
	return fd;
}

START_TEST(test_log_without_process_gives_an_entry)
{
	int fd = start_with_stranger();

	put_gc_of(fd, 1, MAIN_A, 3000);
	run_until_seen(3);
	put_gc_of(fd, 1, 0x7f2233000f00, 100); /* a worker of it */
	run_until_seen(4);
	ck_assert_int_eq(test.seen[3].pid, test.seen[0].pid);
	ck_assert_int_gt(test.seen[0].pid, 1 << 22); /* nobody's that could be signalled */
	ck_assert_uint_eq(test.found_count, 1);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 0);
	(void)close(fd);
}
END_TEST

static struct config *config_of(const char *text)
{
	const struct config_source source = {"rules", text, strlen(text)};
	char message[CONFIG_MESSAGE_SIZE];
	struct config *config;

	ck_assert_int_eq(config_parse(&source, NULL, NULL, &config, message), 0);
	ck_assert_int_eq(config_list_append(&config->gc_log.paths, path_of("*.log")), 0);
	return config;
}

START_TEST(test_rules_are_by_the_path_of_the_log_and_follow_a_reload)
{
	struct config *other = config_of("apps:\n- { match: { script: x }, name: x }\n"
	                                 "- { match: { script: '*/shared.log' }, name: shop }\n");
	struct config *ignoring =
	    config_of("apps: [{ match: { script: '*/shared.log' }, ignore: true }]");
	int fd = start_with_stranger();

	ck_assert_uint_eq(test.found_rule, 0);
	gclog_collector.reconfigure(test.collector, other);
	ck_assert_uint_eq(test.changed_count, 1);
	ck_assert_uint_eq(test.found_rule, 2);
	ck_assert_str_eq(test.found_app, "shop");
	put_gc_of(fd, 1, MAIN_B, 30); /* another life, under the same rule */
	look();
	ck_assert_uint_eq(test.found_count, 2);
	ck_assert_uint_eq(test.found_rule, 2);
	gclog_collector.reconfigure(test.collector, ignoring);
	ck_assert_uint_eq(test.exited_count, 2);
	gclog_collector.reconfigure(test.collector, test.config);
	(void)config_free(other);
	(void)config_free(ignoring);
	(void)close(fd);
}
END_TEST

START_TEST(test_a_pod_names_it)
{
	static const char *const directories[] = {"var", "var/log", "var/log/pods",
	                                          "var/log/pods/" POD_DIRECTORY,
	                                          "var/log/pods/" POD_DIRECTORY "/app"};
	size_t i;
	int fd;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		ck_assert_int_eq(mkdir(path_of(directories[i]), 0700), 0);
	fd = writer("var/log/pods/" POD_DIRECTORY "/app/0.log", O_APPEND);
	put_gc_of(fd, 1, MAIN_A, 1000);
	test.now_ns = clock_boottime_ns();
	start("var/log/pods/*/*/*.log");
	look();
	ck_assert_uint_eq(test.found_count, 1);
	ck_assert_str_eq(test.found_app, "shop");
	(void)close(fd);
}
END_TEST

START_TEST(test_another_life_replaces_it)
{
	int fd = start_with_stranger();

	put_gc_of(fd, 1, MAIN_A, 30); /* the clock went back */
	look();
	ck_assert_uint_eq(test.found_count, 2);
	ck_assert_uint_eq(test.exited_count, 1);
	ck_assert_uint_eq(test.seen_count, 3);
	put_gc_of(fd, 1, MAIN_B, 30); /* at another address */
	look();
	ck_assert_uint_eq(test.found_count, 3);
	ck_assert_uint_eq(test.exited_count, 2);
	(void)close(fd);
}
END_TEST

START_TEST(test_fatal_error_and_silence_end_it)
{
	int fd = start_with_stranger();

	put(fd,
	    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n");
	look();
	ck_assert_uint_eq(test.exited_count, 1);
	ck_assert(test.seen[2].is_fatal);
	put_gc_of(fd, 1, MAIN_B, 30);
	look();
	ck_assert_uint_eq(test.found_count, 2);
	test.now_ns += STRANGERS_SILENCE_NS;
	look();
	ck_assert_uint_eq(test.exited_count, 2);
	(void)close(fd);
}
END_TEST

/* Each costs the model and its observers some time: the loop is not held up for all of them. */
START_TEST(test_many_that_end_at_once_take_turns)
{
	const unsigned count = 300;
	unsigned before;
	unsigned turns = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		char name[32];
		int fd;

		(void)snprintf(name, sizeof(name), "%u.log", i);
		fd = writer(name, O_APPEND);
		put_gc_of(fd, 1, MAIN_A + i * 0x1000, 1000);
		(void)close(fd);
	}
	test.now_ns = clock_boottime_ns();
	start("*.log");
	for (i = 0; i < 8; i++)
		look();
	ck_assert_uint_eq(test.found_count, count);
	test.now_ns += STRANGERS_SILENCE_NS;
	pass();
	while (test.exited_count < count) {
		before = test.exited_count;
		run_once();
		ck_assert_uint_le(test.exited_count - before, 128);
		turns += test.exited_count > before;
	}
	ck_assert_uint_ge(turns, 2);
}
END_TEST

START_TEST(test_it_goes_on_in_the_next_file)
{
	int fd = start_with_stranger();

	ck_assert_int_eq(rename(path_of("shared.log"), path_of("shared.log.1")), 0);
	(void)close(fd);
	fd = writer("shared.log", O_APPEND);
	put_gc_of(fd, 1, MAIN_A, 3000);
	look();
	ck_assert_uint_eq(test.seen_count, 3);
	ck_assert_uint_eq(test.found_count, 1);
	ck_assert_int_eq(test.seen[2].pid, test.seen[0].pid);
	(void)close(fd);
}
END_TEST

START_TEST(test_visible_process_takes_over)
{
	int fd = start_with_stranger();

	process_with_stdout(4001, 1, "shared.log", true);
	put_gc_of(fd, 1, MAIN_A, 3000);
	run_until_seen(3);
	ck_assert_int_eq(test.seen[2].pid, 4001);
	ck_assert_uint_eq(test.exited_count, 1);
	put_gc_of(fd, 4242, MAIN_B, 30); /* the application quotes somebody */
	look();
	ck_assert_uint_eq(test.found_count, 1);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_log_of_long_ago_is_of_nobody)
{
	const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	int fd = writer("old.log", O_APPEND);

	put_gc_of(fd, 1, MAIN_A, 1000);
	ck_assert_int_eq(futimens(fd, long_ago), 0);
	start("*.log");
	look();
	ck_assert_uint_eq(test.found_count, 0);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_UNATTRIBUTED], 1);
	(void)close(fd);
}
END_TEST

GCLOG_MAIN("gclog_strangers", test_log_without_process_gives_an_entry, test_a_pod_names_it,
           test_rules_are_by_the_path_of_the_log_and_follow_a_reload, test_another_life_replaces_it,
           test_fatal_error_and_silence_end_it, test_many_that_end_at_once_take_turns,
           test_it_goes_on_in_the_next_file, test_visible_process_takes_over,
           test_log_of_long_ago_is_of_nobody)
