// SPDX-License-Identifier: MIT
/*
 * Nodes on the way to new ones are gone through level by level, nearest first, so that the trail of
 * the node before is always known.
 */
#include "snapshot/retainers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "lib/cleanup.h"
#include "snapshot/names.h"
#include "snapshot/shapes.h"

#define VARIETY_MAX    8 /* labels or shapes of one kind before they count as one */
#define REPEAT_MAX     8 /* steps back to what a step may repeat */
#define TRAILS_MAX     1000000
#define NAME_OF_OBJECT "Object"

/* What tells the trails behind one from each other; no padding, for it is hashed. */
struct trail_key {
	uint32_t parent;
	uint32_t label;
	uint32_t kind;
	uint32_t type;
	uint32_t name;
	uint32_t shape;
};

struct trail_entry {
	struct trail_key key;
	uint32_t trail;
	UT_hash_handle hh;
};

/* How many labels and shapes there are of one kind behind a trail. Its key has neither. */
struct variety {
	struct trail_key key;
	uint32_t labels;
	uint32_t shapes;
	UT_hash_handle hh;
};

struct search {
	struct retainers *retainers;
	const struct heap *heap;
	const struct paths *paths;
	bool *is_on_way;    /* by node: new ones are behind it */
	bool *is_covered;   /* by node: it is behind a head, or one */
	uint32_t *trail_of; /* by node */
	bool is_nameless[LAYOUT_TYPES_MAX];
	uint32_t object_name; /* of anonymous objects */
	struct trail_entry *trails;
	struct trail_entry *seen; /* keys that were counted in varieties */
	struct variety *varieties;
};

static bool is_one_of(const char *type, const char *const *types)
{
	for (; *types != NULL; types++)
		if (strcmp(type, *types) == 0)
			return true;
	return false;
}

static bool is_internal_type(const char *type)
{
	static const char *const types[] = {"array", "hidden",       "synthetic",
	                                    "code",  "object shape", NULL};

	return is_one_of(type, types);
}

bool retainers_is_internal(const struct heap *heap, uint32_t node)
{
	static const char prefix[] = "system / ";
	const struct heap_class *class = &heap->classes[heap->node_classes[node]];

	return is_internal_type(heap->layout.node_types.names[class->type]) ||
	       strncmp(class->name, prefix, sizeof(prefix) - 1) == 0;
}

/* ---- tables ---- */

static void entries_free(struct trail_entry **entries)
{
	struct trail_entry *entry, *next;

	HASH_ITER(hh, *entries, entry, next)
	{
		HASH_DELETE(hh, *entries, entry);
		free(entry);
	}
}

