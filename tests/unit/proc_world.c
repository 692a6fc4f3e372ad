// SPDX-License-Identifier: MIT
/* See proc_world.h. config_app_rule is faked too: rules are tested where they are implemented. */
#include "tests/unit/proc_world.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/units.h"

#define EVENT_DEADLINE_MS 20000

struct world world;

static char directory[256];
static char fake_node[512];

const struct app_rule *config_app_rule(const struct config *config,
                                       const struct app_subject *subject)
{
	(void)config;
	if (world.rule == NULL || strstr(subject->script, world.rule_script) == NULL)
		return NULL;
	return world.rule;
}

/* ---- host ---- */

static uint64_t host_now_ns(void *context)
{
	(void)context;
	return world.now_ns;
}

static struct collector_watch *host_watch(void *context, int fd, void (*readable)(void *data),
                                          void *data)
{
	size_t i;

	(void)context;
	for (i = 0; i < WORLD_WATCHES_MAX; i++) {
		if (world.watches[i].readable != NULL)
			continue;
		world.watches[i] = (struct collector_watch){fd, readable, data};
		return &world.watches[i];
	}
	return NULL;
}

static void host_unwatch(void *context, struct collector_watch *watch)
{
	(void)context;
	*watch = (struct collector_watch){.fd = -1};
}

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	if (world.is_pool_full || world.job_count >= WORLD_JOBS_MAX)
		return -EAGAIN;
	world.jobs[world.job_count++] = (struct world_job){work, done, data};
	world.submitted_count++;
	return 0;
}

/* ---- sink ---- */

static bool is_watched(const struct process_key *key)
{
	return key->pid == world.watched_pid;
}

static void copy(char *out, size_t size, const char *text)
{
	ck_assert_ptr_nonnull(text);
	(void)snprintf(out, size, "%s", text);
}

static void remember_facts(const struct process_facts *facts)
{
	struct world_seen *seen = &world.seen;

	seen->key = facts->key;
	seen->start_ns = facts->start_ns;
	copy(seen->app, sizeof(seen->app), facts->app);
	copy(seen->script, sizeof(seen->script), facts->script);
	copy(seen->node_version, sizeof(seen->node_version), facts->node_version);
	copy(seen->unit, sizeof(seen->unit), facts->unit);
	copy(seen->container_id, sizeof(seen->container_id), facts->container_id);
	copy(seen->pod_uid, sizeof(seen->pod_uid), facts->pod_uid);
	copy(seen->container_name, sizeof(seen->container_name), facts->container_name);
	copy(seen->stdout_path, sizeof(seen->stdout_path), facts->stdout_path);
	seen->stdout_file = facts->stdout_file;
	seen->namespace_count = facts->namespace_count;
	seen->innermost_pid =
	    facts->namespace_count > 0 ? facts->namespace_pids[facts->namespace_count - 1] : 0;
	seen->max_old_space_bytes = facts->max_old_space_bytes;
	seen->traces_gc = facts->traces_gc;
}

static void sink_found(void *context, const struct process_facts *facts)
{
	(void)context;
	world.found_count++;
	if (!is_watched(&facts->key))
		return;
	world.seen.found_count++;
	remember_facts(facts);
}

static void sink_changed(void *context, const struct process_facts *facts)
{
	(void)context;
	if (!is_watched(&facts->key))
		return;
	world.seen.changed_count++;
	remember_facts(facts);
}

static void sink_exited(void *context, const struct process_key *key,
                        const struct process_exit *exit)
{
	(void)context;
	if (!is_watched(key))
		return;
	world.seen.exited_count++;
	world.seen.exit = *exit;
}

static void sink_dropped(void *context, enum drop_reason reason)
{
	(void)context;
	world.dropped[reason]++;
}

static void sink_memory(void *context, const struct process_key *key,
                        const struct memory_sample *sample)
{
	(void)context;
	if (!is_watched(key))
		return;
	world.seen.sample_count++;
	world.seen.sample = *sample;
}

static void sink_detail(void *context, const struct process_key *key,
                        const struct memory_detail *detail)
{
	(void)context;
	if (!is_watched(key))
		return;
	world.seen.detail_count++;
	world.seen.detail = *detail;
}

static void sink_proportional(void *context, const struct process_key *key,
                              const struct proportional_sample *sample)
{
	(void)context;
	if (!is_watched(key))
		return;
	world.seen.proportional_count++;
	world.seen.proportional = *sample;
}

static void sink_memory_map(void *context, const struct process_key *key,
                            const struct memory_map *map)
{
	(void)context;
	if (!is_watched(key))
		return;
	world.seen.map_count++;
	world.seen.map = *map;
}

static void sink_lacks(void *context, const struct process_key *key, enum process_fact fact,
                       enum process_need need)
{
	(void)context;
	if (key->pid == world.watched_pid)
		world.seen.needs[fact] = need;
}

static void sink_error(void *context, const char *collector, enum collector_error error)
{
	(void)context;
	ck_assert_str_eq(collector, "proc");
	world.errors[error]++;
}

/* ---- the world ---- */

