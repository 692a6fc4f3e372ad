// SPDX-License-Identifier: MIT
/*
 * V8's sampling heap profiler in one isolate of a process: its main thread, or a worker thread.
 *
 * A worker that ends, sleeps or answers otherwise than expected is lost, which is no error: calls
 * to a sampler that is lost do nothing. Errors are those of dialogue_call().
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SAMPLER_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#define SAMPLER_WORKER_SIZE 32

struct call_tree;
struct dialogue;

struct sampler_usage {
	uint64_t heap_bytes;
	uint64_t external_bytes; /* outside the heap: Buffers and the like */
};

struct sampler {
	struct dialogue *dialogue;        /* borrowed */
	char worker[SAMPLER_WORKER_SIZE]; /* NodeWorker's sessionId; "": the main thread */
	uint64_t timeout_ns;              /* of a call but for profiles */
	uint32_t thread;                  /* worker_threads.threadId; 0: the main thread */
	struct call_tree *tree;           /* owned; NULL before sampling */
	uint64_t interval_bytes;
	uint64_t floor_bytes; /* the least interval that does, since it was busy once */
	unsigned busy_count;  /* of looks in a row, for this interval */
	unsigned idle_count;
	uint64_t risen_bytes; /* of the heap, between looks */
	struct sampler_usage now;
	uint64_t least_external_bytes; /* of the looks up to the first moment */
	bool is_past_first;            /* moment */
	bool is_covered;               /* code coverage is collected */
	bool is_lost;
};

/* Which thread it is. */
int sampler_identify(struct sampler *sampler) __attribute__((warn_unused_result));
/* What is used now, to sampler->now; rises of the heap add up. */
int sampler_look(struct sampler *sampler) __attribute__((warn_unused_result));
/* What was sampled before is forgotten. -ENOMEM: also without a tree. */
int sampler_start(struct sampler *sampler, uint64_t interval_bytes)
    __attribute__((warn_unused_result));
/* Whether Node collects code coverage, to sampler->is_covered: that would be lost. */
int sampler_find_coverage(struct sampler *sampler) __attribute__((warn_unused_result));
/*
 * Has V8 throw away its optimised code once, so that functions that it inlined are on the stack
 * until it compiles them again: V8 does so before it counts calls precisely
 * (Coverage::SelectMode in src/debug/debug-coverage.cc), and walks the heap for it, which takes as
 * long as a full collection. Where it refuses nothing happens.
 */
int sampler_forget_code(struct sampler *sampler) __attribute__((warn_unused_result));
/*
 * The first of the two moments that are compared. It is marked, by what the process allocates for
 * us: six times the interval, until the session ends. Versions before Node 12, which do not tell
 * the order of samples, give a profile instead, for which they collect all garbage; Node 8, which
 * only gives the last one, does nothing.
 */
int sampler_mark(struct sampler *sampler) __attribute__((warn_unused_result));
/* The second one: the profile, for which V8 collects all garbage; sampling ends with it. */
int sampler_finish(struct sampler *sampler) __attribute__((warn_unused_result));
/* While an inspector is open V8 keeps what the application logs; let go of it. */
int sampler_discard_console(struct sampler *sampler) __attribute__((warn_unused_result));

/* Between the moments, as it was sampled; may be negative. */
double sampler_heap_growth_bytes(const struct sampler *sampler);
/* From the least before the first moment to the last look, after the collection. */
double sampler_external_growth_bytes(const struct sampler *sampler);

/* Frees the tree; another sampling may begin. */
void sampler_done(struct sampler *sampler);

#endif
