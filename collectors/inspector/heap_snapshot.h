// SPDX-License-Identifier: MIT
/*
 * Takes a heap snapshot of a process and streams it into a file. For an operator's command alone:
 * it stops the application for as long as it takes, and needs about ten times the heap in memory
 * beside it. Measured on Node 8 to 26 for 95 MB of small objects: 10 to 28 s on a busy machine, 900
 * to 1,000 MiB more of resident memory; once begun it cannot be stopped. Blocks: for the tool.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_HEAP_SNAPSHOT_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_HEAP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/inspector/access.h"

/* Less memory than so many times the heap left over is a refusal. */
#define HEAP_SNAPSHOT_HEADROOM 12

struct heap_snapshot_estimate {
	uint64_t heap_bytes;
	uint64_t needed_bytes;    /* HEAP_SNAPSHOT_HEADROOM times the heap */
	uint64_t available_bytes; /* of the host or a cgroup above it; UINT64_MAX: unknown */
	uint64_t pause_min_ns;
	uint64_t pause_max_ns;
};

/* What it will take. Pure. */
struct heap_snapshot_estimate heap_snapshot_estimate(uint64_t heap_bytes, uint64_t available_bytes);

struct heap_snapshot_progress {
	uint64_t written_bytes;
	/* Of the objects that V8 counts first; both 0 until it says so. */
	uint64_t done_count;
	uint64_t total_count;
};

struct heap_snapshot_options {
	unsigned count;       /* how many are taken in this session */
	uint64_t interval_ns; /* from the end of one to the next */
	bool is_forced;       /* whatever the estimate says */
	void *context;
	/*
	 * Before each: gives the file, borrowed and written from where it stands, and the memory
	 * that is left, UINT64_MAX: unknown. After each: it is complete. A negative errno ends it
	 * all.
	 */
	int (*begin)(void *context, int *ret_fd, uint64_t *ret_available_bytes);
	int (*complete)(void *context);
	/* What it will take, before it is done; both may be NULL. */
	void (*estimated)(void *context, const struct heap_snapshot_estimate *estimate);
	void (*progress)(void *context, const struct heap_snapshot_progress *progress);
};

/*
 * Takes one or more. Those of one call can be compared by the ids of objects; those of two cannot,
 * since V8 gives new ids once a session has ended (V8HeapProfilerAgentImpl::disable). 0, or a
 * negative errno with a sentence: -ENOMEM: too little
 * memory would be left, or ours; errors of write(2); those of a conversation as in explain.h.
 */
int heap_snapshot_take(const struct heap_snapshot_options *options, const struct access *access,
                       char reterr_message[ACCESS_MESSAGE_SIZE])
    __attribute__((warn_unused_result));

/*
 * The memory that the process may still take: what is available on the host, or less where a cgroup
 * above it has a limit; UINT64_MAX: unknown. process_fd: of /proc/PID.
 */
uint64_t heap_snapshot_available(const char *procfs_path, const char *rootfs_path, pid_t pid);

#endif
