// SPDX-License-Identifier: MIT
/*
 * /metrics: every family of the native exposition from one table, as text format 0.0.4 or
 * OpenMetrics. Pure: reads a picture of the model and a struct of the daemon's own facts, writes a
 * buf; any thread may do so.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_METRICS_H
#define HEAPWATCH_DAEMON_EXPOSITION_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "collectors/inspector/opening.h"
#include "daemon/alerting/alerting.h"
#include "daemon/exposition/text.h"

struct buf;
struct picture;

struct collector_status {
	const char *name;
	double duration_seconds; /* of the last pass */
	int is_success;
	uint64_t errors[COLLECTOR_ERROR_COUNT];
	struct collector_counter counters[COLLECTOR_COUNTERS_MAX];
	size_t counter_count;
};

struct explaining_status {
	uint64_t done_count;
	uint64_t failed_count;
	uint64_t openings[OPENING_RESULT_COUNT]; /* of inspectors, by signal */
};

/* The daemon about itself. */
struct self_status {
	const char *version;
	const char *revision;
	const char *compiler;
	const struct collector_status *collectors;
	size_t collector_count;
	int config_reload_successful;
	double config_reload_success_timestamp_seconds;
	uint64_t storage_errors; /* writes to --storage.path that failed: of the state */
	struct alerting_status alerting;
	struct explaining_status explaining;
	double loop_turn_max_seconds; /* within the last one to two minutes */
	double cpu_seconds;
	double start_time_seconds;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t virtual_max_bytes; /* RLIMIT_AS, UINT64_MAX: none; 0 leaves the family out */
	uint64_t open_fds;
	uint64_t max_fds;
	/*
	 * Adds to a boot-time clock reading to give Unix time. Taken once at start-up: a step of
	 * the wall clock must not change the start_time label of every process.
	 */
	uint64_t boot_realtime_offset_ns;
};

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metric_scope; /* what the rows write from, see families.h */
struct process;
struct isolate;

/* A row of the table; docs/metrics.md is checked against it. */
struct metric_family {
	const char *name;
	enum metric_type type;
	const char *labels; /* comma-separated, in the order of the series; "" when none */
	const char *unit;   /* of the value */
	const char *help;
	const char *exists; /* when there is a series, for the documentation */
	void (*write)(const struct metric_scope *scope, const struct metric_family *family);
	/* Where write is one of the common writers: its one number; false leaves the series out. */
	union {
		bool (*of_process)(const struct metric_scope *scope, const struct process *process,
		                   double *ret_value);
		bool (*of_isolate)(const struct isolate *isolate, double *ret_value);
		bool (*of_self)(const struct self_status *self, double *ret_value);
	};
};

extern const struct metric_family metric_families[];
extern const size_t metric_family_count;

const char *metric_type_name(enum metric_type type);

/* What an exposition is written from. */
struct metrics_source {
	const struct picture *picture;
	const struct self_status *self;
	uint64_t now_ns; /* of the picture */
};

/* Writes all families; ask buf_failed(out) whether it fitted. */
void metrics_write(const struct metrics_source *source, enum text_format format, struct buf *out);

#endif
