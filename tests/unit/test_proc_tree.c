// SPDX-License-Identifier: MIT
/*
 * The proc collector on a procfs made of plain files: what needs other hosts, other cgroups or
 * other namespaces than a test has. There are no pidfds; exits are seen by the next pass.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/proc_world.h"
#include "tests/unit/unit.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "8f3c1d2e-1111-2222-3333-444455556666"

static char procfs[512];
static char root[512];

/* Writes PROC/name, and the directories on the way. */
static void put(const char *base, const char *name, const char *text)
{
	char path[2048];
	char *slash;

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	world_write(path, text);
}

static void put_process_file(pid_t pid, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	put(procfs, path, text);
}

/* With the NULs between variables. */
static void put_environment(pid_t pid, const char *bytes, size_t length)
{
	char path[1024];
	FILE *file;

	put_process_file(pid, "environ", "");
	(void)snprintf(path, sizeof(path), "%s/%d/environ", procfs, (int)pid);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_link(pid_t pid, const char *name, const char *target)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%d/%s", procfs, (int)pid, name);
	(void)unlink(path);
	ck_assert_int_eq(symlink(target, path), 0);
}

static void put_stat(pid_t pid, char state, unsigned start_ticks, unsigned exit_status)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
	               "%d (node) %c 1 2 3 0 -1 4 5 0 0 0 200 100 0 0 20 0 11 0 %u 1048576 25 18 "
	               "1 2 3 4 5 6 0 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 %u\n",
	               (int)pid, state, start_ticks, exit_status);
	put_process_file(pid, "stat", text);
}

static void put_process(pid_t pid, const char *script, const char *cgroup)
{
	char text[512];

	put_stat(pid, 'S', 1000, 0);
	put_process_file(pid, "statm", "256 25 10 5 0 60 0\n");
	put_process_file(pid, "status",
	                 "NSpid:\t900\t7\nVmSwap:\t4 kB\nRssAnon:\t60 kB\nRssFile:\t30 kB\n"
	                 "RssShmem:\t10 kB\n");
	put_process_file(pid, "environ", "");
	(void)snprintf(text, sizeof(text), "node %s", script); /* a title: has no NUL to write */
	put_process_file(pid, "cmdline", text);
	(void)snprintf(text, sizeof(text), "0::%s\n", cgroup);
	put_process_file(pid, "cgroup", text);
	put_process_file(pid, "fd/0", "");
	put_link(pid, "exe", world_fake_node());
	put_link(pid, "root", root);
	put_link(pid, "cwd", "/srv");
}

static void put_host(void)
{
	char text[2048];

	(void)snprintf(procfs, sizeof(procfs), "%s/proc", world_directory());
	(void)snprintf(root, sizeof(root), "%s/root", world_directory());
	put(procfs, "meminfo", "MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 400000 kB\n");
	put(procfs, "vmstat", "nr_free_pages 1\noom_kill 5\n");
	put(procfs, "self/cgroup", "0::/system.slice/heapwatchd.service\n");
	(void)snprintf(text, sizeof(text), "30 1 0:26 / %s/cgroup rw - cgroup2 cgroup2 rw\n",
	               world_directory());
	put(procfs, "self/mountinfo", text);
	put(procfs, "1/mountinfo", "30 1 0:26 / /cgroup rw - cgroup2 cgroup2 rw\n");
	put(root, "srv/a.js", "");
	put(root, "srv/b.js", "");
}

static void open_tree(pid_t watched)
{
	put_host();
	world_open(procfs, NULL);
	world.watched_pid = watched;
}

START_TEST(test_a_pass_over_many_processes_is_cut_in_slices)
{
	const unsigned count = 290; /* more than a slice, and two fds each below 1024 */
	unsigned sample_count;
	unsigned i;

	open_tree(1000 + (pid_t)count - 1);
	for (i = 0; i < count; i++)
		put_process(1000 + (pid_t)i, "/srv/a.js", "/x");
	for (i = 0; i < count && world.found_count < count; i++)
		world_pass();
	ck_assert_uint_eq(world.found_count, count);
	sample_count = world.seen.sample_count;
	world_pass();
	ck_assert_uint_eq(world.resumed_count, 1);
	ck_assert_uint_eq(world.seen.sample_count,
	                  sample_count + 1); /* once, though last in line */
	world_close();
}
END_TEST

