// SPDX-License-Identifier: MIT
/*
 * Takes V8's trace out of an application's output. What is left is, byte for byte, what the
 * application wrote; how the stream is cut into chunks makes no difference. A trace line starts
 * anywhere, also behind application text without newline, and ends with its newline:
 *
 *	"[pid:0xISO] …"              Node 4 to 26, whatever follows: no other program writes so
 *	"[pid]  MS ms: Scavenge …"   Node 0.10 to 0.12, and a few known texts of Node up to 6
 *
 * An application may print the same about others: only pids that is_traced() confirms count. "Last
 * few GCs", which a dying process prints without any flag, stays. Pure: no clock, no descriptor.
 */
#ifndef HEAPWATCH_TOOL_GC_FILTER_H
#define HEAPWATCH_TOOL_GC_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define GC_FILTER_LINE_MAX    ((size_t)4096) /* the longest, name=value as JSON, has 2,300 */
#define GC_FILTER_HELD_MAX    (2 * GC_FILTER_LINE_MAX)
#define GC_FILTER_HISTORY_MAX ((size_t)1056) /* a "Last few GCs" block and its title */

/* Where the bytes go; valid during the call. */
struct gc_filter_sink {
	void *context;
	void (*application)(void *context, const char *bytes, size_t length);
	void (*trace)(void *context, const char *line, size_t length); /* with its newline */
	bool (*is_traced)(void *context, pid_t pid);
};

/* Zero-initialised. */
struct gc_filter {
	char held[GC_FILTER_HELD_MAX]; /* may be the start of a trace line */
	size_t held_length;
	char history[GC_FILTER_HISTORY_MAX]; /* the latest output of the application */
	size_t history_length;
};

void gc_filter_feed(struct gc_filter *filter, const struct gc_filter_sink *sink, const char *bytes,
                    size_t length);
/* What is held is the application's after all: it waited long enough, or the stream is over. */
void gc_filter_release(struct gc_filter *filter, const struct gc_filter_sink *sink);

#endif
