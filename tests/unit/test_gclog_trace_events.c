// SPDX-License-Identifier: MIT
/*
 * Files of trace events: with and without sizes, whole, cut, in pieces of any size, resumed; and
 * those of the corpus, where there is one, against the collections that an independent reader
 * found.
 */
#include "collectors/gclog/trace_events.h"

#include <cjson/cJSON.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define SEEN_MAX 256
#define FILE_MAX ((size_t)1024 * 1024)

#define EVENT(phase, at, name, dur, args)                                                    \
	"{\"pid\":7,\"tid\":7,\"ts\":" #at ",\"tts\":1,\"ph\":\"" phase "\",\"cat\":\"v8\"," \
	"\"name\":\"" name "\",\"dur\":" #dur ",\"tdur\":0,\"args\":{" args "}}"
#define BEGIN(at, name, used, type) \
	EVENT("B", at, name, 0, "\"usedHeapSizeBefore\":" #used ",\"type\":\"" type "\"")
#define END(at, name, used) EVENT("E", at, name, 0, "\"usedHeapSizeAfter\":" #used)

struct seen {
	struct gclog_record records[SEEN_MAX];
	size_t count;
	struct stream_counts counts;
};

static struct seen seen;
static char file_bytes[FILE_MAX];

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	(void)context;
	ck_assert_int_eq(result, GCLOG_GC);
	ck_assert_uint_gt(line->number, 0);
	ck_assert_uint_lt(seen.count, SEEN_MAX);
	seen.records[seen.count++] = *record;
}

static void feed(struct stream *stream, const char *bytes, size_t length, size_t chunk)
{
	const struct stream_sink sink = {on_record, NULL, &seen.counts};
	size_t at;

	for (at = 0; at < length; at += chunk)
		stream_feed(stream, bytes + at, length - at < chunk ? length - at : chunk, &sink);
}

static void read_all(const char *bytes, size_t length, size_t chunk)
{
	const struct stream_sink sink = {on_record, NULL, &seen.counts};
	struct stream stream = {0};

	memset(&seen, 0, sizeof(seen));
	feed(&stream, bytes, length, chunk);
	stream_finish(&stream, &sink);
	stream_done(&stream);
}

static size_t load(const char *path)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");

	ck_assert_msg(file != NULL, "%s", path);
	return fread(file_bytes, 1, sizeof(file_bytes), file);
}

/* ---- small ones ---- */

static const char pairs[] =
    "{\"traceEvents\":[" EVENT("B", 1000, "V8.NewContext", 0, "") "," BEGIN(1500, "MinorGC", 400, "allocation failure") "," EVENT(
        "X", 1501, "V8.GCScavenger", 450,
        "") "," END(2000, "MinorGC",
                    300) "," BEGIN(3000, "MajorGC", 500,
                                   "incremental finalization step") "," END(3001, "MajorGC",
                                                                            500) "," BEGIN(3500,
                                                                                           "Major"
                                                                                           "GC",
                                                                                           600,
                                                                                           "last "
                                                                                           "resor"
                                                                                           "t") "," EVENT("X",
                                                                                                          3501,
                                                                                                          "V8.GCFinalizeMC",
                                                                                                          5000,
                                                                                                          "") "," END(9500,
                                                                                                                      "MajorGC",
                                                                                                                      200) "]}\n";

START_TEST(test_pairs_are_collections_with_sizes)
{
	size_t chunk;

	for (chunk = 1; chunk <= sizeof(pairs); chunk++) {
		read_all(pairs, sizeof(pairs) - 1, chunk);
		ck_assert_uint_eq(seen.count, 2);
		ck_assert_uint_eq(seen.counts.gc, 2);
		ck_assert_uint_eq(seen.counts.other, 7);
		ck_assert_uint_eq(seen.counts.torn, 0);
	}
	ck_assert_int_eq(seen.records[0].pid, 7);
	ck_assert_uint_eq(seen.records[0].event.isolate, 7);
	ck_assert_int_eq((int)seen.records[0].event.kind, GC_SCAVENGE);
	ck_assert_uint_eq(seen.records[0].event.uptime_ns, NS_PER_MS);
	ck_assert_uint_eq(seen.records[0].event.pause_ns, 500 * NS_PER_US);
	ck_assert_uint_eq(seen.records[0].event.used_before_bytes, 400);
	ck_assert_uint_eq(seen.records[0].event.used_after_bytes, 300);
	ck_assert(!seen.records[0].event.lacks_sizes);
	ck_assert_int_eq((int)seen.records[1].event.kind, GC_MARK_COMPACT);
	ck_assert_uint_eq(seen.records[1].event.pause_ns, 6000 * NS_PER_US);
	ck_assert(seen.records[1].event.is_last_resort);
	ck_assert_str_ne(gclog_family_versions(seen.records[1].family), "");
}
END_TEST

