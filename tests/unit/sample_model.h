// SPDX-License-Identifier: MIT
/*
 * A small model with one process of each sort, for tests of what is written from a model: a leaking
 * one with hostile names and two heaps, one known from /proc alone, one without any sample, one
 * that is too young, and one that was killed.
 */
#ifndef HEAPWATCH_TESTS_UNIT_SAMPLE_MODEL_H
#define HEAPWATCH_TESTS_UNIT_SAMPLE_MODEL_H

#include <math.h>

#include "daemon/exposition/metrics.h"
#include "daemon/model/picture.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define SAMPLE_NOW_NS      (2 * NS_PER_HOUR)
#define SAMPLE_HOSTILE_APP "shop\"} 1\nevil{a=\"\\<script>&'\xff"

static inline struct process *sample_found(struct model *model, pid_t pid, uint64_t start_ns,
                                           const char *app, const char *script)
{
	const struct process_facts facts = {
	    .key = {.pid = pid, .start_ticks = start_ns / (10 * NS_PER_MS)},
	    .start_ns = start_ns,
	    .app = app,
	    .script = script,
	    .node_version = "20.20.2",
	    .container_id = "",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "shop.service",
	    .max_old_space_bytes = 256 * MIB,
	};

	ck_assert_int_eq(model_process_found(model, start_ns, &facts), 0);
	return model_find(model, &facts.key);
}

static inline void sample_memory(struct model *model, const struct process *process)
{
	const struct memory_sample memory = {
	    .at_ns = SAMPLE_NOW_NS,
	    .rss_bytes = 300 * MIB,
	    .rss_shared_bytes = 50 * MIB,
	    .virtual_bytes = GIB,
	    .user_cpu_ns = 12345 * NS_PER_MS,
	    .system_cpu_ns = 10 * NS_PER_MS,
	    .threads = 11,
	};

	model_memory(model, &process->key, &memory);
}

static inline void sample_detail(struct model *model, const struct process *process,
                                 bool has_open_fds)
{
	const struct memory_detail detail = {
	    .at_ns = SAMPLE_NOW_NS,
	    .rss_anon_bytes = 250 * MIB,
	    .rss_file_bytes = 48 * MIB,
	    .rss_shmem_bytes = 2 * MIB,
	    .swap_bytes = 4096,
	    .has_open_fds = has_open_fds,
	    .open_fds = 23,
	    .max_fds = 1024,
	    .data_bytes = 280 * MIB,
	    .limit_bytes = 512 * MIB,
	    .limit_usage_bytes = 310 * MIB,
	    .limit_is_cgroup = true,
	};

	model_memory_detail(model, &process->key, &detail);
}

static inline void sample_gc(struct model *model, const struct process *process, enum gc_kind kind,
                             uint64_t isolate, uint64_t at_ns)
{
	const struct gc_event event = {
	    .kind = kind,
	    .isolate = isolate,
	    .uptime_ns = at_ns - process->start_ns,
	    .used_before_bytes = 60 * MIB,
	    .committed_before_bytes = 80 * MIB,
	    .used_after_bytes = kind == GC_SCAVENGE ? 58 * MIB : 40 * MIB,
	    .committed_after_bytes = 80 * MIB,
	    .pause_ns = kind == GC_SCAVENGE ? 1500 * NS_PER_US : 120 * NS_PER_MS,
	    .average_mutator_utilization = kind == GC_SCAVENGE ? (double)NAN : 0.987,
	    .current_mutator_utilization = (double)NAN,
	};

	model_gc(model, &process->key, at_ns, &event);
}

static inline void sample_part(struct model *model, const struct process *process,
                               enum heap_part part, uint64_t used_bytes)
{
	const struct heap_sample sample = {
	    .isolate = 0x1000, .part = part, .used_bytes = used_bytes};

	model_heap(model, &process->key, NS_PER_HOUR + 3 * NS_PER_MINUTE, &sample);
}

