// SPDX-License-Identifier: MIT
/*
 * The tables of families, each in the order of its original, and what fills them. Both look at the
 * main thread's heap alone, as their originals do; /metrics has those of the workers, too.
 */
#include "daemon/exposition/probe.h"

#include <string.h>

#include "daemon/exposition/pauses.h"
#include "daemon/exposition/probe_loop.h"
#include "daemon/exposition/start_time.h"
#include "daemon/model/process.h"
#include "lib/buf.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define SPACE_NAME_SIZE 64
#define SPACE_SUFFIX    "_space"

/* ---- numbers of /proc ---- */

static bool cpu_user(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = ns_to_seconds(subject->process->memory.user_cpu_ns);
	return subject->process->has_memory;
}

static bool cpu_system(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = ns_to_seconds(subject->process->memory.system_cpu_ns);
	return subject->process->has_memory;
}

static bool cpu_total(const struct probe_subject *subject, double *ret_value)
{
	const struct memory_sample *memory = &subject->process->memory;

	*ret_value = ns_to_seconds(u64_add_saturating(memory->user_cpu_ns, memory->system_cpu_ns));
	return subject->process->has_memory;
}

static bool start_time(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = start_time_seconds(subject->process, subject->boot_realtime_offset_ns);
	return true;
}

static bool resident(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = (double)subject->process->memory.rss_bytes;
	return subject->process->has_memory;
}

static bool virtual(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = (double)subject->process->memory.virtual_bytes;
	return subject->process->has_memory;
}

/* VmData, which prom-client reads, too. */
static bool data(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = (double)subject->process->detail.data_bytes;
	return subject->process->has_detail && subject->process->detail.data_bytes > 0;
}

static bool open_fds(const struct probe_subject *subject, double *ret_value)
{
	*ret_value = (double)subject->process->detail.open_fds;
	return subject->process->has_detail && subject->process->detail.has_open_fds;
}

static bool max_fds(const struct probe_subject *subject, double *ret_value)
{
	uint64_t max = subject->process->detail.max_fds;

	*ret_value = (double)max;
	return subject->process->has_detail && max > 0 && max < UINT64_MAX;
}

/* ---- numbers of the heap: of now by the inspector, else as of its last collection ---- */

static bool has_heap(const struct probe_subject *subject)
{
	return subject->main != NULL && !subject->main->is_gone &&
	       (subject->main->last_gc_ns > 0 || subject->main->polled_ns > 0);
}

static bool heap_total(const struct probe_subject *subject, double *ret_value)
{
	bool is_known = has_heap(subject) && subject->main->committed_bytes > 0;

	*ret_value = is_known ? (double)subject->main->committed_bytes : 0;
	return is_known;
}

static bool heap_used(const struct probe_subject *subject, double *ret_value)
{
	uint64_t bytes = 0;
	bool is_known = has_heap(subject) && isolate_used_bytes(subject->main, &bytes);

	*ret_value = (double)bytes;
	return is_known;
}

static bool external(const struct probe_subject *subject, double *ret_value)
{
	uint64_t bytes;

	if (subject->main == NULL || subject->main->is_gone ||
	    !isolate_external_bytes(subject->main, &bytes))
		return false;
	*ret_value = (double)bytes;
	return true;
}

/* ---- spaces ---- */

enum space_size { SPACE_TOTAL, SPACE_USED, SPACE_AVAILABLE, SPACE_PHYSICAL };

/* "old_space" as "old" for prom-client. */
static void short_name(enum heap_part space, char out[SPACE_NAME_SIZE])
{
	const char *name = heap_space_name(space);
	size_t length = strlen(name) - strlen(SPACE_SUFFIX);

	memcpy(out, name, length);
	out[length] = '\0';
}

/* False: no source tells it. */
static bool size_of_space(const struct heap_part_level *level, enum space_size size,
                          uint64_t *ret_bytes)
{
	const uint64_t sizes[] = {
	    [SPACE_TOTAL] = level->committed_bytes,
	    [SPACE_USED] = level->used_bytes,
	    [SPACE_AVAILABLE] = level->available_bytes,
	    [SPACE_PHYSICAL] = level->physical_bytes,
	};

	*ret_bytes = sizes[size];
	if (size == SPACE_AVAILABLE)
		return level->available_bytes != UINT64_MAX;
	/* An empty space holds nothing; where the inspector speaks, that is known. */
	return size == SPACE_USED || sizes[size] > 0 || level->available_bytes != UINT64_MAX;
}

