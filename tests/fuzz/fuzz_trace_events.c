// SPDX-License-Identifier: MIT
/*
 * Any bytes as the rest of a file of trace events: the same collections whatever the pieces in
 * which it comes, figures and texts in bounds, and what is unfinished no longer than what was fed.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "tests/fuzz/fuzz.h"

struct run {
	struct stream_counts counts;
	uint64_t pause_sum_ns;
	uint64_t line_number;
};

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct run *run = context;

	assert(line->number > run->line_number);
	run->line_number = line->number;
	if (result != GCLOG_GC || record->family != GCLOG_FAMILY_TRACE_EVENTS)
		return;
	assert(record->event.kind < GC_KIND_COUNT);
	assert(record->pid >= 0);
	assert(record->reason_length <= TRACE_EVENTS_TEXT_MAX);
	assert(isnan(record->event.average_mutator_utilization));
	run->pause_sum_ns += record->event.pause_ns;
}

static void feed_all(struct run *run, const char *bytes, size_t size, size_t chunk)
{
	const struct stream_sink sink = {on_record, run, &run->counts};
	struct stream stream = {0};
	size_t at;

	*run = (struct run){.line_number = 0};
	stream_feed(&stream, TRACE_EVENTS_HEAD, strlen(TRACE_EVENTS_HEAD), &sink);
	for (at = 0; at < size; at += chunk) {
		stream_feed(&stream, bytes + at, at + chunk < size ? chunk : size - at, &sink);
		assert(stream_unfinished_bytes(&stream) <= strlen(TRACE_EVENTS_HEAD) + size);
	}
	stream_finish(&stream, &sink);
	stream_done(&stream);
}

/* The first byte tells the size of the pieces; a seed that has the head itself begins behind it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const size_t head = strlen(TRACE_EVENTS_HEAD);
	struct run whole;
	struct run pieces;

	if (size == 0)
		return 0;
	if (size > head && memcmp(bytes, TRACE_EVENTS_HEAD, head) == 0) {
		bytes += head;
		size -= head;
	}
	feed_all(&whole, bytes, size, size);
	feed_all(&pieces, bytes, size, (size_t)data[0] % 61 + 1);
	assert(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	return 0;
}
