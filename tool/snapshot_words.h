// SPDX-License-Identifier: MIT
/*
 * The words behind "heapwatch snapshot": one function and one row of the table in snapshot.c each.
 */
#ifndef HEAPWATCH_TOOL_SNAPSHOT_WORDS_H
#define HEAPWATCH_TOOL_SNAPSHOT_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum snapshot_format { SNAPSHOT_TEXT, SNAPSHOT_JSON, SNAPSHOT_HTML };

struct snapshot_options {
	bool help;
	bool retained;
	bool force;
	const char *by;
	const char *count;
	const char *format;
	const char *inspector;
	const char *interval;
	const char *url;
	enum snapshot_format output; /* of format */
	bool is_by_retainer;         /* of by */
};

struct snapshot_word {
	const char *name;
	int operands_min;
	int operands_max;
	const char *operands; /* what is said when there are more or less */
	const char *synopsis; /* the words behind the name */
	const char *help;     /* one sentence */
	/* Returns the exit status. */
	int (*run)(const struct snapshot_options *options, char **operands, int count);
};

int snapshot_summary(const struct snapshot_options *options, char **paths, int count);
int snapshot_diff(const struct snapshot_options *options, char **paths, int count);
int snapshot_take(const struct snapshot_options *options, char **operands, int count);
int snapshot_watch(const struct snapshot_options *options, char **operands, int count);

/* The pid that PID or APP/SLOT names; false with a message and the exit status. */
bool snapshot_find_process(const struct snapshot_options *options, const char *name, pid_t *ret_pid,
                           int *reterr_status);

#define SNAPSHOT_NAME_SIZE 64
#define SNAPSHOTS_MAX      3

/* Snapshots that are taken of a process in one session. */
struct snapshot_series {
	const struct snapshot_options *options;
	pid_t pid;
	unsigned count;
	uint64_t interval_ns;
	char *paths[SNAPSHOTS_MAX]; /* borrowed; NULL: heap-PID-TIME.heapsnapshot */
	char names[SNAPSHOTS_MAX][SNAPSHOT_NAME_SIZE];
	unsigned taken; /* how many are complete; their paths are given */
};

/*
 * Takes them into files that must not be there yet; what goes wrong is said on stderr, and leaves
 * no torn file. Returns the exit status.
 */
int snapshot_take_series(struct snapshot_series *series);

#endif
