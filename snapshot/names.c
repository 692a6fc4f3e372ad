// SPDX-License-Identifier: MIT
/*
 * A set of bits tells what is wanted; what comes is kept one behind the other, by ascending index.
 */
#include "snapshot/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "snapshot/contents.h"
#include "snapshot/text.h"

#define WORD_BITS 64

struct kept_text {
	uint32_t index;
	char *text;
};

struct names {
	uint64_t *wanted; /* bits by index */
	uint64_t wanted_count;
	uint64_t asked; /* the index that was asked for last */
	/* classes by the index of their names */
	uint32_t *classes;
	uint32_t class_count;
	uint32_t class_next;
	/* what was kept */
	struct kept_text *kept;
	size_t kept_count;
	size_t kept_capacity;
};

static void want(struct names *names, uint64_t index)
{
	if (index < names->wanted_count)
		names->wanted[index / WORD_BITS] |= UINT64_C(1) << (index % WORD_BITS);
}

static bool is_wanted(const struct names *names, uint64_t index)
{
	return index < names->wanted_count &&
	       (names->wanted[index / WORD_BITS] >> (index % WORD_BITS) & 1) != 0;
}

/* ---- what is wanted ---- */

static int compare_classes(const void *a, const void *b, void *context)
{
	const struct heap *heap = context;
	uint32_t name_a = heap->classes[*(const uint32_t *)a].name_index;
	uint32_t name_b = heap->classes[*(const uint32_t *)b].name_index;

	return (name_a > name_b) - (name_a < name_b);
}

static int sort_classes(struct names *names, struct heap *heap)
{
	uint32_t i;

	names->classes = calloc((size_t)heap->class_count + 1, sizeof(*names->classes));
	if (names->classes == NULL)
		return -ENOMEM;
	for (i = 0; i < heap->class_count; i++)
		if (heap->classes[i].name_index != UINT32_MAX)
			names->classes[names->class_count++] = i;
	qsort_r(names->classes, names->class_count, sizeof(*names->classes), compare_classes, heap);
	return 0;
}