START_TEST(test_facts_and_samples_come_from_the_tree)
{
	open_tree(100);
	put_process(100, "/srv/a.js", "/x");
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	ck_assert_str_eq(world.seen.script, "/srv/a.js");
	ck_assert_uint_eq(world.seen.namespace_count, 2);
	ck_assert_int_eq(world.seen.innermost_pid, 7);
	ck_assert_uint_eq(world.seen.start_ns, 10 * NS_PER_SECOND);
	ck_assert_uint_eq(world.seen.sample.threads, 11);
	ck_assert_uint_eq(world.seen.sample.rss_bytes, 25 * (uint64_t)sysconf(_SC_PAGESIZE));
	ck_assert_uint_eq(world.seen.sample.rss_shared_bytes, 10 * (uint64_t)sysconf(_SC_PAGESIZE));
	ck_assert_uint_eq(world.seen.sample.user_cpu_ns, 2 * NS_PER_SECOND);
	ck_assert_uint_eq(world.seen.sample.system_cpu_ns, 1 * NS_PER_SECOND);
	ck_assert_uint_eq(world.seen.detail.rss_anon_bytes, 60 * KIB);
	ck_assert_uint_eq(world.seen.detail.rss_shmem_bytes, 10 * KIB);
	ck_assert_uint_eq(world.seen.detail.swap_bytes, 4 * KIB);
	ck_assert_uint_eq(world.seen.detail.open_fds, 1);
	ck_assert_uint_eq(world.seen.detail.limit_bytes, 1000000 * KIB);
	ck_assert_uint_eq(world.seen.detail.limit_usage_bytes, 600000 * KIB);
	ck_assert(!world.seen.detail.limit_is_cgroup);
	world_close();
}
END_TEST

START_TEST(test_title_that_names_no_file_is_not_believed)
{
	open_tree(100);
	put_process(100, "worker 1 of 4", "/x");
	world_pass();
	ck_assert_str_eq(world.seen.script, "");
	ck_assert_str_eq(world.seen.app, "node");
	world_close();
}
END_TEST

START_TEST(test_package_is_read_through_the_root_of_the_process)
{
	open_tree(100);
	put(root, "srv/package.json", "{\"name\":\"from-package\"}");
	put_process(100, "/srv/a.js", "/x");
	world_pass();
	ck_assert_str_eq(world.seen.app, "from-package");
	world_close();
}
END_TEST

