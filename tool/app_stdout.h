// SPDX-License-Identifier: MIT
/*
 * What an application gets as stdout instead of ours, and the way to ours: a pipe for a pipe or a
 * file, a pseudo-terminal of the same size and settings for a terminal. The terminal itself stays
 * what controls the application; stdin and stderr are untouched.
 */
#ifndef HEAPWATCH_TOOL_APP_STDOUT_H
#define HEAPWATCH_TOOL_APP_STDOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct app_stdout {
	int source; /* what the application writes comes out here; never blocks */
	int target; /* the application's end */
	bool is_terminal;
	bool is_private; /* our stdout never blocks; else it is written to in small pieces */
};

int app_stdout_open(struct app_stdout *channel) __attribute__((warn_unused_result));
/* The terminal has another size. */
void app_stdout_resize(const struct app_stdout *channel);
/*
 * Replaces our own stdout, which others may share, by one that can be set not to block. Call it
 * when the application has its own.
 */
void app_stdout_take(struct app_stdout *channel);
/* Writes what our stdout takes without blocking, after poll(2) said that it does. */
ssize_t app_stdout_write(const struct app_stdout *channel, const char *bytes, size_t length);
/* Our reader is gone, or the application closed its end: the other one shall know. */
void app_stdout_close_source(struct app_stdout *channel);
void app_stdout_close_own(void);

#endif
