// SPDX-License-Identifier: MIT
/*
 * Any bytes as a log, in chunks of any size: figures stay in bounds, a record's texts stay inside
 * its line, and each line is used up in a bounded number of steps.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "collectors/gclog/lines.h"
#include "collectors/gclog/parse.h"
#include "tests/fuzz/fuzz.h"

struct run {
	struct gclog_parser parser;
	uint64_t line_bytes;
};

static void check_text(const char *text, size_t length, const char *line, size_t line_length)
{
	assert(length == 0 || (text >= line && text + length <= line + line_length));
}

static void check_record(const struct gclog_record *record, const char *line, size_t length)
{
	assert(record->pid >= 0);
	assert(record->event.kind < GC_KIND_COUNT);
	assert(isnan(record->event.current_mutator_utilization) ||
	       record->event.current_mutator_utilization >= 0);
	check_text(record->reason, record->reason_length, line, length);
	check_text(record->collector, record->collector_length, line, length);
}

/* A parser that remembers nothing of the line before reads the same. */
static void check_same(const struct gclog_record *record, const struct gclog_record *fresh)
{
	assert(record->pid == fresh->pid && record->family == fresh->family);
	assert(record->event.isolate == fresh->event.isolate);
	assert(record->event.uptime_ns == fresh->event.uptime_ns);
	assert(record->event.pause_ns == fresh->event.pause_ns);
	assert(isnan(record->event.average_mutator_utilization) ==
	       isnan(fresh->event.average_mutator_utilization));
	assert(isnan(record->event.average_mutator_utilization) ||
	       record->event.average_mutator_utilization ==
	           fresh->event.average_mutator_utilization);
	assert(record->event.is_last_resort == fresh->event.is_last_resort);
	assert(record->reason_length == fresh->reason_length);
	assert(record->collector_length == fresh->collector_length);
	assert(record->reason_length == 0 || record->reason == fresh->reason);
	assert(record->collector_length == 0 || record->collector == fresh->collector);
}

static void check_line(void *context, const char *line, size_t length)
{
	struct run *run = context;
	size_t at = 0;

	run->line_bytes += length;
	do {
		struct gclog_parser forgetful = run->parser;
		struct gclog_record record;
		struct gclog_record fresh;
		size_t before = at;
		size_t again = at;
		enum gclog_result result = gclog_parse(&run->parser, line, length, &at, &record);

		memset(&forgetful.echo, 0, sizeof(forgetful.echo));
		assert(gclog_parse(&forgetful, line, length, &again, &fresh) == result);
		assert(again == at);
		assert(at <= length && (at > before || length == 0));
		if (result == GCLOG_GC) {
			assert(gclog_family_versions(record.family)[0] != '\0');
			check_same(&record, &fresh);
		}
		if (result != GCLOG_OTHER && result != GCLOG_TORN)
			check_record(&record, line, length);
		if (result == GCLOG_INCIDENT)
			assert(record.incident < HEAP_INCIDENT_COUNT);
		if (result == GCLOG_HEAP)
			assert(record.part.part < HEAP_PART_COUNT);
	} while (at < length);
}

/* The first byte tells the size of the chunks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = {.line_bytes = 0};
	struct lines lines = {0};
	size_t newlines = 0;
	size_t chunk;
	size_t at;
	size_t i;

	if (size == 0)
		return 0;
	chunk = (size_t)data[0] + 1;
	for (at = 0; at < size; at += chunk)
		lines_feed(&lines, (const char *)data + at, at + chunk < size ? chunk : size - at,
		           check_line, &run);
	lines_finish(&lines, check_line, &run);
	lines_done(&lines);
	for (i = 0; i < size; i++)
		newlines += data[i] == '\n';
	assert(run.line_bytes + newlines == size);
	return 0;
}
