// SPDX-License-Identifier: MIT
/*
 * Holding one process: its kept stat and statm fds, and a pidfd that tells of its exit at once. A
 * pid that is reused can never be mistaken for the process that is held: kept procfs fds are bound
 * to the process and answer ESRCH after it.
 *
 * Where pidfds cannot work (a procfs of another pid namespace, a fixture tree) pidfd is -1, and an
 * exit is seen by the next pass.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_IDENTITY_H
#define HEAPWATCH_COLLECTORS_PROC_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "collectors/collector.h"
#include "collectors/proc/stat.h"

#define IDENTITY_FDS 3

struct identity {
	struct process_key key;
	int stat_fd;
	int statm_fd;
	int pidfd; /* -1: none */
};

#define IDENTITY_INIT ((struct identity){.stat_fd = -1, .statm_fd = -1, .pidfd = -1})

/* Whether the pids of this procfs are those of pidfd_open(2): its "self" names us. */
bool identity_procfs_is_own(int proc_fd);

/* /proc/PID as an O_PATH fd, bound to this process; -ESRCH when there is none. */
int identity_open_directory(int proc_fd, pid_t pid) __attribute__((warn_unused_result));
/*
 * Opens what is kept, by the directory of the process. -ESRCH when it is gone or dead, -EMFILE and
 * -ENFILE without fds.
 */
int identity_open(int directory_fd, pid_t pid, bool has_pidfd, struct identity *ret_identity)
    __attribute__((warn_unused_result));
void identity_close(struct identity *identity);

/* Reads and parses the kept stat; -ESRCH when the process is gone. */
int identity_read_stat(const struct identity *identity, struct process_stat *ret_stat)
    __attribute__((warn_unused_result));
int identity_read_statm(const struct identity *identity, struct process_statm *ret_statm)
    __attribute__((warn_unused_result));
/* The status of wait(2) of a process whose pidfd is readable; -ENODATA when nobody kept it. */
int identity_exit_status(const struct identity *identity, int *ret_status)
    __attribute__((warn_unused_result));

#endif
