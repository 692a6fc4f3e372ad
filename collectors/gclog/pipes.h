// SPDX-License-Identifier: MIT
/*
 * Logs that are no files: a FIFO that the configuration names, and heapwatchd's own standard input.
 * Read as soon as something is in them, since who writes waits once they are full.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_PIPES_H
#define HEAPWATCH_COLLECTORS_GCLOG_PIPES_H

#define PIPE_STDIN "-" /* the pattern that stands for the standard input */

struct log_file;
struct reader;

/*
 * Calls on_ready() whenever the pipe, which is not read here, holds something. -EINVAL: no FIFO.
 * -EACCES: a FIFO must be writable, too: held open for writing, it neither ends nor breaks when one
 * writer goes and the next comes. -EMFILE, -ENOMEM.
 */
int pipe_follow(struct reader *reader, const char *path,
                void (*on_ready)(void *owner, struct log_file *file), void *owner)
    __attribute__((warn_unused_result));

#endif