static void write_space(const struct probe_subject *subject, struct text_writer *text,
                        enum heap_part space, enum space_size size, const char *label)
{
	struct heap_part_level level;
	char name[SPACE_NAME_SIZE];
	uint64_t bytes;

	if (!isolate_space(subject->main, space, &level) || !size_of_space(&level, size, &bytes))
		return;
	short_name(space, name);
	text_begin(text, "", NULL);
	text_label(text, label, strcmp(label, "space") == 0 ? name : heap_space_name(space));
	text_end_u64(text, bytes);
}

static void write_spaces(const struct probe_subject *subject, struct text_writer *text,
                         enum space_size size, const char *label)
{
	enum heap_part space;

	if (subject->main == NULL || subject->main->is_gone)
		return;
	for (space = 0; space < HEAP_PART_SPACE_COUNT; space++)
		write_space(subject, text, space, size, label);
}

static void space_total(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_TOTAL, "space");
}

static void space_used(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_USED, "space");
}

static void space_available(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_AVAILABLE, "space");
}

static void otel_space_available(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_AVAILABLE, "v8js_heap_space_name");
}

static void otel_space_physical(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_PHYSICAL, "v8js_heap_space_name");
}

static void otel_space_size(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_TOTAL, "v8js_heap_space_name");
}

static void otel_space_used(const struct probe_subject *subject, struct text_writer *text)
{
	write_spaces(subject, text, SPACE_USED, "v8js_heap_space_name");
}

/* ---- the version ---- */

/* The next number of "20.20.2", "0" where there is none. */
static void version_part(const char **version, char out[NUMBER_TEXT_SIZE])
{
	uint64_t number = 0;
	size_t length = strspn(*version, "0123456789");

	if (number_parse_u64(*version, length, &number) < 0)
		number = 0;
	(void)number_format_u64(out, number);
	*version += length;
	*version += **version == '.';
}

static void version_info(const struct probe_subject *subject, struct text_writer *text)
{
	static const char *const labels[] = {"major", "minor", "patch"};
	const char *version = subject->process->node_version;
	struct buf full = BUF_INIT(256);
	char number[NUMBER_TEXT_SIZE];
	size_t i;

	if (*version == '\0')
		return;
	buf_append_char(&full, 'v');
	buf_append_string(&full, version);
	text_begin(text, "", NULL);
	text_label(text, "version", buf_string(&full));
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		version_part(&version, number);
		text_label(text, labels[i], number);
	}
	text_end_u64(text, 1);
	buf_done(&full);
}

/* ---- collections ---- */

/* perf_hooks' kinds: V8 tells no pauses of the others (incremental, weakcb) in its trace. */
static const char *const gc_kinds[GC_GENERATION_COUNT] = {
    [GC_GENERATION_YOUNG] = "minor",
    [GC_GENERATION_FULL] = "major",
};

/* How the two originals write a histogram: the label of the kind, and whether le comes first. */
struct pause_style {
	const char *kind_label;
	bool is_le_first;
	const struct pause_bound *bounds;
	size_t bound_count;
};

static void write_bucket(struct text_writer *text, const struct pause_style *style,
                         const char *kind, const char *le, uint64_t count)
{
	text_begin(text, "_bucket", NULL);
	if (style->is_le_first)
		text_label(text, "le", le);
	text_label(text, style->kind_label, kind);
	if (!style->is_le_first)
		text_label(text, "le", le);
	text_end_u64(text, count);
}

static void write_pauses(const struct gc_totals *totals, const char *kind, struct text_writer *text,
                         const struct pause_style *style)
{
	size_t i;

	for (i = 0; i < style->bound_count; i++)
		write_bucket(text, style, kind, style->bounds[i].text,
		             gc_totals_up_to(totals, style->bounds[i].seconds));
	write_bucket(text, style, kind, "+Inf", totals->count);
	text_begin(text, "_sum", NULL);
	text_label(text, style->kind_label, kind);
	text_end(text, ns_to_seconds(totals->pause_ns));
	text_begin(text, "_count", NULL);
	text_label(text, style->kind_label, kind);
	text_end_u64(text, totals->count);
}

/* A kind appears with its first collection, as in the originals. */
static void write_gc(const struct probe_subject *subject, struct text_writer *text,
                     const struct pause_style *style)
{
	enum gc_generation generation;

	for (generation = 0; subject->main != NULL && generation < GC_GENERATION_COUNT;
	     generation++)
		if (subject->main->totals[generation].count > 0)
			write_pauses(&subject->main->totals[generation], gc_kinds[generation], text,
			             style);
}

