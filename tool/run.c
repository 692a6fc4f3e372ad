// SPDX-License-Identifier: MIT
/*
 * heapwatch run: starts a command with V8's GC trace on, writes the trace to a file that heapwatchd
 * follows, and is otherwise as if it were not there: output, terminal, signals and exit status are
 * those of the command. A trace that is not possible is no reason not to run it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/options.h"
#include "tool/app_process.h"
#include "tool/command.h"
#include "tool/launch.h"
#include "tool/relay.h"

#define MESSAGE_SIZE  512
#define SIGNALED_BASE 128 /* of the exit status, as in a shell */
#define NOT_FOUND     127 /* as env(1) */
#define NOT_RUNNABLE  126

struct run_options {
	bool help;
	const char *gc_log;
};

static const struct option_row run_rows[] = {
    {"gc-log", "FILE", NULL,
     "Write the GC log there instead of to PID.log in " GC_LOG_DIRECTORY
     " or $XDG_RUNTIME_DIR/heapwatch.",
     OPTION_STRING, offsetof(struct run_options, gc_log)},
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct run_options, help)},
};

static const struct option_table run_table = {
    .program = "heapwatch run",
    .synopsis = "[OPTION]... -- COMMAND [ARGUMENT]...",
    .purpose = "Starts a Node.js command with V8's GC trace on and keeps the trace out of its "
               "output. Exits as the command does.",
    .rows = run_rows,
    .count = sizeof(run_rows) / sizeof(run_rows[0]),
};

static void complain(const char *what, const char *why)
{
	(void)fprintf(stderr, "heapwatch run: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
}

static int not_run(const char *program, int error)
{
	(void)fprintf(stderr, "heapwatch run: cannot run %s: %s\n", program, strerror(error));
	return error == ENOENT ? NOT_FOUND : NOT_RUNNABLE;
}

/* ---- while it runs ---- */

static uint64_t earlier(uint64_t one_ns, uint64_t other_ns)
{
	if (one_ns == 0 || other_ns == 0)
		return one_ns + other_ns;
	return one_ns < other_ns ? one_ns : other_ns;
}

static int wait_ms(uint64_t deadline_ns, uint64_t now_ns)
{
	if (deadline_ns == 0)
		return -1;
	return deadline_ns <= now_ns ? 0 : (int)((deadline_ns - now_ns) / NS_PER_MS) + 1;
}

/* Waits for something to do, and does it. */
static void turn(struct relay *relay, struct app_process *app)
{
	bool has_output = relay_has_output(relay);
	struct pollfd fds[] = {
	    {.fd = app->signal_fd, .events = POLLIN},
	    {.fd = has_output ? -1 : relay->channel.source, .events = POLLIN},
	    {.fd = has_output ? STDOUT_FILENO : -1, .events = POLLOUT},
	};
	uint64_t deadline_ns = earlier(relay_deadline_ns(relay), app_process_deadline_ns(app));
	uint64_t now_ns = clock_boottime_ns();

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms(deadline_ns, now_ns)) < 0)
		return; /* EINTR: look again */
	now_ns = clock_boottime_ns();
	if (fds[0].revents != 0)
		app_process_on_signals(app, &relay->channel, now_ns);
	if (fds[1].revents != 0 && relay_read(relay, now_ns) == 0 && !relay_has_output(relay))
		app_stdout_close_own();
	if (fds[2].revents != 0)
		relay_write(relay);
	relay_tick(relay, now_ns);
	app_process_tick(app, now_ns);
}

/* Brings out what it left behind. True: others still write to its stdout. */
static bool drain(struct relay *relay, struct app_process *app)
{
	while (!app->is_abandoned) {
		int result;

		if (relay_has_output(relay)) {
			turn(relay, app);
			continue;
		}
		result = relay_read(relay, clock_boottime_ns());
		if (result == -EAGAIN)
			return true;
		if (result == 0 && !relay_has_output(relay))
			return false;
	}
	return false;
}

/* A process of its own goes on for them, as they would go on without us. */
static void leave_to_others(struct relay *relay, struct app_process *app)
{
	struct app_process none = {.has_ended = true, .signal_fd = -1};

	if (getpid() == 1 || fork() != 0)
		return;
	(void)sigprocmask(SIG_SETMASK, &app->former_mask, NULL);
	while (relay->channel.source >= 0 || relay_has_output(relay))
		turn(relay, &none);
	_exit(0);
}

