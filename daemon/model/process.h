// SPDX-License-Identifier: MIT
/*
 * One process as heapwatch knows it: identity, memory, heaps, verdict. No I/O, no clock.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_PROCESS_H
#define HEAPWATCH_DAEMON_MODEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/isolate.h"
#include "daemon/model/series.h"
#include "daemon/model/verdict.h"

#define ISOLATES_MAX 64 /* further ones of a process are counted into its last slot's totals */

/* The sources that gave facts: bits of struct process.sources. */
enum source { SOURCE_PROC, SOURCE_GCLOG, SOURCE_INSPECTOR, SOURCE_COUNT };

struct process {
	struct process_key key;
	uint64_t start_ns;
	uint64_t first_seen_ns;
	char *app; /* owned, as all strings here; "" when unknown */
	unsigned slot;
	char *script;
	char *node_version;
	char *container_id;
	char *pod_uid;
	char *unit;
	uint64_t max_old_space_bytes; /* from flags; 0: not given */
	uint64_t max_semi_space_bytes;
	unsigned sources; /* 1 << enum source */
	bool is_exported; /* older than discovery.min_age */

	bool has_memory;
	struct memory_sample memory;
	bool has_detail;
	struct memory_detail detail;
	bool has_proportional;
	struct proportional_sample proportional;

	struct isolate **isolates; /* owned, in order of first sight */
	size_t isolate_count;

	struct series outside; /* anonymous RSS less what V8 has committed */
	struct series threads;

	bool needs_scoring; /* a floor or a bucket arrived since the last evaluation */
	uint64_t scored_ns;
	struct verdict verdict;
	size_t evidence_count;
	char (*evidence)[EVIDENCE_TEXT_SIZE]; /* owned, EVIDENCE_MAX rows; NULL until something is
	                                         said */
};

uint64_t process_rss_anon_bytes(const struct process *process);
uint64_t process_rss_file_bytes(const struct process *process);
uint64_t process_rss_shmem_bytes(const struct process *process);

#endif
