// SPDX-License-Identifier: MIT
/*
 * What tests of the proc collector share: a host whose pool runs when the test says so, a sink that
 * remembers what it was told of one process, and child processes that end with the test.
 */
#ifndef HEAPWATCH_TESTS_UNIT_PROC_WORLD_H
#define HEAPWATCH_TESTS_UNIT_PROC_WORLD_H

#include <stdbool.h>
#include <sys/types.h>

#include "collectors/proc/proc.h"
#include "config/config.h"

#define WORLD_JOBS_MAX    64
#define WORLD_WATCHES_MAX 4096

struct world_job {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
};

struct collector_watch {
	int fd;
	void (*readable)(void *data);
	void *data;
};

/* What was told of the process under test. */
struct world_seen {
	unsigned found_count;
	unsigned changed_count;
	unsigned exited_count;
	unsigned sample_count;
	unsigned detail_count;
	unsigned proportional_count;
	unsigned map_count;
	struct process_key key;
	uint64_t start_ns;
	char app[160];
	char script[512];
	char node_version[32];
	char unit[128];
	char container_id[80];
	char container_name[256];
	char pod_uid[40];
	enum process_need needs[PROCESS_FACT_COUNT];
	char stdout_path[512];
	struct file_identity stdout_file;
	size_t namespace_count;
	pid_t innermost_pid;
	uint64_t max_old_space_bytes;
	bool traces_gc;
	struct process_exit exit;
	struct memory_sample sample;
	struct memory_detail detail;
	struct proportional_sample proportional;
	struct memory_map map;
};

struct world {
	struct collector_host host;
	struct collector_sink sink;
	struct config config;
	struct collector_options options;
	void *collector;
	uint64_t now_ns;
	bool is_pool_full;
	struct world_job jobs[WORLD_JOBS_MAX];
	unsigned job_count;
	unsigned submitted_count;
	struct collector_watch watches[WORLD_WATCHES_MAX];
	pid_t watched_pid; /* of all that is found, only this is remembered in seen */
	struct world_seen seen;
	unsigned errors[COLLECTOR_ERROR_COUNT];
	unsigned dropped[DROP_REASON_COUNT];
	unsigned found_count;        /* of all */
	unsigned resumed_count;      /* in the last pass */
	const struct app_rule *rule; /* what config_app_rule answers for a script that holds… */
	const char *rule_script;     /* … this */
};

extern struct world world;

struct world_child {
	pid_t pid;
	int stdin_fd;
};

/* procfs_path: NULL for /proc. Other fields of world may be changed before and after. */
void world_open(const char *procfs_path, const char *rootfs_path);
void world_close(void);
/* One pass, a second later, then the pool until it is idle. */
void world_pass(void);
void world_run_pool(void);
/* Calls the readers of watched fds until the watched process is reported gone. */
void world_wait_exit(void);

/* argv[0] is the file that runs; ready when this returns. environment: NULL for none. */
struct world_child world_start(const char *const *argv, const char *const *environment);
void world_command(const struct world_child *child, char command);
/* Waits until it is dead, and leaves it to be reaped. */
void world_wait_death(const struct world_child *child);
void world_end(struct world_child *child);
/* The built fake_node; a copy of a file under the test's own directory. */
const char *world_fake_node(void);
const char *world_directory(void);
void world_copy(const char *from, const char *to);
void world_write(const char *path, const char *text);

#endif