static const char spans[] =
    "{\"traceEvents\":[" EVENT("X", 100, "V8.GCScavenger", 40, "") "," EVENT(
        "X", 200, "V8.GCFinalizeMCReduceMemory", 60,
        "") "," EVENT("X", 300, "V8.GCMinorMC", 10,
                      "") "," EVENT("X", 400, "V8.GCCompactor", 20,
                                    "") "," EVENT("X", 500, "V8.GCIncrementalMarking", 20, "");

START_TEST(test_spans_are_collections_without_sizes)
{
	read_all(spans, sizeof(spans) - 1, sizeof(spans));
	ck_assert_uint_eq(seen.count, 4);
	ck_assert_int_eq((int)seen.records[0].event.kind, GC_SCAVENGE);
	ck_assert_int_eq((int)seen.records[1].event.kind, GC_MARK_COMPACT);
	ck_assert_int_eq((int)seen.records[2].event.kind, GC_MINOR_MARK_COMPACT);
	ck_assert_int_eq((int)seen.records[3].event.kind, GC_MARK_COMPACT);
	ck_assert(seen.records[1].event.lacks_sizes);
	ck_assert_uint_eq(seen.records[1].event.pause_ns, 60 * NS_PER_US);
	ck_assert_uint_eq(seen.records[1].event.uptime_ns, 160 * NS_PER_US);
}
END_TEST

START_TEST(test_threads_collect_at_the_same_time)
{
	static const char text[] = "{\"traceEvents\":[{\"pid\":7,\"tid\":8,\"ts\":1,\"ph\":\"B\","
	                           "\"name\":\"MinorGC\",\"args\":{"
	                           "\"usedHeapSizeBefore\":10}},{\"pid\":7,\"tid\":9,\"ts\":2,"
	                           "\"ph\":\"B\",\"name\":\"MajorGC\","
	                           "\"args\":{\"usedHeapSizeBefore\":20}},{\"pid\":7,\"tid\":8,"
	                           "\"ts\":5,\"ph\":\"E\",\"name\":"
	                           "\"MinorGC\",\"args\":{\"usedHeapSizeAfter\":8}},{\"pid\":7,"
	                           "\"tid\":9,\"ts\":9,\"ph\":\"E\","
	                           "\"name\":\"MajorGC\",\"args\":{\"usedHeapSizeAfter\":7}}";

	read_all(text, sizeof(text) - 1, 64);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.records[0].event.isolate, 8);
	ck_assert_uint_eq(seen.records[0].event.used_before_bytes, 10);
	ck_assert_uint_eq(seen.records[1].event.isolate, 9);
	ck_assert_uint_eq(seen.records[1].event.used_after_bytes, 7);
}
END_TEST

/* Braces, commas and quotes inside strings, and what stands deeper than an event's args. */
START_TEST(test_other_events_may_hold_anything)
{
	static const char text[] =
	    "{\"traceEvents\":[{\"pid\":7,\"tid\":7,\"ts\":1,\"ph\":\"X\",\"name\":\"a}]\\\"{"
	    "\\\\\",\"args\":"
	    "{\"deep\":{\"name\":\"MinorGC\",\"ph\":\"X\",\"list\":[1,{\"ts\":5},[]]},\"s\":\"},{"
	    "\"}},"
	    "{\"pid\":7,\"tid\":7,\"ts\":9,\"ph\":\"X\",\"name\":\"V8.GCScavenger\",\"dur\":3}";

	read_all(text, sizeof(text) - 1, 7);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.counts.other, 1);
	ck_assert_uint_eq(seen.records[0].event.pause_ns, 3 * NS_PER_US);
}
END_TEST