static void gc_duration(const struct probe_subject *subject, struct text_writer *text)
{
	static const struct pause_bound bounds[] = {
	    {0.001, "0.001"}, {0.01, "0.01"}, {0.1, "0.1"}, {1, "1"}, {2, "2"}, {5, "5"},
	};
	static const struct pause_style style = {"kind", true, bounds,
	                                         sizeof(bounds) / sizeof(bounds[0])};

	write_gc(subject, text, &style);
}

static void otel_gc_duration(const struct probe_subject *subject, struct text_writer *text)
{
	static const struct pause_bound bounds[] = {
	    {0.005, "0.005"}, {0.01, "0.01"}, {0.025, "0.025"}, {0.05, "0.05"}, {0.075, "0.075"},
	    {0.1, "0.1"},     {0.25, "0.25"}, {0.5, "0.5"},     {0.75, "0.75"}, {1, "1"},
	    {2.5, "2.5"},     {5, "5"},       {7.5, "7.5"},     {10, "10"},
	};
	static const struct pause_style style = {"v8js_gc_type", false, bounds,
	                                         sizeof(bounds) / sizeof(bounds[0])};

	write_gc(subject, text, &style);
}

/* ---- the tables ---- */

/* clang-format off */
static const struct probe_family prom_client_families[] = {
    {{"process_cpu_user_seconds_total", "counter", "", "Total user CPU time spent in seconds."},
     cpu_user, NULL},
    {{"process_cpu_system_seconds_total", "counter", "", "Total system CPU time spent in seconds."},
     cpu_system, NULL},
    {{"process_cpu_seconds_total", "counter", "",
      "Total user and system CPU time spent in seconds."}, cpu_total, NULL},
    {{"process_start_time_seconds", "gauge", "",
      "Start time of the process since unix epoch in seconds."}, start_time, NULL},
    {{"process_resident_memory_bytes", "gauge", "", "Resident memory size in bytes."},
     resident, NULL},
    {{"process_virtual_memory_bytes", "gauge", "", "Virtual memory size in bytes."},
     virtual, NULL},
    {{"process_heap_bytes", "gauge", "", "Process heap size in bytes."}, data, NULL},
    {{"process_open_fds", "gauge", "", "Number of open file descriptors."}, open_fds, NULL},
    {{"process_max_fds", "gauge", "", "Maximum number of open file descriptors."}, max_fds, NULL},
    {{"nodejs_eventloop_lag_seconds", "gauge", "", "Lag of event loop in seconds."},
     probe_loop_lag, NULL},
    {{"nodejs_eventloop_lag_min_seconds", "gauge", "",
      "The minimum recorded event loop delay."}, NULL, NULL},
    {{"nodejs_eventloop_lag_max_seconds", "gauge", "",
      "The maximum recorded event loop delay."}, NULL, NULL},
    {{"nodejs_eventloop_lag_mean_seconds", "gauge", "",
      "The mean of the recorded event loop delays."}, NULL, NULL},
    {{"nodejs_eventloop_lag_stddev_seconds", "gauge", "",
      "The standard deviation of the recorded event loop delays."}, NULL, NULL},
    {{"nodejs_eventloop_lag_p50_seconds", "gauge", "",
      "The 50th percentile of the recorded event loop delays."}, NULL, NULL},
    {{"nodejs_eventloop_lag_p90_seconds", "gauge", "",
      "The 90th percentile of the recorded event loop delays."}, NULL, NULL},
    {{"nodejs_eventloop_lag_p99_seconds", "gauge", "",
      "The 99th percentile of the recorded event loop delays."}, NULL, NULL},
    {{"nodejs_active_resources", "gauge", "",
      "Number of active resources that are currently keeping the event loop alive, grouped by "
      "async resource type."}, NULL, probe_resources},
    {{"nodejs_active_resources_total", "gauge", "", "Total number of active resources."},
     probe_resources_total, NULL},
    {{"nodejs_active_handles", "gauge", "",
      "Number of active libuv handles grouped by handle type. Every handle type is C++ class "
      "name."}, NULL, NULL},
    {{"nodejs_active_handles_total", "gauge", "", "Total number of active handles."},
     probe_handles_total, NULL},
    {{"nodejs_active_requests", "gauge", "",
      "Number of active libuv requests grouped by request type. Every request type is C++ class "
      "name."}, NULL, NULL},
    {{"nodejs_active_requests_total", "gauge", "", "Total number of active requests."},
     probe_requests_total, NULL},
    {{"nodejs_heap_size_total_bytes", "gauge", "", "Process heap size from Node.js in bytes."},
     heap_total, NULL},
    {{"nodejs_heap_size_used_bytes", "gauge", "", "Process heap size used from Node.js in bytes."},
     heap_used, NULL},
    {{"nodejs_external_memory_bytes", "gauge", "", "Node.js external memory size in bytes."},
     external, NULL},
    {{"nodejs_heap_space_size_total_bytes", "gauge", "",
      "Process heap space size total from Node.js in bytes."}, NULL, space_total},
    {{"nodejs_heap_space_size_used_bytes", "gauge", "",
      "Process heap space size used from Node.js in bytes."}, NULL, space_used},
    {{"nodejs_heap_space_size_available_bytes", "gauge", "",
      "Process heap space size available from Node.js in bytes."}, NULL, space_available},
    {{"nodejs_version_info", "gauge", "", "Node.js version info."}, NULL, version_info},
    {{"nodejs_gc_duration_seconds", "histogram", "",
      "Garbage collection duration by kind, one of major, minor, incremental or weakcb."},
     NULL, gc_duration},
};

