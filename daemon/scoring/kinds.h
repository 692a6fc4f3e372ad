// SPDX-License-Identifier: MIT
/*
 * What leaks if a signal does: which part of the memory made the most of its rise, as far as a
 * source tells of parts. Pure.
 */
#ifndef HEAPWATCH_DAEMON_SCORING_KINDS_H
#define HEAPWATCH_DAEMON_SCORING_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/process.h"

/* A rise of net_bytes from since_ns until now. */
struct rise {
	const struct process *process;
	uint64_t since_ns;
	double net_bytes;
};

/* What a part rose by meanwhile, and between which levels; is_known: a source told of both. */
struct part_rise {
	bool is_known;
	double from_bytes;
	double to_bytes;
};

/* Of memory outside the heaps: Buffers and ArrayBuffers, over all that live. */
struct part_rise kinds_external(const struct rise *rise);
/* By the shape of /proc/PID/maps. */
struct part_rise kinds_mapped_large(const struct rise *rise);
struct part_rise kinds_mapped_v8(const struct rise *rise); /* large objects, too */
struct part_rise kinds_mapped_malloc(const struct rise *rise);
/* Of a heap, after full collections. */
struct part_rise kinds_large(const struct rise *rise, const struct isolate *isolate);
struct part_rise kinds_code(const struct rise *rise, const struct isolate *isolate);

enum leak_kind kinds_of_heap(const struct rise *rise, const struct isolate *isolate);
enum leak_kind kinds_of_outside(const struct rise *rise);
/* Of all anonymous memory, where no source tells V8's part. */
enum leak_kind kinds_of_anonymous(const struct rise *rise);

#endif