START_TEST(test_what_only_begins_like_events_is_text)
{
	static const char *const texts[] = {"{\"traceEv\n", "{\"trace\":1}\nx\n", "{", ",{\"p\n",
	                                    ",{\"pie\":1}\n"};
	static const uint64_t lines[] = {1, 2, 1, 1, 1};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t chunk;

		for (chunk = 1; chunk < 12; chunk++) {
			read_all(texts[i], strlen(texts[i]), chunk);
			ck_assert_uint_eq(seen.counts.other, lines[i]);
		}
	}
}
END_TEST

/* A GC line behind such a beginning is not lost. */
START_TEST(test_lines_behind_a_brace_are_read)
{
	static const char text[] =
	    "{\n[7:0xa]  5 ms: Scavenge 2.0 (3.0) -> 1.0 (3.0) MB, 0.5 / 0.0 ms  task\n";

	read_all(text, sizeof(text) - 1, 3);
	ck_assert_uint_eq(seen.count, 1);
}
END_TEST

/* Stopped anywhere, a new stream goes on from where the old one says, and nothing is twice. */
START_TEST(test_stream_is_resumed_anywhere)
{
	const struct stream_sink sink = {on_record, NULL, &seen.counts};
	size_t stop;

	for (stop = 1; stop < sizeof(pairs) - 1; stop++) {
		struct stream first = {0};
		struct stream second = {0};
		size_t from;

		memset(&seen, 0, sizeof(seen));
		stream_feed(&first, pairs, stop, &sink);
		from = stop - (size_t)stream_unfinished_bytes(&first);
		stream_feed(&second, pairs + from, sizeof(pairs) - 1 - from, &sink);
		ck_assert_msg(seen.count == 2, "%zu: %zu", stop, seen.count);
		stream_done(&first);
		stream_done(&second);
	}
}
END_TEST

START_TEST(test_a_dropped_stream_starts_anew)
{
	const struct stream_sink sink = {on_record, NULL, &seen.counts};
	struct stream stream = {0};

	memset(&seen, 0, sizeof(seen));
	stream_feed(&stream, pairs, 40, &sink);
	ck_assert_uint_eq(stream_drop(&stream), 40);
	feed(&stream, pairs, sizeof(pairs) - 1, 1000);
	ck_assert_uint_eq(seen.count, 2);
	stream_done(&stream);
}
END_TEST

START_TEST(test_depth_and_open_collections_are_bounded)
{
	struct stream stream = {0};
	char event[160];
	int i;

	memset(&seen, 0, sizeof(seen));
	feed(&stream, "{\"traceEvents\":[", 16, 16);
	for (i = 0; i < 3 * TRACE_EVENTS_OPEN_MAX; i++) {
		(void)snprintf(event, sizeof(event),
		               "{\"pid\":1,\"tid\":%d,\"ts\":1,\"ph\":\"B\",\"name\":\"MinorGC\"},",
		               i);
		feed(&stream, event, strlen(event), 100);
	}
	(void)snprintf(event, sizeof(event),
	               "{\"pid\":1,\"tid\":%d,\"ts\":2,\"ph\":\"E\",\"name\":\"MinorGC\"},", i - 1);
	feed(&stream, event, strlen(event), 100);
	ck_assert_uint_eq(seen.count, 1);
	for (i = 0; i < 100000; i++)
		feed(&stream, i % 2 == 0 ? "[" : "{", 1, 1);
	for (i = 0; i < 200000; i++)
		feed(&stream, "}", 1, 1);
	stream_done(&stream);
}
END_TEST

/* ---- excerpts and the corpus ---- */

START_TEST(test_own_files_are_counted)
{
	static const struct {
		const char *name;
		size_t count;
	} rows[] = {{"node-16.json", 7}, {"node-20.json", 8}};
	char path[4096];
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/tests/fixtures/trace_events/%s",
		               getenv("top_srcdir"), rows[i].name);
		read_all(file_bytes, load(path), 100);
		ck_assert_uint_eq(seen.count, rows[i].count);
	}
}
END_TEST