/* ---- its end ---- */

/* Dies as it died. The first process of a namespace cannot, and tells as a shell does. */
static int end_like(const struct app_process *app)
{
	const struct rlimit no_core = {0, 0};
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t signals;

	if (!app->was_killed)
		return app->status;
	(void)setrlimit(RLIMIT_CORE, &no_core); /* it left one, if any */
	(void)sigaction(app->status, &usual, NULL);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, app->status);
	(void)raise(app->status);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return SIGNALED_BASE + app->status;
}

static void tell_lost(const struct gc_log *log)
{
	if (log->error != 0)
		(void)fprintf(stderr, "heapwatch run: parts of the GC log are lost: %s: %s\n",
		              log->path, strerror(-log->error));
}

static int supervise(struct relay *relay, struct app_process *app)
{
	bool has_others;

	while (!app->has_ended)
		turn(relay, app);
	has_others = drain(relay, app);
	app_process_done(app);
	if (has_others)
		leave_to_others(relay, app);
	tell_lost(&relay->log);
	return end_like(app);
}

/* ---- starting ---- */

/* The log is begun when its name, the pid, is known; without it the trace is thrown away. */
static int start(struct relay *relay, const struct launch *launch)
{
	struct app_process app;
	int error;

	error = app_stdout_open(&relay->channel);
	if (error < 0)
		return error;
	if (fstat(relay->channel.target, &relay->pids.stdout_end) < 0)
		return -errno;
	error = app_process_start(&app, launch, &relay->channel);
	if (error < 0)
		return error;
	if (error > 0) {
		app_process_done(&app);
		return not_run(launch->argv[0], error);
	}
	app_stdout_take(&relay->channel);
	relay->pids.root = app.pid;
	error = gc_log_begin(&relay->log, app.pid);
	if (error < 0)
		complain("cannot begin the GC log", strerror(-error));
	return supervise(relay, &app);
}

/* Descriptors that were closed stay so for the command, and are no other file's here. */
static void hold_standard_places(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd); /* one too many */
}

static int run_plainly(char **argv, const char *message)
{
	complain("runs without a GC trace", message);
	(void)execvp(argv[0], argv);
	return not_run(argv[0], errno);
}

static int run_traced(const char *gc_log, int argc, char **argv)
{
	struct launch launch = {NULL, NULL};
	struct relay *relay;
	char message[MESSAGE_SIZE];
	int result;

	hold_standard_places();
	relay = calloc(1, sizeof(*relay));
	if (relay == NULL)
		return run_plainly(argv, strerror(ENOMEM));
	result = gc_log_open(&relay->log, gc_log, message, sizeof(message));
	if (result < 0 && gc_log != NULL) {
		complain("cannot open the GC log", message);
		free(relay);
		return STATUS_FAILURE;
	}
	if (result == 0) {
		result = launch_plan(&launch, argc, argv);
		(void)snprintf(message, sizeof(message), "%s",
		               result == -ENOENT ? "preload.js is not installed"
		                                 : strerror(-result));
	}
	if (result == 0) {
		result = start(relay, &launch);
		(void)snprintf(message, sizeof(message), "%s", result < 0 ? strerror(-result) : "");
	}
	gc_log_done(&relay->log);
	launch_done(&launch);
	free(relay);
	return result < 0 ? run_plainly(argv, message) : result;
}

int command_run(int argc, char **argv)
{
	struct run_options options = {0};
	char message[MESSAGE_SIZE];
	int first = options_parse(&run_table, argc, argv, &options, message, sizeof(message));

	if (first < 0) {
		(void)fprintf(stderr, "heapwatch run: %s\n", message);
		return STATUS_USAGE;
	}
	if (options.help) {
		options_print_help(&run_table, stdout);
		return STATUS_OK;
	}
	if (first == argc) {
		(void)fputs("heapwatch run: a command is missing; see heapwatch help run\n",
		            stderr);
		return STATUS_USAGE;
	}
	return run_traced(options.gc_log, argc - first, argv + first);
}