/* Their names are what they hold. */
static bool is_text(const char *type)
{
	static const char *const types[] = {"string", "concatenated string", "sliced string",
	                                    "number", "heap number",         "bigint"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static void want_nodes(struct names *names, const struct heap *heap)
{
	bool is_name[LAYOUT_TYPES_MAX];
	uint32_t i;

	for (i = 0; i < heap->layout.node_types.count; i++)
		is_name[i] = !is_text(heap->layout.node_types.names[i]);
	for (i = 0; i < heap->node_count; i++)
		if (is_name[heap_node_type(heap, i)])
			want(names, heap->node_names[i]);
}

static void want_edges(struct names *names, const struct heap *heap)
{
	uint32_t i;

	for (i = 0; i < heap->edge_count; i++)
		if (!heap_edge_has_index(heap, i))
			want(names, heap->edge_names[i]);
}

static int begin(struct names *names, struct heap *heap)
{
	/* More strings than what could name something: an index beyond is a lie, and the strings
	 * will tell. */
	uint64_t maximum = ((uint64_t)heap->node_count + heap->edge_count + WORD_BITS) * 2;
	int r = sort_classes(names, heap);

	if (r < 0 || !heap_keeps(heap, HEAP_KEEPS_NAMES))
		return r;
	names->wanted_count = heap->name_maximum < maximum ? heap->name_maximum + 1 : maximum;
	names->wanted = calloc(names->wanted_count / WORD_BITS + 1, sizeof(*names->wanted));
	if (names->wanted == NULL)
		return -ENOMEM;
	want_nodes(names, heap);
	want_edges(names, heap);
	return 0;
}

static void want_list(struct names *names, const struct heap *heap, const struct content *list)
{
	size_t i;

	for (i = 0; i < CONTENTS_TOP && list[i].node != UINT32_MAX; i++)
		want(names, heap->node_names[list[i].node]);
}

static int begin_contents(struct heap *heap)
{
	int r;

	heap->contents = calloc(1, sizeof(*heap->contents));
	if (heap->contents == NULL)
		return -ENOMEM;
	r = contents_find_strings(heap->contents, heap);
	if (r < 0)
		return r;
	want_list(heap->names, heap, heap->contents->duplicates);
	want_list(heap->names, heap, heap->contents->strings);
	return 0;
}

int names_begin(struct heap *heap)
{
	int r;

	heap->names = calloc(1, sizeof(*heap->names));
	r = heap->names != NULL ? begin(heap->names, heap) : -ENOMEM;
	return r == 0 && heap_keeps(heap, HEAP_KEEPS_CONTENTS) ? begin_contents(heap) : r;
}

struct names *names_free(struct names *names)
{
	size_t i;

	if (names == NULL)
		return NULL;
	for (i = 0; i < names->kept_count; i++)
		free(names->kept[i].text);
	free(names->kept);
	free(names->wanted);
	free(names->classes);
	free(names);
	return NULL;
}

/* ---- what comes ---- */

/* The class that waits for the string that was asked for; NULL: none. */
static struct heap_class *wanting_class(const struct heap *heap)
{
	const struct names *names = heap->names;
	struct heap_class *class;

	if (names->class_next == names->class_count)
		return NULL;
	class = &heap->classes[names->classes[names->class_next]];
	return class->name_index == names->asked ? class : NULL;
}

bool names_want(struct heap *heap, uint64_t index)
{
	heap->names->asked = index;
	return wanting_class(heap) != NULL || is_wanted(heap->names, index);
}

static int keep(struct names *names, char *text)
{
	if (names->kept_count == names->kept_capacity) {
		size_t capacity = names->kept_capacity == 0 ? 1024 : names->kept_capacity * 2;
		struct kept_text *kept = realloc(names->kept, capacity * sizeof(*kept));

		if (kept == NULL)
			return -ENOMEM;
		names->kept = kept;
		names->kept_capacity = capacity;
	}
	names->kept[names->kept_count++] = (struct kept_text){(uint32_t)names->asked, text};
	return 0;
}

int names_take(struct heap *heap, const char *text, size_t length, bool is_cut)
{
	struct heap_class *class;
	_cleanup_(freep) char *decoded = text_decode(text, length);
	int r;

	if (decoded == NULL)
		return -ENOMEM;
	while ((class = wanting_class(heap)) != NULL) {
		if (is_cut) {
			heap->problem = "the name of a class is too long";
			return -EINVAL;
		}
		class->name = strdup(decoded);
		if (class->name == NULL)
			return -ENOMEM;
		heap->names->class_next++;
	}
	if (!is_wanted(heap->names, heap->names->asked))
		return 0;
	r = keep(heap->names, decoded);
	if (r == 0)
		decoded = NULL; /* names have it */
	return r;
}

/* ---- what was kept ---- */

static int compare_kept(const void *key, const void *element)
{
	uint32_t index = *(const uint32_t *)key;
	const struct kept_text *kept = element;

	return (index > kept->index) - (index < kept->index);
}

const char *names_text(const struct heap *heap, uint32_t index)
{
	const struct names *names = heap->names;
	const struct kept_text *found = NULL;

	if (names != NULL && names->kept_count > 0)
		found = bsearch(&index, names->kept, names->kept_count, sizeof(*names->kept),
		                compare_kept);
	return found != NULL ? found->text : "";
}

uint32_t names_find(const struct heap *heap, const char *text)
{
	const struct names *names = heap->names;
	size_t i;

	for (i = 0; names != NULL && i < names->kept_count; i++)
		if (strcmp(names->kept[i].text, text) == 0)
			return names->kept[i].index;
	return UINT32_MAX;
}

int names_mark(const struct heap *heap, bool (*is_meant)(const char *text), uint64_t **ret_bits)
{
	const struct names *names = heap->names;
	uint64_t *bits = calloc(heap->string_count / WORD_BITS + 1, sizeof(*bits));
	size_t i;

	if (bits == NULL)
		return -ENOMEM;
	for (i = 0; i < names->kept_count; i++)
		if (is_meant(names->kept[i].text))
			bits[names->kept[i].index / WORD_BITS] |=
			    UINT64_C(1) << (names->kept[i].index % WORD_BITS);
	*ret_bits = bits;
	return 0;
}
