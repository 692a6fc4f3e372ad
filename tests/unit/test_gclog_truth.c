// SPDX-License-Identifier: MIT
/*
 * Whole logs of real processes against what each process itself knew of its collections, as
 * perf_hooks told it: every NAME.log with a NAME.truth.json in the folders of the corpus that
 * GC_TRACES_DIR names, or ../shared/gc-traces beside the source tree; nothing is tested without
 * one. The output has the table.
 *
 * The truth must be a run inside the lines: perf_hooks begins to watch up to three collections
 * late, and a process that dies tells no end.
 */
#include <cjson/cJSON.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "lib/cleanup.h"
#include "tests/unit/unit.h"

#define LATE_MAX     3
#define ISOLATES_MAX 16
#define EVENTS_MAX   4096
#define TRUTH_MAX    ((size_t)4 * 1024 * 1024)

/* The collections of one heap in their order: 'm' young, 'M' full. */
struct heap {
	uint64_t isolate;
	char kinds[EVENTS_MAX];
	double pauses_ms[EVENTS_MAX];
	size_t count;
};

struct log {
	pid_t pid; /* only lines of this one */
	struct heap heaps[ISOLATES_MAX];
	size_t heap_count;
};

struct truth {
	struct heap heap;
	pid_t pid;
	bool is_complete;
};

static char truth_text[TRUTH_MAX];

static void heap_add(struct heap *heap, bool is_full, double pause_ms)
{
	ck_assert_uint_lt(heap->count, EVENTS_MAX);
	heap->kinds[heap->count] = is_full ? 'M' : 'm';
	heap->pauses_ms[heap->count++] = pause_ms;
}

/* ---- what the lines say ---- */

static struct heap *heap_of(struct log *log, uint64_t isolate)
{
	size_t i;

	for (i = 0; i < log->heap_count; i++)
		if (log->heaps[i].isolate == isolate)
			return &log->heaps[i];
	ck_assert_uint_lt(log->heap_count, ISOLATES_MAX);
	log->heaps[i].isolate = isolate;
	log->heaps[i].count = 0;
	log->heap_count++;
	return &log->heaps[i];
}

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct log *log = context;

	(void)line;
	if (result == GCLOG_GC && record->pid == log->pid)
		heap_add(heap_of(log, record->event.isolate), record->event.kind == GC_MARK_COMPACT,
		         (double)record->event.pause_ns / 1e6);
}

static void read_log(const char *path, struct log *log)
{
	struct stream_counts counts = {0};
	const struct stream_sink sink = {on_record, log, &counts};
	struct stream stream = {0};
	char bytes[4096];
	size_t length;
	FILE *file = fopen(path, "re");

	ck_assert_msg(file != NULL, "%s", path);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		stream_feed(&stream, bytes, length, &sink);
	stream_finish(&stream, &sink);
	stream_done(&stream);
	(void)fclose(file);
}

/* ---- what the process knew ---- */

/* Numbers of kinds differ between versions; up to Node 22 that of minor mark-compact has no name
 * where mark-sweep has 4. */
static char kind_of(const cJSON *names, int number)
{
	char key[16];
	const cJSON *name;
	const cJSON *fourth = cJSON_GetObjectItem(names, "4");

	(void)snprintf(key, sizeof(key), "%d", number);
	name = cJSON_GetObjectItem(names, key);
	if (name == NULL)
		return number == 2 && fourth != NULL && strstr(fourth->valuestring, "MAJOR") != NULL
		           ? 'm'
		           : '\0';
	if (strstr(name->valuestring, "MINOR") != NULL)
		return 'm';
	return strstr(name->valuestring, "MAJOR") != NULL ? 'M' : '\0';
}

static bool set_truth(const cJSON *json, struct truth *truth)
{
	const cJSON *entry;

	if (!cJSON_IsTrue(cJSON_GetObjectItem(json, "perf_hooks")))
		return false;
	truth->pid = (pid_t)cJSON_GetObjectItem(json, "pid")->valueint;
	truth->is_complete = cJSON_IsTrue(cJSON_GetObjectItem(json, "complete"));
	truth->heap.count = 0;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "entries"))
	{
		char kind = kind_of(cJSON_GetObjectItem(json, "kind_names"),
		                    cJSON_GetArrayItem(entry, 1)->valueint);

		if (kind != '\0')
			heap_add(&truth->heap, kind == 'M',
			         cJSON_GetArrayItem(entry, 2)->valuedouble);
	}
	return true;
}

/* False where there is none. */
static bool read_truth(const char *path, struct truth *truth)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	bool is_known;
	cJSON *json;

	if (file == NULL)
		return false;
	json = cJSON_ParseWithLength(truth_text, fread(truth_text, 1, TRUTH_MAX, file));
	is_known = json != NULL && set_truth(json, truth);
	cJSON_Delete(json);
	return is_known;
}

/* ---- the comparison ---- */

static size_t count_kind(const struct heap *heap, char kind)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < heap->count; i++)
		count += heap->kinds[i] == kind;
	return count;
}

