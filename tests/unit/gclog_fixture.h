// SPDX-License-Identifier: MIT
/*
 * What tests of the gclog collector share: a host that is a poll(2) loop, a sink that is a list, a
 * directory of its own for each test, and writers of GC lines.
 */
#ifndef HEAPWATCH_TESTS_UNIT_GCLOG_FIXTURE_H
#define HEAPWATCH_TESTS_UNIT_GCLOG_FIXTURE_H

#include "collectors/gclog/gclog.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define DEADLINE_MS  10000
#define START_NS     (UINT64_C(1000) * NS_PER_SECOND)
#define NOW_NS       (UINT64_C(5000) * NS_PER_SECOND)
#define SEEN_MAX     8192
#define WATCHES_MAX  4
#define PATTERNS_MAX 2

struct collector_watch {
	int fd;
	void (*readable)(void *data);
	void *data;
};

struct seen {
	pid_t pid;
	uint64_t isolate;
	uint64_t uptime_ms;
	uint64_t at_ns;
	bool is_fatal;
};

/* One fixture; each test runs in a process of its own. */
static struct {
	char directory[PATH_MAX];
	struct config *config;
	struct collector_options options;
	struct collector_host host;
	struct collector_sink sink;
	struct collector_watch watches[WATCHES_MAX];
	void *collector;
	struct {
		void (*work)(void *data); /* NULL: none waits */
		void (*done)(void *data);
		void *data;
		bool is_held; /* the pool has no time for it */
	} job;
	uint64_t now_ns;
	struct seen seen[SEEN_MAX];
	size_t seen_count;
	uint64_t part_bytes[HEAP_PART_COUNT];
	unsigned errors[COLLECTOR_ERROR_COUNT];
	enum process_need log_need; /* what was said of the latest container's log */
	char found_app[64];         /* the latest process that the collector itself found */
	unsigned found_rule;
	unsigned found_count;
	unsigned changed_count;
	unsigned exited_count;
	struct buf kept; /* the latest keep() */
	size_t kept_seen_count;
} test;

/* ---- host and sink ---- */

static inline uint64_t host_now_ns(void *context)
{
	(void)context;
	return test.now_ns;
}

static inline struct collector_watch *host_watch_fd(void *context, int fd,
                                                    void (*readable)(void *data), void *data)
{
	size_t i;

	(void)context;
	for (i = 0; i < WATCHES_MAX; i++)
		if (test.watches[i].readable == NULL) {
			test.watches[i] = (struct collector_watch){fd, readable, data};
			return &test.watches[i];
		}
	return NULL;
}

static inline void host_unwatch_fd(void *context, struct collector_watch *watch)
{
	(void)context;
	watch->readable = NULL;
}

/* One at a time; run_job() is the pool. */
static inline int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                              void *data)
{
	(void)context;
	if (test.job.work != NULL)
		return -EAGAIN;
	test.job.work = work;
	test.job.done = done;
	test.job.data = data;
	return 0;
}

static inline void run_job(void)
{
	void (*work)(void *data) = test.job.work;

	if (work == NULL)
		return;
	test.job.work = NULL;
	work(test.job.data);
	test.job.done(test.job.data);
}

/* Waits for one of the collector's descriptors and lets it work. */
static inline void run_once(void)
{
	struct pollfd polled[WATCHES_MAX];
	struct collector_watch *owners[WATCHES_MAX];
	nfds_t count = 0;
	nfds_t i;

	if (!test.job.is_held)
		run_job();
	for (i = 0; i < WATCHES_MAX; i++)
		if (test.watches[i].readable != NULL) {
			owners[count] = &test.watches[i];
			polled[count++] = (struct pollfd){test.watches[i].fd, POLLIN, 0};
		}
	ck_assert_msg(poll(polled, count, DEADLINE_MS) > 0, "nothing happens any more");
	for (i = 0; i < count; i++)
		if (polled[i].revents != 0 && owners[i]->readable != NULL)
			owners[i]->readable(owners[i]->data);
}

static inline void run_until_seen(size_t count)
{
	while (test.seen_count < count)
		run_once();
	ck_assert_uint_eq(test.seen_count, count);
}

static inline void pass(void)
{
	if (!test.job.is_held)
		run_job();
	test.now_ns += 5 * NS_PER_SECOND;
	ck_assert_int_eq(gclog_collector.pass(test.collector, test.now_ns), 0);
}

/* Enough passes that everything was looked at, whatever events came. */
static inline void look(void)
{
	int i;

	for (i = 0; i < 5; i++)
		pass();
}

static inline void sink_gc(void *context, const struct process_key *key, uint64_t at_ns,
                           const struct gc_event *event)
{
	(void)context;
	ck_assert_uint_lt(test.seen_count, SEEN_MAX);
	test.seen[test.seen_count++] =
	    (struct seen){key->pid, event->isolate, event->uptime_ns / NS_PER_MS, at_ns, false};
}

