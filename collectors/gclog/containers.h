// SPDX-License-Identifier: MIT
/*
 * Where a container runtime writes what a process prints: the stdout of a process in a container is
 * a pipe, but its cgroup names the container, and runtimes keep their logs by that name.
 *
 *	/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log     kubelet's links, by container
 *	/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log        what they lead to, by pod
 *	/var/lib/docker/containers/ID/ID-json.log              Docker
 *	/var/lib/containers/storage/overlay-containers/ID/userdata/ctr.log    Podman
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_CONTAINERS_H
#define HEAPWATCH_COLLECTORS_GCLOG_CONTAINERS_H

#include <limits.h>
#include <stddef.h>

#include "collectors/collector.h"
#include "collectors/gclog/hash.h"

#define CONTAINER_LOGS_MAX ((size_t)5000)

/*
 * The log that is being written, links followed below rootfs, so that a rotation keeps the path.
 * pod_uid may be "". -ENOENT when there is none, or when the pod has several containers and nothing
 * tells which one it is; -EACCES.
 */
int container_log_find(const char *rootfs_path, const char *container_id, const char *pod_uid,
                       char ret_path[PATH_MAX]) __attribute__((warn_unused_result));

/* The log of a process in a container. */
struct container_log {
	struct process_key key;
	char *container_id;
	char *pod_uid;
	char *path;                    /* NULL: not found yet */
	struct file_identity identity; /* at the latest look; inode 0: nothing stood there */
	struct file_identity previous; /* before the latest rotation; inode 0: there was none */
	unsigned search_count;
	UT_hash_handle hh;
};

/* Zero-initialised but for what is borrowed; container_logs_done() frees the table. */
struct container_logs {
	struct container_log *table; /* by pid */
	const char *rootfs_path;
	const struct collector_sink *sink; /* told of logs that cannot be had */
};

/*
 * Of a process that was found or changed; its log is told anew at the next look. -ENOMEM, -EMFILE
 * at the limit.
 */
int container_logs_add(struct container_logs *logs, const struct process_facts *facts)
    __attribute__((warn_unused_result));
void container_logs_remove(struct container_logs *logs, const struct process_key *key);
/*
 * Calls for each log that is found now, or in whose place another file stands than at the latest
 * look: rotation. -EACCES when one may not be read.
 */
int container_logs_look(struct container_logs *logs,
                        void (*moved)(void *context, const struct container_log *log),
                        void *context);
void container_logs_done(struct container_logs *logs);

#endif
