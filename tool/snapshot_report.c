// SPDX-License-Identifier: MIT
/*
 * All classes as JSON, the largest as a table. A retained size is known when the graph was kept.
 */
#include "tool/snapshot_report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/exposition/json.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/numbers.h"
#include "lib/units.h"
#include "tool/contents_report.h"
#include "tool/output.h"
#include "tool/terminal.h"

#define JSON_MAX       ((size_t)1024 * 1024 * 1024)
#define TEXT_ROWS_MAX  40
#define TEXT_NAME_MAX  48 /* characters */
#define TEXT_LINE_MAX  ((size_t)4 * TEXT_NAME_MAX + 8)
#define TEXT_TYPE_SIZE 20

static int compare_sizes(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_classes(const void *one, const void *other)
{
	const struct heap_class *a = one;
	const struct heap_class *b = other;
	int order = compare_sizes(a->retained_bytes, b->retained_bytes);

	if (order == 0)
		order = compare_sizes(a->self_bytes, b->self_bytes);
	if (order == 0)
		order = compare_sizes(a->count, b->count);
	if (order == 0)
		order = strcmp(a->name, b->name);
	return order != 0 ? order : (a->type > b->type) - (a->type < b->type);
}

static int compare_indices(const void *one, const void *other, void *context)
{
	const struct heap *heap = context;

	return compare_classes(&heap->classes[*(const uint32_t *)one],
	                       &heap->classes[*(const uint32_t *)other]);
}

/* classes[order[i]] becomes classes[i]; nodes follow. place_of is by former index. */
static void move_classes(struct heap *heap, struct heap_class *sorted, const uint32_t *order,
                         uint32_t *place_of)
{
	uint32_t i;

	for (i = 0; i < heap->class_count; i++) {
		sorted[i] = heap->classes[order[i]];
		place_of[order[i]] = i;
	}
	memcpy(heap->classes, sorted, heap->class_count * sizeof(*sorted));
	for (i = 0; i < heap->node_count && heap->node_classes != NULL; i++)
		heap->node_classes[i] = place_of[heap->node_classes[i]];
}

int snapshot_sort(struct heap *heap)
{
	_cleanup_(freep) struct heap_class *sorted = calloc(heap->class_count, sizeof(*sorted));
	_cleanup_(freep) uint32_t *order = calloc(heap->class_count, sizeof(*order));
	_cleanup_(freep) uint32_t *place_of = calloc(heap->class_count, sizeof(*place_of));
	uint32_t i;

	if (sorted == NULL || order == NULL || place_of == NULL)
		return -ENOMEM;
	for (i = 0; i < heap->class_count; i++)
		order[i] = i;
	qsort_r(order, heap->class_count, sizeof(*order), compare_indices, heap);
	move_classes(heap, sorted, order, place_of);
	return 0;
}

/* ---- JSON ---- */

static void add_row(struct json *json, const struct heap *heap, const struct heap_class *class)
{
	json_begin_object(json, NULL);
	json_string(json, "name", class->name);
	json_string(json, "type", heap->layout.node_types.names[class->type]);
	json_u64(json, "count", class->count);
	json_u64(json, "self_bytes", class->self_bytes);
	if (heap_keeps(heap, HEAP_KEEPS_GRAPH))
		json_u64(json, "retained_bytes", class->retained_bytes);
	else
		json_number(json, "retained_bytes", (double)NAN);
	if (class->distance != UINT32_MAX)
		json_u64(json, "distance", class->distance);
	else
		json_number(json, "distance", (double)NAN);
	json_end_object(json);
}

struct type_totals {
	uint64_t counts[LAYOUT_TYPES_MAX];
	uint64_t self_bytes[LAYOUT_TYPES_MAX];
};

static void sum_up_types(const struct heap *heap, struct type_totals *ret_totals)
{
	uint32_t i;

	*ret_totals = (struct type_totals){0};
	for (i = 0; i < heap->class_count; i++) {
		const struct heap_class *class = &heap->classes[i];

		ret_totals->counts[class->type] += class->count;
		ret_totals->self_bytes[class->type] += class->self_bytes;
	}
}

static void add_totals(struct json *json, const struct heap *heap)
{
	struct type_totals types;
	uint32_t type;

	sum_up_types(heap, &types);
	json_begin_object(json, "totals");
	json_u64(json, "count", heap->node_count);
	json_u64(json, "self_bytes", heap->self_bytes);
	json_u64(json, "edges", heap->edge_count);
	json_u64(json, "strings", heap->string_count);
	json_u64(json, "detached", heap->detached_count);
	json_begin_array(json, "types");
	for (type = 0; type < heap->layout.node_types.count; type++) {
		json_begin_object(json, NULL);
		json_string(json, "type", heap->layout.node_types.names[type]);
		json_u64(json, "count", types.counts[type]);
		json_u64(json, "self_bytes", types.self_bytes[type]);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

int snapshot_report_json(const struct heap *heap, FILE *out)
{
	struct buf text = BUF_INIT(JSON_MAX);
	struct json json = {.out = &text};
	uint32_t i;

	json_begin_object(&json, NULL);
	json_begin_array(&json, "rows");
	for (i = 0; i < heap->class_count; i++)
		add_row(&json, heap, &heap->classes[i]);
	json_end_array(&json);
	add_totals(&json, heap);
	contents_report_json(&json, heap);
	json_end_object(&json);
	buf_append_char(&text, '\n');
	return output_print(&text, out);
}

/* ---- text ---- */

/* A name may hold anything and be of any length; a row is one line. */
void snapshot_print_name(const char *name, FILE *out)
{
	struct buf line = BUF_INIT(TEXT_LINE_MAX);

	terminal_append_clean(&line, name, TEXT_NAME_MAX);
	(void)fprintf(out, "%s\n", buf_string(&line));
	buf_done(&line);
}

static void print_row(const struct heap *heap, const struct heap_class *class, FILE *out)
{
	char self[UNIT_TEXT_SIZE], retained[UNIT_TEXT_SIZE] = "-";
	char distance[NUMBER_TEXT_SIZE] = "-";

	if (heap_keeps(heap, HEAP_KEEPS_GRAPH))
		(void)size_format(retained, (double)class->retained_bytes);
	if (class->distance != UINT32_MAX)
		(void)snprintf(distance, sizeof(distance), "%" PRIu32, class->distance);
	(void)fprintf(out, "%10" PRIu64 "  %10s  %10s  %8s  %-*s ", class->count,
	              size_format(self, (double)class->self_bytes), retained, distance,
	              TEXT_TYPE_SIZE, heap->layout.node_types.names[class->type]);
	snapshot_print_name(class->name, out);
}

static void print_types(const struct heap *heap, FILE *out)
{
	struct type_totals types;
	char size[UNIT_TEXT_SIZE];
	uint32_t type;

	sum_up_types(heap, &types);
	(void)fprintf(out, "\n%10s  %10s  by type\n", "count", "self");
	for (type = 0; type < heap->layout.node_types.count; type++)
		if (types.counts[type] > 0)
			(void)fprintf(out, "%10" PRIu64 "  %10s  %s\n", types.counts[type],
			              size_format(size, (double)types.self_bytes[type]),
			              heap->layout.node_types.names[type]);
}

void snapshot_report_text(const struct heap *heap, FILE *out)
{
	char size[UNIT_TEXT_SIZE];
	uint32_t i;

	(void)fprintf(out,
	              "%" PRIu32 " nodes, %s, %" PRIu32 " edges, %" PRIu64 " strings, %" PRIu64
	              " detached nodes\n\n",
	              heap->node_count, size_format(size, (double)heap->self_bytes),
	              heap->edge_count, heap->string_count, heap->detached_count);
	(void)fprintf(out, "%10s  %10s  %10s  %8s  %-*s constructor\n", "count", "self", "retained",
	              "distance", TEXT_TYPE_SIZE, "type");
	for (i = 0; i < heap->class_count && i < TEXT_ROWS_MAX; i++)
		print_row(heap, &heap->classes[i], out);
	if (i < heap->class_count)
		(void)fprintf(out, "%" PRIu32 " more constructors; --format=json has them all\n",
		              heap->class_count - i);
	print_types(heap, out);
	contents_report_text(heap, out);
}
