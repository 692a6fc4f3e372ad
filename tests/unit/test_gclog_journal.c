// SPDX-License-Identifier: MIT
/*
 * Processes whose stdout is the journal: a real one, which systemd-journal-remote makes of entries
 * in the export format (https://systemd.io/JOURNAL_EXPORT_FORMATS), and a /proc of two files.
 * Skipped without that tool or in a build without libsystemd.
 */
#include "collectors/gclog/journal.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "collectors/gclog/journal_logs.h"
#include "tests/unit/gclog_fixture.h"

#define TOOL     "/lib/systemd/systemd-journal-remote"
#define MACHINE  "0123456789abcdef0123456789abcdef"
#define START_US (START_NS / NS_PER_US)

static struct {
	int export_fd;
	unsigned entry_count;
	char boot_id[33];
	int sockets[2];
	char procfs[PATH_MAX];
} journal;

/* ---- a journal ---- */

static void make_directory(const char *name)
{
	ck_assert_int_eq(mkdir(path_of(name), 0755), 0);
}

static void read_boot_id(void)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	char c;

	ck_assert_int_ge(fd, 0);
	while (length < 32 && read(fd, &c, 1) == 1)
		if (c != '-')
			journal.boot_id[length++] = c;
	(void)close(fd);
}

static void make_journal(void)
{
	make_directory("var");
	make_directory("var/log");
	make_directory("var/log/journal");
	make_directory("var/log/journal/" MACHINE);
	make_directory("proc");
	make_directory("etc");
	journal.export_fd = writer("export", O_APPEND);
	journal.entry_count = 0;
	read_boot_id();
	(void)snprintf(journal.procfs, sizeof(journal.procfs), "%s", path_of("proc"));
	test.options.procfs_path = journal.procfs;
}

struct printed {
	pid_t pid;
	uint64_t at_us; /* since the start of the process */
	const char *text;
	const char *line_break; /* NULL: none */
	const char *transport;  /* NULL: stdout */
};

static void add_entry(const struct printed *printed)
{
	char entry[2048];

	journal.entry_count++;
	(void)snprintf(entry, sizeof(entry),
	               "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n_BOOT_ID=%s\n"
	               "_TRANSPORT=%s\n_PID=%d\n%s%s%sMESSAGE=%s\n\n",
	               1795320000000000ULL + (unsigned long long)printed->at_us,
	               (unsigned long long)(START_US + printed->at_us), journal.boot_id,
	               printed->transport != NULL ? printed->transport : "stdout",
	               (int)printed->pid, printed->line_break != NULL ? "_LINE_BREAK=" : "",
	               printed->line_break != NULL ? printed->line_break : "",
	               printed->line_break != NULL ? "\n" : "", printed->text);
	put(journal.export_fd, entry);
}

#define GC_REST                                                                          \
	" ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 ms  (average mu = 1.000, " \
	"current mu = 1.000) task; "

static void add_gc(pid_t pid, unsigned uptime_ms, uint64_t at_us)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "[%d:0xa] %8u" GC_REST, (int)pid, uptime_ms);
	add_entry(&(struct printed){.pid = pid, .at_us = at_us, .text = text});
}

/* What was added so far becomes a file of the journal, beside those before. */
static void write_journal(void)
{
	char output[PATH_MAX + 16];
	char *argv[] = {(char[]){TOOL}, output, NULL, NULL};
	int status = -1;
	pid_t pid;

	(void)snprintf(output, sizeof(output), "--output=%s",
	               path_of("var/log/journal/" MACHINE "/system.journal"));
	argv[2] = (char *)(uintptr_t)path_of("export");
	pid = fork();
	if (pid == 0) {
		(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(ftruncate(journal.export_fd, 0), 0);
}

/* ---- a process ---- */

static void make_process(pid_t pid, const char *variable)
{
	char name[64];
	char link_target[64];
	struct stat status;
	char text[256];
	int fd;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, journal.sockets), 0);
	ck_assert_int_eq(fstat(journal.sockets[0], &status), 0);
	(void)snprintf(name, sizeof(name), "proc/%d", (int)pid);
	make_directory(name);
	(void)snprintf(name, sizeof(name), "proc/%d/fd", (int)pid);
	make_directory(name);
	(void)snprintf(name, sizeof(name), "proc/%d/fd/1", (int)pid);
	(void)snprintf(link_target, sizeof(link_target), "/proc/self/fd/%d", journal.sockets[0]);
	ck_assert_int_eq(symlink(link_target, path_of(name)), 0);
	(void)snprintf(name, sizeof(name), "proc/%d/environ", (int)pid);
	fd = writer(name, 0);
	ck_assert_int_eq((int)write(fd, "A=1", 4), 4);
	(void)snprintf(text, sizeof(text), "%s=%ju:%ju", variable, (uintmax_t)status.st_dev,
	               (uintmax_t)status.st_ino);
	ck_assert_int_eq((int)write(fd, text, strlen(text) + 1), (int)strlen(text) + 1);
	(void)close(fd);
}

