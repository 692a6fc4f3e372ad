// SPDX-License-Identifier: MIT
/*
 * Which process a line belongs to. A line names the pid that its process has in its innermost pid
 * namespace, which may be 1 for many, so the file in which it stands and the age of the isolate
 * help. Pure: no I/O, no clock.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_ATTRIBUTE_H
#define HEAPWATCH_COLLECTORS_GCLOG_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/gclog/isolate_clock.h"

#define ATTRIBUTE_AWAITED_PASSES 12
#define ATTRIBUTE_GONE_PASSES    2 /* how long a process that exited still gets its last lines */

/* Where a line was found and what it says of its origin. */
struct line_origin {
	struct file_identity file;
	pid_t pid; /* 0: not printed */
	uint64_t uptime_ns;
	uint64_t arrival_ns;
};

struct attribution;
struct buf;
struct unpack;

struct attribution *attribution_new(void);
struct attribution *attribution_free(struct attribution *attribution);

/* A process that was found or changed. -ENOMEM. */
int attribution_seen(struct attribution *attribution, const struct process_facts *facts)
    __attribute__((warn_unused_result));
/* The file into which a container's runtime writes what comes from its stdout, instead of that. */
void attribution_set_stdout(struct attribution *attribution, const struct process_key *key,
                            const struct file_identity *file);
/* Returns the file that was its stdout (inode 0: none), which may hold its last words. */
struct file_identity attribution_gone(struct attribution *attribution,
                                      const struct process_key *key);
/* One pass over: forgets who has been gone for long enough. */
void attribution_pass(struct attribution *attribution);

/*
 * The process of a line and its clocks, or NULL. Both are valid until the next call that changes
 * the set of processes.
 */
const struct process_key *attribution_find(struct attribution *attribution,
                                           const struct line_origin *origin,
                                           struct isolate_clocks **ret_clocks);
/* Some process, alive or just gone, has the file as its stdout. */
bool attribution_holds(const struct attribution *attribution, const struct file_identity *file);
/* Calls for the stdout of every process that has one, alive or just gone. */
void attribution_visit_files(const struct attribution *attribution,
                             void (*visit)(void *context, const struct file_identity *file),
                             void *context);
/*
 * The clocks of all processes, for the next start of heapwatch. A process gets its own back when it
 * is seen again within ATTRIBUTE_AWAITED_PASSES.
 */
void attribution_pack(const struct attribution *attribution, struct buf *out);
void attribution_unpack(struct attribution *attribution, struct unpack *in);
/* Changes whenever the answer of attribution_find() may have changed. */
uint64_t attribution_generation(const struct attribution *attribution);

#endif
