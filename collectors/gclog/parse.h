// SPDX-License-Identifier: MIT
/*
 * What V8's --trace-gc and its sisters print, one line at a time: pure, no allocation, no locale,
 * no clock. Understands the text lines of Node 0.8 to 26 (families A to K, gcline.c) and those of
 * --trace-gc-nvp (nvpline.c) wherever in a line they start, "FATAL ERROR: … out of memory", and
 * what is said of marking and of the parts of the heap (factline.c). Not: the wrappers of container
 * logs, which stream.h takes off before.
 *
 *	struct gclog_parser parser = {0};            one per stream: it remembers quoted blocks
 *	size_t at = 0;
 *	do
 *		switch (gclog_parse(&parser, line, length, &at, &record)) …
 *	while (at < length);
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_PARSE_H
#define HEAPWATCH_COLLECTORS_GCLOG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

enum gclog_result {
	GCLOG_OTHER, /* nothing of V8's, or something that is no collection */
	GCLOG_GC,
	GCLOG_INCIDENT,
	GCLOG_HEAP,   /* the size of a part of the heap */
	GCLOG_TORN,   /* begins as a GC line and breaks off before its figures are whole */
	GCLOG_REPEAT, /* in "Last few GCs": V8 printed it before */
	GCLOG_RESULT_COUNT
};

/* Families that are no text line. */
#define GCLOG_FAMILY_NVP          'N' /* name=value */
#define GCLOG_FAMILY_JSON         'O' /* "GC: {…}" */
#define GCLOG_FAMILY_TRACE_EVENTS 'T' /* trace_events.h */

/* Strings point into the line, without blanks and punctuation around them. */
struct gclog_record {
	pid_t pid;   /* as printed: of the innermost pid namespace; 0 when not printed */
	char family; /* 'A' … 'K' or as above, how the line is built; 0: no collection */
	struct gc_event event;   /* GCLOG_GC and GCLOG_REPEAT; of the others only isolate is set */
	uint64_t embedder_ns;    /* part of the pause spent in callbacks of the embedder */
	uint64_t incremental_ns; /* marking on the main thread before this pause */
	const char *reason;
	size_t reason_length;
	const char *collector; /* why it became a full collection */
	size_t collector_length;
	enum heap_incident incident; /* GCLOG_INCIDENT */
	struct heap_sample part;     /* GCLOG_HEAP */
};

#define GCLOG_HEAD_MAX 40
#define GCLOG_TAIL_MAX 128

/* Of the latest GC line, what the next one may say again: gcecho.h. */
struct gclog_echo {
	char head[GCLOG_HEAD_MAX];
	size_t head_length; /* 0: none yet */
	pid_t pid;
	uint64_t isolate;
	char tail[GCLOG_TAIL_MAX];
	size_t tail_length;
	size_t tail_used; /* of it, by the line */
	unsigned tail_shape;
	bool is_last_resort;
	bool is_scavenge_might_not_succeed;
	bool is_external_pressure;
	double average_mutator_utilization;
	double current_mutator_utilization;
	size_t reason_at; /* in the tail */
	size_t reason_length;
	size_t collector_at;
	size_t collector_length;
};

/* Zero-initialised. Opaque but for its size. */
struct gclog_parser {
	size_t repeat_budget_bytes; /* of the "Last few GCs" block being read; 0: in none */
	pid_t repeat_pid;           /* whose block: of its first entry */
	uint64_t repeat_isolate;
	pid_t last_pid; /* of the latest collection, for incidents that name no process */
	uint64_t last_isolate;
	struct gclog_echo echo;
};

/*
 * Reads the next record of a line (without its newline) from *at on, and moves *at behind what was
 * used, at last to length. *ret_record is of no use after GCLOG_OTHER and GCLOG_TORN.
 */
enum gclog_result gclog_parse(struct gclog_parser *parser, const char *line, size_t length,
                              size_t *at, struct gclog_record *ret_record);

/* True when a line begins as the latest GC line did, by pid and isolate: it is in no wrapper then,
 * and wants gclog_parse(). */
bool gclog_is_next(const struct gclog_parser *parser, const char *line, size_t length);
/*
 * The first place from text on where something of V8's may stand, in as many lines as there are;
 * NULL: nowhere. A line that holds none needs no gclog_parse() but a gclog_pass_over().
 */
const char *gclog_find_hint(const char *text, const char *end);
void gclog_pass_over(struct gclog_parser *parser, size_t length);

/* Versions of Node that print a family: "20, 21"; "" for an unknown letter. */
const char *gclog_family_versions(char family);

#endif
