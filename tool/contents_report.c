// SPDX-License-Identifier: MIT
/*
 * One row of a table for each list.
 */
#include "tool/contents_report.h"

#include <inttypes.h>
#include <string.h>

#include "lib/units.h"
#include "snapshot/contents.h"
#include "snapshot/names.h"
#include "tool/html.h"
#include "tool/retainer_report.h"
#include "tool/snapshot_report.h"
#include "tool/terminal.h"

#define PLACE_MAX ((size_t)4096)

static const struct list {
	const char *key; /* in JSON */
	const char *title;
	const char *bytes_title;
	const char *bytes_key;
	size_t offset; /* in struct contents */
	bool has_place;
} lists[] = {
    {"objects", "objects that retain most", "retained", "retained_bytes",
     offsetof(struct contents, objects), true},
    {"duplicates", "strings that are there more than once", "wasted", "wasted_bytes",
     offsetof(struct contents, duplicates), false},
    {"strings", "longest strings", "each", "bytes", offsetof(struct contents, strings), false},
    {"closures", "functions with most closures", "self", "self_bytes",
     offsetof(struct contents, closures), true},
};
#define LIST_COUNT (sizeof(lists) / sizeof(lists[0]))

static const struct content *first_of(const struct heap *heap, const struct list *list)
{
	return (const struct content *)(const void *)((const char *)heap->contents + list->offset);
}

static size_t count_of(const struct content *list)
{
	size_t count = 0;

	while (count < CONTENTS_TOP && list[count].node != UINT32_MAX)
		count++;
	return count;
}

static const char *name_of(const struct heap *heap, uint32_t node)
{
	const char *name = names_text(heap, heap->node_names[node]);

	return *name != '\0' ? name : heap->classes[heap->node_classes[node]].name;
}

static void append_place(struct buf *out, const struct heap *heap, const struct list *list,
                         uint32_t node)
{
	if (list->has_place)
		retainer_append_place(out, heap, node);
}

/* ---- JSON ---- */

static void add_content(struct json *json, const struct heap *heap, const struct list *list,
                        const struct content *content)
{
	struct buf place = BUF_INIT(PLACE_MAX);

	json_begin_object(json, NULL);
	json_string(json, "name", name_of(heap, content->node));
	json_string(json, "type",
	            heap->layout.node_types.names[heap_node_type(heap, content->node)]);
	json_u64(json, "count", content->count);
	json_u64(json, list->bytes_key, content->bytes);
	append_place(&place, heap, list, content->node);
	if (place.length > 0)
		json_string(json, "place", buf_string(&place));
	json_end_object(json);
	buf_done(&place);
}

static void add_detached(struct json *json, const struct heap *heap)
{
	uint32_t i;

	json_begin_array(json, "detached");
	for (i = 0; i < heap->class_count; i++) {
		const struct heap_class *class = &heap->classes[i];

		if (class->detached_count == 0)
			continue;
		json_begin_object(json, NULL);
		json_string(json, "name", class->name);
		json_u64(json, "count", class->detached_count);
		json_u64(json, "self_bytes", class->detached_bytes);
		json_end_object(json);
	}
	json_end_array(json);
}

void contents_report_json(struct json *json, const struct heap *heap)
{
	const struct contents *contents = heap->contents;
	size_t i, row;

	if (contents == NULL)
		return;
	for (i = 0; i < LIST_COUNT; i++) {
		const struct content *list = first_of(heap, &lists[i]);

		json_begin_array(json, lists[i].key);
		for (row = 0; row < count_of(list); row++)
			add_content(json, heap, &lists[i], &list[row]);
		json_end_array(json);
	}
	add_detached(json, heap);
	json_begin_object(json, "string_totals");
	json_u64(json, "count", contents->string_count);
	json_u64(json, "self_bytes", contents->string_bytes);
	json_u64(json, "duplicate_count", contents->duplicate_count);
	json_u64(json, "duplicate_bytes", contents->duplicate_bytes);
	json_end_object(json);
}

/* ---- text ---- */

static void print_content(const struct heap *heap, const struct list *list,
                          const struct content *content, FILE *out)
{
	struct buf place = BUF_INIT(PLACE_MAX), clean = BUF_INIT(PLACE_MAX);
	char size[UNIT_TEXT_SIZE];

	append_place(&place, heap, list, content->node);
	terminal_append_clean(&clean, buf_string(&place), PLACE_MAX);
	(void)fprintf(out, "%10" PRIu64 "  %10s  %s%s", content->count,
	              size_format(size, (double)content->bytes), buf_string(&clean),
	              place.length > 0 ? " " : "");
	snapshot_print_name(name_of(heap, content->node), out);
	buf_done(&place);
	buf_done(&clean);
}

static void print_classes(const struct heap *heap, FILE *out)
{
	char size[UNIT_TEXT_SIZE];
	size_t printed = 0;
	uint32_t i;

	(void)fprintf(out, "\n%10s  %10s  outside of the JavaScript heap, and detached\n", "count",
	              "self");
	for (i = 0; i < heap->class_count && printed < CONTENTS_TOP; i++) {
		const struct heap_class *class = &heap->classes[i];

		if (strcmp(heap->layout.node_types.names[class->type], "native") != 0 &&
		    class->detached_count == 0)
			continue;
		(void)fprintf(out, "%10" PRIu64 "  %10s  %s", class->count,
		              size_format(size, (double)class->self_bytes),
		              class->detached_count > 0 ? "(detached) " : "");
		snapshot_print_name(class->name, out);
		printed++;
	}
}

void contents_report_text(const struct heap *heap, FILE *out)
{
	const struct contents *contents = heap->contents;
	char size[UNIT_TEXT_SIZE], wasted[UNIT_TEXT_SIZE];
	size_t i, row;

	if (contents == NULL)
		return;
	for (i = 0; i < LIST_COUNT; i++) {
		const struct content *list = first_of(heap, &lists[i]);

		(void)fprintf(out, "\n%10s  %10s  %s\n", "count", lists[i].bytes_title,
		              lists[i].title);
		for (row = 0; row < count_of(list); row++)
			print_content(heap, &lists[i], &list[row], out);
	}
	print_classes(heap, out);
	(void)fprintf(out, "\n%" PRIu64 " strings, %s; %" PRIu64 " of them are there already, %s\n",
	              contents->string_count, size_format(size, (double)contents->string_bytes),
	              contents->duplicate_count,
	              size_format(wasted, (double)contents->duplicate_bytes));
}

/* ---- HTML ---- */

static void append_content(struct buf *page, const struct heap *heap, const struct list *list,
                           const struct content *content)
{
	struct buf place = BUF_INIT(PLACE_MAX);

	append_place(&place, heap, list, content->node);
	html_row_begin(page);
	html_text_below(page, name_of(heap, content->node), buf_string(&place));
	html_count(page, content->count);
	html_bytes(page, content->bytes);
	html_row_end(page);
	buf_done(&place);
}

void contents_report_html(struct buf *page, const struct heap *heap)
{
	size_t i, row;

	for (i = 0; i < LIST_COUNT && heap->contents != NULL; i++) {
		const struct html_column columns[] = {
		    {"Name", false}, {"Count", true}, {lists[i].bytes_title, true}};
		const struct content *list = first_of(heap, &lists[i]);

		html_table_begin(page, lists[i].title, columns,
		                 sizeof(columns) / sizeof(columns[0]));
		for (row = 0; row < count_of(list); row++)
			append_content(page, heap, &lists[i], &list[row]);
		html_table_end(page);
	}
}