START_TEST(test_package_that_is_a_fifo_does_not_hold_us)
{
	char path[600];

	open_tree(100);
	(void)snprintf(path, sizeof(path), "%s/srv/package.json", root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	put_process(100, "/srv/a.js", "/x");
	world_pass();
	ck_assert_str_eq(world.seen.app, "a");
	world_close();
}
END_TEST

START_TEST(test_unit_names_an_app_only_while_it_holds_one)
{
	open_tree(100);
	put_process(100, "/srv/a.js", "/system.slice/shop.service");
	put_process(101, "/srv/a.js", "/system.slice/shop.service");
	world_pass();
	ck_assert_str_eq(world.seen.app, "shop");
	ck_assert_str_eq(world.seen.unit, "shop.service");
	put_process(102, "/srv/b.js", "/system.slice/shop.service");
	world_pass();
	ck_assert_uint_eq(world.seen.changed_count, 1);
	ck_assert_str_eq(world.seen.app, "a");
	put_stat(102, 'Z', 1000, 0);
	world_pass();
	ck_assert_uint_eq(world.seen.changed_count, 2);
	ck_assert_str_eq(world.seen.app, "shop");
	world_close();
}
END_TEST

START_TEST(test_launcher_beside_the_app_does_not_unname_it)
{
	open_tree(100);
	put(root, "srv/npm-cli.js", "");
	put_process(100, "/srv/a.js", "/system.slice/shop.service");
	put_process(101, "/srv/npm-cli.js", "/system.slice/shop.service");
	world_pass();
	ck_assert_str_eq(world.seen.app, "shop");
	world_close();
	world_open(procfs, NULL);
	world.watched_pid = 101;
	world_pass();
	ck_assert_str_eq(world.seen.app, "npm-cli");
	world_close();
}
END_TEST

START_TEST(test_own_unit_names_nobody)
{
	open_tree(100);
	put_process(100, "/srv/a.js", "/system.slice/heapwatchd.service");
	world_pass();
	ck_assert_str_eq(world.seen.app, "a");
	world_close();
}
END_TEST

START_TEST(test_container_is_named_by_docker_and_pod_by_its_host_name)
{
	open_tree(100);
	put(root, "var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/cart\"}");
	put_process(100, "/srv/a.js", "/system.slice/docker-" ID ".scope");
	world.options.rootfs_path = root;
	world_pass();
	ck_assert_str_eq(world.seen.app, "cart");
	ck_assert_str_eq(world.seen.container_id, ID);
	world_close();
	world_open(procfs, NULL);
	world.watched_pid = 101;
	put_process(101, "/srv/a.js", "/kubepods/pod" POD "/" ID);
	put_process_file(101, "environ", "HOSTNAME=checkout-7d9f8b6c5d-x2x4z");
	world_pass();
	ck_assert_str_eq(world.seen.app, "checkout");
	ck_assert_str_eq(world.seen.container_name, "checkout-7d9f8b6c5d-x2x4z");
	world_close();
}
END_TEST

/* On the network of the host the name of the host is not the pod's. */
START_TEST(test_pod_is_named_by_its_logs_before_its_host_name)
{
	open_tree(100);
	put(root, "var/log/pods/prod_agent-x2x4z_" POD "/main/0.log", "");
	put_process(100, "/srv/a.js", "/kubepods/pod" POD "/" ID);
	put_process_file(100, "environ", "HOSTNAME=node-7");
	world.options.rootfs_path = root;
	world_pass();
	ck_assert_str_eq(world.seen.app, "agent");
	ck_assert_str_eq(world.seen.container_name, "prod/agent-x2x4z");
	ck_assert_str_eq(world.seen.pod_uid, POD);
	world_close();
}
END_TEST

/* In the pod of the app: its cgroup shows no pod, its environment does. */
START_TEST(test_pod_beside_us_loses_what_controllers_append)
{
	static const char environment[] =
	    "KUBERNETES_SERVICE_HOST=10.0.0.1\0HOSTNAME=shop-7d9f8b6c5d-x2x4z";

	open_tree(100);
	put_process(100, "/srv/a.js", "/../cri-containerd-" ID ".scope");
	put_environment(100, environment, sizeof(environment));
	world_pass();
	ck_assert_str_eq(world.seen.app, "shop");
	world_close();
}
END_TEST

START_TEST(test_tightest_limit_of_nested_cgroups_counts)
{
	open_tree(100);
	put(world_directory(), "cgroup/a/memory.max", "104857600\n");
	put(world_directory(), "cgroup/a/memory.current", "5000\n");
	put(world_directory(), "cgroup/a/b/memory.max", "max\n");
	put(world_directory(), "cgroup/a/b/memory.current", "4000\n");
	put(world_directory(), "cgroup/a/b/c/memory.max", "209715200\n");
	put(world_directory(), "cgroup/a/b/c/memory.current", "3000\n");
	put_process(100, "/srv/a.js", "/a/b/c");
	world_pass();
	world_pass();
	ck_assert(world.seen.detail.limit_is_cgroup);
	ck_assert_uint_eq(world.seen.detail.limit_bytes, 104857600);
	ck_assert_uint_eq(world.seen.detail.limit_usage_bytes, 5000);
	world_close();
}
END_TEST

START_TEST(test_limits_of_v1_and_of_another_root)
{
	char text[1024];

	open_tree(100);
	(void)snprintf(text, sizeof(text),
	               "30 1 0:26 /docker/x %s/v1 rw - cgroup cgroup rw,memory\n",
	               world_directory());
	put(procfs, "self/mountinfo", text);
	put(world_directory(), "v1/memory.limit_in_bytes", "9223372036854771712\n");
	put(world_directory(), "v1/y/memory.limit_in_bytes", "1000000\n");
	put(world_directory(), "v1/y/memory.usage_in_bytes", "77\n");
	put_process(100, "/srv/a.js", "/");
	put_process_file(100, "cgroup", "4:memory:/docker/x/y\n0::/\n");
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.detail.limit_bytes, 1000000);
	ck_assert_uint_eq(world.seen.detail.limit_usage_bytes, 77);
	world_close();
	put(root, "cgroup/z/memory.max", "2000000\n");
	put(root, "cgroup/z/memory.current", "88\n");
	put_process(100, "/srv/a.js", "/z");
	world_open(procfs, root);
	world.watched_pid = 100;
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.detail.limit_bytes, 2000000);
	ck_assert_uint_eq(world.seen.detail.limit_usage_bytes, 88);
	world_close();
}
END_TEST

