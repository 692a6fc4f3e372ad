// SPDX-License-Identifier: MIT
/*
 * The signals of a process, each judged alone by the one engine of terms.h: the floor of each heap,
 * the memory outside V8, external memory where a source tells of it, what V8 committed and does not
 * use, the threads. Page cache and shared memory are none.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_SIGNALS_H
#define HEAPWATCH_DAEMON_SCORING_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/process.h"
#include "daemon/scoring/scoring.h"
#include "daemon/scoring/terms.h"

enum signal_source {
	SIGNAL_FLOOR,     /* used after full collections */
	SIGNAL_OUTSIDE,   /* anonymous memory less what V8 committed */
	SIGNAL_ANONYMOUS, /* all of it, where no GC source tells V8's part */
	SIGNAL_THREADS,
	SIGNAL_EXTERNAL, /* Buffers and ArrayBuffers, as V8 counts them */
	SIGNAL_UNUSED    /* committed less used, after full collections */
};

struct signal {
	enum signal_source source;
	const struct isolate *isolate; /* whose signal it is; NULL: the process's own */
	enum leak_kind kind;           /* what leaks if this is a leak */
	bool is_dying;                 /* V8 collects in vain and is about to give up */
	bool is_dead;                  /* V8 said that it is out of memory */
	double limit_bytes;            /* that the signal itself runs into; 0: none known */
	uint64_t full_collections;     /* of its isolate */
	struct judgement judgement;
};

/*
 * The signal that speaks most for a leak. False when there is nothing to judge at all. What the
 * process has grown to and kept goes into the experience of its app.
 */
bool signals_judge(const struct process *process, uint64_t now_ns,
                   const struct scoring_options *options, struct signal *ret_best);

/* When the rise of the signal began, on the boot-time clock. */
uint64_t signals_rise_ns(const struct process *process, const struct signal *signal,
                         const struct scoring_options *options);

/* The trend of the signal over all that is known of it, per second of production; bytes only. */
bool signals_long_trend(const struct process *process, const struct signal *signal,
                        const struct scoring_options *options, struct trend *ret_trend);

/* A number by which the same signal of the process is known again. */
uint64_t signals_number(const struct signal *signal);
/*
 * The lowest value of the signal in the last seconds of production before now, or its last value
 * when there is none. False when the process has no such signal any more.
 */
bool signals_recent_floor(const struct process *process, uint64_t number, double seconds,
                          uint64_t now_ns, const struct scoring_options *options,
                          double *ret_level);

/* Seconds of production from the birth of the process until then; 0 before it. */
double production_seconds(const struct process *process, uint64_t at_ns, double time_scale);

#endif
