// SPDX-License-Identifier: MIT
/* The proc collector on real processes: found, sampled, named, and seen to end. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/proc_world.h"
#include "tests/unit/unit.h"

static char path[1024];
static char path2[1024];

static const char *in_directory(char out[1024], const char *name)
{
	(void)snprintf(out, 1024, "%s/%s", world_directory(), name);
	return out;
}

static unsigned count_entries(const char *directory_path)
{
	DIR *directory = opendir(directory_path);
	const struct dirent *item;
	unsigned count = 0;

	ck_assert_ptr_nonnull(directory);
	while ((item = readdir(directory)) != NULL)
		count += item->d_name[0] != '.';
	(void)closedir(directory);
	return count;
}

/* Starts a copy of fake_node under another name and finds it. */
static struct world_child start_and_find(const char *program, const char *script)
{
	const char *const argv[] = {in_directory(path, program), script, NULL};
	struct world_child child;

	world_copy(world_fake_node(), path);
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	world_pass();
	return child;
}

START_TEST(test_node_is_found_by_its_executable_under_any_name)
{
	struct world_child child;

	world_open(NULL, NULL);
	child = start_and_find("sleep", "/srv/checkout/server.mjs");
	ck_assert_uint_eq(world.seen.found_count, 1);
	ck_assert_str_eq(world.seen.app, "server");
	ck_assert_str_eq(world.seen.script, "/srv/checkout/server.mjs");
	ck_assert_str_eq(world.seen.node_version, "20.20.2");
	ck_assert_int_eq(world.seen.innermost_pid, child.pid);
	ck_assert_uint_ge(world.seen.sample_count, 1);
	ck_assert_uint_ge(world.seen.sample.rss_bytes, 64 * KIB);
	ck_assert_uint_eq(world.seen.sample.threads, 1);
	ck_assert_uint_le(world.seen.start_ns, clock_boottime_ns());
	ck_assert_uint_gt(world.seen.start_ns + 60 * NS_PER_SECOND, clock_boottime_ns());
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_other_program_named_node_is_not_found)
{
	const char *const argv[] = {in_directory(path, "node"), "-c", "echo r >&2; read line",
	                            NULL};
	struct world_child child;

	world_open(NULL, NULL);
	world_copy("/bin/sh", path);
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 0);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_exit_is_seen_at_once_with_its_status)
{
	struct world_child child;

	world_open(NULL, NULL);
	child = start_and_find("app", "/srv/app.js");
	world_command(&child, 'e');
	world_wait_death(&child);
	world_wait_exit();
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_EXIT);
	ck_assert(world.seen.exit.has_status);
	ck_assert_int_eq(WEXITSTATUS(world.seen.exit.status), 7);
	world_pass(); /* a zombie by now: neither found nor ended again */
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert_uint_eq(world.seen.found_count, 1);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_status_of_a_reaped_process_is_known_or_said_to_be_unknown)
{
	struct world_child child;

	world_open(NULL, NULL);
	child = start_and_find("app", "/srv/app.js");
	world_command(&child, 'e');
	world_end(&child); /* reaps before the collector has looked */
	world_wait_exit();
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_EXIT);
	if (world.seen.exit.has_status) /* Linux 6.15 */
		ck_assert_int_eq(WEXITSTATUS(world.seen.exit.status), 7);
	world_close();
}
END_TEST

