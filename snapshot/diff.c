// SPDX-License-Identifier: MIT
/*
 * Both snapshots in the order of ids are gone through side by side. Of all but the last one ids,
 * rows and sizes stay, 16 bytes a node.
 */
#include "snapshot/diff.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "lib/cleanup.h"
#include "snapshot/objects.h"

/* One in so many ids may be of an object whose class is another now. */
#define MISTAKEN_DIVISOR 100

/* By type and name. */
struct diff_index {
	char *key; /* owned: the type, NUL, the name */
	size_t key_length;
	size_t row;
	UT_hash_handle hh;
};

struct object {
	uint32_t id;
	uint32_t row;
	uint64_t self_bytes;
};

struct diff_objects {
	size_t count;
	struct object objects[];
};

void diff_init(struct diff *diff)
{
	*diff = (struct diff){0};
}

void diff_done(struct diff *diff)
{
	struct diff_index *entry, *next;
	size_t i;

	HASH_ITER(hh, diff->index, entry, next)
	{
		HASH_DELETE(hh, diff->index, entry);
		free(entry->key);
		free(entry);
	}
	for (i = 0; i < diff->row_count; i++) {
		free(diff->rows[i].name);
		free(diff->rows[i].type);
	}
	for (i = 0; i < DIFF_SNAPSHOTS_MAX - 1; i++)
		free(diff->objects[i]);
	free(diff->rows);
	free(diff->row_of_class);
	*diff = (struct diff){0};
}

int64_t diff_delta(uint64_t last, uint64_t first)
{
	return (int64_t)(last - first);
}

/* ---- rows ---- */

