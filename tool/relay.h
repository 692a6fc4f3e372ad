// SPDX-License-Identifier: MIT
/*
 * Moves what an application writes to our stdout, and V8's trace in it to the GC log. Holds at most
 * one chunk: an application whose reader is slow waits as it would without us. What may be the
 * start of a trace line is held for a moment only, for it may be a prompt.
 */
#ifndef HEAPWATCH_TOOL_RELAY_H
#define HEAPWATCH_TOOL_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/app_stdout.h"
#include "tool/gc_filter.h"
#include "tool/gc_log.h"
#include "tool/traced_pids.h"

#define RELAY_CHUNK_BYTES ((size_t)64 * 1024)
#define RELAY_HOLD_NS     UINT64_C(100000000)

struct relay {
	struct app_stdout channel;
	struct gc_log log;
	struct traced_pids pids;
	struct gc_filter filter;
	uint64_t release_at_ns; /* 0: nothing is held */
	size_t output_done;     /* of output, already written */
	size_t output_length;
	size_t lines_length;
	char output[RELAY_CHUNK_BYTES + GC_FILTER_HELD_MAX];
	char lines[RELAY_CHUNK_BYTES + GC_FILTER_HELD_MAX];
	char chunk[RELAY_CHUNK_BYTES];
};

/* Something waits for our stdout; nothing is read meanwhile. */
bool relay_has_output(const struct relay *relay);
/* Reads a chunk and writes what can be written. -EAGAIN: nothing there; 0: the stream is over. */
int relay_read(struct relay *relay, uint64_t now_ns) __attribute__((warn_unused_result));
void relay_write(struct relay *relay);
/* When relay_tick() has something to do, or 0. */
uint64_t relay_deadline_ns(const struct relay *relay);
void relay_tick(struct relay *relay, uint64_t now_ns);

#endif
