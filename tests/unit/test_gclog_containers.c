// SPDX-License-Identifier: MIT
/*
 * Logs of containers are found by the conventions of each runtime, below any root, and their lines
 * go to the process in that container, also after a rotation.
 */
#include "collectors/gclog/containers.h"

#include <errno.h>
#include <time.h>

#include "tests/unit/gclog_fixture.h"

#define ID_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define UID_A "11111111-2222-3333-4444-555555555555"

#define DOCKER_A "var/lib/docker/containers/" ID_A "/" ID_A "-json.log"
#define DOCKER_B "var/lib/docker/containers/" ID_B "/" ID_B "-json.log"
#define POD_A    "var/log/pods/ns_app_" UID_A
#define PODMAN_A "var/lib/containers/storage/overlay-containers/" ID_A "/userdata/ctr.log"

/* Makes every directory above the name. */
static void make_parents(const char *name)
{
	char path[PATH_MAX];
	char *slash;

	(void)snprintf(path, sizeof(path), "%s", path_of(name));
	for (slash = path + strlen(test.directory) + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static void make_file(const char *name)
{
	make_parents(name);
	ck_assert_int_eq(close(writer(name, 0)), 0);
}

/* Links lead to where they would without a root of our own. */
static void make_link(const char *name, const char *target)
{
	make_parents(name);
	ck_assert_int_eq(symlink(target, path_of(name)), 0);
}

static void check_found(const char *pod_uid, const char *expected)
{
	char path[PATH_MAX];
	int result = container_log_find(test.directory, ID_A, pod_uid, path);

	if (expected == NULL) {
		ck_assert_int_eq(result, -ENOENT);
		return;
	}
	ck_assert_int_eq(result, 0);
	ck_assert_str_eq(path, path_of(expected));
}

START_TEST(test_nothing_is_found_where_no_runtime_is)
{
	check_found("", NULL);
	check_found(UID_A, NULL);
	make_parents("var/log/containers/x");
	make_parents("var/log/pods/x");
	check_found(UID_A, NULL);
}
END_TEST

START_TEST(test_docker_and_podman_logs_carry_the_id)
{
	make_file(PODMAN_A);
	check_found("", PODMAN_A);
	make_file(DOCKER_A);
	check_found("", DOCKER_A);
}
END_TEST

START_TEST(test_kubelet_links_are_followed_below_the_root)
{
	make_file(POD_A "/main/3.log");
	make_file(POD_A "/sidecar/0.log");
	make_link("var/log/containers/app_ns_side-" ID_B ".log", "/" POD_A "/sidecar/0.log");
	make_link("var/log/containers/app_ns_main-" ID_A ".log", "/" POD_A "/main/3.log");
	check_found("", POD_A "/main/3.log");
}
END_TEST

START_TEST(test_kubelet_links_lead_on_to_docker)
{
	make_file(DOCKER_A);
	make_link(POD_A "/main/0.log", "/" DOCKER_A);
	make_link("var/log/containers/app_ns_main-" ID_A ".log",
	          "../pods/ns_app_" UID_A "/main/0.log");
	check_found("", DOCKER_A);
}
END_TEST

START_TEST(test_a_pod_of_one_container_needs_no_links)
{
	make_file(POD_A "/main/9.log");
	make_file(POD_A "/main/10.log");
	make_file(POD_A "/main/10.log.20261122-040000");
	make_file(POD_A "/main/11.log.gz");
	check_found(UID_A, POD_A "/main/10.log");
	check_found("", NULL);
	make_file(POD_A "/sidecar/0.log");
	check_found(UID_A, NULL);
}
END_TEST

START_TEST(test_links_in_a_circle_are_no_log)
{
	make_link("var/log/containers/a-" ID_A ".log", "/var/log/containers/b");
	make_link("var/log/containers/b", "/var/log/containers/a-" ID_A ".log");
	check_found("", NULL);
}
END_TEST

START_TEST(test_no_regular_file_is_no_log)
{
	make_parents(DOCKER_A "/x");
	check_found("", NULL);
}
END_TEST

/* ---- the collector ---- */

/* Docker's line around one of V8's, of a process that is pid 1. */
static void put_docker_gc(const char *name, unsigned uptime_ms)
{
	char line[512];
	int fd = writer(name, O_APPEND);

	(void)snprintf(
	    line, sizeof(line),
	    "{\"log\":\"[1:0xa] %8u ms: Scavenge 4.1 (5.2) -\\u003e 3.6 (5.5) MB, 1.05 / "
	    "0.00 ms  (average mu = 1.000, current mu = 1.000) task; \\n\","
	    "\"stream\":\"stdout\",\"time\":\"2026-11-22T04:00:00.5Z\"}\n",
	    uptime_ms);
	put(fd, line);
	ck_assert_int_eq(close(fd), 0);
}

static void contained_process(pid_t pid, const char *container_id)
{
	const struct process_facts facts = {.key = {pid, (uint64_t)pid},
	                                    .start_ns = START_NS,
	                                    .container_id = container_id,
	                                    .pod_uid = "",
	                                    .container_name = "",
	                                    .namespace_pids = {pid, 1},
	                                    .namespace_count = 2,
	                                    .stdout_path = ""};

	gclog_collector.process_seen(test.collector, &facts);
}

static void check_seen(size_t count, pid_t pid, unsigned uptime_ms)
{
	run_until_seen(count);
	ck_assert_int_eq(test.seen[count - 1].pid, pid);
	ck_assert_uint_eq(test.seen[count - 1].uptime_ms, uptime_ms);
}

START_TEST(test_lines_go_to_the_process_in_the_container)
{
	make_file(DOCKER_A);
	make_file(DOCKER_B);
	put_docker_gc(DOCKER_A, 100);
	put_docker_gc(DOCKER_B, 200);
	start(NULL);
	contained_process(71, ID_A);
	contained_process(72, ID_B);
	look();
	ck_assert_uint_eq(test.seen_count, 2);
	ck_assert_int_eq(test.seen[0].uptime_ms == 100 ? test.seen[0].pid : test.seen[1].pid, 71);
	ck_assert_int_eq(test.seen[0].uptime_ms == 200 ? test.seen[0].pid : test.seen[1].pid, 72);
	put_docker_gc(DOCKER_B, 300);
	check_seen(3, 72, 300);
	put_docker_gc(DOCKER_A, 400);
	check_seen(4, 71, 400);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_READ], 0);
}
END_TEST