void world_open(const char *procfs_path, const char *rootfs_path)
{
	world = (struct world){.now_ns = clock_boottime_ns()};
	world.host = (struct collector_host){.now_ns = host_now_ns,
	                                     .watch_fd = host_watch,
	                                     .unwatch_fd = host_unwatch,
	                                     .submit = host_submit};
	world.sink = (struct collector_sink){.process_found = sink_found,
	                                     .process_changed = sink_changed,
	                                     .process_exited = sink_exited,
	                                     .process_dropped = sink_dropped,
	                                     .memory = sink_memory,
	                                     .memory_detail = sink_detail,
	                                     .proportional = sink_proportional,
	                                     .memory_map = sink_memory_map,
	                                     .lacks = sink_lacks,
	                                     .error = sink_error};
	world.config.limits.processes = 2048;
	world.config.sampling.interval_ns = NS_PER_SECOND;
	world.config.sampling.smaps_max_rss_bytes = 512 * MIB;
	world.options.config = &world.config;
	world.options.procfs_path = procfs_path != NULL ? procfs_path : "/proc";
	world.options.rootfs_path = rootfs_path != NULL ? rootfs_path : "/";
	world.collector = NULL;
}

static void create(void)
{
	if (world.collector == NULL)
		world.collector = proc_collector.create(&world.options, &world.host, &world.sink);
	ck_assert_ptr_nonnull(world.collector);
}

void world_close(void)
{
	proc_collector.destroy(world.collector);
	world_run_pool();
	world.collector = NULL;
}

void world_run_pool(void)
{
	while (world.job_count > 0) {
		struct world_job job = world.jobs[0];
		memmove(world.jobs, world.jobs + 1, sizeof(world.jobs) - sizeof(world.jobs[0]));
		world.job_count--;
		job.work(job.data);
		job.done(job.data);
	}
}

void world_pass(void)
{
	int r;

	create();
	world.now_ns += NS_PER_SECOND;
	r = proc_collector.pass(world.collector, world.now_ns);
	for (world.resumed_count = 0; r > 0; world.resumed_count++)
		r = proc_collector.resume(world.collector, world.now_ns);
	ck_assert_int_eq(r, 0);
	world_run_pool();
}

static bool world_has_pidfds(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static void take_events(int timeout_ms)
{
	static struct pollfd fds[WORLD_WATCHES_MAX];
	static size_t watches[WORLD_WATCHES_MAX]; /* of each of fds */
	size_t count = 0;
	size_t i;

	/* Only those in use: poll(2) takes no more than RLIMIT_NOFILE, commonly 1024. */
	for (i = 0; i < WORLD_WATCHES_MAX; i++) {
		if (world.watches[i].readable == NULL)
			continue;
		watches[count] = i;
		fds[count++] = (struct pollfd){.fd = world.watches[i].fd, .events = POLLIN};
	}
	ck_assert_int_gt(poll(fds, count, timeout_ms), 0);
	for (i = 0; i < count; i++) {
		const size_t at = watches[i];

		if ((fds[i].revents & POLLIN) != 0 && world.watches[at].readable != NULL)
			world.watches[at].readable(world.watches[at].data);
	}
}

void world_wait_exit(void)
{
	uint64_t deadline_ns = clock_boottime_ns() + EVENT_DEADLINE_MS * NS_PER_MS;
	uint64_t now_ns;

	if (!world_has_pidfds()) {
		world_pass(); /* an old kernel, or a checker of memory: the next pass sees it */
		return;
	}
	/* Other Node processes of this host come and go, too. */
	while (world.seen.exited_count == 0) {
		now_ns = clock_boottime_ns();
		ck_assert_uint_lt(now_ns, deadline_ns);
		take_events((int)((deadline_ns - now_ns) / NS_PER_MS) + 1);
	}
}

/* ---- children ---- */

struct world_child world_start(const char *const *argv, const char *const *environment)
{
	static const char *const nothing[] = {NULL};
	struct world_child child;
	int in[2], ready[2];
	char byte;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	child.pid = fork();
	ck_assert_int_ge(child.pid, 0);
	if (child.pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(ready[1], STDERR_FILENO);
		(void)execve(
		    argv[0], (char *const *)(uintptr_t)argv,
		    (char *const *)(uintptr_t)(environment != NULL ? environment : nothing));
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	child.stdin_fd = in[1];
	return child;
}

void world_command(const struct world_child *child, char command)
{
	ck_assert_int_eq(write(child->stdin_fd, &command, 1), 1);
}

void world_wait_death(const struct world_child *child)
{
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
}

void world_end(struct world_child *child)
{
	if (child->stdin_fd >= 0)
		(void)close(child->stdin_fd);
	child->stdin_fd = -1;
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
	child->pid = 0;
}

/* ---- files ---- */

const char *world_fake_node(void)
{
	const char *top = getenv("top_builddir");

	(void)snprintf(fake_node, sizeof(fake_node), "%s/tests/unit/fake_node",
	               top != NULL ? top : ".");
	return fake_node;
}

static void remove_directory(void)
{
	const char *const argv[] = {"/bin/rm", "-rf", directory, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

const char *world_directory(void)
{
	if (directory[0] == '\0') {
		(void)snprintf(directory, sizeof(directory), "%s", "/tmp/heapwatch-proc-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(directory));
		(void)atexit(remove_directory);
	}
	return directory;
}

void world_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

void world_copy(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	ck_assert_int_ge(in, 0);
	ck_assert_int_ge(out, 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(write(out, buffer, (size_t)n), n);
	(void)close(in);
	(void)close(out);
}
