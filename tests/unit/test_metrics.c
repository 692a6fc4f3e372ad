// SPDX-License-Identifier: MIT
/*
 * The native exposition as a whole: a golden text, which series exist, and what the table says of
 * itself. HEAPWATCH_UPDATE_GOLDEN=1 writes the golden text anew.
 */
#include "daemon/exposition/metrics.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/golden.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

#define TEXT_MAX_BYTES (4U << 20)

static const char *const golden_files[TEXT_FORMAT_COUNT] = {
    [TEXT_PROMETHEUS] = "metrics.txt",
    [TEXT_OPENMETRICS] = "metrics.openmetrics.txt",
};

static void write_format(enum text_format format, struct buf *out)
{
	struct model *model = sample_model();

	sample_write_metrics(model, format, out);
	ck_assert(!buf_failed(out));
	(void)model_free(model);
}

static void write_sample(struct buf *out)
{
	write_format(TEXT_PROMETHEUS, out);
}

START_TEST(test_exposition_is_the_golden_one)
{
	enum text_format format;

	for (format = 0; format < TEXT_FORMAT_COUNT; format++) {
		struct buf text = BUF_INIT(TEXT_MAX_BYTES);

		write_format(format, &text);
		golden_compare(golden_files[format], &text);
		buf_done(&text);
	}
}
END_TEST

static size_t count_lines(const char *text, const char *start)
{
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text = strchr(text, '\n')) {
		if (*text == '\n')
			text++;
		if (strncmp(text, start, strlen(start)) == 0)
			count++;
	}
	return count;
}

struct series_case {
	const char *start;
	size_t count;
};

/* auth/0: proc only; auth/1: no sample yet; the hostile one has two heaps; auth/2 is too young. */
static const struct series_case series_cases[] = {
    {"heapwatch_process_info{app=\"auth\"", 2},
    {"heapwatch_process_threads{app=\"auth\"", 1},
    {"heapwatch_process_open_fds{", 1},
    {"heapwatch_process_proportional_memory_bytes{", 1},
    {"heapwatch_process_memory_map_bytes{", 3},
    {"heapwatch_process_memory_limit_bytes{", 2},
    {"heapwatch_heap_used_bytes{", 2},
    {"heapwatch_heap_used_bytes{app=\"auth\"", 0},
    {"heapwatch_heap_live_bytes{", 1},
    {"heapwatch_external_memory_bytes{", 1},
    {"heapwatch_heap_space_used_bytes{", 1},
    {"heapwatch_gc_mutator_utilization_ratio{", 1},
    {"heapwatch_gc_pause_seconds_bucket{", 2 * 2 * 6},
    {"heapwatch_gc_pause_seconds_count{", 2 * 2},
    {"heapwatch_leak_score{", 2},
    {"heapwatch_leak_state{", 2 * LEAK_STATE_COUNT},
    {"heapwatch_leak_kind{", 2 * LEAK_KIND_COUNT},
    {"heapwatch_leak_time_to_exhaustion_seconds{", 2 * 3},
    {"heapwatch_processes{", LEAK_STATE_COUNT + 1},
    {"heapwatch_process_exits_total{app=\"gone\"", PROCESS_END_COUNT},
    {"evil", 0},
};

START_TEST(test_a_series_exists_only_with_a_source)
{
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	size_t i;

	write_sample(&text);
	for (i = 0; i < sizeof(series_cases) / sizeof(series_cases[0]); i++)
		ck_assert_msg(count_lines(buf_string(&text), series_cases[i].start) ==
		                  series_cases[i].count,
		              "%s: %zu", series_cases[i].start,
		              count_lines(buf_string(&text), series_cases[i].start));
	buf_done(&text);
}
END_TEST

