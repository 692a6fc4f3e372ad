// SPDX-License-Identifier: MIT
/*
 * The inspector of one process for a command: one that is open, else, where that is allowed, one
 * that is opened by signal and closed again, also when the command is interrupted.
 */
#ifndef HEAPWATCH_TOOL_INSPECT_H
#define HEAPWATCH_TOOL_INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "collectors/inspector/wire.h"

#define INSPECT_MESSAGE_SIZE 256

struct inspect_access {
	pid_t pid;       /* as we see it */
	pid_t inner_pid; /* as it sees itself */
	struct inspector_address address;
	int cancel_fd; /* readable: the user wants it to end */
};

struct inspect_request {
	pid_t pid;
	bool may_signal;
	void *context;
	/*
	 * 0, or a negative errno with a sentence in reterr_message. -ECONNREFUSED: this was no
	 * inspector of the process, and another address is tried.
	 */
	int (*run)(void *context, const struct inspect_access *access,
	           char reterr_message[INSPECT_MESSAGE_SIZE]);
};

/* As run(). The message is set whenever the result is negative. */
int inspect_process(const struct inspect_request *request,
                    char reterr_message[INSPECT_MESSAGE_SIZE]) __attribute__((warn_unused_result));

#endif