START_TEST(test_death_by_signal_is_told_from_exit)
{
	struct world_child child;

	world_open(NULL, NULL);
	child = start_and_find("app", "/srv/app.js");
	ck_assert_int_eq(kill(child.pid, SIGKILL), 0);
	world_wait_death(&child);
	world_wait_exit();
	ck_assert_int_eq(world.seen.exit.cause, EXIT_CAUSE_SIGNAL);
	ck_assert_int_eq(WTERMSIG(world.seen.exit.status), SIGKILL);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_exec_from_a_shell_is_noticed)
{
	char command[2100];
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	struct world_child child;

	world_open(NULL, NULL);
	(void)snprintf(command, sizeof(command),
	               "echo r >&2; read line; exec %s /srv/late.js 2>/dev/null",
	               world_fake_node());
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 0);
	world_command(&child, '\n');
	/* The time of the collector is the test's: it looks again after seconds of it. */
	while (world.seen.found_count == 0 && world.now_ns < clock_boottime_ns() + NS_PER_DAY)
		world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	ck_assert_str_eq(world.seen.app, "late");
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_exec_into_another_program_ends_the_process)
{
	const char *const argv[] = {world_fake_node(), "/srv/app.js", "/bin/sh", "-c",
	                            "read line",       NULL};
	struct world_child child;
	char link[256] = "";

	world_open(NULL, NULL);
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	world_command(&child, 'x');
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)child.pid);
	while (strstr(link, "fake_node") != NULL || link[0] == '\0') {
		ssize_t length = readlink(path, link, sizeof(link) - 1);
		ck_assert_int_gt(length, 0);
		link[length] = '\0';
	}
	while (world.seen.exited_count == 0 && world.now_ns < clock_boottime_ns() + NS_PER_HOUR)
		world_pass();
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert(!world.seen.exit.has_status);
	ck_assert_int_eq(write(child.stdin_fd, "\n", 1), 1);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_deleted_executable_is_still_recognised)
{
	const char *const argv[] = {in_directory(path, "gone"), "/srv/gone.js", NULL};
	struct world_child child;

	world_open(NULL, NULL);
	world_copy(world_fake_node(), path);
	child = world_start(argv, NULL);
	ck_assert_int_eq(unlink(path), 0);
	world.watched_pid = child.pid;
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	ck_assert_str_eq(world.seen.app, "gone");
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_process_beyond_the_limit_is_counted_once_and_taken_when_there_is_room)
{
	struct world_child child;

	world_open(NULL, NULL);
	world.config.limits.processes = 0;
	child = start_and_find("app", "/srv/app.js");
	world_pass();
	ck_assert_uint_eq(world.found_count, 0);
	ck_assert_uint_ge(world.dropped[DROP_PROCESS_LIMIT], 1);
	world.dropped[DROP_PROCESS_LIMIT] = 0;
	world.now_ns += NS_PER_MINUTE;
	world_pass();
	ck_assert_uint_eq(world.dropped[DROP_PROCESS_LIMIT], 0);
	world.config.limits.processes = 2048;
	world.now_ns += NS_PER_MINUTE;
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_full_pool_only_delays)
{
	struct world_child child;

	world_open(NULL, NULL);
	world.is_pool_full = true;
	child = start_and_find("app", "/srv/app.js");
	ck_assert_uint_eq(world.seen.found_count, 0);
	world.is_pool_full = false;
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_rule_names_and_ignores)
{
	struct app_rule rule = {.name = (char[]){"shop"}};
	struct world_child child;

	world_open(NULL, NULL);
	world.rule = &rule;
	world.rule_script = "/srv/app.js";
	child = start_and_find("app", "/srv/app.js");
	ck_assert_str_eq(world.seen.app, "shop");
	world_close();
	world_open(NULL, NULL);
	rule.ignore = true;
	world.rule = &rule;
	world.rule_script = "/srv/app.js";
	world.watched_pid = child.pid;
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 0);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_rules_of_a_new_configuration_apply_to_what_runs)
{
	struct app_rule rule = {.name = (char[]){"shop"}};
	struct config other;
	struct world_child child;

	world_open(NULL, NULL);
	other = world.config;
	child = start_and_find("app", "/srv/app.js");
	ck_assert_str_eq(world.seen.app, "app");
	world.rule = &rule;
	world.rule_script = "/srv/app.js";
	proc_collector.reconfigure(world.collector, &other);
	world_pass();
	ck_assert_str_eq(world.seen.app, "shop");
	ck_assert_uint_eq(world.seen.found_count, 1);
	rule.ignore = true;
	proc_collector.reconfigure(world.collector, &world.config);
	ck_assert_uint_eq(world.seen.exited_count, 1);
	ck_assert(world.seen.exit.is_ignored);
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	world.rule = NULL;
	proc_collector.reconfigure(world.collector, &other);
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 2);
	ck_assert_str_eq(world.seen.app, "app");
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_environment_and_package_name_the_app)
{
	const char *const argv[] = {world_fake_node(), "--trace-gc", "-r", "x", "./main.js", NULL};
	const char *const pm2[] = {"pm_id=0", "name=api", "NODE_OPTIONS=--max-old-space-size=64",
	                           NULL};
	char cwd[1024];
	struct world_child child;

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	world_write(in_directory(path, "package.json"), "{\"name\":\"@shop/checkout\"}");
	world_write(in_directory(path, "main.js"), "");
	world_open(NULL, NULL);
	(void)world_fake_node();
	ck_assert_int_eq(chdir(world_directory()), 0);
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	ck_assert_str_eq(world.seen.app, "@shop/checkout");
	ck_assert_str_eq(world.seen.script, in_directory(path, "main.js"));
	ck_assert(world.seen.traces_gc);
	ck_assert_uint_eq(world.seen.max_old_space_bytes, 0);
	world_end(&child);
	child = world_start(argv, pm2);
	world.watched_pid = child.pid;
	world_pass();
	ck_assert_str_eq(world.seen.app, "api");
	ck_assert_uint_eq(world.seen.max_old_space_bytes, 64 * MIB);
	ck_assert_int_eq(chdir(cwd), 0);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_stdout_file_is_found_even_when_deleted)
{
	int saved = dup(STDOUT_FILENO);
	int fd = open(in_directory(path2, "out.log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct world_child child;
	struct stat status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	world_open(NULL, NULL);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	child = start_and_find("app", "/srv/app.js");
	ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_str_eq(world.seen.stdout_path, path2);
	ck_assert_uint_eq(world.seen.stdout_file.inode, status.st_ino);
	world_close();
	ck_assert_int_eq(unlink(path2), 0);
	world_open(NULL, NULL);
	world.watched_pid = child.pid;
	world_pass();
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/1", (int)child.pid);
	ck_assert_str_eq(world.seen.stdout_path, path);
	world_end(&child);
	world_close();
	(void)close(fd);
	(void)close(saved);
}
END_TEST

START_TEST(test_detail_has_types_of_memory_fds_and_a_limit)
{
	struct world_child child;

	world_open(NULL, NULL);
	child = start_and_find("app", "/srv/app.js");
	while (world.seen.detail_count == 0 && world.now_ns < clock_boottime_ns() + NS_PER_HOUR)
		world_pass();
	ck_assert_uint_ge(world.seen.detail_count, 1);
	ck_assert_uint_gt(world.seen.detail.rss_anon_bytes, 0);
	ck_assert_uint_gt(world.seen.detail.rss_file_bytes, 0);
	ck_assert(world.seen.detail.has_open_fds);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)child.pid);
	ck_assert_uint_eq(world.seen.detail.open_fds, count_entries(path));
	ck_assert_uint_ge(world.seen.detail.limit_bytes, MIB);
	ck_assert_uint_gt(world.seen.detail.limit_usage_bytes, 0);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_smaps_keeps_to_budget_and_size)
{
	struct world_child child;

	world_open(NULL, NULL);
	world.config.sampling.smaps_budget_ns = 2 * NS_PER_MS;
	child = start_and_find("app", "/srv/app.js");
	while (world.seen.proportional_count == 0 &&
	       world.now_ns < clock_boottime_ns() + NS_PER_HOUR)
		world_pass();
	ck_assert_uint_eq(world.seen.proportional_count, 1);
	ck_assert_uint_gt(world.seen.proportional.pss_bytes, 0);
	ck_assert_uint_le(world.seen.proportional.pss_bytes, world.seen.sample.rss_bytes + MIB);
	while (world.seen.map_count == 0 && world.now_ns < clock_boottime_ns() + NS_PER_HOUR)
		world_pass();
	ck_assert_uint_eq(world.seen.map_count, 1);
	ck_assert_uint_gt(world.seen.map.malloc_bytes, 0);
	ck_assert_uint_eq(world.seen.map.v8_page_bytes, 0); /* a fake one has no V8 */
	world_close();
	world_open(NULL, NULL);
	world.config.sampling.smaps_budget_ns = 2 * NS_PER_MS;
	world.config.sampling.smaps_max_rss_bytes = 4096;
	world.watched_pid = child.pid;
	world_pass();
	world_pass();
	ck_assert_uint_ge(world.seen.sample_count, 1);
	ck_assert_uint_eq(world.seen.proportional_count, 0);
	ck_assert_uint_ge(world.seen.map_count, 1); /* its cost does not depend on the size */
	world_close();
	world_open(NULL, NULL);
	world.watched_pid = child.pid; /* budget 0: never */
	world_pass();
	world_pass();
	ck_assert_uint_eq(world.seen.proportional_count, 0);
	ck_assert_uint_eq(world.seen.map_count, 0);
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_missing_permission_is_counted_once_and_no_failure)
{
	struct world_child child;
	unsigned count;

	if (geteuid() != 0)
		return; /* only root can start what it may then not read */
	world_open(NULL, NULL);
	child = world_start((const char *const[]){world_fake_node(), "/srv/app.js", NULL}, NULL);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	world_pass();
	count = world.errors[COLLECTOR_ERROR_PERMISSION];
	ck_assert_uint_ge(count, 1);
	world.now_ns += NS_PER_MINUTE;
	world_pass();
	/* Others of the machine may have started meanwhile, but not as many as there are. */
	ck_assert_uint_lt(world.errors[COLLECTOR_ERROR_PERMISSION], 2 * count);
	world_close();
	(void)close(child.stdin_fd);
	(void)waitpid(child.pid, NULL, 0);
}
END_TEST

