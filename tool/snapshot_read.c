// SPDX-License-Identifier: MIT
/*
 * Progress is one line on stderr that is erased at the end.
 */
#include "tool/snapshot_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/input.h"
#include "lib/units.h"

#define CHUNK_BYTES        ((size_t)256 * 1024)
#define PROGRESS_SIZE_MIN  (64 * MIB)
#define PROGRESS_NODES_MIN 1000000
#define PROGRESS_PERIOD_NS (NS_PER_SECOND / 5)

DEFINE_CLEANUP(struct input, input_free)

static void show_progress(const struct input *input, const char *path, uint64_t *shown_ns)
{
	uint64_t read_bytes, size_bytes, now_ns;

	input_progress(input, &read_bytes, &size_bytes);
	if (size_bytes < PROGRESS_SIZE_MIN)
		return;
	now_ns = clock_monotonic_ns();
	if (now_ns - *shown_ns < PROGRESS_PERIOD_NS)
		return;
	(void)fprintf(stderr, "\r\033[K%s: %.0f %% ", path,
	              100 * (double)read_bytes / (double)size_bytes);
	*shown_ns = now_ns;
}

void snapshot_show_step(const struct heap *heap, const char *path, const char *step)
{
	if (heap->node_count < PROGRESS_NODES_MIN || isatty(STDERR_FILENO) == 0)
		return;
	if (step == NULL)
		(void)fputs("\r\033[K", stderr);
	else
		(void)fprintf(stderr, "\r\033[K%s: %s ", path, step);
}

/* 0 at the end; the reader is then ready to finish. */
static int feed_file(struct input *input, const char *path, struct reader *reader)
{
	_cleanup_(freep) char *chunk = malloc(CHUNK_BYTES + 1);
	bool is_tty = isatty(STDERR_FILENO) != 0;
	uint64_t shown_ns = 0;
	int length, r = 0;

	if (chunk == NULL)
		return -ENOMEM;
	while (r == 0) {
		length = input_read(input, chunk, CHUNK_BYTES);
		if (length <= 0) {
			r = length;
			break;
		}
		chunk[length] = '\0';
		r = reader_feed(reader, chunk, (size_t)length);
		if (is_tty)
			show_progress(input, path, &shown_ns);
	}
	if (shown_ns != 0)
		(void)fputs("\r\033[K", stderr);
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

int snapshot_read(const char *path, struct reader *reader, struct heap **ret_heap)
{
	_cleanup_(input_freep) struct input *input = NULL;
	int r = input_open(path, &input);

	if (r == 0)
		r = feed_file(input, path, reader);
	if (r == 0 && input_problem(input) != NULL)
		r = -EINVAL;
	if (r == 0)
		r = reader_finish(reader, ret_heap);
	if (r < 0)
		complain(path, input, reader, r);
	return r;
}
