// SPDX-License-Identifier: MIT
/*
 * The ledger of what was opened is in a directory that is gone with the boot, as are the
 * processes: $XDG_RUNTIME_DIR/heapwatch, of root /run/heapwatch-inspector.
 */
#include "tool/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/inspector/find.h"
#include "collectors/inspector/ledger.h"
#include "collectors/inspector/opening.h"
#include "collectors/inspector/subject.h"
#include "lib/cleanup.h"

#define PROCFS "/proc"

static int say(char *reterr_message, int r, const char *text)
{
	(void)snprintf(reterr_message, INSPECT_MESSAGE_SIZE, "%s", text);
	return r;
}

/* ---- one that is open ---- */

static int find(pid_t pid, struct find_result *ret_found)
{
	_cleanup_(closep) int proc_fd = open(PROCFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return -errno;
	find_candidates(proc_fd, pid, ret_found);
	return ret_found->error;
}

static int run_attached(const struct inspect_request *request, const struct subject *subject,
                        struct inspect_access *access, char *reterr_message)
{
	struct find_result found = {.candidate_count = 0};
	size_t i;
	int r = find(request->pid, &found);

	if (r < 0)
		return say(reterr_message, r, strerror(-r));
	r = say(reterr_message, -ECONNREFUSED,
	        "no inspector is open on loopback; start it with --inspect");
	for (i = 0; i < found.candidate_count && r == -ECONNREFUSED; i++) {
		access->address = found.candidates[i].address;
		access->address.network_fd = subject->network_fd;
		r = request->run(request->context, access, reterr_message);
	}
	return r;
}

/* ---- one that is opened by signal ---- */

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

static int run_opened(const struct inspect_request *request, const struct subject *subject,
                      struct inspect_access *access, char *reterr_message)
{
	struct ledger ledger;
	struct opening opening = {
	    .procfs_path = PROCFS, .ledger = &ledger, .subject = subject, .lock_fd = -1};
	enum opening_result result;
	int r = open_ledger(&ledger);

	if (r < 0)
		return say(reterr_message, r, "the ledger of inspectors cannot be read");
	ledger_prune(&ledger, is_alive, NULL);
	(void)opening_recover(PROCFS, &ledger); /* what stays open is in the log */
	result = opening_begin(&opening);
	if (result != OPENING_OPENED)
		return say(reterr_message, -EPERM, opening_result_text(result));
	access->address = opening.address;
	r = request->run(request->context, access, reterr_message);
	if (opening_end(&opening) >= CLOSING_BUSY)
		(void)fputs(
		    "heapwatch: the inspector stays open: another debugger is connected, or "
		    "it does not answer; the next run tries again\n",
		    stderr);
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
	if (sigprocmask(SIG_BLOCK, &signals, ret_former) < 0) {
		(void)close(fd);
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}

int inspect_process(const struct inspect_request *request,
                    char reterr_message[INSPECT_MESSAGE_SIZE])
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	_cleanup_(closep) int cancel_fd = -1;
	struct inspect_access access = {.pid = request->pid};
	sigset_t former;
	int r = subject_open(PROCFS, request->pid, &subject);

	if (r < 0)
		return say(reterr_message, r, r == -ESRCH ? "no such process" : strerror(-r));
	r = watch_signals(&former, &cancel_fd);
	if (r < 0)
		return say(reterr_message, r, strerror(-r));
	access.inner_pid = subject.inner_pid;
	access.cancel_fd = cancel_fd;
	r = run_attached(request, &subject, &access, reterr_message);
	if (r == -ECONNREFUSED && request->may_signal)
		r = run_opened(request, &subject, &access, reterr_message);
	(void)sigprocmask(SIG_SETMASK, &former, NULL); /* it was valid a moment ago */
	return r;
}
