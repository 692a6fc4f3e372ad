// SPDX-License-Identifier: MIT
/*
 * The version of a Node.js runtime, found as text in its executable or libnode.so: process.release
 * names "…/node-v20.20.2.tar.gz" and the HTTP client "node.js/v20.20.2" (true of Node 12 to 26).
 * Reads a bounded part of the file in chunks; for the pool.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_NODE_VERSION_H
#define HEAPWATCH_COLLECTORS_PROC_NODE_VERSION_H

#include "collectors/proc/elf.h"

#define NODE_VERSION_SIZE 24

/* "20.20.2"; -ENOENT when the range has none. */
int node_version_find(int fd, const struct elf_range *range, char ret_version[NODE_VERSION_SIZE])
    __attribute__((warn_unused_result));

#endif
