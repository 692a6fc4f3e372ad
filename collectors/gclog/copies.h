// SPDX-License-Identifier: MIT
/*
 * Copies of followed files, as logrotate's copytruncate, pm2-logrotate and people make them. What
 * was appended to a file right before it was truncated is in its copy alone: it is read there
 * first. And what is read in the file is not read in the copy again when a pattern matches that,
 * too.
 *
 * A copy is known by its name, which begins with that of its file ("app.log.1", "app.log-20261122",
 * "app__2026-11-22.log" of app.log), by the same head, and by the same bytes at other places. One
 * that is followed itself may have any name, in any directory: its head tells.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_COPIES_H
#define HEAPWATCH_COLLECTORS_GCLOG_COPIES_H

#include <stdbool.h>
#include <stddef.h>

struct log_file;
struct log_files;
struct tail;

/*
 * Looks at the file. Positive: there is something to read; 0: nothing; negative errno. When it was
 * truncated, it has a copy from then on if there is one, and what was seen and not read is lost
 * else. In a file that is itself a copy there is nothing to read, as long as it is one.
 */
int copies_look(struct log_files *files, struct log_file *file) __attribute__((warn_unused_result));
/* What is read next is not of the file itself but of its copy. */
bool copies_are_due(const struct log_file *file);
/* Reads at most one buffer, of the copy first, as tail_read() does. */
int copies_read(struct log_files *files, struct log_file *file, char *buffer, size_t size)
    __attribute__((warn_unused_result));
/* There is a copy that is due, or a line that begins in it waits for its end. */
bool copies_are_needed(const struct log_file *file);
/* The file as it was before it was truncated, while its copy is needed: kept so over a restart, it
 * is met as truncated again. */
struct tail copies_before(const struct log_file *file);
void copies_drop(struct log_file *file);

#endif