static void process_that_traces(pid_t pid)
{
	process_with_stdout(pid, pid, NULL, true);
}

/* A journal with nothing in it yet, and a process whose stdout it is. */
static void make_world(void)
{
	make_journal();
	make_process(7, "JOURNAL_STREAM");
}

/* The collector comes when the process has printed what was added so far. */
static void read_journal(void)
{
	write_journal();
	start(NULL);
	process_that_traces(7);
	look();
}

/* ---- what is read ---- */

START_TEST(test_entries_of_a_process_are_read_from_its_start_on)
{
	make_world();
	add_entry(&(struct printed){.pid = 7, .at_us = 0, .text = "listening"});
	add_gc(7, 1, 1000);
	add_gc(8, 5, 1000); /* somebody else's */
	add_gc(7, 2, 2000);
	add_gc(7, 3, 2000); /* taken by journald at once */
	read_journal();
	check_each_once(3);
	ck_assert_uint_eq(test.seen[1].at_ns, START_NS + 2 * NS_PER_MS);
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "other"), 1);
}
END_TEST

/* The loop waits for no disk. */
START_TEST(test_journal_is_opened_when_a_job_has_touched_its_files)
{
	make_world();
	add_gc(7, 1, 1000);
	write_journal();
	test.job.is_held = true;
	start(NULL);
	process_that_traces(7);
	look();
	ck_assert_uint_eq(test.seen_count, 0);
	ck_assert_ptr_nonnull(test.job.work);
	test.job.is_held = false;
	look();
	check_each_once(1);
	ck_assert_ptr_null(test.job.work);
}
END_TEST

START_TEST(test_collector_may_go_while_the_job_is_under_way)
{
	make_world();
	add_gc(7, 1, 1000);
	write_journal();
	test.job.is_held = true;
	start(NULL);
	process_that_traces(7);
	look();
	keep();
	stop(); /* the job is done behind it */
	ck_assert_ptr_null(test.job.work);
	test.job.is_held = false;
	start_again();
	process_that_traces(7);
	look();
	check_each_once(1);
}
END_TEST

START_TEST(test_entries_from_before_the_process_are_of_another)
{
	make_world();
	add_gc(7, 900, (uint64_t)-5000000); /* five seconds before: the pid was reused */
	add_gc(7, 1, 1000);
	read_journal();
	check_each_once(1);
}
END_TEST

START_TEST(test_pieces_of_a_line_are_joined)
{
	make_world();
	add_entry(&(struct printed){7, 1000, "[7:0xa]        1", "line-max", NULL});
	add_entry(&(struct printed){7, 1000, GC_REST, NULL, NULL});
	add_entry(&(struct printed){7, 2000, "[7:0xa]        2", "pid-change", NULL});
	add_entry(&(struct printed){7, 2001, GC_REST, NULL, NULL});
	add_entry(&(struct printed){7, 3000, "[7:0xa]        3", "eof", NULL});
	add_entry(&(struct printed){7, 3001, GC_REST, NULL, NULL});
	read_journal();
	check_each_once(2);
}
END_TEST

START_TEST(test_messages_by_other_ways_are_no_output)
{
	make_world();
	add_entry(&(struct printed){7, 1000, "[7:0xa]        9" GC_REST, NULL, "syslog"});
	add_gc(7, 1, 2000);
	read_journal();
	check_each_once(1);
}
END_TEST

START_TEST(test_new_entries_wake_the_collector)
{
	make_world();
	add_gc(7, 1, 1000);
	write_journal();
	start(NULL);
	process_that_traces(7);
	pass();
	run_until_seen(1);
	add_gc(7, 2, 2000);
	write_journal();
	run_until_seen(2);
	check_each_once(2);
}
END_TEST

START_TEST(test_process_that_comes_later_repeats_nothing)
{
	make_world();
	make_process(8, "JOURNAL_STREAM");
	add_gc(7, 1, 1000);
	add_gc(8, 1, 1500);
	add_gc(7, 2, 2000);
	add_gc(7, 3, 2000);
	read_journal();
	check_each_once(3);
	process_that_traces(8);
	look();
	ck_assert_uint_eq(test.seen_count, 4);
	ck_assert_int_eq(test.seen[3].pid, 8);
}
END_TEST

