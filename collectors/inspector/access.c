// SPDX-License-Identifier: MIT
#include "collectors/inspector/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/find.h"
#include "collectors/inspector/ledger.h"
#include "collectors/inspector/subject.h"
#include "lib/cleanup.h"

static int say(struct access_outcome *outcome, int r, const char *text)
{
	(void)snprintf(outcome->message, sizeof(outcome->message), "%s", text);
	return r;
}

static int find(const struct access_request *request, struct find_result *ret_found)
{
	_cleanup_(closep) int proc_fd =
	    open(request->procfs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return -errno;
	find_candidates(proc_fd, request->pid, ret_found);
	return ret_found->error;
}

/* Its own listeners, until one of them is its inspector. */
static int run_attached(const struct access_request *request, const struct subject *subject,
                        struct access *access, struct access_outcome *outcome)
{
	struct find_result found = {.candidate_count = 0};
	size_t i;
	int r = find(request, &found);

	if (r < 0)
		return say(outcome, r, strerror(-r));
	r = say(outcome, -ECONNREFUSED,
	        "no inspector is open on loopback; start it with --inspect");
	for (i = 0; i < found.candidate_count && r == -ECONNREFUSED; i++) {
		access->address = found.candidates[i].address;
		access->address.network_fd = subject->network_fd;
		r = request->run(request->context, access, outcome->message);
	}
	return r;
}

static int run_opened(const struct access_request *request, const struct subject *subject,
                      struct access *access, struct access_outcome *outcome)
{
	struct opening opening = {.procfs_path = request->procfs_path,
	                          .ledger = request->ledger,
	                          .subject = subject,
	                          .lock_fd = -1};
	int r;

	outcome->was_asked = true;
	outcome->opening = opening_begin(&opening);
	if (outcome->opening != OPENING_OPENED)
		return say(outcome, -EPERM, opening_result_text(outcome->opening));
	access->address = opening.address;
	r = request->run(request->context, access, outcome->message);
	outcome->closing = opening_end(&opening);
	return r;
}

int access_run(const struct access_request *request, struct access_outcome *ret_outcome)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	struct access access = {.pid = request->pid, .cancel_fd = request->cancel_fd};
	struct access_outcome outcome = {.was_asked = false};
	int r = subject_open(request->procfs_path, request->pid, &subject);

	if (r == 0 && request->key != NULL && !process_key_equal(request->key, &subject.key))
		r = -ESRCH;
	if (r < 0) {
		r = say(&outcome, r, r == -ESRCH ? "no such process" : strerror(-r));
	} else {
		access.inner_pid = subject.inner_pid;
		r = run_attached(request, &subject, &access, &outcome);
		if (r == -ECONNREFUSED && request->ledger != NULL)
			r = run_opened(request, &subject, &access, &outcome);
	}
	*ret_outcome = outcome;
	return r;
}