/* Kills pid as its parent would see it, and has the collector look. */
static void die(pid_t pid, unsigned status)
{
	put_stat(pid, 'Z', 1000, status);
	world_pass();
}

START_TEST(test_oom_kill_is_a_kill_that_the_cgroup_counted)
{
	open_tree(100);
	put(world_directory(), "cgroup/k/memory.events", "oom 1\noom_kill 3\n");
	put_process(100, "/srv/a.js", "/k");
	put_process(101, "/srv/a.js", "/k");
	put_process(102, "/srv/a.js", "/k");
	world_pass();
	put(world_directory(), "cgroup/k/memory.events", "oom 1\noom_kill 4\n");
	put(procfs, "vmstat", "oom_kill 6\n");
	die(100, SIGKILL);
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_OOM_KILL);
	world.watched_pid = 101; /* that kill was given out */
	die(101, SIGKILL);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_SIGNAL);
	put(world_directory(), "cgroup/k/memory.events", "oom 1\noom_kill 5\n");
	world.watched_pid = 102; /* no SIGKILL, no OOM kill */
	die(102, SIGTERM);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_SIGNAL);
	world_close();
}
END_TEST

START_TEST(test_oom_kill_in_a_cgroup_that_went_is_counted_by_the_host)
{
	open_tree(100);
	put_process(100, "/srv/a.js", "/gone");
	world_pass();
	put(procfs, "vmstat", "nr 1\noom_kill 6\n");
	die(100, SIGKILL);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_OOM_KILL);
	world_close();
}
END_TEST

static void vanish(pid_t pid)
{
	char from[600], to[600];

	(void)snprintf(from, sizeof(from), "%s/%d", procfs, pid);
	(void)snprintf(to, sizeof(to), "%s/was-%d", procfs, pid);
	ck_assert_int_eq(rename(from, to), 0);
	world_pass();
}

START_TEST(test_oom_kill_is_told_of_a_process_that_was_reaped_before_we_looked)
{
	open_tree(100);
	put(world_directory(), "cgroup/k/memory.events", "oom 1\noom_kill 3\n");
	put_process(100, "/srv/a.js", "/k");
	put_process(101, "/srv/a.js", "/k");
	world_pass();
	put(world_directory(), "cgroup/k/memory.events", "oom 1\noom_kill 4\n");
	vanish(100);
	ck_assert(!world.seen.exit.has_status);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_OOM_KILL);
	world.watched_pid = 101; /* that kill was given out */
	vanish(101);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_EXIT);
	world_close();
}
END_TEST

START_TEST(test_vanished_process_has_exited_with_unknown_status)
{
	open_tree(100);
	put_process(100, "/srv/a.js", "/x");
	world_pass();
	vanish(100);
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert(!world.seen.exit.has_status);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_EXIT);
	world_close();
}
END_TEST

