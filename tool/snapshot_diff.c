// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot diff: what grew between heap snapshots of one process.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "snapshot/diff.h"
#include "snapshot/dominators.h"
#include "snapshot/reader.h"
#include "tool/command.h"
#include "tool/diff_report.h"
#include "tool/snapshot_read.h"
#include "tool/snapshot_words.h"

DEFINE_CLEANUP(struct reader, reader_free)

static int fail(int error)
{
	(void)fprintf(stderr, "heapwatch: %s\n", strerror(-error));
	return STATUS_FAILURE;
}

static int add(struct diff *diff, struct heap *heap, const char *path, bool is_last)
{
	int r;

	snapshot_show_step(heap, path, "comparing");
	r = diff_add(diff, heap, is_last);
	if (r == 0 && heap_keeps(heap, HEAP_KEEPS_GRAPH)) {
		snapshot_show_step(heap, path, "retained sizes");
		r = dominators_retain(heap);
		if (r == 0)
			diff_retained(diff, heap);
	}
	snapshot_show_step(heap, path, NULL);
	return r;
}

static int add_file(struct diff *diff, const struct snapshot_options *options, const char *path,
                    bool is_last)
{
	unsigned graph = options->retained ? HEAP_KEEPS_GRAPH : 0;
	_cleanup_(reader_freep) struct reader *reader = reader_new(HEAP_KEEPS_IDS | graph);
	struct heap *heap = NULL;
	int r;

	if (reader == NULL)
		return fail(-ENOMEM);
	if (snapshot_read(path, reader, &heap) < 0 || heap == NULL)
		return STATUS_USAGE;
	r = add(diff, heap, path, is_last);
	return r < 0 ? fail(r) : STATUS_OK;
}

static int print_diff(struct diff *diff, enum snapshot_format format)
{
	int r = 0;

	diff_finish(diff);
	if (format == SNAPSHOT_JSON)
		r = diff_report_json(diff, stdout);
	else
		diff_report_text(diff, stdout);
	return r < 0 ? fail(r) : STATUS_OK;
}

int snapshot_diff(const struct snapshot_options *options, char **paths, int count)
{
	struct diff diff;
	int status = STATUS_OK;
	int i;

	diff_init(&diff);
	for (i = 0; i < count && status == STATUS_OK; i++)
		status = add_file(&diff, options, paths[i], i == count - 1);
	if (status == STATUS_OK)
		status = print_diff(&diff, options->output);
	diff_done(&diff);
	return status;
}
