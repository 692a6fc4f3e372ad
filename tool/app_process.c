// SPDX-License-Identifier: MIT
/*
 * A signal waits a moment before it is passed on, until it is clear whether the sentinel got it,
 * too. Sources: signal(7), signalfd(2), prctl(2), sd_listen_fds(3).
 */
#include "tool/app_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"

/* systemd signals the processes of a control group one after another. */
#define GROUP_WAIT_NS (50 * NS_PER_MS)

#define BIT_OF(number) (UINT64_C(1) << ((number)-1))

/* Not taken: what a fault of ours raises, and what stops a background process that uses the
 * terminal, which it does to the whole group. */
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGTRAP,
                                  SIGABRT, SIGSYS, SIGTTIN, SIGTTOU};

/* ---- in the new process ---- */

/* Sockets that systemd passed are for the process whose pid the variable holds. */
static void pass_on_sockets(pid_t parent)
{
	const char *owner = getenv("LISTEN_PID");
	char own[NUMBER_TEXT_SIZE];
	char former[NUMBER_TEXT_SIZE];

	(void)number_format_u64(former, (uint64_t)parent);
	(void)number_format_u64(own, (uint64_t)getpid());
	if (owner != NULL && strcmp(owner, former) == 0)
		(void)setenv("LISTEN_PID", own, 1);
}

/* The preloaded script traces only processes that print to us. */
static void set_environment(const struct launch *launch)
{
	struct stat status;
	char end[64];

	if (launch->node_options == NULL || fstat(STDOUT_FILENO, &status) < 0)
		return;
	(void)snprintf(end, sizeof(end), "%llu:%llu", (unsigned long long)status.st_dev,
	               (unsigned long long)status.st_ino);
	(void)setenv("HEAPWATCH_STDOUT", end, 1);
	(void)setenv("NODE_OPTIONS", launch->node_options, 1);
}

static void become_application(const struct app_process *app, const struct launch *launch,
                               const struct app_stdout *channel, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* valid arguments */
	if (getppid() != parent)
		_exit(1); /* it is dead already */
	(void)dup2(channel->target, STDOUT_FILENO);
	pass_on_sockets(parent);
	set_environment(launch);
	(void)sigprocmask(SIG_SETMASK, &app->former_mask, NULL);
	(void)execvp(launch->argv[0], launch->argv);
}

/* ---- starting ---- */

static int block_signals(struct app_process *app)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t signals;
	size_t i;

	(void)sigfillset(&signals); /* valid arguments, here and below */
	for (i = 0; i < sizeof(own_signals) / sizeof(own_signals[0]); i++)
		(void)sigdelset(&signals, own_signals[i]);
	(void)sigprocmask(SIG_BLOCK, &signals, &app->former_mask);
	(void)sigaction(SIGCHLD, &usual, NULL); /* ignored, there would be no exit status */
	(void)sigdelset(&signals, SIGPIPE);     /* we see the error */
	app->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return app->signal_fd < 0 ? -errno : 0;
}

/* What was handed down to the application is not ours to keep open. */
static void let_go_of_inherited(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0) {
		(void)dup3(null, STDIN_FILENO, O_CLOEXEC);
		(void)close(null); /* a duplicate stays */
	}
	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL) {
		uint64_t fd;

		if (number_parse_u64(entry->d_name, strlen(entry->d_name), &fd) == 0 &&
		    fd > STDERR_FILENO && (fcntl((int)fd, F_GETFD) & FD_CLOEXEC) == 0)
			(void)close((int)fd); /* all of ours close at an exec */
	}
	(void)closedir(directory);
}

/* Positive errno when the program cannot be run. */
static int await_exec(int fd)
{
	int error = 0;

	return read(fd, &error, sizeof(error)) == (ssize_t)sizeof(error) ? error : 0;
}

int app_process_start(struct app_process *app, const struct launch *launch,
                      struct app_stdout *channel)
{
	_cleanup_(closep) int reader = -1;
	_cleanup_(closep) int writer = -1;
	pid_t parent = getpid();
	int ends[2];
	int error;

