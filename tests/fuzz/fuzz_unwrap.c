// SPDX-License-Identifier: MIT
/*
 * Any bytes as a log that some collector wrapped, in chunks of any size: what is found does not
 * depend on the chunks, memory stays bounded, and what is left to read again was fed.
 */
#include <assert.h>
#include <stdlib.h>

#include "collectors/gclog/stream.h"
#include "tests/fuzz/fuzz.h"

struct found {
	struct stream_counts counts;
	uint64_t sum; /* of what the records say, in their order */
};

static void add_record(void *context, enum gclog_result result, const struct gclog_record *record,
                       const struct stream_line *line)
{
	struct found *found = context;

	assert(line->number > 0);
	found->sum = found->sum * 31 + (uint64_t)result + line->number + line->wall_ns;
	if (result == GCLOG_GC)
		found->sum = found->sum * 31 + record->event.uptime_ns + (uint64_t)record->pid;
}

static struct found read_all(const uint8_t *data, size_t size, size_t chunk)
{
	struct stream stream = {.unwrap.reference = {UINT64_C(1795320060000000000), 3600}};
	struct found found = {.sum = 0};
	const struct stream_sink sink = {add_record, &found, &found.counts};
	size_t at;

	for (at = 0; at < size; at += chunk) {
		size_t length = at + chunk < size ? chunk : size - at;

		stream_feed(&stream, (const char *)data + at, length, &sink);
		assert(stream_unfinished_bytes(&stream) <= at + length);
	}
	assert(stream.channels[UNWRAP_STDOUT].lines.carry_capacity <= LINES_CARRY_MAX);
	assert(stream.channels[UNWRAP_STDERR].lines.carry_capacity <= LINES_CARRY_MAX);
	stream_finish(&stream, &sink);
	stream_done(&stream);
	return found;
}

/* The first byte tells the size of the chunks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found whole, parts;

	if (size == 0)
		return 0;
	whole = read_all(data, size, size);
	parts = read_all(data, size, (size_t)data[0] + 1);
	assert(whole.sum == parts.sum);
	assert(whole.counts.gc == parts.counts.gc && whole.counts.torn == parts.counts.torn &&
	       whole.counts.other == parts.counts.other);
	return 0;
}