struct sums {
	size_t young;
	size_t full;
	uint64_t pause_us;
	uint64_t used_after;
};

/* From Node 14 on the pairs are the collections, and the spans are inside them. */
static struct sums sums_of_truth(const cJSON *rows, bool has_pairs)
{
	struct sums sums = {0};
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		const char *name = cJSON_GetObjectItem(row, "name")->valuestring;
		const cJSON *type = cJSON_GetObjectItem(row, "type");
		const cJSON *after = cJSON_GetObjectItem(row, "used_after");

		if (has_pairs != (name[0] == 'M'))
			continue;
		if (type != NULL && strcmp(type->valuestring, "incremental finalization step") == 0)
			continue;
		if (strstr(name, "Minor") != NULL || strstr(name, "Scav") != NULL)
			sums.young++;
		else
			sums.full++;
		sums.pause_us += (uint64_t)cJSON_GetObjectItem(row, "dur_us")->valuedouble;
		sums.used_after += after != NULL ? (uint64_t)after->valuedouble : 0;
	}
	return sums;
}

static struct sums sums_seen(void)
{
	struct sums sums = {0};
	size_t i;

	for (i = 0; i < seen.count; i++) {
		const struct gc_event *event = &seen.records[i].event;

		if (event->kind == GC_MARK_COMPACT)
			sums.full++;
		else
			sums.young++;
		sums.pause_us += event->pause_ns / NS_PER_US;
		sums.used_after += event->used_after_bytes;
	}
	return sums;
}

static void check_file(const char *truth_path)
{
	const char *name = truth_path + strlen(truth_path) - 40;
	char path[4096];
	struct sums lines;
	struct sums truth;
	const cJSON *counts;
	cJSON *json;

	json = cJSON_ParseWithLength(file_bytes, load(truth_path));
	ck_assert_ptr_nonnull(json);
	counts = cJSON_GetObjectItem(json, "counts");
	truth = sums_of_truth(cJSON_GetObjectItem(json, "collections"),
	                      cJSON_HasObjectItem(counts, "MinorGC"));
	cJSON_Delete(json);
	(void)snprintf(path, sizeof(path), "%.*s.json", (int)(strlen(truth_path) - 11), truth_path);
	read_all(file_bytes, load(path), 4096);
	lines = sums_seen();
	printf("# %-40s young %3zu full %3zu pause %8llu us\n", name, lines.young, lines.full,
	       (unsigned long long)lines.pause_us);
	ck_assert_msg(memcmp(&lines, &truth, sizeof(truth)) == 0, "%s: %zu, %zu, %llu us", path,
	              truth.young, truth.full, (unsigned long long)truth.pause_us);
}

START_TEST(test_corpus_is_read_as_an_independent_reader_does)
{
	const char *given = getenv("GC_TRACES_DIR");
	char pattern[4096];
	glob_t paths;
	size_t i;

	if (given != NULL)
		(void)snprintf(pattern, sizeof(pattern), "%s/v*/*.events.truth.json", given);
	else
		(void)snprintf(pattern, sizeof(pattern),
		               "%s/../shared/gc-traces/v*/*.events.truth.json",
		               getenv("top_srcdir"));
	if (glob(pattern, 0, NULL, &paths) != 0)
		return; /* no corpus: nothing to compare with */
	for (i = 0; i < paths.gl_pathc; i++)
		check_file(paths.gl_pathv[i]);
	globfree(&paths);
}
END_TEST

UNIT_MAIN("gclog_trace_events", test_pairs_are_collections_with_sizes,
          test_spans_are_collections_without_sizes, test_threads_collect_at_the_same_time,
          test_other_events_may_hold_anything, test_what_only_begins_like_events_is_text,
          test_lines_behind_a_brace_are_read, test_stream_is_resumed_anywhere,
          test_a_dropped_stream_starts_anew, test_depth_and_open_collections_are_bounded,
          test_own_files_are_counted, test_corpus_is_read_as_an_independent_reader_does)
