// SPDX-License-Identifier: MIT
/*
 * One process as prom-client and OpenTelemetry would show it: golden texts, and that what is not
 * known has HELP and TYPE and nothing else.
 */
#include "daemon/exposition/probe.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/golden.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

static void tell_heap(struct model *model, const struct process *process)
{
	static const struct heap_sample samples[] = {
	    {.isolate = 0x1000,
	     .part = HEAP_PART_OLD,
	     .used_bytes = 33 * MIB,
	     .committed_bytes = 40 * MIB},
	    {.isolate = 0x1000, .part = HEAP_PART_NEW_LARGE_OBJECT, .used_bytes = 0},
	    {.isolate = 0x1000, .part = HEAP_PART_BACKING_STORE, .used_bytes = 5 * MIB},
	    {.isolate = 0x2000, .part = HEAP_PART_OLD, .used_bytes = 999},
	};
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		model_heap(model, &process->key, SAMPLE_NOW_NS, &samples[i]);
}

static void write_leaking(const char *format, struct buf *out)
{
	struct model *model = sample_model();
	const struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);

	tell_heap(model, process);
	probe_write(probe_format_find(format), process, sample_self.boot_realtime_offset_ns, out);
	ck_assert(!buf_failed(out));
	(void)model_free(model);
}

START_TEST(test_expositions_are_the_golden_ones)
{
	struct buf text = BUF_INIT(1U << 20);

	write_leaking(NULL, &text);
	golden_compare("probe.txt", &text);
	buf_clear(&text);
	write_leaking("otel", &text);
	golden_compare("probe.otel.txt", &text);
	buf_done(&text);
}
END_TEST

static size_t count_samples(const char *text)
{
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text = strchr(text, '\n')) {
		text += *text == '\n';
		count += *text != '#' && *text != '\n' && *text != '\0';
	}
	return count;
}

START_TEST(test_without_sources_there_are_headers_alone)
{
	struct model *model = sample_model();
	const struct process *unread = model_find_slot(model, "auth", 1);
	struct buf text = BUF_INIT(1U << 20);

	probe_write(probe_format_find(NULL), unread, sample_self.boot_realtime_offset_ns, &text);
	ck_assert_uint_eq(count_samples(buf_string(&text)), 2); /* start time, version */
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&text), "# TYPE nodejs_gc_duration_seconds histogram\n"));
	buf_clear(&text);
	probe_write(probe_format_find("otel"), unread, sample_self.boot_realtime_offset_ns, &text);
	ck_assert_uint_eq(count_samples(buf_string(&text)), 0);
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&text), "# TYPE v8js_gc_duration_seconds histogram\n"));
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_unlimited_files_have_no_maximum)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	struct buf text = BUF_INIT(1U << 20);

	process->detail.max_fds = UINT64_MAX;
	probe_write(probe_format_find(NULL), process, 0, &text);
	ck_assert_ptr_null(strstr(buf_string(&text), "\nprocess_max_fds "));
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_what_an_inspector_tells_of_the_event_loop)
{
	static const struct {
		const char *format;
		const char *line;
	} rows[] = {
	    {NULL, "\nnodejs_eventloop_lag_seconds 0.0025\n"},
	    {NULL, "\nnodejs_active_resources{type=\"a\\\"b\"} 3\n"},
	    {NULL, "\nnodejs_active_resources_total 4\n"},
	    {NULL, "\nnodejs_active_handles_total 7\n"},
	    {NULL, "\nnodejs_active_requests_total 2\n"},
	    {"otel", "\nv8js_resource_active{v8js_resource_type=\"a\\\"b\"} 3\n"},
	    {"otel", "\nnodejs_eventloop_time_seconds_total{nodejs_eventloop_state=\"idle\"} 3\n"},
	};
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	struct buf text = BUF_INIT(1U << 20);
	size_t i;

	process->isolates[0]->loop = (struct event_loop){
	    .at_ns = SAMPLE_NOW_NS,
	    .sample = {.has_lag = true,
	               .lag_ns = 2500000,
	               .has_utilization = true,
	               .idle_ns = 3 * NS_PER_SECOND,
	               .has_resources = true,
	               .resource_total = 4,
	               .resource_count = 1,
	               .resources = {{"a\"b", 3}},
	               .has_handles = true,
	               .handle_total = 7,
	               .request_total = 2},
	};
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&text);
		probe_write(probe_format_find(rows[i].format), process, 0, &text);
		ck_assert_msg(strstr(buf_string(&text), rows[i].line) != NULL, "no %s in %s",
		              rows[i].line, buf_string(&text));
	}
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_format_names)
{
	ck_assert_ptr_eq(probe_format_find(NULL), probe_format_find("prom-client"));
	ck_assert_ptr_nonnull(probe_format_find("otel"));
	ck_assert_ptr_null(probe_format_find("OTEL"));
	ck_assert_ptr_null(probe_format_find(""));
}
END_TEST

/* The comment lines of a text, one after the other; false at its end. */
static bool next_comment(const char **text, char line[1024])
{
	while (**text != '\0') {
		size_t length = strcspn(*text, "\n");
		const char *start = *text;

		*text += length + (start[length] == '\n');
		if (start[0] != '#' || length >= 1024)
			continue;
		memcpy(line, start, length);
		line[length] = '\0';
		return true;
	}
	return false;
}

static void compare_headers(const char *path)
{
	struct buf ours = BUF_INIT(1U << 20);
	struct buf theirs = BUF_INIT(1U << 20);
	char bytes[4096], our_line[1024], their_line[1024];
	const char *our_text, *their_text;
	FILE *file = fopen(path, "r");
	size_t length;

	ck_assert_msg(file != NULL, "%s", path);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(&theirs, bytes, length);
	(void)fclose(file);
	write_leaking(NULL, &ours);
	our_text = buf_string(&ours);
	their_text = buf_string(&theirs);
	while (next_comment(&their_text, their_line)) {
		ck_assert(next_comment(&our_text, our_line));
		ck_assert_str_eq(our_line, their_line);
	}
	ck_assert(!next_comment(&our_text, our_line));
	buf_done(&ours);
	buf_done(&theirs);
}

/* What a real prom-client 15 wrote, where it is at hand. */
START_TEST(test_headers_are_those_of_prom_client)
{
	const char *top = getenv("top_srcdir");
	char pattern[512];
	glob_t found;
	size_t i;

	(void)snprintf(pattern, sizeof(pattern), "%s/../shared/compat/prom-client-15.*.txt",
	               top != NULL ? top : ".");
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc; i++)
		compare_headers(found.gl_pathv[i]);
	globfree(&found);
}
END_TEST

UNIT_MAIN("probe", test_expositions_are_the_golden_ones,
          test_without_sources_there_are_headers_alone, test_unlimited_files_have_no_maximum,
          test_what_an_inspector_tells_of_the_event_loop, test_format_names,
          test_headers_are_those_of_prom_client)
