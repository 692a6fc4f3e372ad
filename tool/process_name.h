// SPDX-License-Identifier: MIT
/*
 * The process that an operand means: PID, or APP/SLOT as a heapwatchd on this host calls it.
 */
#ifndef HEAPWATCH_TOOL_PROCESS_NAME_H
#define HEAPWATCH_TOOL_PROCESS_NAME_H

#include <sys/types.h>

#define PROCESS_NAME_MESSAGE_SIZE 256
#define PROCESS_NAME_URL          "http://127.0.0.1:10765"

/*
 * -EINVAL: neither form, or no URL; -ESRCH: the process is not one of this host, or not visible
 * from here; -EIO: heapwatchd does not answer, or knows no such process. With a sentence in
 * message.
 */
int process_name_resolve(const char *text, const char *url, pid_t *ret_pid,
                         char reterr_message[PROCESS_NAME_MESSAGE_SIZE])
    __attribute__((warn_unused_result));

#endif