START_TEST(test_levels_end_with_the_isolate_and_counters_stay)
{
	struct model *model = sample_model();
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	const char *body;

	model_find_slot(model, SAMPLE_HOSTILE_APP, 0)->isolates[0]->is_gone = true;
	sample_write_metrics(model, TEXT_PROMETHEUS, &text);
	body = buf_string(&text);
	ck_assert_uint_eq(count_lines(body, "heapwatch_heap_used_bytes{"), 1);
	ck_assert_uint_eq(count_lines(body, "heapwatch_heap_committed_bytes{"), 1);
	ck_assert_uint_eq(count_lines(body, "heapwatch_heap_live_bytes{"), 0);
	ck_assert_uint_eq(count_lines(body, "heapwatch_heap_limit_bytes{"), 1);
	ck_assert_uint_eq(count_lines(body, "heapwatch_external_memory_bytes{"), 0);
	ck_assert_uint_eq(count_lines(body, "heapwatch_heap_space_used_bytes{"), 0);
	ck_assert_uint_eq(count_lines(body, "heapwatch_gc_mutator_utilization_ratio{"), 0);
	ck_assert_uint_eq(count_lines(body, "heapwatch_gc_pause_seconds_count{"), 4);
	ck_assert_uint_eq(count_lines(body, "heapwatch_gc_reclaimed_bytes_total{"), 4);
	ck_assert_uint_eq(count_lines(body, "heapwatch_gc_allocated_bytes_total{"), 2);
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_an_isolate_known_from_an_incident_has_only_events)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 1, .apps_max = 1, .min_age_ns = 1, .time_scale = 1});
	const struct process *process = sample_found(model, 1, NS_PER_HOUR, "shop", "index.js");
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	model_incident(model, &process->key, 0x1000, SAMPLE_NOW_NS, HEAP_INCIDENT_FATAL_OOM);
	model_advance(model, SAMPLE_NOW_NS);
	sample_write_metrics(model, TEXT_PROMETHEUS, &text);
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_gc_events_total{"),
	                  HEAP_EVENT_COUNT);
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_heap_used_bytes{"), 0);
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_gc_pause_seconds"), 0);
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_gc_reclaimed"), 0);
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_without_processes_only_the_daemon_speaks)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 1, .apps_max = 1, .min_age_ns = 1, .time_scale = 1});
	const struct self_status self = {.version = "", .revision = "", .compiler = ""};
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	{
		struct picture *picture = picture_take(model, NULL);

		metrics_write(&(struct metrics_source){picture, &self, 1}, TEXT_PROMETHEUS, &text);
		(void)picture_free(picture);
	}
	ck_assert(!buf_failed(&text));
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_leak"), 0);
	ck_assert_uint_eq(count_lines(buf_string(&text), "# HELP heapwatch_leak"), 0);
	ck_assert_uint_eq(count_lines(buf_string(&text), "process_virtual_memory_max_bytes"), 0);
	ck_assert_uint_eq(count_lines(buf_string(&text), "heapwatch_processes{state=\"young\"} 0"),
	                  1);
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_body_that_does_not_fit_is_a_failure)
{
	struct model *model = sample_model();
	struct buf text = BUF_INIT(1024);

	sample_write_metrics(model, TEXT_PROMETHEUS, &text);
	ck_assert(buf_failed(&text));
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_every_family_has_a_name_of_its_own_and_a_sample)
{
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	char line[256];
	size_t i;
	size_t k;

	write_sample(&text);
	for (i = 0; i < metric_family_count; i++) {
		const struct metric_family *family = &metric_families[i];

		for (k = 0; k < i; k++)
			ck_assert_str_ne(family->name, metric_families[k].name);
		(void)snprintf(line, sizeof(line), "# TYPE %s %s\n", family->name,
		               metric_type_name(family->type));
		ck_assert_msg(strstr(buf_string(&text), line) != NULL, "%s", family->name);
		ck_assert_str_ne(family->help, "");
		ck_assert_str_ne(family->exists, "");
	}
	buf_done(&text);
}
END_TEST

UNIT_MAIN("metrics", test_exposition_is_the_golden_one, test_a_series_exists_only_with_a_source,
          test_levels_end_with_the_isolate_and_counters_stay,
          test_an_isolate_known_from_an_incident_has_only_events,
          test_without_processes_only_the_daemon_speaks, test_a_body_that_does_not_fit_is_a_failure,
          test_every_family_has_a_name_of_its_own_and_a_sample)
