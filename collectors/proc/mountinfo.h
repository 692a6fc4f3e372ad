// SPDX-License-Identifier: MIT
/*
 * Where a cgroup hierarchy is mounted, from the text of /proc/PID/mountinfo (proc(5)). Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_MOUNTINFO_H
#define HEAPWATCH_COLLECTORS_PROC_MOUNTINFO_H

#include <stdbool.h>

#include "collectors/proc/cgroup_path.h"

struct cgroup_mount {
	char root[CGROUP_PATH_SIZE];  /* the cgroup that is at the mount point */
	char point[CGROUP_PATH_SIZE]; /* "": not mounted */
};

/* controller: of cgroup v1, or NULL for cgroup v2. The last such mount wins; -ENOENT without. */
int mountinfo_find_cgroup(const char *text, const char *controller, struct cgroup_mount *ret_mount)
    __attribute__((warn_unused_result));
/*
 * The directory of a cgroup below the mount point, "" for the mount point itself; NULL when the
 * mount does not show it. Points into path.
 */
const char *mountinfo_below(const struct cgroup_mount *mount, const char *path);

#endif
