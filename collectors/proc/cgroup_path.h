// SPDX-License-Identifier: MIT
/*
 * What the text of /proc/PID/cgroup says: the paths in the unified and the v1 memory hierarchy, and
 * the unit, container and pod that runtimes encode in them. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_CGROUP_PATH_H
#define HEAPWATCH_COLLECTORS_PROC_CGROUP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/container_name.h"

#define CGROUP_PATH_SIZE 1024
#define CGROUP_TEXT_SIZE 16384
#define CGROUP_UNIT_SIZE 256

struct cgroup_paths {
	char memory[CGROUP_PATH_SIZE];  /* hierarchy of the v1 memory controller; "" when unified */
	char unified[CGROUP_PATH_SIZE]; /* cgroup v2; "" without one */
	char systemd[CGROUP_PATH_SIZE]; /* v1 name=systemd; "" without one */
};

struct cgroup_names {
	char unit[CGROUP_UNIT_SIZE];          /* "x.service", "" when none or a session's */
	char container_id[CONTAINER_ID_SIZE]; /* lower-case hex, "" when none */
	char pod_uid[POD_UID_SIZE];           /* with dashes, of a static pod 32 digits; "" */
};

/* -ENAMETOOLONG when a path does not fit; -EBADMSG without any path. */
int cgroup_paths_parse(const char *text, struct cgroup_paths *ret_paths)
    __attribute__((warn_unused_result));
/* The path that says most of where the process belongs; never NULL. */
const char *cgroup_paths_main(const struct cgroup_paths *paths);
void cgroup_names_parse(const char *path, struct cgroup_names *ret_names);

#endif