START_TEST(test_real_node_is_found_with_its_version)
{
	const char *const argv[] = {"/usr/bin/node", "-e",
	                            "process.stderr.write('r');process.stdin.resume()", NULL};
	struct world_child child;

	if (access(argv[0], X_OK) != 0)
		return;
	world_open(NULL, NULL);
	child = world_start(argv, NULL);
	world.watched_pid = child.pid;
	world_pass();
	ck_assert_uint_eq(world.seen.found_count, 1);
	ck_assert_str_eq(world.seen.app, "node");
	ck_assert_str_eq(world.seen.script, "");
	ck_assert_uint_ge(strlen(world.seen.node_version), strlen("8.0.0"));
	world_end(&child);
	world_close();
}
END_TEST

START_TEST(test_destroy_with_jobs_in_flight_lets_them_finish)
{
	world_open(NULL, NULL);
	world.config.sampling.smaps_budget_ns = 2 * NS_PER_MS;
	world_pass();
	ck_assert_int_eq(proc_collector.pass(world.collector, world.now_ns + NS_PER_HOUR), 0);
	proc_collector.destroy(world.collector);
	world_run_pool();
	world.collector = NULL;
}
END_TEST

#define NOT_ALLOWED 77

static int status_of(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return EXIT_FAILURE;
	return WEXITSTATUS(status);
}