static inline void sink_incident(void *context, const struct process_key *key, uint64_t isolate,
                                 uint64_t at_ns, enum heap_incident incident)
{
	(void)context;
	ck_assert_uint_lt(test.seen_count, SEEN_MAX);
	test.seen[test.seen_count++] =
	    (struct seen){key->pid, isolate, 0, at_ns, incident == HEAP_INCIDENT_FATAL_OOM};
}

static inline void sink_heap(void *context, const struct process_key *key, uint64_t at_ns,
                             const struct heap_sample *sample)
{
	(void)context;
	ck_assert_int_ne(key->pid, 0);
	ck_assert_uint_ne(at_ns, 0);
	test.part_bytes[sample->part] = sample->used_bytes;
}

static inline void sink_found(void *context, const struct process_facts *facts)
{
	(void)context;
	ck_assert(facts->is_log_only);
	(void)snprintf(test.found_app, sizeof(test.found_app), "%s", facts->app);
	test.found_rule = facts->rule;
	test.found_count++;
	gclog_collector.process_seen(test.collector, facts);
}

static inline void sink_changed(void *context, const struct process_facts *facts)
{
	(void)context;
	ck_assert(facts->is_log_only);
	(void)snprintf(test.found_app, sizeof(test.found_app), "%s", facts->app);
	test.found_rule = facts->rule;
	test.changed_count++;
}

static inline void sink_exited(void *context, const struct process_key *key,
                               const struct process_exit *exit)
{
	(void)context;
	ck_assert_int_eq(exit->cause, EXIT_CAUSE_EXIT);
	test.exited_count++;
	gclog_collector.process_gone(test.collector, key);
}

static inline void sink_lacks(void *context, const struct process_key *key, enum process_fact fact,
                              enum process_need need)
{
	(void)context;
	(void)key;
	ck_assert_int_eq(fact, PROCESS_FACT_CONTAINER_LOG);
	test.log_need = need;
}

static inline void sink_error(void *context, const char *collector, enum collector_error error)
{
	(void)context;
	ck_assert_str_eq(collector, "gclog");
	test.errors[error]++;
}

/* ---- fixture ---- */

static inline void set_up(void)
{
	const char *base = getenv("TMPDIR");

	memset(&test, 0, sizeof(test)); /* without fork the test before it was here */
	(void)snprintf(test.directory, sizeof(test.directory), "%s/gclog-XXXXXX",
	               base != NULL ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(test.directory));
	ck_assert_int_eq(unsetenv("XDG_RUNTIME_DIR"), 0);
	test.config = config_new_default();
	ck_assert_ptr_nonnull(test.config);
	test.options = (struct collector_options){
	    .config = test.config, .procfs_path = "/proc", .rootfs_path = test.directory};
	test.host = (struct collector_host){.now_ns = host_now_ns,
	                                    .watch_fd = host_watch_fd,
	                                    .unwatch_fd = host_unwatch_fd,
	                                    .submit = host_submit};
	test.sink = (struct collector_sink){.process_found = sink_found,
	                                    .process_changed = sink_changed,
	                                    .process_exited = sink_exited,
	                                    .gc = sink_gc,
	                                    .incident = sink_incident,
	                                    .heap = sink_heap,
	                                    .lacks = sink_lacks,
	                                    .error = sink_error};
	test.now_ns = NOW_NS;
}