/* A runtime is given some time to make it. */
START_TEST(test_a_log_that_is_not_mounted_is_said_to_be_missing)
{
	int i;

	start(NULL);
	contained_process(71, ID_A);
	for (i = 0; i < 20 && test.log_need == PROCESS_NEED_NOTHING; i++)
		look();
	ck_assert_int_eq(test.log_need, PROCESS_NEED_MOUNT);
	ck_assert_int_gt(i, 0);
	process_exits(71);
	make_file(DOCKER_A);
	contained_process(71, ID_A);
	look();
	ck_assert_int_eq(test.log_need, PROCESS_NEED_NOTHING);
}
END_TEST

START_TEST(test_a_rotated_log_stays_that_of_its_process)
{
	make_file(DOCKER_A);
	make_file(DOCKER_B);
	put_docker_gc(DOCKER_A, 100);
	put_docker_gc(DOCKER_B, 100);
	start(NULL);
	contained_process(71, ID_A);
	contained_process(72, ID_B);
	look();
	ck_assert_uint_eq(test.seen_count, 2);
	ck_assert_int_eq(rename(path_of(DOCKER_B), path_of(DOCKER_B ".1")), 0);
	put_docker_gc(DOCKER_B ".1", 200);
	put_docker_gc(DOCKER_B, 300);
	run_until_seen(4);
	look();
	put_docker_gc(DOCKER_B, 400);
	check_seen(5, 72, 400);
	ck_assert_int_eq(test.seen[2].pid, 72);
	ck_assert_int_eq(test.seen[3].pid, 72);
}
END_TEST