START_TEST(test_each_entry_once_over_a_restart)
{
	make_world();
	add_gc(7, 1, 1000);
	add_gc(7, 2, 1000);
	add_entry(&(struct printed){7, 1000, "[7:0xa]        3", "line-max", NULL});
	read_journal();
	keep();
	stop();
	ck_assert_uint_eq(test.seen_count, 2);
	add_entry(&(struct printed){7, 1000, GC_REST, NULL, NULL});
	add_gc(7, 4, 4000);
	write_journal();
	start_again();
	process_that_traces(7);
	look();
	check_each_once(4);
}
END_TEST

START_TEST(test_last_words)
{
	make_world();
	add_gc(7, 1, 1000);
	read_journal();
	add_gc(7, 2, 2000);
	write_journal();
	process_exits(7);
	add_gc(7, 3, 3000); /* journald was late */
	write_journal();
	pass();
	check_each_once(3);
}
END_TEST

/* ---- what is not read ---- */

START_TEST(test_socket_that_is_not_the_journal)
{
	make_journal();
	make_process(7, "NOTIFY_STREAM");
	add_gc(7, 1, 1000);
	read_journal();
	ck_assert_uint_eq(test.seen_count, 0);
}
END_TEST

START_TEST(test_journal_is_left_alone_when_so_configured)
{
	make_world();
	add_gc(7, 1, 1000);
	test.config->gc_log.follow_stdout = false;
	read_journal();
	ck_assert_uint_eq(test.seen_count, 0);
}
END_TEST

START_TEST(test_process_that_prints_much_without_a_collection_is_let_go)
{
	unsigned i;

	make_world();
	for (i = 0; i < 10000; i++)
		add_entry(&(struct printed){.pid = 7, .at_us = i, .text = "request"});
	add_gc(7, 11, 11000);
	write_journal();
	start(NULL);
	process(7); /* nothing says that it traces */
	/* A look takes what fits into its time, which is little on a slow machine. */
	for (i = 0; i < 2000 && counter("heapwatch_gclog_lines_total", "other") < 10000; i++)
		look();
	for (i = 0; i < 20; i++)
		look();
	ck_assert_uint_eq(test.seen_count, 0);
	ck_assert_double_eq(counter("heapwatch_gclog_lines_total", "other"), 10000);
}
END_TEST

/* Of root as well as of others: whether the mode of a file counts. */
static void let_modes_count(bool do_count)
{
	const unsigned dac = CAP_TO_MASK(CAP_DAC_OVERRIDE) | CAP_TO_MASK(CAP_DAC_READ_SEARCH);
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	ck_assert_int_eq((int)syscall(SYS_capget, &header, sets), 0);
	sets[0].effective =
	    do_count ? sets[0].effective & ~dac : sets[0].effective | (sets[0].permitted & dac);
	ck_assert_int_eq((int)syscall(SYS_capset, &header, sets), 0);
}

START_TEST(test_permission_is_reported_once)
{
	int fd;

	make_world();
	add_gc(7, 1, 1000);
	write_journal();
	fd = writer("etc/machine-id", 0);
	put(fd, MACHINE "\n");
	(void)close(fd);
	ck_assert_int_eq(chmod(path_of("var/log/journal/" MACHINE "/system.journal"), 0), 0);
	let_modes_count(true);
	start(NULL);
	process_that_traces(7);
	look();
	let_modes_count(false);
	ck_assert_uint_eq(test.seen_count, 0);
	ck_assert_uint_eq(test.errors[COLLECTOR_ERROR_PERMISSION], 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_entries_of_a_process_are_read_from_its_start_on,
	    test_journal_is_opened_when_a_job_has_touched_its_files,
	    test_collector_may_go_while_the_job_is_under_way,
	    test_entries_from_before_the_process_are_of_another,
	    test_pieces_of_a_line_are_joined,
	    test_messages_by_other_ways_are_no_output,
	    test_new_entries_wake_the_collector,
	    test_process_that_comes_later_repeats_nothing,
	    test_each_entry_once_over_a_restart,
	    test_last_words,
	    test_socket_that_is_not_the_journal,
	    test_journal_is_left_alone_when_so_configured,
	    test_process_that_prints_much_without_a_collection_is_let_go,
	    test_permission_is_reported_once,
	};

	if (!journal_is_built_in() || access(TOOL, X_OK) != 0) {
		(void)printf("1..0 # SKIP no systemd-journal-remote, or no libsystemd\n");
		return EXIT_SUCCESS;
	}
	return gclog_run("gclog_journal", tests, sizeof(tests) / sizeof(tests[0]));
}
