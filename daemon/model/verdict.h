// SPDX-License-Identifier: MIT
/*
 * What is held true of a process: the value type that scoring writes and everyone else reads.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_VERDICT_H
#define HEAPWATCH_DAEMON_MODEL_VERDICT_H

#include <stddef.h>
#include <stdint.h>

enum leak_state {
	LEAK_STATE_WARMUP,       /* too young to say anything */
	LEAK_STATE_INSUFFICIENT, /* old enough, but too little was seen (too few full collections)
	                          */
	LEAK_STATE_STABLE,
	LEAK_STATE_FILLING, /* grows, but slowing down or not for long enough */
	LEAK_STATE_STEP,    /* a higher plateau */
	LEAK_STATE_LOAD,    /* follows the load */
	LEAK_STATE_SUSPECTED,
	LEAK_STATE_LEAK,
	LEAK_STATE_THRASH, /* V8 collects back to back near its limit */
	LEAK_STATE_COUNT
};

enum leak_kind {
	LEAK_KIND_NONE,
	LEAK_KIND_JS_HEAP,
	LEAK_KIND_LARGE_OBJECT,
	LEAK_KIND_EXTERNAL,
	LEAK_KIND_NATIVE,
	LEAK_KIND_CODE,
	LEAK_KIND_FRAGMENTATION,
	LEAK_KIND_THREADS,
	LEAK_KIND_UNKNOWN,
	LEAK_KIND_COUNT
};

const char *leak_state_name(enum leak_state state);
const char *leak_kind_name(enum leak_kind kind);

#define EVIDENCE_MAX       8
#define EVIDENCE_TEXT_SIZE 240

struct verdict {
	double score;      /* 0…1 */
	double confidence; /* 0…1: sufficiency of the evidence */
	enum leak_state state;
	enum leak_kind kind; /* LEAK_KIND_NONE below a score of 0.5 */
	/* Of the signal that decided; bytes per second of real time, 90 % interval. 0 when unknown.
	 */
	double growth_bytes_per_second;
	double growth_lower_bytes_per_second;
	double growth_upper_bytes_per_second;
	/* Seconds of real time; INFINITY when it is not coming. p10 is the earliest. */
	double exhaustion_p10_seconds;
	double exhaustion_p50_seconds;
	double exhaustion_p90_seconds;
	uint64_t onset_ns; /* boot-time clock; 0: none */
	uint64_t at_ns;    /* of this evaluation; 0: never evaluated */
};

#endif