START_TEST(test_reused_pid_is_a_new_process)
{
	char from[600], to[600];

	open_tree(100);
	put_process(100, "/srv/a.js", "/x");
	world_pass();
	(void)snprintf(from, sizeof(from), "%s/100", procfs);
	(void)snprintf(to, sizeof(to), "%s/was-100", procfs);
	ck_assert_int_eq(rename(from, to), 0);
	put_process(100, "/srv/b.js", "/x");
	put_stat(100, 'S', 2000, 0);
	world_pass();
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert_uint_eq(world.seen.found_count, 2);
	ck_assert_uint_eq(world.seen.key.start_ticks, 2000);
	ck_assert_str_eq(world.seen.app, "b");
	world_close();
}
END_TEST

START_TEST(test_fds_are_kept_in_reserve)
{
	const struct rlimit limit = {128 + 3, 1024};

	open_tree(100);
	put_process(100, "/srv/a.js", "/x");
	put_process(101, "/srv/a.js", "/x");
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		world_close(); /* a checker of memory keeps the limit for itself */
		return;
	}
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.found_count, 1);
	ck_assert_uint_eq(world.dropped[DROP_FD_LIMIT], 1);
	world_close();
}
END_TEST

START_TEST(test_map_that_is_no_map_is_counted)
{
	open_tree(100);
	world.config.sampling.smaps_budget_ns = 2 * NS_PER_MS;
	put_process(100, "/srv/a.js", "/x");
	put_process_file(100, "smaps_rollup", "00-ff [rollup]\nRss: 50 kB\nPss: 40 kB\n");
	put_process_file(100, "maps", "bc96c0000-bc9700000 rw-p 00000000 00:00 0\nno map\n");
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.proportional_count, 1);
	ck_assert_uint_eq(world.seen.map_count, 0);
	ck_assert_uint_eq(world.errors[COLLECTOR_ERROR_PARSE] + world.errors[COLLECTOR_ERROR_READ],
	                  1);
	world_close();
}
END_TEST

START_TEST(test_smaps_debt_is_paid_before_the_next_read)
{
	unsigned i;

	open_tree(100);
	world.config.sampling.smaps_budget_ns = 1; /* any read costs thousands of seconds' worth */
	put_process(100, "/srv/a.js", "/x");
	put_process_file(100, "smaps_rollup", "00-ff [rollup]\nRss: 50 kB\nPss: 40 kB\n");
	for (i = 0; i < 200; i++)
		world_pass();
	ck_assert_uint_eq(world.seen.proportional_count, 1);
	ck_assert_uint_eq(world.seen.proportional.pss_bytes, 40 * KIB);
	world_close();
}
END_TEST

UNIT_MAIN("proc_tree", test_a_pass_over_many_processes_is_cut_in_slices,
          test_facts_and_samples_come_from_the_tree, test_title_that_names_no_file_is_not_believed,
          test_package_is_read_through_the_root_of_the_process,
          test_package_that_is_a_fifo_does_not_hold_us,
          test_unit_names_an_app_only_while_it_holds_one,
          test_launcher_beside_the_app_does_not_unname_it, test_own_unit_names_nobody,
          test_container_is_named_by_docker_and_pod_by_its_host_name,
          test_pod_is_named_by_its_logs_before_its_host_name,
          test_pod_beside_us_loses_what_controllers_append,
          test_tightest_limit_of_nested_cgroups_counts, test_limits_of_v1_and_of_another_root,
          test_oom_kill_is_a_kill_that_the_cgroup_counted,
          test_oom_kill_in_a_cgroup_that_went_is_counted_by_the_host,
          test_oom_kill_is_told_of_a_process_that_was_reaped_before_we_looked,
          test_vanished_process_has_exited_with_unknown_status, test_reused_pid_is_a_new_process,
          test_fds_are_kept_in_reserve, test_map_that_is_no_map_is_counted,
          test_smaps_debt_is_paid_before_the_next_read)
