// SPDX-License-Identifier: MIT
/*
 * The ledger of what was opened is in a directory that is gone with the boot, as are the
 * processes: $XDG_RUNTIME_DIR/heapwatch-inspector, of root /run/heapwatch-inspector.
 */
#include "tool/inspect.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/inspector/ledger.h"
#include "collectors/inspector/opening.h"
#include "collectors/inspector/subject.h"
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

static int open_ledger(struct ledger *ret_ledger)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe)
	char path[LEDGER_PATH_SIZE - 32];
	char file[LEDGER_PATH_SIZE];

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
	return ledger_open(file, ret_ledger);
}

static bool is_alive(void *context, const struct process_key *key)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	int r = subject_open(PROCFS, key->pid, &subject);

	(void)context;
	return r == 0 ? process_key_equal(&subject.key, key) : r != -ESRCH;
}

static int prepare_ledger(struct ledger *ret_ledger)
{
	int r = open_ledger(ret_ledger);

	if (r < 0)
		return r;
	ledger_prune(ret_ledger, is_alive, NULL);
	(void)opening_recover(PROCFS, ret_ledger); /* what stays open is in the log */
	return 0;
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
	if (sigprocmask(SIG_BLOCK, &signals, ret_former) < 0) {
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
	struct ledger ledger;
	int r = request->may_signal ? prepare_ledger(&ledger) : 0;

	if (r < 0) {
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE,
		               "the ledger of inspectors cannot be read: %s", strerror(-r));
		return r;
	}
	return run(request, request->may_signal ? &ledger : NULL, reterr_message);
}
