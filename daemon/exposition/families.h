// SPDX-License-Identifier: MIT
/*
 * What the rows of the family table are written from, and their writers, by room: the daemon
 * (metrics_self.c), a process (metrics_process.c), a heap (metrics_heap.c), a verdict
 * (metrics_leak.c). Private to the exposition.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_FAMILIES_H
#define HEAPWATCH_DAEMON_EXPOSITION_FAMILIES_H

#include "daemon/exposition/metrics.h"
#include "daemon/exposition/text.h"
#include "daemon/model/picture.h"

/* An exported process with its labels, escaped once for all families. */
struct metric_process {
	const struct process *process;
	struct text_prefix labels;
};

struct metric_scope {
	struct text_writer *text;
	const struct metric_process *processes;
	size_t process_count;
	size_t state_counts[LEAK_STATE_COUNT]; /* of the exported processes */
	size_t young_count;                    /* known, but not exported yet */
	const struct picture *picture;
	const struct self_status *self;
	uint64_t now_ns;
};

typedef void metric_writer(const struct metric_scope *scope, const struct metric_family *family);
typedef bool metric_process_value(const struct metric_scope *scope, const struct process *process,
                                  double *ret_value);
typedef bool metric_isolate_value(const struct isolate *isolate, double *ret_value);
typedef bool metric_self_value(const struct self_status *self, double *ret_value);

/* One number per process, per isolate, for the daemon: the row's of_… gives it. */
metric_writer metric_write_processes;
metric_writer metric_write_isolates;
metric_writer metric_write_self;

/* For the writers with more labels: a sample begun with app, slot (and isolate). */
void metric_begin_process(const struct metric_scope *scope, const struct metric_process *row);
void metric_begin_isolate(const struct metric_scope *scope, const struct metric_process *row,
                          const struct isolate *isolate, const char *suffix);
typedef void metric_isolate_writer(const struct metric_scope *scope,
                                   const struct metric_family *family,
                                   const struct metric_process *row, const struct isolate *isolate);
void metric_each_isolate(const struct metric_scope *scope, const struct metric_family *family,
                         metric_isolate_writer *writer);
/* False for an isolate that is only known from incidents: it has no levels. */
bool metric_isolate_has_gc(const struct isolate *isolate);

metric_writer metric_build_info;
metric_writer metric_process_states;
metric_writer metric_dropped;
metric_writer metric_exits;
metric_writer metric_openings;
metric_writer metric_explanations;
metric_writer metric_leak_sites;
metric_writer metric_collector_duration;
metric_writer metric_collector_success;
metric_writer metric_collector_errors;
metric_writer metric_collector_counters; /* rows named like a struct collector_counter */
metric_writer metric_notifications;
metric_writer metric_notifications_dropped;
metric_self_value metric_self_queue_length;
metric_self_value metric_self_queue_on_disk;
metric_self_value metric_self_loop_turn;
metric_self_value metric_self_storage_errors;
metric_self_value metric_self_reload_successful;
metric_self_value metric_self_reload_timestamp;
metric_self_value metric_self_cpu;
metric_self_value metric_self_start_time;
metric_self_value metric_self_resident;
metric_self_value metric_self_virtual;
metric_self_value metric_self_virtual_max;
metric_self_value metric_self_open_fds;
metric_self_value metric_self_max_fds;

metric_writer metric_process_info;
metric_writer metric_process_cpu;
metric_writer metric_process_resident;
metric_writer metric_process_map;
metric_writer metric_process_unreadable;
metric_process_value metric_process_start_time;
metric_process_value metric_process_threads;
metric_process_value metric_process_open_fds;
metric_process_value metric_process_swap;
metric_process_value metric_process_proportional;
metric_process_value metric_process_proportional_age;
metric_process_value metric_process_memory_limit;

metric_writer metric_heap_limit;
metric_writer metric_external_memory;
metric_writer metric_heap_spaces;
metric_writer metric_gc_pause;
metric_writer metric_gc_reclaimed;
metric_writer metric_gc_events;
metric_isolate_value metric_heap_used;
metric_isolate_value metric_heap_committed;
metric_isolate_value metric_heap_live;
metric_isolate_value metric_gc_allocated;
metric_isolate_value metric_gc_utilization;

metric_writer metric_leak_state;
metric_writer metric_leak_kind;
metric_writer metric_leak_growth;
metric_writer metric_leak_exhaustion;
metric_process_value metric_leak_score;
metric_process_value metric_leak_alerts;
metric_process_value metric_leak_confidence;
metric_process_value metric_leak_growth_slope;
metric_process_value metric_leak_growth_lower;
metric_process_value metric_leak_growth_upper;

#endif
