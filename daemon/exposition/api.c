// SPDX-License-Identifier: MIT
/*
 * One process after the other, its parts in the order of the schema.
 */
#include "daemon/exposition/api.h"

#include <math.h>
#include <string.h>

#include "daemon/exposition/json.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/start_time.h"
#include "daemon/model/picture.h"

#define MS_PER_SECOND 1000
#define UNIDENTIFIED  "heapwatch_processes_unidentified" /* the family that tells of them */

static double known(bool is_known, uint64_t value)
{
	return is_known ? (double)value : (double)NAN;
}

/* Milliseconds are what the sources can tell. */
static double unix_seconds(uint64_t at_ns, uint64_t boot_realtime_offset_ns)
{
	uint64_t unix_ms = u64_add_saturating(at_ns, boot_realtime_offset_ns) / NS_PER_MS;

	return (double)unix_ms / MS_PER_SECOND;
}

/* ---- identity, memory ---- */

static void write_identity(struct json *json, const struct process *process,
                           uint64_t boot_realtime_offset_ns)
{
	static const char *const sources[] = {
	    [SOURCE_PROC] = "proc",
	    [SOURCE_GCLOG] = "gclog",
	    [SOURCE_INSPECTOR] = "inspector",
	};
	enum source source;

	_Static_assert(sizeof(sources) / sizeof(sources[0]) == SOURCE_COUNT, "a name each");
	json_string(json, "app", process->app);
	json_u64(json, "slot", process->slot);
	json_u64(json, "pid", (uint64_t)process->shown_pid);
	json_number(json, "start_time", start_time_seconds(process, boot_realtime_offset_ns));
	json_string(json, "script", process->script);
	json_string(json, "node_version", process->node_version);
	json_string(json, "container_id", process->container_id);
	json_string(json, "pod_uid", process->pod_uid);
	json_string(json, "container_name", process->container_name);
	json_string(json, "unit", process->unit);
	json_begin_array(json, "sources");
	for (source = 0; source < SOURCE_COUNT; source++)
		if ((process->sources & (1U << source)) != 0)
			json_string(json, NULL, sources[source]);
	json_end_array(json);
}

