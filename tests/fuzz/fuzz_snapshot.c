// SPDX-License-Identifier: MIT
/*
 * Any bytes as a heap snapshot, in pieces of any size: an error or a heap that is consistent, and
 * the same with and without its graph.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "snapshot/contents.h"
#include "snapshot/diff.h"
#include "snapshot/dominators.h"
#include "snapshot/locations.h"
#include "snapshot/paths.h"
#include "snapshot/reader.h"
#include "snapshot/retainers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/terminal_check.h"
#include "tool/snapshot_report.h"

DEFINE_CLEANUP(struct reader, reader_free)

static int read_all(struct reader *reader, const uint8_t *data, size_t size, size_t piece)
{
	size_t at;
	int r = 0;

	for (at = 0; at < size && r == 0; at += piece) {
		size_t count = size - at < piece ? size - at : piece;
		char *copy = malloc(count + 1);

		assert(copy != NULL);
		memcpy(copy, data + at, count);
		copy[count] = '\0';
		r = reader_feed(reader, copy, count);
		free(copy);
	}
	return r;
}

static void check_heap(struct heap *heap)
{
	uint64_t count = 0, self_bytes = 0;
	uint64_t root_bytes = 0;
	uint32_t i;

	assert(dominators_retain(heap, DOMINATORS_KEEP_GRAPH) == 0);
	for (i = 0; i < heap->class_count; i++) {
		const struct heap_class *class = &heap->classes[i];

		assert(class->name != NULL);
		assert(class->retained_bytes >= class->self_bytes);
		if (class->retained_bytes > root_bytes)
			root_bytes = class->retained_bytes;
		count += class->count;
		self_bytes += class->self_bytes;
	}
	assert(count == heap->node_count && self_bytes == heap->self_bytes);
	assert(root_bytes == heap->self_bytes);
}

/* Names are of the observed program's choice. */
static void check_text(struct heap *heap)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert(out != NULL && snapshot_sort(heap) == 0);
	snapshot_report_text(heap, out);
	assert(fclose(out) == 0);
	check_terminal(text, false);
	free(text);
}

/* Compared with itself, nothing is new; where all of it is new, all of it is in rows. */
static void check_comparison(const uint8_t *data, size_t size)
{
	_cleanup_(reader_freep) struct reader *reader =
	    reader_new(HEAP_KEEPS_GRAPH | HEAP_KEEPS_IDS | HEAP_KEEPS_NAMES | HEAP_KEEPS_CONTENTS);
	struct retainers retainers;
	struct paths paths;
	struct heap *heap = NULL;
	struct diff diff;
	uint32_t i;

	if (read_all(reader, data, size, size) < 0 || reader_finish(reader, &heap) < 0)
		return; /* without ids, say */
	diff_init(&diff);
	assert(diff_add(&diff, heap, false) == 0 && diff_add(&diff, heap, true) == 0);
	for (i = 0; i < heap->node_count; i++)
		heap->is_new[i] = heap->is_new[i] || i % 3 != 0;
	assert(dominators_retain(heap, DOMINATORS_KEEP_GRAPH) == 0);
	diff_retained(&diff, heap);
	diff_finish(&diff);
	assert(locations_name_scripts(heap) == 0 && paths_init(&paths, heap) == 0);
	assert(retainers_find(&retainers, heap, &paths) == 0);
	assert(contents_find_rest(heap->contents, heap) == 0);
	assert(retainers.growth_bytes + retainers.unheld_bytes <= heap->self_bytes);
	retainers_done(&retainers);
	paths_done(&paths);
	diff_done(&diff);
}

/* The last byte tells the size of the pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(reader_freep) struct reader *with_graph = reader_new(HEAP_KEEPS_GRAPH);
	_cleanup_(reader_freep) struct reader *without = reader_new(0);
	struct heap *heap = NULL, *counted = NULL;
	uint64_t offset_bytes;
	int r, same;

	if (size == 0)
		return 0;
	assert(with_graph != NULL && without != NULL);
	r = read_all(with_graph, data, size, (size_t)data[size - 1] + 1);
	if (r == 0)
		r = reader_finish(with_graph, &heap);
	same = read_all(without, data, size, size);
	if (same == 0)
		same = reader_finish(without, &counted);
	assert(r == same && (r == 0 || r == -EINVAL));
	if (r == 0) {
		assert(heap->class_count == counted->class_count);
		check_heap(heap);
		check_text(heap);
		check_comparison(data, size);
	} else {
		assert(reader_problem(with_graph, &offset_bytes) != NULL && offset_bytes <= size);
	}
	return 0;
}
