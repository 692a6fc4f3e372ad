// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot summary: what a heap snapshot holds, by constructor.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "snapshot/contents.h"
#include "snapshot/dominators.h"
#include "snapshot/locations.h"
#include "snapshot/paths.h"
#include "snapshot/reader.h"
#include "tool/command.h"
#include "tool/snapshot_html.h"
#include "tool/snapshot_read.h"
#include "tool/snapshot_report.h"
#include "tool/snapshot_words.h"

#define KEEPS_ALL (HEAP_KEEPS_GRAPH | HEAP_KEEPS_NAMES | HEAP_KEEPS_CONTENTS)

DEFINE_CLEANUP(struct reader, reader_free)

static int measure_distances(struct heap *heap)
{
	struct paths paths;
	int r = paths_init(&paths, heap);

	if (r < 0)
		return r;
	paths_measure_classes(&paths, heap);
	paths_done(&paths);
	return 0;
}

static int explore(struct heap *heap)
{
	int r = locations_name_scripts(heap);

	if (r == 0)
		r = measure_distances(heap);
	heap_release_edge_names(heap);
	if (r == 0)
		r = dominators_retain(heap, DOMINATORS_RELEASE_GRAPH);
	return r == 0 ? contents_find_rest(heap->contents, heap) : r;
}

static int print_summary(struct heap *heap, const char *path, enum snapshot_format format)
{
	int r = 0;

	if (heap_keeps(heap, HEAP_KEEPS_GRAPH)) {
		snapshot_show_step(heap, path, "retained sizes");
		r = explore(heap);
		snapshot_show_step(heap, path, NULL);
	}
	if (r == 0)
		r = snapshot_sort(heap);
	if (r == 0 && format == SNAPSHOT_JSON)
		r = snapshot_report_json(heap, stdout);
	else if (r == 0 && format == SNAPSHOT_HTML)
		r = snapshot_html(heap, stdout);
	else if (r == 0)
		snapshot_report_text(heap, stdout);
	if (r < 0)
		(void)fprintf(stderr, "heapwatch: %s\n", strerror(-r));
	return r;
}

int snapshot_summary(const struct snapshot_options *options, char **paths, int count)
{
	_cleanup_(reader_freep) struct reader *reader =
	    reader_new(options->retained ? KEEPS_ALL : 0);
	struct heap *heap = NULL;

	(void)count; /* the table demands one */
	if (reader == NULL) {
		(void)fprintf(stderr, "heapwatch: %s\n", strerror(ENOMEM));
		return STATUS_FAILURE;
	}
	if (snapshot_read(paths[0], reader, &heap) < 0 || heap == NULL)
		return STATUS_USAGE;
	if (print_summary(heap, paths[0], options->output) < 0)
		return STATUS_FAILURE;
	return STATUS_OK;
}
