// SPDX-License-Identifier: MIT
/*
 * Plays a recording through the model and the scoring of the daemon, in the order of time: GC logs,
 * optionally the arrival time of each of their lines, optionally a CSV of /proc samples. What is
 * read is streamed; memory depends on the number of processes and isolates only (and, up to a
 * bound, on the number of pauses, for their exact quantiles).
 */
#ifndef HEAPWATCH_TOOL_REPLAY_H
#define HEAPWATCH_TOOL_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/gclog/stream.h"
#include "daemon/model/process.h"
#include "tool/heaps.h"

struct replay_options {
	const char *proc_path;  /* NULL: none */
	const char *times_path; /* NULL: V8's own clock of each isolate */
	double time_scale;
	uint64_t heap_limit_bytes;   /* 0: unknown */
	uint64_t memory_limit_bytes; /* 0: unknown */
	/* After each evaluation of the process that is watched; causal. May be NULL. */
	void (*evaluated)(void *context, uint64_t at_ms, const struct process *process);
	/* Now and then while a file is read; size_bytes 0: not known. May be NULL. */
	void (*progress)(void *context, const char *path, uint64_t read_bytes, uint64_t size_bytes);
	void *context;
};

struct replay;

struct replay *replay_new(const struct replay_options *options);
struct replay *replay_free(struct replay *replay);
/*
 * "-" is the standard input. Negative errno with a message for the user on failure; positive with a
 * warning when a part of the file could not be read.
 */
int replay_file(struct replay *replay, const char *path, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));
/* The rest of the /proc samples, and the last word on everything. */
int replay_finish(struct replay *replay, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));

const struct stream_counts *replay_counts(const struct replay *replay);
const struct heap_table *replay_heaps(const struct replay *replay);
/* The watched process: that of the last /proc sample, else the one that leaks most. NULL: none. */
const struct process *replay_process(const struct replay *replay);
/* Nanoseconds since 1970, as log collectors noted them; 0: they did not. */
uint64_t replay_wall_ns(const struct replay *replay, uint64_t at_ns);

#endif