	*app = (struct app_process){.signal_fd = -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	error = block_signals(app);
	app->pid = error < 0 ? -1 : fork();
	if (app->pid < 0) {
		error = error < 0 ? error : -errno;
		(void)sigprocmask(SIG_SETMASK, &app->former_mask, NULL);
		app_process_done(app);
		return error;
	}
	if (app->pid == 0) {
		become_application(app, launch, channel, parent);
		error = errno;
		(void)!write(writer, &error, sizeof(error)); /* or our exit status tells */
		_exit(127);
	}
	(void)close(channel->target); /* the application has it */
	channel->target = -1;
	(void)close(TAKE_FD(writer)); /* likewise */
	let_go_of_inherited();
	sentinel_start(&app->sentinel);
	return await_exec(reader);
}

/* ---- children ---- */

/* The shell that waits for us must see that its job stopped. */
static bool has_terminal(void)
{
	_cleanup_(closep) int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 && tcgetpgrp(fd) == getpgrp();
}

/* Until somebody makes us go on; what stopped us is answered by that. */
static void stop(struct app_process *app)
{
	(void)raise(SIGSTOP);
	app->waiting_signals &= ~BIT_OF(SIGTSTP);
}

static void on_child(struct app_process *app, const siginfo_t *child)
{
	if (child->si_pid == app->sentinel.pid && child->si_code != CLD_STOPPED)
		app->sentinel.pid = 0;
	if (child->si_pid != app->pid)
		return;
	if (child->si_code == CLD_STOPPED) {
		if (child->si_status == SIGTSTP && has_terminal())
			stop(app);
		return;
	}
	app->has_ended = true;
	app->was_killed = child->si_code != CLD_EXITED;
	app->status = child->si_status;
}

static void reap(struct app_process *app)
{
	for (;;) {
		siginfo_t child = {.si_pid = 0};

		if (waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WNOHANG) < 0 || child.si_pid == 0)
			return;
		on_child(app, &child);
	}
}

/* ---- signals ---- */

static void on_signal(struct app_process *app, int number, const struct app_stdout *channel,
                      uint64_t now_ns)
{
	if (number == SIGCHLD) {
		reap(app);
		return;
	}
	if (app->has_ended) {
		app->is_abandoned = app->is_abandoned || number == SIGTERM || number == SIGINT ||
		                    number == SIGHUP || number == SIGQUIT;
		return;
	}
	if (number == SIGWINCH && channel->is_terminal) {
		app_stdout_resize(channel);
		(void)kill(app->pid, SIGWINCH); /* again: it may have looked before */
		return;
	}
	app->waiting_signals |= BIT_OF(number);
	if (app->pass_at_ns == 0)
		app->pass_at_ns = now_ns + GROUP_WAIT_NS;
}

void app_process_on_signals(struct app_process *app, const struct app_stdout *channel,
                            uint64_t now_ns)
{
	struct signalfd_siginfo info;

	while (read(app->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal(app, (int)info.ssi_signo, channel, now_ns);
}

uint64_t app_process_deadline_ns(const struct app_process *app)
{
	return app->has_ended ? 0 : app->pass_at_ns;
}

void app_process_tick(struct app_process *app, uint64_t now_ns)
{
	uint64_t waiting = app->waiting_signals;
	uint64_t known;
	int number;

	if (app_process_deadline_ns(app) == 0 || now_ns < app->pass_at_ns)
		return;
	app->waiting_signals = 0;
	app->pass_at_ns = 0;
	known = sentinel_take(&app->sentinel);
	for (number = 1; number <= 64; number++)
		if ((waiting & ~known & BIT_OF(number)) != 0)
			(void)kill(app->pid, number); /* not waited for: it is there or a zombie */
	if ((waiting & BIT_OF(SIGTSTP)) != 0)
		stop(app);
}

void app_process_done(struct app_process *app)
{
	sentinel_stop(&app->sentinel);
	if (app->signal_fd >= 0)
		(void)close(app->signal_fd); /* signals: nothing to lose */
	app->signal_fd = -1;
}
