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
#include "snapshot/locations.h"
#include "snapshot/paths.h"
#include "snapshot/reader.h"
#include "snapshot/retainers.h"
#include "tool/command.h"
#include "tool/diff_report.h"
#include "tool/retainer_report.h"
#include "tool/snapshot_html.h"
#include "tool/snapshot_read.h"
#include "tool/snapshot_words.h"
#include "tool/terminal.h"

DEFINE_CLEANUP(struct reader, reader_free)

enum position { FIRST, MIDDLE, LAST };

static int fail(int error)
{
	(void)fprintf(stderr, "heapwatch: %s\n", strerror(-error));
	return STATUS_FAILURE;
}

static int add(struct diff *diff, struct heap *heap, const char *path, enum position position,
               enum dominators_graph use)
{
	int r;

	snapshot_show_step(heap, path, "comparing");
	r = diff_add(diff, heap, position == LAST);
	heap_release_ids(heap);
	if (r == 0 && heap_keeps(heap, HEAP_KEEPS_GRAPH)) {
		snapshot_show_step(heap, path, "retained sizes");
		r = dominators_retain(heap, use);
		if (r == 0)
			diff_retained(diff, heap);
	}
	snapshot_show_step(heap, path, NULL);
	return r;
}

static void warn(const struct diff *diff)
{
	char note[DIFF_NOTE_SIZE];
	size_t i;

	for (i = 1; i < diff->snapshot_count; i++)
		if (diff_note(diff, i, note) != NULL)
			(void)fprintf(stderr, "heapwatch: warning: %s\n", note);
}

/* The heap of the last file is still there. */
static int print_retainers(const struct diff *diff, struct heap *heap, enum snapshot_format format)
{
	struct paths paths;
	struct retainers retainers = {0};
	const struct retainer_report report = {diff, heap, &retainers};
	const struct terminal terminal = terminal_of(STDOUT_FILENO);
	int r = paths_init(&paths, heap);

	if (r == 0)
		r = locations_name_scripts(heap);
	if (r == 0)
		r = retainers_find(&retainers, heap, &paths);
	if (r == 0)
		r = format == SNAPSHOT_JSON   ? retainer_report_json(&report, stdout)
		    : format == SNAPSHOT_HTML ? retainer_html(&report, stdout)
		                              : retainer_report_text(&report, &terminal, stdout);
	retainers_done(&retainers);
	paths_done(&paths);
	return r;
}

static int print_constructors(struct diff *diff, enum snapshot_format format)
{
	diff_finish(diff);
	if (format == SNAPSHOT_JSON)
		return diff_report_json(diff, stdout);
	if (format == SNAPSHOT_HTML)
		return diff_html(diff, stdout);
	diff_report_text(diff, stdout);
	return 0;
}

/* By constructor the first and the last are shown with what is retained, by retainer the last. */
static unsigned what_to_keep(const struct snapshot_options *options, enum position position)
{
	if (options->is_by_retainer)
		return HEAP_KEEPS_IDS |
		       (position == LAST ? HEAP_KEEPS_GRAPH | HEAP_KEEPS_NAMES : 0U);
	return HEAP_KEEPS_IDS | (options->retained && position != MIDDLE ? HEAP_KEEPS_GRAPH : 0U);
}

static int add_file(struct diff *diff, const struct snapshot_options *options, const char *path,
                    enum position position)
{
	_cleanup_(reader_freep) struct reader *reader = reader_new(what_to_keep(options, position));
	enum dominators_graph use =
	    options->is_by_retainer ? DOMINATORS_KEEP_GRAPH : DOMINATORS_RELEASE_GRAPH;
	struct heap *heap = NULL;
	int r;

	if (reader == NULL)
		return fail(-ENOMEM);
	if (snapshot_read(path, reader, &heap) < 0 || heap == NULL)
		return STATUS_USAGE;
	r = add(diff, heap, path, position, use);
	if (r == 0 && position == LAST)
		warn(diff);
	if (r == 0 && position == LAST)
		r = options->is_by_retainer ? print_retainers(diff, heap, options->output)
		                            : print_constructors(diff, options->output);
	return r < 0 ? fail(r) : STATUS_OK;
}

int snapshot_diff(const struct snapshot_options *options, char **paths, int count)
{
	struct diff diff;
	int status = STATUS_OK;
	int i;

	diff_init(&diff);
	for (i = 0; i < count && status == STATUS_OK; i++)
		status = add_file(&diff, options, paths[i],
		                  i == count - 1 ? LAST
		                  : i == 0       ? FIRST
		                                 : MIDDLE);
	diff_done(&diff);
	return status;
}
