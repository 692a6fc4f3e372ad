// SPDX-License-Identifier: MIT
/*
 * The proc collector: finds Node processes in /proc, holds them (pidfd, kept fds), and samples
 * their memory. Sources: proc(5), pidfd_open(2), Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_PROC_H
#define HEAPWATCH_COLLECTORS_PROC_PROC_H

#include "collectors/collector.h"

extern const struct collector proc_collector;

#endif