/* Returns in a child only. */
static void enter_own_namespaces(void)
{
	pid_t child;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		_exit(NOT_ALLOWED);
	/* No exit(): LeakSanitizer could start nothing in a namespace whose init has ended. */
	child = fork();
	if (child != 0)
		_exit(status_of(child));
	if (mount("none", "/", "none", MS_PRIVATE | MS_REC, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(NOT_ALLOWED);
}

/* Where it is allowed, in a pid namespace of their own: what else runs on this host is not seen. */
static void leave_the_host(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		enter_own_namespaces();
		return;
	}
	status = status_of(child);
	if (status != NOT_ALLOWED)
		exit(status);
}

int main(void)
{
	const TTest *const tests[] = {
	    test_node_is_found_by_its_executable_under_any_name,
	    test_other_program_named_node_is_not_found,
	    test_exit_is_seen_at_once_with_its_status,
	    test_status_of_a_reaped_process_is_known_or_said_to_be_unknown,
	    test_death_by_signal_is_told_from_exit,
	    test_exec_from_a_shell_is_noticed,
	    test_exec_into_another_program_ends_the_process,
	    test_deleted_executable_is_still_recognised,
	    test_process_beyond_the_limit_is_counted_once_and_taken_when_there_is_room,
	    test_full_pool_only_delays,
	    test_rule_names_and_ignores,
	    test_rules_of_a_new_configuration_apply_to_what_runs,
	    test_environment_and_package_name_the_app,
	    test_stdout_file_is_found_even_when_deleted,
	    test_detail_has_types_of_memory_fds_and_a_limit,
	    test_smaps_keeps_to_budget_and_size,
	    test_missing_permission_is_counted_once_and_no_failure,
	    test_real_node_is_found_with_its_version,
	    test_destroy_with_jobs_in_flight_lets_them_finish};

	leave_the_host();
	return unit_run("proc", tests, sizeof(tests) / sizeof(tests[0]));
}
