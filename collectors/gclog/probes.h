// SPDX-License-Identifier: MIT
/*
 * Files that are some process's stdout and in which no GC line was seen yet: looked into now and
 * then, at head and tail only, instead of being followed.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_PROBES_H
#define HEAPWATCH_COLLECTORS_GCLOG_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/collector.h"
#include "collectors/gclog/hash.h"

#define PROBES_MAX ((size_t)5000)

struct probe {
	struct file_identity identity;
	char *path;
	struct process_key key; /* who has it as stdout */
	uint64_t size_bytes;    /* when it was last looked into */
	unsigned passes_left;   /* until it is next looked into */
	UT_hash_handle hh;
};

struct probes {
	struct probe *table;
};

/* Known ones stay as they are. -ENOMEM, -EMFILE at the limit. */
int probes_add(struct probes *probes, const struct process_facts *facts)
    __attribute__((warn_unused_result));
/* The next probe whose turn has come, or NULL; call it until then, a few times a pass. */
struct probe *probes_next(struct probes *probes);
void probes_pass(struct probes *probes);
/* Positive: there is a GC line in it; 0: none seen; negative errno: it is no longer that file. */
int probe_look(struct probe *probe, char *buffer, size_t size) __attribute__((warn_unused_result));
void probes_remove(struct probes *probes, struct probe *probe);
void probes_done(struct probes *probes);

#endif
