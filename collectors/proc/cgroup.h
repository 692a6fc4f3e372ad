// SPDX-License-Identifier: MIT
/*
 * The cgroups of the followed processes: the tightest memory limit above each and its usage, the
 * count of OOM kills, and whether the cgroup tells an app's name. v1, v2 and hybrid hosts.
 * Objects are shared by the processes of a cgroup and live as long as one of them.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_CGROUP_H
#define HEAPWATCH_COLLECTORS_PROC_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/proc/cgroup_path.h"

struct cgroups;
struct cgroup;

struct cgroup_limit {
	uint64_t limit_bytes; /* 0: neither cgroup nor host could be read */
	uint64_t usage_bytes;
	bool is_cgroup;
};

/* proc_fd is borrowed. NULL without memory. */
struct cgroups *cgroups_new(int proc_fd, const char *rootfs_path);
struct cgroups *cgroups_free(struct cgroups *cgroups);

/* The object of these paths (NULL: unknown, only the host counts), with a reference for the caller.
 * NULL without memory. */
struct cgroup *cgroups_get(struct cgroups *cgroups, const struct cgroup_paths *paths);
void cgroup_release(struct cgroup *cgroup);

/* Reads at most once in 15 seconds; remembers the count of OOM kills on the way. */
struct cgroup_limit cgroup_read_limit(struct cgroup *cgroup, uint64_t now_ns);
/*
 * Whether a process was OOM-killed since the last but one reading; asked when a process of the
 * cgroup died of SIGKILL. Each kill that the kernel counted is given out once.
 */
bool cgroup_take_oom_kill(struct cgroup *cgroup);
/* The same by the cgroup's own counter alone: when nobody knows how the process ended. */
bool cgroup_take_own_oom_kill(struct cgroup *cgroup);
/* Whether it is heapwatch's own, or the root of everything: then it names no app. */
bool cgroup_is_own(const struct cgroup *cgroup);

#endif