static inline void sample_leaking(struct model *model)
{
	struct process *process = sample_found(model, 4711, NS_PER_HOUR, SAMPLE_HOSTILE_APP,
	                                       "/srv/\xc3\xa9tal/\\server\n.js");
	const struct proportional_sample proportional = {
	    .at_ns = SAMPLE_NOW_NS - 90 * NS_PER_SECOND, .pss_bytes = 290 * MIB};
	const struct memory_map map = {.at_ns = SAMPLE_NOW_NS - 70 * NS_PER_SECOND,
	                               .v8_page_bytes = 78 * MIB,
	                               .v8_large_object_bytes = 3 * MIB,
	                               .malloc_bytes = 40 * MIB};
	const uint64_t worker_ns = NS_PER_HOUR + 20 * NS_PER_MINUTE;

	sample_memory(model, process);
	sample_detail(model, process, true);
	model_proportional(model, &process->key, &proportional);
	model_memory_map(model, &process->key, &map);
	sample_gc(model, process, GC_SCAVENGE, 0x1000, NS_PER_HOUR + NS_PER_MINUTE);
	sample_gc(model, process, GC_SCAVENGE, 0x1000, NS_PER_HOUR + 2 * NS_PER_MINUTE);
	sample_gc(model, process, GC_MARK_COMPACT, 0x1000, NS_PER_HOUR + 3 * NS_PER_MINUTE);
	sample_part(model, process, HEAP_PART_OLD, 30 * MIB);
	sample_part(model, process, HEAP_PART_EXTERNAL_REPORTED, 3 * MIB);
	sample_part(model, process, HEAP_PART_BACKING_STORE, 4 * MIB);
	sample_gc(model, process, GC_SCAVENGE, 0x2000, worker_ns); /* no full collection yet */
	model_incident(model, &process->key, 0x1000, SAMPLE_NOW_NS, HEAP_INCIDENT_MARKING_SPED_UP);
	process->verdict = (struct verdict){
	    .score = 0.9375,
	    .confidence = 0.1 + 0.2,
	    .state = LEAK_STATE_LEAK,
	    .kind = LEAK_KIND_JS_HEAP,
	    .growth_bytes_per_second = 1234.5,
	    .growth_lower_bytes_per_second = 1000,
	    .growth_upper_bytes_per_second = 1500.25,
	    .exhaustion_p10_seconds = 3600,
	    .exhaustion_p50_seconds = 7200.5,
	    .exhaustion_p90_seconds = (double)INFINITY,
	    .at_ns = SAMPLE_NOW_NS,
	};
	process_set_sites(
	    process, &(const struct leak_sites){
	                 .count = 2,
	                 .items = {{.function = "on\"Request",
	                            .script = "/srv/\\shop\n.js",
	                            .line = 41,
	                            .samples = 93,
	                            .share = 0.75},
	                           {.function = "(anonymous)", .share = 0.125, .samples = 15}}});
}

static inline void sample_proc_only(struct model *model)
{
	struct process *process = sample_found(model, 42, NS_PER_HOUR, "auth", "index.js");

	sample_memory(model, process);
	sample_detail(model, process, false);
	process->needs[PROCESS_FACT_OPEN_FILES] = PROCESS_NEED_PTRACE_AND_READ_SEARCH;
	process->verdict = (struct verdict){
	    .confidence = 0.25,
	    .state = LEAK_STATE_INSUFFICIENT,
	    .growth_lower_bytes_per_second = -10,
	    .exhaustion_p10_seconds = (double)INFINITY,
	    .exhaustion_p50_seconds = (double)INFINITY,
	    .exhaustion_p90_seconds = (double)INFINITY,
	    .at_ns = SAMPLE_NOW_NS,
	};
}

