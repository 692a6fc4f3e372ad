// SPDX-License-Identifier: MIT
/*
 * A direct-mapped table of the latest keys before a uthash table of all of them.
 */
#include "snapshot/classes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "lib/cleanup.h"

#define RECENT_COUNT 4096 /* a power of two */
#define NO_CLASS     UINT32_MAX

struct class_entry {
	uint64_t key;
	uint32_t class;
	UT_hash_handle hh;
};

struct recent {
	uint64_t key;
	uint32_t class; /* NO_CLASS: empty */
};

struct class_table {
	struct class_entry *entries;
	uint32_t capacity;                         /* of heap->classes */
	const char *fixed_names[LAYOUT_TYPES_MAX]; /* NULL: "(type)" */
	bool is_named[LAYOUT_TYPES_MAX];           /* the class is the name of the node */
	uint32_t of_type[LAYOUT_TYPES_MAX];        /* of types that are not named */
	struct recent recent[RECENT_COUNT];
};

/* HeapSnapshotNode.className() of Chrome DevTools. */
static const struct type_class {
	const char *type;
	const char *name; /* NULL: that of the node */
} type_classes[] = {
    {"object", NULL},        {"native", NULL},
    {"hidden", "(system)"},  {"code", "(compiled code)"},
    {"closure", "Function"}, {"regexp", "RegExp"},
};

struct class_table *class_table_new(const struct layout_types *types)
{
	struct class_table *table = calloc(1, sizeof(*table));
	size_t i, type;

	if (table == NULL)
		return NULL;
	for (i = 0; i < RECENT_COUNT; i++)
		table->recent[i].class = NO_CLASS;
	for (type = 0; type < types->count; type++) {
		table->of_type[type] = NO_CLASS;
		for (i = 0; i < sizeof(type_classes) / sizeof(type_classes[0]); i++)
			if (strcmp(types->names[type], type_classes[i].type) == 0) {
				table->fixed_names[type] = type_classes[i].name;
				table->is_named[type] = type_classes[i].name == NULL;
			}
	}
	return table;
}

struct class_table *class_table_free(struct class_table *table)
{
	struct class_entry *entry, *next;

	if (table == NULL)
		return NULL;
	HASH_ITER(hh, table->entries, entry, next)
	{
		HASH_DELETE(hh, table->entries, entry);
		free(entry);
	}
	free(table);
	return NULL;
}

static char *fixed_name(const struct heap *heap, uint32_t type)
{
	const char *fixed = heap->table->fixed_names[type];
	char text[LAYOUT_TYPE_NAME_SIZE + 2];

	if (fixed != NULL)
		return strdup(fixed);
	(void)snprintf(text, sizeof(text), "(%s)", heap->layout.node_types.names[type]);
	return strdup(text);
}

static int add_class(struct heap *heap, const struct heap_class *class, uint32_t *ret_class)
{
	struct class_table *table = heap->table;

	if (heap->class_count == table->capacity) {
		uint32_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;
		struct heap_class *classes =
		    realloc(heap->classes, (size_t)capacity * sizeof(*classes));

		if (classes == NULL)
			return -ENOMEM;
		heap->classes = classes;
		table->capacity = capacity;
	}
	heap->classes[heap->class_count] = *class;
	*ret_class = heap->class_count++;
	return 0;
}

static int find_unnamed(struct heap *heap, uint32_t type, uint32_t *ret_class)
{
	_cleanup_(freep) char *name = NULL;
	struct heap_class class = {.type = type, .name_index = UINT32_MAX, .distance = UINT32_MAX};
	int r;

	if (heap->table->of_type[type] != NO_CLASS) {
		*ret_class = heap->table->of_type[type];
		return 0;
	}
	class.name = name = fixed_name(heap, type);
	if (name == NULL)
		return -ENOMEM;
	r = add_class(heap, &class, ret_class);
	if (r < 0)
		return r;
	heap->table->of_type[type] = *ret_class;
	name = NULL; /* the class has it */
	return 0;
}

static int find_named(struct heap *heap, uint64_t key, uint32_t *ret_class)
{
	const struct heap_class class = {
	    .type = (uint32_t)(key >> 32), .name_index = (uint32_t)key, .distance = UINT32_MAX};
	struct class_table *table = heap->table;
	struct class_entry *entry;

	HASH_FIND(hh, table->entries, &key, sizeof(key), entry);
	if (entry == NULL) {
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			return -ENOMEM;
		entry->key = key;
		HASH_ADD(hh, table->entries, key, sizeof(entry->key), entry);
		if (entry->hh.tbl == NULL) { /* uthash had no memory */
			free(entry);
			return -ENOMEM;
		}
		if (add_class(heap, &class, &entry->class) < 0) {
			HASH_DELETE(hh, table->entries, entry);
			free(entry);
			return -ENOMEM;
		}
	}
	*ret_class = entry->class;
	return 0;
}

int class_find(struct heap *heap, uint32_t type, uint32_t name_index, uint32_t *ret_class)
{
	uint64_t key = (uint64_t)type << 32 | name_index;
	struct recent *recent = &heap->table->recent[name_index & (RECENT_COUNT - 1)];
	int r;

	if (!heap->table->is_named[type])
		return find_unnamed(heap, type, ret_class);
	if (recent->class == NO_CLASS || recent->key != key) {
		r = find_named(heap, key, &recent->class);
		if (r < 0)
			return r;
		recent->key = key;
	}
	*ret_class = recent->class;
	return 0;
}