static bool is_internal(const char *type)
{
	static const char *const types[] = {"array",        "hidden", "synthetic",  "code",
	                                    "object shape", "number", "heap number"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool is_string(const char *type)
{
	static const char suffix[] = "string";
	size_t length = strlen(type);

	return length >= sizeof(suffix) - 1 &&
	       strcmp(type + length - sizeof(suffix) + 1, suffix) == 0;
}

static int add_row(struct diff *diff, const char *type, const char *name)
{
	struct diff_row row = {.is_internal = is_internal(type)};

	if (diff->row_count == diff->row_capacity) {
		size_t capacity = diff->row_capacity == 0 ? 256 : diff->row_capacity * 2;
		struct diff_row *rows = realloc(diff->rows, capacity * sizeof(*rows));

		if (rows == NULL)
			return -ENOMEM;
		diff->rows = rows;
		diff->row_capacity = capacity;
	}
	row.type = strdup(type);
	row.name = strdup(name);
	if (row.type == NULL || row.name == NULL) {
		free(row.type);
		free(row.name);
		return -ENOMEM;
	}
	diff->rows[diff->row_count++] = row;
	return 0;
}

static int add_entry(struct diff *diff, char *key, size_t key_length, size_t row)
{
	struct diff_index *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	*entry = (struct diff_index){.key = key, .key_length = key_length, .row = row};
	HASH_ADD_KEYPTR(hh, diff->index, entry->key, entry->key_length, entry);
	if (entry->hh.tbl == NULL) { /* uthash had no memory */
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

static int find_row(struct diff *diff, const char *type, const char *name, uint32_t *ret_row)
{
	size_t type_size = strlen(type) + 1;
	size_t length = type_size + strlen(name);
	_cleanup_(freep) char *key = malloc(length + 1);
	struct diff_index *entry;
	int r;

	if (key == NULL)
		return -ENOMEM;
	memcpy(key, type, type_size);
	memcpy(key + type_size, name, length - type_size + 1);
	HASH_FIND(hh, diff->index, key, length, entry);
	if (entry != NULL) {
		*ret_row = (uint32_t)entry->row;
		return 0;
	}
	r = add_row(diff, type, name);
	if (r == 0)
		r = add_entry(diff, key, length, diff->row_count - 1);
	if (r < 0)
		return r;
	key = NULL; /* the entry has it */
	*ret_row = (uint32_t)(diff->row_count - 1);
	return 0;
}

static int take_classes(struct diff *diff, const struct heap *heap)
{
	uint32_t i;

	free(diff->row_of_class);
	diff->row_of_class = calloc((size_t)heap->class_count + 1, sizeof(*diff->row_of_class));
	if (diff->row_of_class == NULL)
		return -ENOMEM;
	for (i = 0; i < heap->class_count; i++) {
		const struct heap_class *class = &heap->classes[i];
		struct diff_amount *amount;
		int r = find_row(diff, heap->layout.node_types.names[class->type], class->name,
		                 &diff->row_of_class[i]);

		if (r < 0)
			return r;
		amount = &diff->rows[diff->row_of_class[i]].at[diff->snapshot_count];
		amount->count += class->count;
		amount->self_bytes += class->self_bytes;
	}
	return 0;
}

/* ---- objects ---- */

/* What a walk through two snapshots side by side needs. */
struct pair {
	const struct diff *diff;
	const struct heap *heap; /* the later one */
	const struct object_id *ids;
	const struct diff_objects *earlier;
	struct diff_totals *totals; /* of the later one; NULL: the earlier one is not the first */
};

static uint32_t row_of(const struct pair *pair, size_t at)
{
	return pair->diff->row_of_class[pair->heap->node_classes[pair->ids[at].node]];
}

static void count_object(struct diff_amount *amount, uint64_t self_bytes)
{
	amount->count++;
	amount->self_bytes += self_bytes;
}

/* What has the id of the object now is at that place. */
static void count_shared(const struct pair *pair, const struct object *object, size_t at)
{
	const struct diff_row *rows = pair->diff->rows;
	uint32_t row = row_of(pair, at);

	assert(rows != NULL); /* every object has one */
	pair->totals->shared_count++;
	if (row != object->row && !(is_string(rows[row].type) && is_string(rows[object->row].type)))
		pair->totals->mistaken_count++;
}

/* Ids that both have stand in both once; is_kept is by node of the later one. Those that only the
 * earlier one has are counted as deleted where the rows are given. */
static void find_kept(const struct pair *pair, bool *is_kept, struct diff_row *deleted_of)
{
	const struct diff_objects *earlier = pair->earlier;
	size_t count = pair->heap->node_count;
	size_t at = 0, i;
	bool is_shared;

	for (i = 0; i < earlier->count; i++) {
		const struct object *object = &earlier->objects[i];

		while (at < count && pair->ids[at].id < object->id)
			at++;
		is_shared = at < count && pair->ids[at].id == object->id;
		if (is_shared && pair->totals != NULL)
			count_shared(pair, object, at);
		if (is_shared && row_of(pair, at) == object->row)
			is_kept[pair->ids[at++].node] = true;
		else if (deleted_of != NULL)
			count_object(&deleted_of[object->row].deleted, object->self_bytes);
	}
}

/* Of three snapshots: what is in the second and not in the first stays in the list of the second.
 */
static void drop_kept(const struct pair *pair, const bool *is_kept, struct diff_objects *objects)
{
	size_t i, count = 0;

	for (i = 0; i < objects->count; i++)
		if (!is_kept[pair->ids[i].node])
			objects->objects[count++] = objects->objects[i];
	objects->count = count;
}

static struct diff_objects *keep_objects(const struct pair *pair)
{
	size_t count = pair->heap->node_count;
	struct diff_objects *objects = malloc(sizeof(*objects) + count * sizeof(struct object));
	size_t i;

	if (objects == NULL)
		return NULL;
	objects->count = count;
	for (i = 0; i < count; i++)
		objects->objects[i] = (struct object){
		    .id = pair->ids[i].id,
		    .row = row_of(pair, i),
		    .self_bytes = pair->heap->self_sizes[pair->ids[i].node],
		};
	return objects;
}

/* All but the last snapshot. */
static int add_earlier(struct diff *diff, struct pair *pair)
{
	struct diff_objects *objects = keep_objects(pair);
	struct diff_objects *shrunk;
	_cleanup_(freep) bool *is_kept = calloc(pair->heap->node_count, sizeof(*is_kept));

	diff->objects[diff->snapshot_count] = objects;
	if (objects == NULL || is_kept == NULL)
		return -ENOMEM;
	if (diff->snapshot_count == 0)
		return 0;
	pair->earlier = diff->objects[0];
	find_kept(pair, is_kept, NULL);
	drop_kept(pair, is_kept, objects);
	shrunk = realloc(objects, sizeof(*objects) + objects->count * sizeof(struct object));
	if (shrunk == NULL)
		return -ENOMEM;
	diff->objects[diff->snapshot_count] = shrunk;
	return 0;
}

static void count_new(struct diff *diff, const struct heap *heap)
{
	uint32_t i;

	for (i = 0; i < heap->node_count; i++)
		if (heap->is_new[i]) {
			uint32_t row = diff->row_of_class[heap->node_classes[i]];

			count_object(&diff->rows[row].new, heap->self_sizes[i]);
		}
}

static int add_last(struct diff *diff, struct heap *heap, struct pair *pair)
{
	bool *is_kept = calloc(heap->node_count, sizeof(*is_kept));
	uint32_t i;

	free(heap->is_new);
	heap->is_new = is_kept;
	if (is_kept == NULL)
		return -ENOMEM;
	pair->earlier = diff->objects[0];
	find_kept(pair, is_kept, diff->rows);
	if (diff->snapshot_count == 2) {
		memset(is_kept, 0, heap->node_count * sizeof(*is_kept));
		pair->earlier = diff->objects[1];
		pair->totals = NULL;
		find_kept(pair, is_kept, NULL);
	} else {
		for (i = 0; i < heap->node_count; i++)
			is_kept[i] = !is_kept[i];
	}
	count_new(diff, heap);
	for (i = 0; i < DIFF_SNAPSHOTS_MAX - 1; i++) {
		free(diff->objects[i]);
		diff->objects[i] = NULL;
	}
	return 0;
}

int diff_add(struct diff *diff, struct heap *heap, bool is_last)
{
	_cleanup_(freep) struct object_id *ids = objects_sort(heap->node_ids, heap->node_count);
	struct diff_totals *totals = &diff->totals[diff->snapshot_count];
	struct pair pair = {.diff = diff, .heap = heap, .ids = ids, .totals = totals};
	int r = ids != NULL ? take_classes(diff, heap) : -ENOMEM;

	if (r < 0)
		return r;
	*totals = (struct diff_totals){.node_count = heap->node_count,
	                               .edge_count = heap->edge_count,
	                               .self_bytes = heap->self_bytes};
	r = is_last ? add_last(diff, heap, &pair) : add_earlier(diff, &pair);
	if (r < 0)
		return r;
	diff->snapshot_count++;
	return 0;
}

void diff_retained(struct diff *diff, const struct heap *heap)
{
	size_t snapshot = diff->snapshot_count - 1;
	uint32_t i;

	diff->has_retained = true;
	for (i = 0; i < heap->class_count; i++) {
		struct diff_row *row = &diff->rows[diff->row_of_class[i]];

		row->at[snapshot].retained_bytes += heap->classes[i].retained_bytes;
		row->new.retained_bytes += heap->classes[i].new_retained_bytes;
	}
}

bool diff_is_of_one_process(const struct diff *diff, size_t snapshot)
{
	const struct diff_totals *totals = &diff->totals[snapshot];

	return totals->mistaken_count <= totals->shared_count / MISTAKEN_DIVISOR;
}

/* ---- order ---- */

/* What its new objects hold; V8's own structures hold on behalf of objects, so only their size. */
static uint64_t growth_of(const struct diff_row *row)
{
	return row->is_internal || row->new.retained_bytes == 0 ? row->new.self_bytes
	                                                        : row->new.retained_bytes;
}

static int compare_rows(const void *one, const void *other)
{
	const struct diff_row *a = one;
	const struct diff_row *b = other;
	uint64_t of_a = growth_of(a);
	uint64_t of_b = growth_of(b);
	int order = (of_a < of_b) - (of_a > of_b);

	if (order == 0)
		order = (a->new.count < b->new.count) - (a->new.count > b->new.count);
	if (order == 0)
		order = (a->deleted.self_bytes > b->deleted.self_bytes) -
		        (a->deleted.self_bytes < b->deleted.self_bytes);
	if (order == 0)
		order = strcmp(a->name, b->name);
	return order != 0 ? order : strcmp(a->type, b->type);
}

void diff_finish(struct diff *diff)
{
	struct diff_index *entry, *next;

	HASH_ITER(hh, diff->index, entry, next) /* the rows move */
	{
		HASH_DELETE(hh, diff->index, entry);
		free(entry->key);
		free(entry);
	}
	qsort(diff->rows, diff->row_count, sizeof(*diff->rows), compare_rows);
}