/* Names as of 0.34 of the instrumentation; HELP is that of its JavaScript. */
static const struct probe_family otel_families[] = {
    {{"nodejs_eventloop_utilization_ratio", "gauge", "", "Event loop utilization"},
     probe_loop_utilization, NULL},
    {{"nodejs_eventloop_time_seconds_total", "counter", "",
      "Cumulative duration of time the event loop has been in each state."},
     NULL, probe_loop_time},
    {{"nodejs_eventloop_delay_min_seconds", "gauge", "", "Event loop minimum delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_max_seconds", "gauge", "", "Event loop maximum delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_mean_seconds", "gauge", "", "Event loop mean delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_stddev_seconds", "gauge", "",
      "Event loop standard deviation delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_p50_seconds", "gauge", "",
      "Event loop 50 percentile delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_p90_seconds", "gauge", "",
      "Event loop 90 percentile delay."}, NULL, NULL},
    {{"nodejs_eventloop_delay_p99_seconds", "gauge", "",
      "Event loop 99 percentile delay."}, NULL, NULL},
    {{"v8js_gc_duration_seconds", "histogram", "",
      "Garbage collection duration by kind, one of major, minor, incremental or weakcb."},
     NULL, otel_gc_duration},
    {{"v8js_memory_heap_space_size_bytes", "gauge", "",
      "Total heap memory size pre-allocated for a heap space."}, NULL, otel_space_size},
    {{"v8js_memory_heap_used_bytes", "gauge", "", "Heap Memory size allocated."},
     NULL, otel_space_used},
    {{"v8js_memory_heap_space_available_size_bytes", "gauge", "",
      "Heap space available size."}, NULL, otel_space_available},
    {{"v8js_memory_heap_space_physical_size_bytes", "gauge", "",
      "Committed size of a heap space."}, NULL, otel_space_physical},
    {{"v8js_resource_active", "gauge", "",
      "Count of the active resources that are currently keeping the event loop alive."},
     NULL, probe_resources_otel},
};
/* clang-format on */

static const struct probe_format formats[] = {
    {"prom-client", prom_client_families,
     sizeof(prom_client_families) / sizeof(prom_client_families[0])},
    {"otel", otel_families, sizeof(otel_families) / sizeof(otel_families[0])},
};

/* ---- one process ---- */

const struct probe_format *probe_format_find(const char *name)
{
	size_t i;

	if (name == NULL)
		return &formats[0];
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

static const struct isolate *main_isolate(const struct process *process)
{
	size_t i;

	for (i = 0; i < process->isolate_count; i++)
		if (strcmp(process->isolates[i]->name, "main") == 0)
			return process->isolates[i];
	return NULL;
}

static void write_family(const struct probe_subject *subject, const struct probe_family *row,
                         struct text_writer *text)
{
	double value;

	text_family(text, &row->family);
	text_header(text);
	if (row->write != NULL)
		row->write(subject, text);
	if (row->value == NULL || !row->value(subject, &value))
		return;
	text_begin(text, "", NULL);
	text_end(text, value);
}

void probe_write(const struct probe_format *format, const struct process *process,
                 uint64_t boot_realtime_offset_ns, struct buf *out)
{
	const struct probe_subject subject = {.process = process,
	                                      .main = main_isolate(process),
	                                      .boot_realtime_offset_ns = boot_realtime_offset_ns};
	struct text_writer text;
	size_t i;

	text_init(&text, TEXT_PROMETHEUS, out);
	for (i = 0; i < format->family_count; i++) {
		if (i > 0)
			buf_append_char(out, '\n'); /* as prom-client parts them */
		write_family(&subject, &format->families[i], &text);
	}
	text_finish(&text);
}