static void write_unreadable(struct json *json, const struct process *process)
{
	enum process_fact fact;

	json_begin_array(json, "unreadable");
	for (fact = 0; fact < PROCESS_FACT_COUNT; fact++) {
		if (process->needs[fact] == PROCESS_NEED_NOTHING)
			continue;
		json_begin_object(json, NULL);
		json_string(json, "fact", process_fact_name(fact));
		json_string(json, "needs",
		            process_need_name((enum process_need)process->needs[fact]));
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_memory(struct json *json, const struct process *process)
{
	const struct memory_sample *memory = &process->memory;
	const struct memory_detail *detail = &process->detail;
	bool has_memory = process->has_memory;
	bool has_detail = process->has_detail;

	json_begin_object(json, "memory");
	json_number(json, "resident_bytes", known(has_memory, memory->rss_bytes));
	json_number(json, "anonymous_bytes", known(has_memory, process_rss_anon_bytes(process)));
	json_number(json, "file_bytes", known(has_memory, process_rss_file_bytes(process)));
	json_number(json, "shmem_bytes", known(has_memory, process_rss_shmem_bytes(process)));
	json_number(json, "virtual_bytes", known(has_memory, memory->virtual_bytes));
	json_number(json, "swap_bytes", known(has_detail, detail->swap_bytes));
	json_number(json, "proportional_bytes",
	            known(process->has_proportional, process->proportional.pss_bytes));
	json_number(json, "limit_bytes",
	            known(has_detail && detail->limit_bytes > 0, detail->limit_bytes));
	json_bool(json, "limit_is_cgroup", has_detail && detail->limit_is_cgroup);
	json_end_object(json);
	json_begin_object(json, "cpu");
	json_number(json, "user_seconds",
	            has_memory ? ns_to_seconds(memory->user_cpu_ns) : (double)NAN);
	json_number(json, "system_seconds",
	            has_memory ? ns_to_seconds(memory->system_cpu_ns) : (double)NAN);
	json_end_object(json);
	json_number(json, "threads", known(has_memory, memory->threads));
	json_number(json, "open_fds", known(has_detail && detail->has_open_fds, detail->open_fds));
}

/* ---- collections and heaps: of one isolate, or summed up ---- */

struct heap_sum {
	struct gc_totals by_kind[GC_KIND_COUNT];
	bool has_used, has_live, has_limit;
	uint64_t used_bytes, committed_bytes, live_bytes, limit_bytes;
};

static void add_isolate(struct heap_sum *sum, const struct isolate *isolate)
{
	bool is_alive = (isolate->last_gc_ns > 0 || isolate->polled_ns > 0) && !isolate->is_gone;
	uint64_t used_bytes = 0;
	enum gc_kind kind;

	for (kind = 0; kind < GC_KIND_COUNT; kind++) {
		struct gc_totals *totals = &sum->by_kind[kind];

		totals->count += isolate->by_kind[kind].count;
		totals->pause_ns += isolate->by_kind[kind].pause_ns;
		totals->reclaimed_bytes += isolate->by_kind[kind].reclaimed_bytes;
		if (isolate->by_kind[kind].pause_max_ns > totals->pause_max_ns)
			totals->pause_max_ns = isolate->by_kind[kind].pause_max_ns;
	}
	if (!is_alive)
		return;
	sum->has_used = true;
	(void)isolate_used_bytes(isolate, &used_bytes); /* 0 where not known */
	sum->used_bytes += used_bytes;
	sum->committed_bytes += isolate->committed_bytes;
	sum->has_live |= isolate->has_live;
	sum->live_bytes += isolate->has_live ? isolate->live_bytes : 0;
	sum->has_limit |= isolate->limit_bytes > 0;
	sum->limit_bytes += isolate->limit_bytes;
}

static void write_heap_sum(struct json *json, const struct heap_sum *sum)
{
	static const char *const keys[GC_KIND_COUNT] = {
	    [GC_SCAVENGE] = "scavenge",
	    [GC_MARK_COMPACT] = "mark_compact",
	    [GC_MINOR_MARK_COMPACT] = "minor_mark_compact",
	};
	enum gc_kind kind;

	json_begin_object(json, "gc");
	for (kind = 0; kind < GC_KIND_COUNT; kind++) {
		const struct gc_totals *totals = &sum->by_kind[kind];

		json_begin_object(json, keys[kind]);
		json_u64(json, "count", totals->count);
		json_begin_object(json, "pause_ms");
		json_number(json, "total", (double)totals->pause_ns / NS_PER_MS);
		json_number(json, "max",
		            totals->count > 0 ? (double)totals->pause_max_ns / NS_PER_MS
		                              : (double)NAN);
		json_end_object(json);
		json_u64(json, "reclaimed_bytes", totals->reclaimed_bytes);
		json_end_object(json);
	}
	json_end_object(json);
	json_begin_object(json, "heap");
	json_number(json, "used_bytes", known(sum->has_used, sum->used_bytes));
	json_number(json, "committed_bytes", known(sum->has_used, sum->committed_bytes));
	json_number(json, "live_bytes", known(sum->has_live, sum->live_bytes));
	json_number(json, "limit_bytes", known(sum->has_limit, sum->limit_bytes));
	json_end_object(json);
}

static void write_isolate(struct json *json, const struct isolate *isolate)
{
	struct heap_sum sum = {.has_used = false};
	struct heap_part_level level;
	uint64_t external_bytes = 0;
	bool has_external = isolate_external_bytes(isolate, &external_bytes);
	enum heap_event event;
	enum heap_part space;

	add_isolate(&sum, isolate);
	json_begin_object(json, NULL);
	json_string(json, "isolate", isolate->name);
	json_bool(json, "is_gone", isolate->is_gone);
	write_heap_sum(json, &sum);
	json_bool(json, "limit_is_estimated", isolate->limit_is_estimated);
	json_number(json, "external_bytes", known(has_external, external_bytes));
	json_number(json, "array_buffer_bytes",
	            known(isolate->has_array_buffers, isolate->array_buffer_bytes));
	json_number(json, "detached_contexts",
	            known(isolate->has_detached_contexts, isolate->detached_contexts));
	json_number(json, "eventloop_lag_seconds",
	            isolate->loop.sample.has_lag ? ns_to_seconds(isolate->loop.sample.lag_ns)
	                                         : (double)NAN);
	json_number(json, "eventloop_utilization_ratio", isolate->loop.utilization_ratio);
	json_number(json, "mutator_utilization_ratio", isolate->mutator_utilization);
	json_begin_object(json, "spaces");
	for (space = 0; space < HEAP_PART_SPACE_COUNT; space++)
		if (isolate_space(isolate, space, &level))
			json_u64(json, heap_space_name(space), level.used_bytes);
	json_end_object(json);
	json_begin_object(json, "events");
	for (event = 0; event < HEAP_EVENT_COUNT; event++)
		json_u64(json, heap_event_name(event), isolate->events[event]);
	json_end_object(json);
	json_end_object(json);
}

static void write_heaps(struct json *json, const struct process *process)
{
	struct heap_sum sum = {.has_used = false};
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		add_isolate(&sum, process->isolates[i]);
	write_heap_sum(json, &sum);
	json_begin_array(json, "isolates");
	for (i = 0; i < process->isolate_count; i++)
		write_isolate(json, process->isolates[i]);
	json_end_array(json);
}

/* ---- the verdict ---- */

static void write_sites(struct json *json, const struct leak_sites *sites)
{
	size_t i;

	json_begin_array(json, "sites");
	for (i = 0; sites != NULL && i < sites->count; i++) {
		const struct leak_site *site = &sites->items[i];

		json_begin_object(json, NULL);
		json_string(json, "function", site->function);
		json_string(json, "script", site->script);
		json_u64(json, "line", site->line);
		json_number(json, "share", site->share);
		json_u64(json, "samples", site->samples);
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_leak(struct json *json, const struct process *process,
                       uint64_t boot_realtime_offset_ns)
{
	const struct verdict *verdict = &process->verdict;
	size_t i;

	json_begin_object(json, "leak");
	json_bool(json, "is_evaluated", verdict->at_ns > 0);
	json_number(json, "score", verdict->score);
	json_number(json, "confidence", verdict->confidence);
	json_string(json, "state", leak_state_name(verdict->state));
	json_string(json, "kind", leak_kind_name(verdict->kind));
	json_number(json, "growth_bytes_per_second", verdict->growth_bytes_per_second);
	json_number(json, "growth_lower_bytes_per_second", verdict->growth_lower_bytes_per_second);
	json_number(json, "growth_upper_bytes_per_second", verdict->growth_upper_bytes_per_second);
	json_begin_object(json, "time_to_exhaustion_seconds");
	json_number(json, "p10", verdict->exhaustion_p10_seconds);
	json_number(json, "p50", verdict->exhaustion_p50_seconds);
	json_number(json, "p90", verdict->exhaustion_p90_seconds);
	json_end_object(json);
	json_number(json, "onset_time",
	            verdict->onset_ns > 0 ? unix_seconds(verdict->onset_ns, boot_realtime_offset_ns)
	                                  : (double)NAN);
	json_begin_array(json, "evidence");
	for (i = 0; i < process->evidence_count; i++)
		json_string(json, NULL, process->evidence[i]);
	json_end_array(json);
	write_sites(json, process->sites);
	json_end_object(json);
}

/* ---- alerts ---- */

static void write_alert(struct json *json, enum condition condition, enum severity severity,
                        uint64_t since_ns, uint64_t boot_realtime_offset_ns)
{
	json_string(json, "condition", condition_name(condition));
	json_string(json, "severity", severity_name(severity));
	json_number(json, "since_time",
	            since_ns > 0 ? unix_seconds(since_ns, boot_realtime_offset_ns) : (double)NAN);
}

static void write_alerts(struct json *json, const struct process *process,
                         uint64_t boot_realtime_offset_ns)
{
	enum condition condition;

	json_begin_array(json, "alerts");
	for (condition = 0; condition < CONDITION_LIVING_COUNT; condition++) {
		const struct firing_alert *alert = &process->alerts[condition];

		if (!alert->is_firing)
			continue;
		json_begin_object(json, NULL);
		write_alert(json, condition, alert->severity, alert->since_ns,
		            boot_realtime_offset_ns);
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_ended_alerts(struct json *json, const struct ended_alerts *ended,
                               uint64_t boot_realtime_offset_ns)
{
	size_t i;

	json_begin_array(json, "ended_alerts");
	for (i = 0; i < ended->count; i++) {
		const struct ended_alert *alert = &ended->items[i];

		json_begin_object(json, NULL);
		json_string(json, "app", alert->app);
		json_u64(json, "slot", alert->slot);
		json_u64(json, "pid", (uint64_t)alert->shown_pid);
		write_alert(json, alert->condition, alert->severity, alert->since_ns,
		            boot_realtime_offset_ns);
		json_end_object(json);
	}
	json_end_array(json);
}

/* ---- series: [Unix seconds, value], oldest first; minima, wider with age ---- */

static void write_series(struct json *json, const char *key, const struct series *series,
                         uint64_t boot_realtime_offset_ns)
{
	struct series_point points[SERIES_POINTS_MAX];
	size_t count = series_points(series, points);
	size_t i;

	json_begin_array(json, key);
	for (i = 0; i < count; i++) {
		json_begin_array(json, NULL);
		json_number(json, NULL, unix_seconds(points[i].at_ns, boot_realtime_offset_ns));
		json_u64(json, NULL, points[i].value);
		json_end_array(json);
	}
	json_end_array(json);
}

static void write_all_series(struct json *json, const struct process *process,
                             uint64_t boot_realtime_offset_ns)
{
	size_t i;

	json_begin_object(json, "series");
	write_series(json, "outside_heap_bytes", &process->outside, boot_realtime_offset_ns);
	write_series(json, "threads", &process->threads, boot_realtime_offset_ns);
	json_begin_object(json, "live_bytes");
	for (i = 0; i < process->isolate_count; i++)
		write_series(json, process->isolates[i]->name, &process->isolates[i]->floor,
		             boot_realtime_offset_ns);
	json_end_object(json);
	json_begin_object(json, "external_bytes");
	for (i = 0; i < process->isolate_count; i++)
		write_series(json, process->isolates[i]->name, &process->isolates[i]->external,
		             boot_realtime_offset_ns);
	json_end_object(json);
	json_end_object(json);
}

/* ---- processes ---- */

static void write_process(struct json *json, const struct process *process,
                          uint64_t boot_realtime_offset_ns)
{
	json_begin_object(json, NULL);
	write_identity(json, process, boot_realtime_offset_ns);
	write_unreadable(json, process);
	write_memory(json, process);
	write_heaps(json, process);
	write_leak(json, process, boot_realtime_offset_ns);
	write_alerts(json, process, boot_realtime_offset_ns);
	write_all_series(json, process, boot_realtime_offset_ns);
	json_end_object(json);
}

static void write_unidentified_of(struct json *json, const struct collector_status *collector)
{
	size_t i;

	for (i = 0; i < collector->counter_count; i++) {
		const struct collector_counter *counter = &collector->counters[i];

		if (strcmp(counter->name, UNIDENTIFIED) != 0 || !(counter->value > 0))
			continue;
		json_begin_object(json, NULL);
		json_number(json, "count", counter->value);
		json_string(json, "needs", counter->label_value);
		json_end_object(json);
	}
}

void api_write_processes(const struct picture *picture, const struct self_status *self,
                         struct buf *out)
{
	struct json json = {.out = out};
	size_t i;

	json_begin_object(&json, NULL);
	json_begin_array(&json, "processes");
	for (i = 0; i < picture->process_count; i++)
		if (picture->processes[i]->is_exported)
			write_process(&json, picture->processes[i], self->boot_realtime_offset_ns);
	json_end_array(&json);
	json_begin_array(&json, "unidentified");
	for (i = 0; i < self->collector_count; i++)
		write_unidentified_of(&json, &self->collectors[i]);
	json_end_array(&json);
	write_ended_alerts(&json, &self->alerting.ended, self->boot_realtime_offset_ns);
	json_end_object(&json);
	buf_append_char(out, '\n');
}

void api_write_process(const struct process *process, uint64_t boot_realtime_offset_ns,
                       struct buf *out)
{
	struct json json = {.out = out};

	write_process(&json, process, boot_realtime_offset_ns);
	buf_append_char(out, '\n');
}