static int add_entry(struct trail_entry **entries, const struct trail_key *key, uint32_t trail)
{
	struct trail_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	entry->key = *key;
	entry->trail = trail;
	HASH_ADD(hh, *entries, key, sizeof(entry->key), entry);
	if (entry->hh.tbl == NULL) { /* uthash had no memory */
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

static struct trail_entry *find_entry(struct trail_entry *entries, const struct trail_key *key)
{
	struct trail_entry *entry;

	HASH_FIND(hh, entries, key, sizeof(*key), entry);
	return entry;
}

static struct variety *find_variety(struct search *search, const struct trail_key *key)
{
	struct trail_key plain = *key;
	struct variety *variety;

	plain.label = plain.shape = 0;
	HASH_FIND(hh, search->varieties, &plain, sizeof(plain), variety);
	if (variety != NULL)
		return variety;
	variety = calloc(1, sizeof(*variety));
	if (variety == NULL)
		return NULL;
	variety->key = plain;
	HASH_ADD(hh, search->varieties, key, sizeof(variety->key), variety);
	if (variety->hh.tbl == NULL) { /* uthash had no memory */
		free(variety);
		return NULL;
	}
	return variety;
}

static void search_done(struct search *search)
{
	struct variety *variety, *next;

	HASH_ITER(hh, search->varieties, variety, next)
	{
		HASH_DELETE(hh, search->varieties, variety);
		free(variety);
	}
	entries_free(&search->trails);
	entries_free(&search->seen);
	free(search->is_on_way);
	free(search->is_covered);
	free(search->trail_of);
}

/* ---- keys ---- */

static bool is_head(const struct search *search, uint32_t node)
{
	return search->heap->is_new[node] && !retainers_is_internal(search->heap, node);
}

static struct trail_key key_of(const struct search *search, uint32_t node)
{
	const struct heap *heap = search->heap;
	uint32_t edge = search->paths->edges[node];
	uint32_t type = heap_node_type(heap, node);
	struct trail_key key = {
	    .parent = search->trail_of[search->paths->parents[node]],
	    .label = heap_edge_has_index(heap, edge) ? RETAINERS_NO_LABEL : heap->edge_names[edge],
	    .kind = heap->edge_kinds[edge],
	    .type = type,
	    .name = search->is_nameless[type] ? UINT32_MAX : heap->node_names[node],
	};

	if (key.name == search->object_name && key.name != UINT32_MAX && is_head(search, node))
		key.shape = shape_hash(heap, node);
	return key;
}

/* Counts a label and a shape that were not seen yet behind this trail, up to the maximum. */
static int count_variety(struct search *search, const struct trail_key *key)
{
	struct variety *variety = find_variety(search, key);
	struct trail_key label = *key;
	struct trail_key shape = *key;
	int r = 0;

	if (variety == NULL)
		return -ENOMEM;
	label.shape = 0;
	shape.label = 0;
	if (variety->labels <= VARIETY_MAX && find_entry(search->seen, &label) == NULL) {
		r = add_entry(&search->seen, &label, 0);
		variety->labels++;
	}
	if (r == 0 && key->shape != 0 && variety->shapes <= VARIETY_MAX &&
	    find_entry(search->seen, &shape) == NULL) {
		r = add_entry(&search->seen, &shape, 0);
		variety->shapes++;
	}
	return r;
}

static int generalise(struct search *search, struct trail_key *key)
{
	const struct variety *variety = find_variety(search, key);

	if (variety == NULL)
		return -ENOMEM;
	if (variety->labels > VARIETY_MAX)
		key->label = RETAINERS_ANY_LABEL;
	if (variety->shapes > VARIETY_MAX)
		key->shape = 0;
	return 0;
}

/* ---- trails ---- */

static bool is_alike(const struct trail *trail, uint32_t type, uint32_t name)
{
	return trail->type == type && trail->name == name;
}

/* A trail that a step of this key would repeat, from one that is like the parent; 0: none. */
static uint32_t find_repeated(const struct retainers *retainers, const struct trail_key *key)
{
	const struct trail *trails = retainers->trails;
	const struct trail *parent = &trails[key->parent];
	uint32_t at = key->parent;
	unsigned steps;

	for (steps = 0; steps < REPEAT_MAX && at != 0; steps++, at = trails[at].parent) {
		const struct trail *before = &trails[trails[at].parent];

		if (is_alike(&trails[at], key->type, key->name) && trails[at].label == key->label &&
		    trails[at].kind == key->kind && trails[at].shape == key->shape &&
		    (is_alike(before, parent->type, parent->name) || at == key->parent))
			return at;
	}
	return 0;
}

static int add_trail(struct retainers *retainers, const struct trail_key *key, uint32_t example)
{
	if (retainers->trail_count == retainers->trail_capacity) {
		size_t capacity =
		    retainers->trail_capacity == 0 ? 1024 : retainers->trail_capacity * 2;
		struct trail *trails = realloc(retainers->trails, capacity * sizeof(*trails));

		if (trails == NULL)
			return -ENOMEM;
		retainers->trails = trails;
		retainers->trail_capacity = capacity;
	}
	retainers->trails[retainers->trail_count++] = (struct trail){
	    .parent = key->parent,
	    .label = key->label,
	    .kind = key->kind,
	    .type = key->type,
	    .name = key->name,
	    .shape = key->shape,
	    .example = example,
	};
	return 0;
}

static int find_trail(struct search *search, uint32_t node, uint32_t *ret_trail)
{
	struct retainers *retainers = search->retainers;
	struct trail_key key = key_of(search, node);
	const struct trail_entry *entry;
	uint32_t repeated;
	int r = generalise(search, &key);

	if (r < 0)
		return r;
	entry = find_entry(search->trails, &key);
	if (entry != NULL) {
		*ret_trail = entry->trail;
		return 0;
	}
	repeated = find_repeated(retainers, &key);
	if (repeated != 0 || retainers->trail_count == TRAILS_MAX) {
		*ret_trail = repeated != 0 ? repeated : key.parent;
		retainers->trails[*ret_trail].repeats = true;
		return 0;
	}
	*ret_trail = (uint32_t)retainers->trail_count;
	r = add_trail(retainers, &key, node);
	return r == 0 ? add_entry(&search->trails, &key, *ret_trail) : r;
}

/* ---- growth ---- */

static void count_new(struct search *search, uint32_t node, bool is_first)
{
	const struct heap *heap = search->heap;
	struct trail *trail = &search->retainers->trails[search->trail_of[node]];
	uint32_t type = heap_node_type(heap, node);
	uint32_t name = search->is_nameless[type] ? UINT32_MAX : heap->node_names[node];

	search->retainers->growth_bytes += heap->self_sizes[node];
	trail->growth_bytes += heap->self_sizes[node];
	if (is_alike(trail, type, name)) {
		trail->count++;
		trail->self_bytes += heap->self_sizes[node];
	}
	if (is_first) {
		if (trail->head_count++ == 0)
			trail->example = node;
		trail->retained_bytes += heap->retained_sizes[node];
	}
}

static bool is_behind_head(const struct search *search, uint32_t node)
{
	return search->is_covered[search->paths->parents[node]];
}

static int place(struct search *search, uint32_t node)
{
	uint32_t parent = search->paths->parents[node];
	int r;

	if (is_behind_head(search, node)) {
		search->is_covered[node] = true;
		search->trail_of[node] = search->trail_of[parent];
		if (search->heap->is_new[node])
			count_new(search, node, false);
		return 0;
	}
	r = find_trail(search, node, &search->trail_of[node]);
	if (r < 0)
		return r;
	search->is_covered[node] = is_head(search, node);
	if (search->heap->is_new[node])
		count_new(search, node, true);
	return 0;
}

/* Nodes of one distance, in paths->order: variety first, for it decides on the trails. */
static int place_level(struct search *search, uint32_t from, uint32_t to)
{
	uint32_t i;
	int r = 0;

	for (i = from; i < to && r == 0; i++) {
		uint32_t node = search->paths->order[i];

		if (search->is_on_way[node] && !is_behind_head(search, node)) {
			struct trail_key key = key_of(search, node);

			r = count_variety(search, &key);
		}
	}
	for (i = from; i < to && r == 0; i++)
		if (search->is_on_way[search->paths->order[i]])
			r = place(search, search->paths->order[i]);
	return r;
}

static void mark_ways(struct search *search)
{
	const struct paths *paths = search->paths;
	uint32_t i;

	for (i = paths->count; i > 1; i--) {
		uint32_t node = paths->order[i - 1];

		if (search->heap->is_new[node] || search->is_on_way[node]) {
			search->is_on_way[node] = true;
			search->is_on_way[paths->parents[node]] = true;
		}
	}
}

static int place_all(struct search *search)
{
	const struct paths *paths = search->paths;
	struct trail_key root = {.type = heap_node_type(search->heap, 0), .name = UINT32_MAX};
	uint32_t from, to;
	int r = add_trail(search->retainers, &root, 0);

	mark_ways(search);
	for (from = 1; from < paths->count && r == 0; from = to) {
		uint32_t distance = paths->distances[paths->order[from]];

		for (to = from;
		     to < paths->count && paths->distances[paths->order[to]] == distance;)
			to++;
		r = place_level(search, from, to);
	}
	return r;
}

/* ---- rows ---- */

static int compare_rows(const void *one, const void *other, void *context)
{
	const struct retainers *retainers = context;
	const struct trail *a = &retainers->trails[*(const uint32_t *)one];
	const struct trail *b = &retainers->trails[*(const uint32_t *)other];

	if (a->growth_bytes != b->growth_bytes)
		return a->growth_bytes < b->growth_bytes ? 1 : -1;
	return a < b ? -1 : 1;
}

static int sort_rows(struct retainers *retainers)
{
	uint32_t i;

	retainers->rows = malloc(retainers->trail_count * sizeof(*retainers->rows));
	if (retainers->rows == NULL)
		return -ENOMEM;
	for (i = 0; i < retainers->trail_count; i++)
		if (retainers->trails[i].head_count > 0)
			retainers->rows[retainers->row_count++] = i;
	qsort_r(retainers->rows, retainers->row_count, sizeof(*retainers->rows), compare_rows,
	        retainers);
	return 0;
}

static void count_unheld(struct retainers *retainers, const struct heap *heap,
                         const struct paths *paths)
{
	uint32_t i;

	for (i = 0; i < heap->node_count; i++)
		if (heap->is_new[i] && paths->distances[i] == PATHS_NONE) {
			retainers->unheld_count++;
			retainers->unheld_bytes += heap->self_sizes[i];
		}
}

static int search_init(struct search *search)
{
	static const char *const nameless[] = {"string",
	                                       "concatenated string",
	                                       "sliced string",
	                                       "number",
	                                       "heap number",
	                                       "bigint",
	                                       "regexp",
	                                       "symbol",
	                                       NULL};
	const struct layout_types *types = &search->heap->layout.node_types;
	size_t count = search->heap->node_count;
	uint32_t i;

	for (i = 0; i < types->count; i++)
		search->is_nameless[i] = is_one_of(types->names[i], nameless);
	search->object_name = names_find(search->heap, NAME_OF_OBJECT);
	search->is_on_way = calloc(count, sizeof(*search->is_on_way));
	search->is_covered = calloc(count, sizeof(*search->is_covered));
	search->trail_of = calloc(count, sizeof(*search->trail_of));
	return search->is_on_way != NULL && search->is_covered != NULL && search->trail_of != NULL
	           ? 0
	           : -ENOMEM;
}

int retainers_find(struct retainers *ret_retainers, const struct heap *heap,
                   const struct paths *paths)
{
	struct retainers retainers = {0};
	struct search search = {.retainers = &retainers, .heap = heap, .paths = paths};
	int r = search_init(&search);

	if (r == 0)
		r = place_all(&search);
	if (r == 0)
		r = sort_rows(&retainers);
	search_done(&search);
	if (r < 0) {
		retainers_done(&retainers);
		return r;
	}
	count_unheld(&retainers, heap, paths);
	*ret_retainers = retainers;
	return 0;
}

void retainers_done(struct retainers *retainers)
{
	free(retainers->trails);
	free(retainers->rows);
	*retainers = (struct retainers){0};
}
