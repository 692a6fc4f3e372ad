// SPDX-License-Identifier: MIT
/*
 * Processes that are known from their log alone: the log is on a shared volume, the process in a
 * pid namespace that is not visible. Each life in a log (lives.h) is one. It begins when its lines
 * have waited in vain for a process; it ends with a fatal error, when another life of its pid
 * begins in the log, when the process turns out to be visible, or in silence.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_STRANGERS_H
#define HEAPWATCH_COLLECTORS_GCLOG_STRANGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/gclog/isolate_clock.h"

#define STRANGERS_MAX        ((size_t)1024)
#define STRANGERS_SILENCE_NS (UINT64_C(30) * 60 * 1000000000) /* then one is taken for ended */

struct config;

struct stranger {
	struct process_key key;
	pid_t pid; /* as printed */
	struct file_identity file;
	char *path;       /* of the file that it was first seen in: rules name it after that */
	uint64_t life;    /* in that file */
	uint64_t isolate; /* its first */
	uint64_t last_uptime_ns;
	uint64_t last_line_ns;
	bool has_died; /* said so itself */
	struct isolate_clocks clocks;
	struct stranger *prev;
	struct stranger *next;
};

/* Zero-initialised but for what is borrowed; strangers_done() frees it. */
struct strangers {
	struct stranger *list;
	size_t count;
	const struct collector_sink *sink;
	const struct config *config; /* its rules name them and say how they are alerted about */
};

/* A line that nobody claims. */
struct strange_line {
	struct file_identity file;
	const char *path; /* of the log: it gives the name */
	pid_t pid;
	uint64_t life;
	uint64_t isolate;
	uint64_t uptime_ns;
	uint64_t arrival_ns;
};

struct stranger *strangers_find(const struct strangers *strangers, const struct file_identity *file,
                                uint64_t life);
/*
 * The stranger of the line: a new one, told to the sink, or one that goes on in another file after
 * a rotation. NULL: a rule says to ignore it, there are too many, or no memory.
 */
struct stranger *strangers_meet(struct strangers *strangers, const struct strange_line *line);
/* Tells the sink that it has ended. */
void strangers_end(struct strangers *strangers, struct stranger *stranger, uint64_t now_ns);
/* One pass over: ends who died and who has been silent for too long; false when there are more. */
bool strangers_pass(struct strangers *strangers, uint64_t now_ns);
/* Tells the sink anew what the rules say of each, since they are known by their place. */
void strangers_reconfigure(struct strangers *strangers, const struct config *config,
                           uint64_t now_ns);
void strangers_done(struct strangers *strangers);

#endif