static inline int remove_entry(const char *path, const struct stat *status, int type,
                               struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void tear_down(void)
{
	if (test.collector != NULL)
		gclog_collector.destroy(test.collector);
	run_job(); /* those that were taken are always done */
	buf_done(&test.kept);
	(void)config_free(test.config);
	(void)nftw(test.directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *path_of(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%.1000s/%s", test.directory, name);
	return path;
}

/* Starts the collector with one pattern (NULL: none) and lets it read what is there. */
static inline void add_pattern(const char *pattern)
{
	static char kept[PATTERNS_MAX][PATH_MAX];
	size_t count = test.options.gc_log_globs.count++;

	ck_assert_uint_lt(count, PATTERNS_MAX);
	(void)snprintf(kept[count], sizeof(kept[count]), "%s", path_of(pattern));
	kept[count][strcspn(kept[count], " ")] = '\0';
	test.options.gc_log_globs.values[count] = kept[count];
}

/* Patterns are divided by a blank. */
static inline void start(const char *pattern)
{
	if (pattern != NULL)
		test.options.gc_log_globs.count = 0;
	for (; pattern != NULL; pattern = strchr(pattern, ' ')) {
		pattern += *pattern == ' ';
		add_pattern(pattern);
	}
	test.collector = gclog_collector.create(&test.options, &test.host, &test.sink);
	ck_assert_ptr_nonnull(test.collector);
}

/* Keeps where it stands; the sink's list stands for what the model keeps with it. */
static inline void keep(void)
{
	buf_done(&test.kept);
	buf_init(&test.kept, 1U << 20);
	ck_assert_int_eq(gclog_collector.save(test.collector, &test.kept), 0);
	ck_assert(!buf_failed(&test.kept));
	test.kept_seen_count = test.seen_count;
}

/* As a crash ends it: what came after keep() is forgotten. */
static inline void stop(void)
{
	gclog_collector.destroy(test.collector);
	run_job();
	test.collector = NULL;
	test.seen_count = test.kept_seen_count;
}

static inline void start_again(void)
{
	test.collector = gclog_collector.create(&test.options, &test.host, &test.sink);
	ck_assert_ptr_nonnull(test.collector);
	gclog_collector.restore(test.collector, buf_string(&test.kept), test.kept.length);
}

/* A process 4000 s old; name: its stdout, NULL for none. */
static inline void process_with_stdout(pid_t pid, pid_t inner_pid, const char *name, bool traces_gc)
{
	struct process_facts facts = {.key = {pid, (uint64_t)pid},
	                              .start_ns = START_NS,
	                              .container_id = "",
	                              .pod_uid = "",
	                              .container_name = "",
	                              .namespace_pids = {pid, inner_pid},
	                              .namespace_count = 2,
	                              .stdout_path = "",
	                              .traces_gc = traces_gc};
	struct stat status;

	if (name != NULL) {
		facts.stdout_path = path_of(name);
		ck_assert_int_eq(stat(facts.stdout_path, &status), 0);
		facts.stdout_file = (struct file_identity){status.st_dev, status.st_ino};
	}
	gclog_collector.process_seen(test.collector, &facts);
}

static inline void process(pid_t pid)
{
	process_with_stdout(pid, pid, NULL, false);
}

static inline void process_exits(pid_t pid)
{
	const struct process_key key = {pid, (uint64_t)pid};

	gclog_collector.process_gone(test.collector, &key);
}

/* ---- writers ---- */

static inline int writer(const char *name, int flags)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline void put(int fd, const char *text)
{
	ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
}

static inline void copy_to(const char *name, const char *from)
{
	char bytes[4096];
	int in = open(path_of(from), O_RDONLY | O_CLOEXEC);
	int out = writer(name, O_TRUNC);
	ssize_t length;

	ck_assert_int_ge(in, 0);
	while ((length = read(in, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq((int)write(out, bytes, (size_t)length), (int)length);
	(void)close(in);
	(void)close(out);
}

static inline void put_gc_of(int fd, pid_t pid, uint64_t isolate, unsigned uptime_ms)
{
	char line[256];

	(void)snprintf(line, sizeof(line),
	               "[%d:0x%llx] %8u ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 ms  "
	               "(average mu = 1.000, current mu = 1.000) task; \n",
	               (int)pid, (unsigned long long)isolate, uptime_ms);
	put(fd, line);
}

static inline void put_gc(int fd, unsigned uptime_ms)
{
	put_gc_of(fd, 7, 0xa, uptime_ms);
}

/* All of 1 … count (uptimes of pid 7), each once and in order. */
static inline void check_each_once(unsigned count)
{
	unsigned i;

	ck_assert_uint_eq(test.seen_count, count);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(test.seen[i].uptime_ms, i + 1);
		ck_assert_int_eq(test.seen[i].pid, 7);
	}
}

static inline double counter(const char *name, const char *label_value)
{
	struct collector_counter counters[COLLECTOR_COUNTERS_MAX];
	size_t count = gclog_collector.counters(test.collector, counters);
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(counters[i].name, name) == 0 &&
		    (label_value == NULL || strcmp(counters[i].label_value, label_value) == 0))
			return counters[i].value;
	ck_abort_msg("no counter %s", name);
	return -1;
}

#define TRUNCATIONS "heapwatch_gclog_truncations_total"
#define LOST        "heapwatch_gclog_lost_bytes_total"
#define FILES       "heapwatch_gclog_files"

/* A collector that follows app.log, in which pid 7 has printed 1 and 2; pattern: NULL for no
 * others.
 */
static inline int start_pattern_with_two_lines(int flags, const char *pattern)
{
	int fd = writer("app.log", flags);

	put_gc(fd, 1);
	put_gc(fd, 2);
	start(pattern != NULL ? pattern : "app.log");
	process(7);
	pass();
	run_until_seen(2);
	return fd;
}

static inline int start_with_two_lines(int flags)
{
	return start_pattern_with_two_lines(flags, NULL);
}

static inline int gclog_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_set_timeout(cases, 30);
	for (i = 0; i < count; i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS; /* failures are in the TAP output */
}

#define GCLOG_MAIN(name, ...)                                                    \
	int main(void)                                                           \
	{                                                                        \
		const TTest *const tests[] = {__VA_ARGS__};                      \
		return gclog_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
	}

#endif
