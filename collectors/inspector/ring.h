// SPDX-License-Identifier: MIT
/*
 * What a drain of the ring says (expressions.h), as neutral values. Pure. The application can make
 * it say anything, so each number is taken only within what is possible, and the rest is left out.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_RING_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_RING_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/inspector/expressions.h"

struct cJSON;

struct ring_gc {
	uint64_t at_ns; /* when it ended, on the boot-time clock */
	struct gc_event event;
};

struct ring_drain {
	struct ring_gc gcs[EXPRESSION_RING_MAX];
	size_t gc_count;
	uint64_t lost_count;
	struct heap_sample parts[HEAP_PART_COUNT];
	size_t part_count;
	struct heap_level level;
};

/*
 * value: what the function returned. now_ns: when its reply came. -EBADMSG: not of this form; parts
 * that are only missing or impossible are left out.
 */
int ring_read(const struct cJSON *value, uint64_t isolate, uint64_t now_ns,
              struct ring_drain *ret_drain) __attribute__((warn_unused_result));

#endif
