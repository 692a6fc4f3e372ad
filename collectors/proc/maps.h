// SPDX-License-Identifier: MIT
/*
 * Who mapped the anonymous memory of a process, by the shape of /proc/PID/maps (proc(5)): V8, or
 * the C library's malloc. Pure. The application does not cooperate, so this is an estimate of
 * address space; docs/metrics.md says how far off it was.
 *
 * V8 asks for each page of a heap at a random address, of which it keeps the lower 46 bits
 * (v8/src/base/platform/platform-posix.cc, OS::GetRandomMmapAddr), and aligns it to 256 KiB
 * (v8/src/heap: kPageSizeBits = 18); one object too large for a page has a mapping of its own. The
 * kernel puts what is asked for without an address, as malloc and thread stacks do, high above.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_MAPS_H
#define HEAPWATCH_COLLECTORS_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

#define MAPS_ROWS_MAX 100000 /* above vm.max_map_count's default */

/* Zero-initialised. */
struct maps_reader {
	struct memory_map map; /* at_ns is not set */
	size_t row_count;
	uint64_t previous_end; /* of the mapping before */
	bool previous_is_guard;
};

/*
 * The next line of the file, without its newline. -EBADMSG for what is no such line, -EFBIG beyond
 * MAPS_ROWS_MAX; the sums stay as they were then.
 */
int maps_read_line(struct maps_reader *reader, const char *line, size_t length)
    __attribute__((warn_unused_result));

#endif
