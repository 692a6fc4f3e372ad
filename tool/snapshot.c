// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot summary: what a heap snapshot holds, by constructor.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/input.h"
#include "lib/options.h"
#include "snapshot/dominators.h"
#include "snapshot/reader.h"
#include "tool/command.h"
#include "tool/snapshot_report.h"

#define CHUNK_BYTES  ((size_t)256 * 1024)
#define MESSAGE_SIZE 256

DEFINE_CLEANUP(struct input, input_free)
DEFINE_CLEANUP(struct reader, reader_free)

struct snapshot_options {
	bool help;
	bool retained;
	const char *format;
};

static const struct option_row snapshot_rows[] = {
    {"format", "FORMAT", "text", "text for people, or json with every constructor.", OPTION_STRING,
     offsetof(struct snapshot_options, format)},
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct snapshot_options, help)},
    {"retained", NULL, "true",
     "Compute retained sizes; without, memory does not grow with the snapshot.", OPTION_FLAG,
     offsetof(struct snapshot_options, retained)},
};

static const struct option_table snapshot_table = {
    .program = "heapwatch snapshot",
    .synopsis = "summary [OPTION]... FILE|-",
    .purpose = "Tells what a V8 heap snapshot holds, by constructor.",
    .rows = snapshot_rows,
    .count = sizeof(snapshot_rows) / sizeof(snapshot_rows[0]),
};

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch snapshot: %s%s; see heapwatch help snapshot\n", message,
	              detail);
	return STATUS_USAGE;
}

/* 0 at the end; the reader is then ready to finish. */
static int feed_file(struct input *input, struct reader *reader)
{
	_cleanup_(freep) char *chunk = malloc(CHUNK_BYTES + 1);
	int length, r = 0;

	if (chunk == NULL)
		return -ENOMEM;
	while (r == 0) {
		length = input_read(input, chunk, CHUNK_BYTES);
		if (length <= 0)
			return length;
		chunk[length] = '\0';
		r = reader_feed(reader, chunk, (size_t)length);
	}
	return r;
}

static void complain(const char *path, const struct input *input, const struct reader *reader,
                     int r)
{
	uint64_t offset_bytes = 0;
	const char *problem = reader_problem(reader, &offset_bytes);

	if (input != NULL && input_problem(input) != NULL)
		(void)fprintf(stderr, "heapwatch: %s: %s\n", path, input_problem(input));
	else if (problem != NULL)
		(void)fprintf(stderr, "heapwatch: %s: byte %" PRIu64 ": %s\n", path, offset_bytes,
		              problem);
	else
		(void)fprintf(stderr, "heapwatch: %s: %s\n", path, strerror(-r));
}

/* *ret_heap belongs to the reader. A negative errno with a message on stderr. */
static int read_heap(const char *path, struct reader *reader, struct heap **ret_heap)
{
	_cleanup_(input_freep) struct input *input = NULL;
	int r = input_open(path, &input);

	if (r == 0)
		r = feed_file(input, reader);
	if (r == 0 && input_problem(input) != NULL)
		r = -EINVAL;
	if (r == 0)
		r = reader_finish(reader, ret_heap);
	if (r < 0)
		complain(path, input, reader, r);
	return r;
}

static int print_summary(struct heap *heap, bool is_json)
{
	int r = 0;

	if (heap->keeps_graph)
		r = dominators_retain(heap);
	snapshot_sort(heap);
	if (r == 0 && is_json)
		r = snapshot_report_json(heap, stdout);
	else if (r == 0)
		snapshot_report_text(heap, stdout);
	if (r < 0)
		(void)fprintf(stderr, "heapwatch: %s\n", strerror(-r));
	return r;
}

static int summary(const struct snapshot_options *options, const char *path)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(options->retained);
	struct heap *heap = NULL;

	if (reader == NULL) {
		(void)fprintf(stderr, "heapwatch: %s\n", strerror(ENOMEM));
		return STATUS_FAILURE;
	}
	if (read_heap(path, reader, &heap) < 0 || heap == NULL)
		return STATUS_USAGE;
	if (print_summary(heap, strcmp(options->format, "json") == 0) < 0)
		return STATUS_FAILURE;
	return STATUS_OK;
}

/* The options may stand before and behind the word summary. */
static int parse(int argc, char **argv, struct snapshot_options *options, const char **ret_word)
{
	char message[MESSAGE_SIZE];
	int first = options_parse(&snapshot_table, argc, argv, options, message, sizeof(message));
	int rest = 0;

	if (first >= 0 && first < argc) {
		*ret_word = argv[first];
		rest = options_parse(&snapshot_table, argc - first, argv + first, options, message,
		                     sizeof(message));
	}
	if (first < 0 || rest < 0) {
		(void)fprintf(stderr, "heapwatch snapshot: %s\n", message);
		return -EINVAL;
	}
	return first + rest;
}

int command_snapshot(int argc, char **argv)
{
	struct snapshot_options options = {.format = "text", .retained = true};
	const char *word = NULL;
	int first = parse(argc, argv, &options, &word);

	if (first < 0)
		return STATUS_USAGE;
	if (options.help) {
		options_print_help(&snapshot_table, stdout);
		return STATUS_OK;
	}
	if (word == NULL)
		return usage_error("what to do is missing", "");
	if (strcmp(word, "summary") != 0)
		return usage_error("unknown word ", word);
	if (strcmp(options.format, "text") != 0 && strcmp(options.format, "json") != 0)
		return usage_error("unknown format ", options.format);
	if (argc - first != 1)
		return usage_error("exactly one file is needed", "");
	return summary(&options, argv[first]);
}
