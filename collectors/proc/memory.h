// SPDX-License-Identifier: MIT
/*
 * Memory of one held process: the sample of every pass from the kept fds, and the detail of the
 * slower turn (status, number of open fds).
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_MEMORY_H
#define HEAPWATCH_COLLECTORS_PROC_MEMORY_H

#include "collectors/collector.h"
#include "collectors/proc/identity.h"

struct memory_reader {
	int proc_fd;    /* borrowed */
	bool is_procfs; /* and not a tree of fixtures */
	uint64_t page_bytes;
	uint64_t tick_ns;
};

void memory_reader_init(struct memory_reader *reader, int proc_fd);

/* -ESRCH: gone or a zombie. */
int memory_read_sample(const struct memory_reader *reader, const struct identity *identity,
                       uint64_t now_ns, struct memory_sample *ret_sample)
    __attribute__((warn_unused_result));
/* All but the limit, by path and pid: the caller makes sure that the process lives. */
int memory_read_detail(const struct memory_reader *reader, pid_t pid, uint64_t now_ns,
                       struct memory_detail *ret_detail) __attribute__((warn_unused_result));

#endif
