// SPDX-License-Identifier: MIT
/*
 * The ledger of what was opened is in a directory that is gone with the boot, as are the
 * processes: $XDG_RUNTIME_DIR/heapwatch-inspector, of root /run/heapwatch-inspector.
 */
#include "tool/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/inspector/ledger.h"
#include "collectors/inspector/opening.h"
#include "lib/cleanup.h"

#define PROCFS "/proc"

/* ---- the ledger ---- */

/* Ours, and nobody else may write there. */
static bool is_private(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* One writer at a time: who comes later would undo what it does not know of. */
static int lock_directory(const char *directory, int *ret_fd)
{
	_cleanup_(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_ledger(struct ledger *ret_ledger, int *ret_lock_fd)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe)
	char path[LEDGER_PATH_SIZE - 32];
	char file[LEDGER_PATH_SIZE];
	int r;

	if (geteuid() == 0)
		(void)snprintf(path, sizeof(path), "/run/heapwatch-inspector");
	else if (runtime != NULL && runtime[0] == '/' && strlen(runtime) < sizeof(path) - 32)
		(void)snprintf(path, sizeof(path), "%s/heapwatch-inspector", runtime);
	else
		(void)snprintf(path, sizeof(path), "/tmp/heapwatch-inspector-%u", geteuid());
	if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
		return -errno;
	if (!is_private(path))
		return -EPERM;
	(void)snprintf(file, sizeof(file), "%s/ledger", path);
	r = lock_directory(path, ret_lock_fd);
	if (r == 0)
		r = ledger_open(file, ret_ledger);
	if (r == 0)
		opening_recover(PROCFS, ret_ledger); /* what stays open is in the log */
	return r;
}

/* ---- the command ---- */

static int watch_signals(sigset_t *ret_former, int *ret_fd)
{
	sigset_t signals;
	int fd;

	if (sigemptyset(&signals) < 0 || sigaddset(&signals, SIGINT) < 0 ||
	    sigaddset(&signals, SIGTERM) < 0 || sigaddset(&signals, SIGHUP) < 0)
		return -EINVAL;
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* Stopped by the terminal we would hold up the end of the process: only after it. */
	if (sigaddset(&signals, SIGTSTP) < 0 || sigprocmask(SIG_BLOCK, &signals, ret_former) < 0) {
		(void)close(fd);
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}

static int run(const struct inspect_request *request, struct ledger *ledger, char *reterr_message)
{
	_cleanup_(closep) int cancel_fd = -1;
	struct access_request access_request = {
	    .procfs_path = PROCFS,
	    .pid = request->pid,
	    .ledger = ledger,
	    .context = request->context,
	    .run = request->run,
	};
	struct access_outcome outcome;
	sigset_t former;
	int r = watch_signals(&former, &cancel_fd);

	if (r < 0) {
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE, "%s", strerror(-r));
		return r;
	}
	access_request.cancel_fd = cancel_fd;
	r = access_run(&access_request, &outcome);
	memcpy(reterr_message, outcome.message, ACCESS_MESSAGE_SIZE);
	if (outcome.was_asked && outcome.opening == OPENING_OPENED &&
	    outcome.closing >= CLOSING_BUSY)
		(void)fputs(
		    "heapwatch: the inspector stays open: another debugger is connected, or "
		    "it does not answer; the next run tries again\n",
		    stderr);
	(void)sigprocmask(SIG_SETMASK, &former, NULL); /* it was valid a moment ago */
	return r;
}

int inspect_process(const struct inspect_request *request, char reterr_message[ACCESS_MESSAGE_SIZE])
{
	_cleanup_(closep) int lock_fd = -1;
	struct ledger ledger;
	int r = request->may_signal ? open_ledger(&ledger, &lock_fd) : 0;

	if (r == -EBUSY) {
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE,
		               "another heapwatch has an inspector open by signal; try again when "
		               "it has ended");
		return r;
	}
	if (r < 0) {
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE,
		               "the ledger of inspectors cannot be read: %s", strerror(-r));
		return r;
	}
	return run(request, request->may_signal ? &ledger : NULL, reterr_message);
}
