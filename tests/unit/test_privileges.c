// SPDX-License-Identifier: MIT
/*
 * Rights that are given up, in a child process each. What is kept depends on what there is: the
 * tests run as root and as anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/privileges.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/numbers.h"
#include "tests/unit/unit.h"

static uint64_t status_mask(const char *name)
{
	char text[8192], *line;
	uint64_t mask = 0;
	size_t length;

	ck_assert_int_eq(
	    file_read_text_at(AT_FDCWD, "/proc/thread-self/status", text, sizeof(text), &length),
	    0);
	line = strstr(text, name);
	ck_assert_ptr_nonnull(line);
	line += strlen(name) + strspn(line + strlen(name), " \t");
	ck_assert_int_eq(number_parse_hex(line, strcspn(line, "\n"), &mask), 0);
	return mask;
}

#define BIT_KILL        (UINT64_C(1) << 5)
#define BIT_READ_SEARCH (UINT64_C(1) << 2)
#define BIT_BIND        (UINT64_C(1) << 10)
#define BIT_PTRACE      (UINT64_C(1) << 19)
#define BIT_ADMIN       (UINT64_C(1) << 21)

static const struct privilege_needs all = {.signals = true, .networks = true, .binds = true};
static const struct privilege_needs none = {.signals = false};

START_TEST(test_only_what_is_needed_is_kept)
{
#ifdef HAVE_CAP_NG
	uint64_t before = status_mask("CapPrm:");

	privileges_drop(all);
	ck_assert_uint_eq(status_mask("CapPrm:"), before & (BIT_KILL | BIT_READ_SEARCH | BIT_BIND |
	                                                    BIT_PTRACE | BIT_ADMIN));
	ck_assert_uint_eq(status_mask("CapEff:"), status_mask("CapPrm:"));
	privileges_drop(none);
	ck_assert_uint_eq(status_mask("CapPrm:"), before & (BIT_READ_SEARCH | BIT_PTRACE));
	ck_assert_uint_eq(status_mask("CapEff:"), status_mask("CapPrm:"));
	ck_assert_uint_eq(status_mask("CapInh:"), 0);
	ck_assert_uint_eq(status_mask("CapAmb:"), 0);
	ck_assert_int_eq(privilege_is_held(PRIVILEGE_PTRACE), (before & BIT_PTRACE) != 0);
	ck_assert(!privilege_is_held(PRIVILEGE_KILL));
#else
	privileges_drop(none);
#endif
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}
END_TEST

#if defined(HAVE_SECCOMP) && !defined(HAVE_ASAN)

static void *nothing(void *data)
{
	return data;
}

START_TEST(test_foreign_calls_fail_and_own_ones_work)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	struct addrinfo *list = NULL;
	pthread_t thread;

	privileges_drop(none);
	privileges_filter(none);
	ck_assert_int_eq(execve("/bin/true", argv, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(fork(), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ptrace(PTRACE_TRACEME, 0, NULL, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(kill(getpid(), 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(setns(-1, CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EPERM);
	/* What the daemon does: threads, and names of hosts. */
	ck_assert_int_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(getaddrinfo("localhost", "80", NULL, &list), 0);
	freeaddrinfo(list);
}
END_TEST

/* Its own answer to a setns() comes before the filter's. */
static bool is_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

START_TEST(test_signals_pass_when_they_may)
{
	_cleanup_(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	privileges_drop(all);
	privileges_filter(all);
	ck_assert_int_eq(kill(getpid(), 0), 0);
	ck_assert_int_eq(setns(fd, CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EINVAL); /* asked for: no namespace; of networks, and no others */
	ck_assert_int_eq(setns(fd, CLONE_NEWNS), -1);
	ck_assert(is_under_valgrind() || errno == EPERM);
}
END_TEST

#endif

START_TEST(test_signal_mode_is_found_in_rules)
{
	struct app_rule rules[2] = {{.ignore = false}, {.inspector_mode = INSPECTOR_SIGNAL}};
	struct config config = {.apps = rules, .app_count = 1};

	ck_assert(!privileges_needed(&config).signals && !privileges_needed(&config).networks);
	config.inspector.mode = INSPECTOR_ATTACH;
	ck_assert(!privileges_needed(&config).signals && privileges_needed(&config).networks);
	config.app_count = 2;
	ck_assert(privileges_needed(&config).signals);
	config.app_count = 0;
	config.inspector.mode = INSPECTOR_SIGNAL;
	ck_assert(privileges_needed(&config).signals);
	ck_assert_str_eq(privilege_name(PRIVILEGE_KILL), "CAP_KILL");
}
END_TEST

#if defined(HAVE_SECCOMP) && !defined(HAVE_ASAN)
UNIT_MAIN("privileges", test_only_what_is_needed_is_kept, test_foreign_calls_fail_and_own_ones_work,
          test_signals_pass_when_they_may, test_signal_mode_is_found_in_rules)
#else
UNIT_MAIN("privileges", test_only_what_is_needed_is_kept, test_signal_mode_is_found_in_rules)
#endif
