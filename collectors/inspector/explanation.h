// SPDX-License-Identifier: MIT
/*
 * Which code holds the growth: call paths that grew from the first profile to the last, by the
 * function of the application that allocated. Pure.
 *
 * A place is named only with SITE_SAMPLES_MIN samples more than before: fewer come about by chance.
 * Shares are of the growth that was sampled; how fast the memory grows, the collections tell
 * better.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_EXPLANATION_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SITE_SAMPLES_MIN         10
#define EXPLANATION_SITES_MAX    10
#define EXPLANATION_STACK_MAX    32
#define EXPLANATION_NOTES_MAX    8
#define EXPLANATION_NOTE_SIZE    200
#define EXPLANATION_FRAME_SIZE   1100 /* two names that were cut, a line, and what is between */
#define EXPLANATION_BUFFER_RATIO 2.0  /* so many times the heap's growth is a leak of Buffers */

struct call_tree;

/* Strings are owned. */
struct explanation_site {
	char *function;
	char *script;  /* "" for what is no JavaScript */
	uint32_t line; /* of the function's declaration, from 1; 0: unknown */
	double share;  /* 0…1 of the growth that was sampled */
	uint64_t samples;
	/* Of the path that grew most: "function (script:line)", the site first, then its callers.
	 */
	char *stack[EXPLANATION_STACK_MAX];
	size_t stack_count;
};

struct explanation {
	pid_t pid;
	uint32_t thread; /* worker_threads.threadId; 0: the main thread */
	struct explanation_site sites[EXPLANATION_SITES_MAX]; /* best first */
	size_t site_count;
	double confidence; /* 0…1 that the first site holds what grows; 0 without a site */
	bool is_unnamed;   /* something grew, and not seen was which place in the application */
	char notes[EXPLANATION_NOTES_MAX][EXPLANATION_NOTE_SIZE];
	size_t note_count;
};

/* What grew meanwhile by the process's own account, 0 where it did not tell, and when it was. */
struct explanation_facts {
	double heap_growth_bytes;
	double external_growth_bytes; /* Buffers and what else is outside the heap */
	double first_part;            /* of the time, before the first profile; 0: unknown */
};

/* *ret is to be released by explanation_done() also when it has no site. -ENOMEM. */
int explanation_make(const struct call_tree *tree, const struct explanation_facts *facts,
                     struct explanation *ret_explanation) __attribute__((warn_unused_result));
void explanation_done(struct explanation *explanation);
/* One more note; beyond the maximum it is dropped, too long a one is cut. */
void explanation_note(struct explanation *explanation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
