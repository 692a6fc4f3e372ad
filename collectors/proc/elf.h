// SPDX-License-Identifier: MIT
/*
 * Is an executable a Node.js runtime? Answered from the ELF file alone, never from its name: Node
 * defines node::Start and exports it to add-ons, or imports it from libnode.so. Electron, Chromium
 * shells, deno and bun are told apart. Reads a bounded part of the file; may block on the disk, so
 * it belongs into the pool. Sources: elf(5), node's src/node.h and src/node_sea.cc.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_ELF_H
#define HEAPWATCH_COLLECTORS_PROC_ELF_H

#include <stdbool.h>
#include <stdint.h>

struct elf_range {
	uint64_t offset;
	uint64_t size_bytes;
};

struct elf_facts {
	bool is_node;
	bool is_single_executable;  /* an application injected into the node binary */
	bool uses_libnode;          /* the runtime, and its version string, is in libnode.so */
	struct elf_range constants; /* where string constants are; size 0: not found */
};

/*
 * -ENOEXEC: no ELF file, or not one that this machine's byte order runs; -EBADMSG: damaged;
 * -EFBIG: more tables than are read.
 */
int elf_inspect(int fd, struct elf_facts *ret_facts) __attribute__((warn_unused_result));

#endif
