// SPDX-License-Identifier: MIT
/*
 * The file that "heapwatch run" writes GC lines to: PID.log in the first directory of those that
 * heapwatchd follows by default where a file can be made, or a file of the user's choice.
 *
 * /run is memory: in a default directory a log that reaches its limit is renamed to PID.log.1,
 * whose end heapwatchd still reads, and begun anew. While it is written it is locked (flock), so
 * that logs of other pid namespaces are not taken for old ones in a directory shared between them.
 * It stays when the process ends, for its last words; a later run removes those that nobody wrote
 * to lately.
 */
#ifndef HEAPWATCH_TOOL_GC_LOG_H
#define HEAPWATCH_TOOL_GC_LOG_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GC_LOG_DIRECTORY   "/run/heapwatch/gc"
#define GC_LOG_LIMIT_BYTES (UINT64_C(2) << 20) /* 16,000 collections; twice that is in use */
#define GC_LOG_NAME_SIZE   32

struct gc_log {
	int directory_fd; /* -1: a file of the user's choice */
	int fd;
	char name[GC_LOG_NAME_SIZE]; /* in the directory */
	char path[PATH_MAX];         /* of the directory or the file, for messages */
	uint64_t size_bytes;
	int error; /* of the first line that could not be written, or 0 */
};

/*
 * Opens the file for appending; path NULL: finds a directory. Negative errno with a message for the
 * user.
 */
int gc_log_open(struct gc_log *log, const char *path, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));
/* Begins the log of that process, when it is in a default directory. */
int gc_log_begin(struct gc_log *log, pid_t pid) __attribute__((warn_unused_result));
/* Whole lines. What cannot be written is lost; log->error says why. Never blocks. */
void gc_log_write(struct gc_log *log, const char *lines, size_t length);
void gc_log_done(struct gc_log *log);

#endif