START_TEST(test_a_rotation_in_two_steps_loses_nothing)
{
	make_file(DOCKER_A);
	put_docker_gc(DOCKER_A, 100);
	start(NULL);
	contained_process(71, ID_A);
	look();
	ck_assert_int_eq(rename(path_of(DOCKER_A), path_of(DOCKER_A ".1")), 0);
	look();
	put_docker_gc(DOCKER_A ".1", 200);
	look();
	run_until_seen(2);
	put_docker_gc(DOCKER_A, 300);
	pass();
	check_seen(3, 71, 300);
}
END_TEST

START_TEST(test_a_log_that_comes_later_is_found)
{
	start(NULL);
	contained_process(71, ID_A);
	pass();
	make_file(DOCKER_A);
	put_docker_gc(DOCKER_A, 100);
	look();
	look();
	ck_assert_uint_eq(test.seen_count, 1);
	contained_process(71, ID_A); /* told again: nothing changes */
	put_docker_gc(DOCKER_A, 200);
	check_seen(2, 71, 200);
}
END_TEST

/* "2026-11-22T04:00:00Z" of so long ago. */
static void put_stamped_gc(const char *name, uint64_t isolate, unsigned uptime_ms, unsigned ago_s)
{
	time_t then = (time_t)(clock_realtime_ns() / NS_PER_SECOND - ago_s);
	char stamp[64], line[256];
	struct tm utc;
	int fd = writer(name, O_APPEND);

	ck_assert_ptr_nonnull(gmtime_r(&then, &utc));
	ck_assert_uint_gt(strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc), 0);
	(void)snprintf(line, sizeof(line),
	               "%s stdout F [1:0x%llx] %8u ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / "
	               "0.00 ms  (average mu = 1.000, current mu = 1.000) task; \n",
	               stamp, (unsigned long long)isolate, uptime_ms);
	put(fd, line);
	ck_assert_int_eq(close(fd), 0);
}

static void check_age(size_t index, uint64_t seconds)
{
	uint64_t age_ns = NOW_NS - test.seen[index].at_ns;

	ck_assert_uint_ge(age_ns + 6 * NS_PER_SECOND, seconds * NS_PER_SECOND);
	ck_assert_uint_le(age_ns, (seconds + 6) * NS_PER_SECOND);
}

/* The process is 4000 s old; a worker was started 1000 s ago. */
START_TEST(test_past_lines_are_dated_by_their_stamps)
{
	make_file(DOCKER_A);
	put_stamped_gc(DOCKER_A, 0xa, 100 * 1000, 3900);
	put_stamped_gc(DOCKER_A, 0x7f000000000b, 10 * 1000, 990); /* of a worker */
	put_stamped_gc(DOCKER_A, 0x7f000000000b, 20 * 1000,
	               9000); /* before the process: not believed */
	start(NULL);
	contained_process(71, ID_A);
	look();
	ck_assert_uint_eq(test.seen_count, 3);
	check_age(0, 3900);
	check_age(1, 990);
	check_age(2, 980);
}
END_TEST

START_TEST(test_logs_of_containers_without_gc_lines_are_not_followed)
{
	make_file(DOCKER_A);
	put(writer(DOCKER_A, O_APPEND),
	    "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":0}\n");
	start(NULL);
	contained_process(71, ID_A);
	look();
	ck_assert_double_eq(counter("heapwatch_gclog_files", NULL), 0);
	process_exits(71);
	look();
	put_docker_gc(DOCKER_A, 100);
	look();
	ck_assert_double_eq(counter("heapwatch_gclog_files", NULL), 0);
}
END_TEST

GCLOG_MAIN("gclog_containers", test_nothing_is_found_where_no_runtime_is,
           test_docker_and_podman_logs_carry_the_id, test_kubelet_links_are_followed_below_the_root,
           test_kubelet_links_lead_on_to_docker, test_a_pod_of_one_container_needs_no_links,
           test_a_log_that_is_not_mounted_is_said_to_be_missing, test_links_in_a_circle_are_no_log,
           test_no_regular_file_is_no_log, test_lines_go_to_the_process_in_the_container,
           test_a_rotated_log_stays_that_of_its_process, test_a_rotation_in_two_steps_loses_nothing,
           test_a_log_that_comes_later_is_found, test_past_lines_are_dated_by_their_stamps,
           test_logs_of_containers_without_gc_lines_are_not_followed)