static inline struct model *sample_model(void)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 5, .apps_max = 8, .min_age_ns = 30 * NS_PER_SECOND, .time_scale = 1});
	const struct process_exit killed = {.at_ns = SAMPLE_NOW_NS, .cause = EXIT_CAUSE_OOM_KILL};
	const struct process *gone;

	ck_assert_ptr_nonnull(model);
	sample_leaking(model);
	sample_proc_only(model);
	(void)sample_found(model, 43, NS_PER_HOUR, "auth", "index.js"); /* nothing read of it */
	(void)sample_found(model, 44, SAMPLE_NOW_NS - NS_PER_SECOND, "auth", "index.js");
	gone = sample_found(model, 45, NS_PER_HOUR, "gone", "index.js");
	model_process_exited(model, &gone->key, &killed);
	model_dropped(model, DROP_FD_LIMIT);
	model_advance(model, SAMPLE_NOW_NS);
	return model;
}

static const struct collector_status sample_collectors[] = {
    {.name = "proc",
     .duration_seconds = 0.0025,
     .is_success = 1,
     .errors = {[COLLECTOR_ERROR_PERMISSION] = 3},
     .counters = {{"heapwatch_processes_unidentified", "CAP_SYS_PTRACE", 3}},
     .counter_count = 1},
    {.name = "gclog",
     .duration_seconds = 0.0001,
     .counters = {{"heapwatch_gclog_lines_total", "gc", 100},
                  {"heapwatch_gclog_lines_total", "other", 7},
                  {"heapwatch_gclog_bytes_total", NULL, 4096},
                  {"heapwatch_gclog_files", NULL, 2},
                  {"heapwatch_gclog_truncations_total", NULL, 1},
                  {"heapwatch_gclog_lost_bytes_total", NULL, 0}},
     .counter_count = 6},
    {.name = "inspector",
     .counters = {{"heapwatch_inspector_attach_total", "ok", 3},
                  {"heapwatch_inspector_attach_total", "busy", 1},
                  {"heapwatch_inspector_sessions", NULL, 2}},
     .counter_count = 3},
};

static const struct self_status sample_self = {
    .version = "1.2.3",
    .revision = "abc\"def",
    .compiler = "gcc 12.2.0",
    .collectors = sample_collectors,
    .collector_count = 3,
    .alerting = {.queue_length = 3,
                 .receivers = {{.name = "ops", .outcomes = {[DELIVERY_SENT] = 5}}},
                 .receiver_count = 1,
                 .dropped = {[QUEUE_DROP_DAMAGED] = 2},
                 .queue_is_on_disk = true,
                 .ended = {.items = {{.app = "auth",
                                      .slot = 0,
                                      .shown_pid = 40,
                                      .condition = CONDITION_HEAP_OOM,
                                      .severity = SEVERITY_CRITICAL,
                                      .since_ns = SAMPLE_NOW_NS - NS_PER_MINUTE}},
                           .count = 1,
                           .total = 4}},
    .loop_turn_max_seconds = 0.00390625,
    .config_reload_successful = 1,
    .config_reload_success_timestamp_seconds = 1700000000.5,
    .cpu_seconds = 1.25,
    .start_time_seconds = 1700000000.25,
    .resident_bytes = 8 * MIB,
    .virtual_bytes = 64 * MIB,
    .virtual_max_bytes = UINT64_MAX,
    .open_fds = 17,
    .max_fds = 1024,
    .boot_realtime_offset_ns = 1700000000 * NS_PER_SECOND + 123456789,
};

/* What would be served of the model now; the caller's model is left as it is. */
static inline void sample_write_metrics(struct model *model, enum text_format format,
                                        struct buf *out)
{
	struct picture *picture = picture_take(model, NULL);
	const struct metrics_source source = {
	    .picture = picture, .self = &sample_self, .now_ns = SAMPLE_NOW_NS};

	ck_assert_ptr_nonnull(picture);
	metrics_write(&source, format, out);
	(void)picture_free(picture);
}

#endif
