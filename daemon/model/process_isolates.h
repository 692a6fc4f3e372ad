// SPDX-License-Identifier: MIT
/*
 * The isolates of a process: which one is meant by an address, how it is called, what its limit is,
 * and when it is gone. It counts nothing of what they do.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_PROCESS_ISOLATES_H
#define HEAPWATCH_DAEMON_MODEL_PROCESS_ISOLATES_H

#include <stdint.h>

struct isolate;
struct process;

/* The isolate at this address, made when it is new; NULL without memory. */
struct isolate *process_isolate(struct process *process, uint64_t at_ns, uint64_t address,
                                uint64_t uptime_ns);
/* One more isolate, without asking whether there is one at the address; NULL without memory. */
struct isolate *process_append_isolate(struct process *process, uint64_t address);
/* NULL: there is none at this address, or none that is called main. */
struct isolate *process_find_isolate(const struct process *process, uint64_t address);
struct isolate *process_main_isolate(const struct process *process);
/* It has so many threads now: as many isolates as ended are gone, those silent for longest. */
void process_retire_isolates(struct process *process, uint64_t threads);

/* What is known of the process's limits is other than it was. */
void process_update_limits(struct process *process);
/*
 * The old-space limit that V8 gives itself without --max-old-space-size, from the Node version and
 * the memory that the process may use (0: unknown). 0 when that is unknown and needed.
 */
uint64_t heap_limit_default(const char *node_version, uint64_t memory_bytes);

#endif