static void keep_full(struct heap *heap)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < heap->count; i++) {
		if (heap->kinds[i] != 'M')
			continue;
		heap->kinds[count] = 'M';
		heap->pauses_ms[count++] = heap->pauses_ms[i];
	}
	heap->count = count;
}

/* How the lines from one of them on compare with the truth. */
struct match {
	const struct heap *lines; /* NULL: they do not fit */
	size_t late;              /* lines before the truth begins */
	double lines_ms;
	double truth_ms;
	double apart_ms; /* sum of the differences of each pause */
	size_t alike;    /* pauses that agree within a tenth or 0.3 ms */
};

static struct match match_at(const struct heap *lines, size_t late, const struct heap *truth)
{
	struct match match = {.lines = lines, .late = late};
	size_t i;

	for (i = 0; i < truth->count; i++) {
		double apart_ms = fabs(lines->pauses_ms[late + i] - truth->pauses_ms[i]);

		match.lines_ms += lines->pauses_ms[late + i];
		match.truth_ms += truth->pauses_ms[i];
		match.apart_ms += apart_ms;
		match.alike += apart_ms <= 0.3 || apart_ms <= 0.1 * truth->pauses_ms[i];
	}
	return match;
}

/* A line more than a complete truth has may come after perf_hooks' last call. */
static bool fits(const struct heap *lines, size_t late, const struct truth *truth)
{
	size_t end = late + truth->heap.count;

	return end <= lines->count &&
	       memcmp(lines->kinds + late, truth->heap.kinds, truth->heap.count) == 0 &&
	       (!truth->is_complete || lines->count - end <= 1);
}

static struct match find_match(const struct log *log, const struct truth *truth)
{
	struct match best = {.lines = NULL};
	size_t late;
	size_t i;

	for (i = 0; i < log->heap_count; i++) {
		for (late = 0; late <= LATE_MAX; late++) {
			struct match match;

			if (!fits(&log->heaps[i], late, truth))
				continue;
			match = match_at(&log->heaps[i], late, &truth->heap);
			if (best.lines == NULL || match.apart_ms < best.apart_ms)
				best = match;
		}
	}
	return best;
}

/* perf_hooks starts and stops its watch elsewhere than V8's tracer does: where the machine was busy
 * just then, a pause or two differ by milliseconds, and the sum with them. */
static bool is_close(const struct match *match, size_t count)
{
	return 2 * match->alike + 1 >= count && fabs(match->lines_ms - match->truth_ms) <=
	                                            0.3 * match->truth_ms + 0.5 * (double)count;
}

static bool compare(const char *path, struct log *log, struct truth *truth)
{
	const char *name = path + strlen(path) - (strlen(path) < 32 ? strlen(path) : 32);
	struct match match;
	bool is_equal;

	if (strstr(path, "ignore-scavenger") != NULL)
		keep_full(&truth->heap); /* its flag keeps the young ones out of the log */
	match = find_match(log, truth);
	is_equal = match.lines != NULL && is_close(&match, truth->heap.count);
	printf("# %-32s %6zu %5zu %6zu %5zu %5zu %9.1f %9.1f  %s\n", name,
	       match.lines != NULL ? count_kind(match.lines, 'm') : 0,
	       match.lines != NULL ? count_kind(match.lines, 'M') : 0,
	       count_kind(&truth->heap, 'm'), count_kind(&truth->heap, 'M'), match.late,
	       match.lines_ms, match.truth_ms, is_equal ? "yes" : "NO");
	return is_equal;
}

static bool check_log(const char *path)
{
	static struct truth truth;
	static struct log log;
	char truth_path[4096];

	(void)snprintf(truth_path, sizeof(truth_path), "%.*s.truth.json", (int)strlen(path) - 4,
	               path);
	if (!read_truth(truth_path, &truth))
		return true;
	log.heap_count = 0;
	log.pid = truth.pid;
	read_log(path, &log);
	return compare(path, &log, &truth);
}

START_TEST(test_lines_are_what_the_process_knew)
{
	const char *given = getenv("GC_TRACES_DIR");
	char pattern[4096];
	unsigned bad = 0;
	glob_t paths;
	size_t i;

	if (given != NULL)
		(void)snprintf(pattern, sizeof(pattern), "%s/v*/*.log", given);
	else
		(void)snprintf(pattern, sizeof(pattern), "%s/../shared/gc-traces/v*/*.log",
		               getenv("top_srcdir"));
	if (glob(pattern, 0, NULL, &paths) != 0)
		return; /* no corpus: nothing to compare with */
	printf("# %-32s %12s %12s %5s %19s\n", "young and full", "lines", "process", "late",
	       "lines ms process ms");
	for (i = 0; i < paths.gl_pathc; i++)
		bad += !check_log(paths.gl_pathv[i]);
	globfree(&paths);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

UNIT_MAIN("gclog_truth", test_lines_are_what_the_process_knew)
