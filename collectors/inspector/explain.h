// SPDX-License-Identifier: MIT
/*
 * Samples what a process allocates, by V8's sampling heap profiler, in its main thread and up to
 * eight workers, and explains what stays in the one that grew most. Blocks for the time that it
 * samples: for the tool, or a job of the pool.
 *
 * What it costs the process: a full collection in the end, after which V8 compiles again what it
 * forgot, and a sample of the stack for each interval of allocated bytes. The interval is the
 * larger of two. One follows the rate of allocation, so that a busy process is not sampled more
 * often than EXPLAIN_SAMPLES_PER_SECOND, and, if all of it stayed, a profile would list no more
 * than EXPLAIN_SAMPLES_MAX: four values each, of CDP_VALUES_MAX. The other one follows the growth,
 * where it is known: more than EXPLAIN_SAMPLES_WANTED that stay tell nothing more. A process that
 * becomes much busier meanwhile is sampled anew with a larger one, twice at most; one that was busy
 * with its start is sampled anew with a smaller one, once.
 *
 * Where nothing of the application can be named, since V8 inlined it, sampling takes twice as long:
 * optimised code is thrown away in between (sampler_forget_code()).
 *
 * There is one sampler in an isolate: whoever samples it at the same time is stopped with ours.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_EXPLAIN_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/inspector/explanation.h"
#include "collectors/inspector/session.h"

#define EXPLAIN_INTERVAL_MIN_BYTES UINT64_C(1024)
#define EXPLAIN_INTERVAL_MAX_BYTES (UINT64_C(512) * 1024)
#define EXPLAIN_SAMPLES_PER_SECOND 500.0
#define EXPLAIN_SAMPLES_MAX        48000.0
#define EXPLAIN_SAMPLES_WANTED     1000.0
#define EXPLAIN_MESSAGE_SIZE       256

struct call_tree;

struct explain_progress {
	uint64_t elapsed_ns;
	uint64_t duration_ns;
	uint64_t heap_used_bytes;
	uint64_t external_bytes;
};

struct explain_options {
	pid_t pid; /* as heapwatch sees it */
	struct inspector_address address;
	pid_t inner_pid;                /* as it sees itself */
	uint64_t duration_ns;           /* of sampling, once */
	double growth_bytes_per_second; /* of the heap, at least; 0: unknown */
	int cancel_fd;                  /* readable: give up; -1: none */
	void *context;
	/* About every second; may be NULL. */
	void (*progress)(void *context, const struct explain_progress *progress);
};

struct explain_result {
	struct explanation explanation;
	struct call_tree *tree; /* owned */
	uint64_t interval_bytes;
};

/*
 * 0, or a negative errno with a sentence in reterr_message: -ECANCELED; -EBUSY: there is another
 * debugger and the version allows one; -ESRCH: it is another process, or it ended; else what went
 * wrong with the conversation.
 */
int explain_run(const struct explain_options *options, struct explain_result *ret_result,
                char reterr_message[EXPLAIN_MESSAGE_SIZE]) __attribute__((warn_unused_result));
void explain_result_done(struct explain_result *result);

/* What a process does with its heap; 0: unknown. */
struct explain_rates {
	double allocated_bytes_per_second;
	double growth_bytes_per_second;
};

/* A power of two. duration_ns: not 0. Pure. */
uint64_t explain_interval(const struct explain_rates *rates, uint64_t duration_ns);

#endif
