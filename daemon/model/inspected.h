// SPDX-License-Identifier: MIT
/*
 * What the inspector tells of a process, brought together with what its log tells. A log knows more
 * of a collection (what was in use before it, and the reason): where it speaks, the inspector's
 * collections are not counted; its levels always are.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_INSPECTED_H
#define HEAPWATCH_DAEMON_MODEL_INSPECTED_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

struct isolate;
struct process;

/* Whose collections are counted now, and which of them are counted already. */
struct inspected {
	uint64_t log_gc_ns; /* of the last collection that a log told; 0: none */
	/* The collections that were counted from the inspector, by time and by the main isolate's
	 * clock; all 0: none. */
	uint64_t since_ns;
	uint64_t until_ns;
	uint64_t since_uptime_ns;
	uint64_t until_uptime_ns;
};

/*
 * The isolate that a log or the inspector calls so, made when it is new. NULL without memory, or
 * where a log knows better.
 */
struct isolate *process_named_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                      uint64_t uptime_ns);
/* True when a collection is to be counted. isolate: whose it is. */
bool inspected_counts(struct process *process, const struct isolate *isolate, uint64_t at_ns,
                      const struct gc_event *event);

void process_add_level(struct process *process, uint64_t at_ns, const struct heap_level *level);
#endif
