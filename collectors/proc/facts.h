// SPDX-License-Identifier: MIT
/*
 * What is found out once about a process that is Node: command line, environment, script, package,
 * stdout, namespaces. Reads files of the process's choosing (through /proc/PID/root), which may be
 * slow or hang: for the pool. Nothing here is an error; what cannot be read stays unknown.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_FACTS_H
#define HEAPWATCH_COLLECTORS_PROC_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/collector.h"
#include "collectors/proc/cgroup_path.h"

/* Strings are owned, and NULL only until facts_collect. */
struct facts {
	char *script; /* absolute where possible; "" without one */
	char *argv;   /* arguments joined by blanks, cut at 8 KiB; for app rules */
	char *pm2_name;
	char *package_name;
	char *container;      /* name of the container, or of the pod without its hash */
	char *container_name; /* see struct process_facts */
	char *stdout_path;    /* one that heapwatch can open */
	struct file_identity stdout_file;
	struct cgroup_paths *cgroup_paths; /* NULL: unknown */
	struct cgroup_names cgroup_names;
	pid_t namespace_pids[NAMESPACE_DEPTH_MAX];
	size_t namespace_count;
	uint64_t max_old_space_bytes;
	uint64_t max_semi_space_bytes;
	bool traces_gc;
	bool is_launcher; /* a package manager that started the app */
	bool is_denied;   /* a permission was missing */
	enum process_need needs[PROCESS_FACT_COUNT];
};

struct facts_source {
	int directory_fd; /* /proc/PID */
	pid_t pid;
	const char *procfs_path;
	const char *rootfs_path;
	bool is_single_executable; /* then its arguments are the application's, and it is the script
	                            */
};

/* -ENOMEM only. */
int facts_collect(const struct facts_source *source, struct facts *ret_facts)
    __attribute__((warn_unused_result));
/* Once the cgroup is found: they are 3 KB for each process. */
void facts_forget_paths(struct facts *facts);
void facts_done(struct facts *facts);

#endif
