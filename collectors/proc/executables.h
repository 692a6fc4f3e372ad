// SPDX-License-Identifier: MIT
/*
 * What is known of executables, by file identity: a bounded cache, least recently used out first,
 * so that a file is read once however many processes run it.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_EXECUTABLES_H
#define HEAPWATCH_COLLECTORS_PROC_EXECUTABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/proc/node_version.h"

#define EXECUTABLES_MAX 512

/* Without padding: it is hashed as bytes. */
struct executable_key {
	uint64_t device;
	uint64_t inode;
	uint64_t modified_ns;
	uint64_t size_bytes;
};

struct executable {
	bool is_node;
	bool is_single_executable;
	char version[NODE_VERSION_SIZE]; /* "" when not found */
};

struct executables;

struct executables *executables_new(void);
struct executables *executables_free(struct executables *executables);
/* NULL when not known; valid until the next put. */
const struct executable *executables_find(struct executables *executables,
                                          const struct executable_key *key);
/* Without memory it is not remembered, and will be read again. */
void executables_put(struct executables *executables, const struct executable_key *key,
                     const struct executable *executable);

bool executable_key_equal(const struct executable_key *a, const struct executable_key *b);
/* The identity of /proc/PID/exe, never waiting for a network or FUSE file system. */
int executable_identify(int directory_fd, const char *path, struct executable_key *ret_key)
    __attribute__((warn_unused_result));
/* Reads the file; for the pool. directory_fd: /proc/PID. -ESTALE when it is not the file of key. */
int executable_inspect(int directory_fd, const struct executable_key *key,
                       struct executable *ret_executable) __attribute__((warn_unused_result));

#endif
