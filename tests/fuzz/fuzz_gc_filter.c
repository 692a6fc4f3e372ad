// SPDX-License-Identifier: MIT
/*
 * Any bytes as an application's output: nothing is lost or added, and chunks of any size (the first
 * byte tells) give the same as one piece. A pid is traced when it is odd.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tool/gc_filter.h"

struct output {
	char *application;
	char *trace;
	size_t application_length;
	size_t trace_length;
};

static void take_application(void *context, const char *bytes, size_t length)
{
	struct output *output = context;

	memcpy(output->application + output->application_length, bytes, length);
	output->application_length += length;
}

static void take_trace(void *context, const char *line, size_t length)
{
	struct output *output = context;

	assert(length > 0 && line[0] == '[' && line[length - 1] == '\n');
	memcpy(output->trace + output->trace_length, line, length);
	output->trace_length += length;
}

static bool is_traced(void *context, pid_t pid)
{
	(void)context;
	assert(pid > 0);
	return pid % 2 == 1;
}

static void output_init(struct output *output, size_t size)
{
	*output = (struct output){malloc(size), malloc(size), 0, 0};
	assert(output->application != NULL && output->trace != NULL);
}

static void output_done(struct output *output)
{
	free(output->application);
	free(output->trace);
}

static void run(struct output *output, const char *bytes, size_t size, size_t chunk)
{
	const struct gc_filter_sink sink = {output, take_application, take_trace, is_traced};
	static struct gc_filter filter;
	size_t at;

	filter = (struct gc_filter){.held_length = 0};
	for (at = 0; at < size; at += chunk)
		gc_filter_feed(&filter, &sink, bytes + at, at + chunk < size ? chunk : size - at);
	gc_filter_release(&filter, &sink);
	assert(output->application_length + output->trace_length == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct output whole;
	struct output cut;

	if (size == 0)
		return 0;
	output_init(&whole, size);
	output_init(&cut, size);
	run(&whole, (const char *)data, size, size);
	run(&cut, (const char *)data, size, (size_t)data[0] + 1);
	assert(whole.application_length == cut.application_length);
	assert(memcmp(whole.application, cut.application, cut.application_length) == 0);
	assert(memcmp(whole.trace, cut.trace, cut.trace_length) == 0);
	output_done(&whole);
	output_done(&cut);
	return 0;
}
