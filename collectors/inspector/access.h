// SPDX-License-Identifier: MIT
/*
 * The inspector of one process for as long as somebody needs it: one that is open, else, where that
 * is allowed, one that is opened by signal and closed again. Blocks: for the tool, or a job of the
 * pool.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_ACCESS_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_ACCESS_H

#include <sys/types.h>

#include "collectors/inspector/opening.h"
#include "collectors/inspector/wire.h"

#define ACCESS_MESSAGE_SIZE 256

struct ledger;
struct process_key;

struct access {
	pid_t pid;       /* as we see it */
	pid_t inner_pid; /* as it sees itself */
	struct inspector_address address;
	int cancel_fd; /* as in the request */
};

struct access_request {
	const char *procfs_path;
	pid_t pid;
	const struct process_key *key; /* NULL: whoever has the pid */
	struct ledger *ledger;         /* for openings by signal; NULL: none */
	int cancel_fd;                 /* readable: give up; -1: none */
	void *context;
	/*
	 * 0, or a negative errno with a sentence in reterr_message. -ECONNREFUSED: this was no
	 * inspector of the process, and another address is tried.
	 */
	int (*run)(void *context, const struct access *access,
	           char reterr_message[ACCESS_MESSAGE_SIZE]);
};

struct access_outcome {
	bool was_asked; /* by signal, or refused to be; then these two count */
	enum opening_result opening;
	enum closing_result closing;
	char message[ACCESS_MESSAGE_SIZE]; /* whenever the result is negative */
};

/* As run(); -ESRCH: no such process; -EPERM: it may not be asked. */
int access_run(const struct access_request *request, struct access_outcome *ret_outcome)
    __attribute__((warn_unused_result));

#endif
