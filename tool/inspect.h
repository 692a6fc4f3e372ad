// SPDX-License-Identifier: MIT
/*
 * The inspector of one process for a command: one that is open, else, where that is allowed, one
 * that is opened by signal and closed again, also when the command is interrupted.
 */
#ifndef HEAPWATCH_TOOL_INSPECT_H
#define HEAPWATCH_TOOL_INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "collectors/inspector/access.h"

struct inspect_request {
	pid_t pid;
	bool may_signal;
	void *context;
	/* As of struct access_request; cancel_fd is readable when the user wants it to end. */
	int (*run)(void *context, const struct access *access,
	           char reterr_message[ACCESS_MESSAGE_SIZE]);
};

/* As access_run(); the message is set whenever the result is negative. */
int inspect_process(const struct inspect_request *request, char reterr_message[ACCESS_MESSAGE_SIZE])
    __attribute__((warn_unused_result));

#endif
