// SPDX-License-Identifier: MIT
/*
 * Records whose process is not known yet: a process prints its first lines before it is discovered.
 * Kept in order, few, and not for long. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_HELD_H
#define HEAPWATCH_COLLECTORS_GCLOG_HELD_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/gclog/attribute.h"
#include "collectors/gclog/parse.h"

#define HELD_MAX    ((size_t)4096)
#define HELD_PASSES 3

/* What a line said, with all that is needed to hand it on later. */
struct held_record {
	struct line_origin origin;
	struct gc_event event; /* of an incident only isolate is set */
	enum heap_incident incident;
	struct heap_sample part;
	uint64_t life;            /* in its file; 0: unknown */
	enum gclog_result result; /* GCLOG_GC, GCLOG_INCIDENT or GCLOG_HEAP: what is set */
	bool is_live;
	bool is_trace_event;
	uint64_t written_ns; /* boot time, as the wrapper of the line says; 0: it does not */
	unsigned passes;
};

struct held {
	struct held_record *records;
	size_t count;
	size_t capacity;
};

/* Returns how many records were lost for it: the oldest at the limit, itself without memory. */
size_t held_push(struct held *held, const struct held_record *record);
/* Offers every record, oldest first; those that deliver() takes are gone. */
void held_offer(struct held *held, bool (*deliver)(void *context, const struct held_record *record),
                void *context);
/* Calls for those whose last pass this is. */
void held_visit_last(const struct held *held,
                     void (*visit)(void *context, const struct held_record *record), void *context);
/* One pass over; returns how many records waited too long and are gone. */
size_t held_pass(struct held *held);
void held_done(struct held *held);

#endif
