// SPDX-License-Identifier: MIT
/*
 * The name of a container, from files that its runtime keeps below a root: by path in the logs of
 * Kubernetes, in JSON of Docker and Podman. Reads directories and files: for the pool.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_CONTAINER_H
#define HEAPWATCH_COLLECTORS_PROC_CONTAINER_H

#include <stdbool.h>

#include "collectors/container_name.h"
#include "collectors/proc/cgroup_path.h"

/* A pod, or for Docker and Podman the container alone. False when no file tells. */
bool container_find_name(const char *rootfs_path, const struct cgroup_names *names,
                         struct container_name *ret_name);

#endif
