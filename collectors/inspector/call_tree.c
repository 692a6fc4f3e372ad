// SPDX-License-Identifier: MIT
/*
 * Nodes and frames are in arrays and found by hash: (parent, frame) names a path, (function,
 * script, place) a frame. The tree of a profile is walked with a stack of its own, whose depth is
 * bounded.
 */
#include "collectors/inspector/call_tree.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/inspector/node_ids.h"
#include "collectors/inspector/sample_order.h"
#include "collectors/inspector/script_name.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"

#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

#define FILE_SCHEME "file://"

struct frame {
	UT_hash_handle hh;
	uint32_t index;
	uint32_t line;
	uint32_t column;
	const char *script; /* behind the function, in key */
	size_t key_length;
	char key[]; /* function NUL script NUL line column */
};

struct path_key {
	uint32_t parent;
	uint32_t frame;
};

struct path {
	UT_hash_handle hh;
	struct path_key key;
	uint32_t index;
};

struct call_tree {
	double interval_bytes;
	size_t profile_count;
	bool has_node_scheme; /* internal scripts are named "node:…", from Node 16 on */
	struct call_node *nodes;
	uint32_t node_count;
	uint32_t node_capacity;
	struct path *paths;
	struct frame *frames_by_key;
	struct frame **frames;
	uint32_t frame_count;
	uint32_t frame_capacity;
	struct node_ids ids; /* of the profile that is being added */
};

/* ---- arrays ---- */

/* The array with room for one more element, its capacity doubled where needed; NULL without memory.
 */
static void *with_room(void *array, uint32_t count, uint32_t *capacity, size_t element_size)
{
	uint32_t wanted = *capacity == 0 ? 64 : *capacity * 2;
	void *larger;

	if (array != NULL && count < *capacity)
		return array;
	larger = reallocarray(array, wanted, element_size);
	if (larger != NULL)
		*capacity = wanted;
	return larger;
}

/* ---- frames ---- */

static size_t append_name(char *key, size_t at, const char *name)
{
	size_t length = strnlen(name, CALL_NAME_MAX_BYTES);

	memcpy(key + at, name, length);
	key[at + length] = '\0';
	return at + length + 1;
}

static uint32_t place_of(const cJSON *call_frame, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(call_frame, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble >= UINT32_MAX)
		return 0;
	return (uint32_t)item->valuedouble + 1;
}

static const char *name_of(const cJSON *call_frame, const char *name, const char *fallback)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call_frame, name));

	return text != NULL && text[0] != '\0' ? text : fallback;
}

static struct frame *frame_make(const cJSON *call_frame)
{
	const char *function = name_of(call_frame, "functionName", "(anonymous)");
	const char *script = name_of(call_frame, "url", "");
	struct frame *frame =
	    calloc(1, sizeof(*frame) + (2 * (CALL_NAME_MAX_BYTES + 1)) + (2 * sizeof(uint32_t)));
	size_t script_at, end;

	if (frame == NULL)
		return NULL;
	if (strncmp(script, FILE_SCHEME, strlen(FILE_SCHEME)) == 0)
		script += strlen(FILE_SCHEME);
	frame->line = place_of(call_frame, "lineNumber");
	frame->column = place_of(call_frame, "columnNumber");
	script_at = append_name(frame->key, 0, function);
	end = append_name(frame->key, script_at, script);
	memcpy(frame->key + end, &frame->line, sizeof(frame->line));
	memcpy(frame->key + end + sizeof(frame->line), &frame->column, sizeof(frame->column));
	frame->script = frame->key + script_at;
	frame->key_length = end + sizeof(frame->line) + sizeof(frame->column);
	return frame;
}

static int frame_intern(struct call_tree *tree, const cJSON *call_frame, uint32_t *ret_index)
{
	_cleanup_(freep) struct frame *frame = frame_make(call_frame);
	struct frame *known = NULL, *added, **frames;

	if (frame == NULL)
		return -ENOMEM;
	HASH_FIND(hh, tree->frames_by_key, frame->key, frame->key_length, known);
	if (known != NULL) {
		*ret_index = known->index;
		return 0;
	}
	frames = with_room((void *)tree->frames, tree->frame_count, &tree->frame_capacity,
	                   sizeof(struct frame *));
	if (frames == NULL)
		return -ENOMEM;
	tree->frames = frames;
	frame->index = tree->frame_count;
	added = frame;
	HASH_ADD_KEYPTR(hh, tree->frames_by_key, added->key, added->key_length, added);
	if (added->hh.tbl == NULL) /* uthash had no memory */
		return -ENOMEM;
	tree->frame_count++;
	tree->has_node_scheme |= script_has_node_scheme(frame->script);
	*ret_index = added->index;
	frames[added->index] = TAKE_PTR(frame);
	return 0;
}

struct call_frame call_tree_frame(const struct call_tree *tree, uint32_t index)
{
	const struct frame *frame = tree->frames[index];
	bool is_internal = frame->script[0] == '\0' || script_has_node_scheme(frame->script) ||
	                   (!tree->has_node_scheme && script_is_bare(frame->script));

	bool is_buffer = frame->script[0] != '\0' ? script_is_buffer(frame->script)
	                                          : function_makes_buffers(frame->key);

	return (struct call_frame){.function = frame->key,
	                           .script = frame->script,
	                           .line = frame->line,
	                           .column = frame->column,
	                           .is_internal = is_internal,
	                           .is_buffer = is_internal && is_buffer};
}

/* ---- nodes ---- */

static int node_append(struct call_tree *tree, const struct path_key *key, uint32_t *ret_index)
{
	struct call_node *nodes, *node;

	if (tree->node_count == CALL_TREE_NODES_MAX)
		return -EMSGSIZE;
	nodes =
	    with_room(tree->nodes, tree->node_count, &tree->node_capacity, sizeof(*tree->nodes));
	if (nodes == NULL)
		return -ENOMEM;
	tree->nodes = nodes;
	node = &tree->nodes[tree->node_count];
	*node = (struct call_node){.frame = key->frame, .parent = key->parent};
	if (tree->node_count != CALL_TREE_ROOT) {
		node->next_sibling = tree->nodes[key->parent].first_child;
		tree->nodes[key->parent].first_child = tree->node_count;
	}
	*ret_index = tree->node_count++;
	return 0;
}

/* The child of parent with this frame, made when it is new. */
static int node_reach(struct call_tree *tree, const struct path_key *key, uint32_t *ret_index)
{
	_cleanup_(freep) struct path *path = NULL;
	int r;

	HASH_FIND(hh, tree->paths, key, sizeof(*key), path);
	if (path != NULL) {
		*ret_index = path->index;
		path = NULL; /* the table's */
		return 0;
	}
	path = calloc(1, sizeof(*path));
	if (path == NULL)
		return -ENOMEM;
	path->key = *key;
	r = node_append(tree, key, &path->index);
	if (r < 0)
		return r;
	HASH_ADD(hh, tree->paths, key, sizeof(path->key), path);
	if (path->hh.tbl == NULL)
		return -ENOMEM;
	*ret_index = path->index;
	path = NULL;
	return 0;
}

/* ---- samples: listed from Node 12 on, else estimated ---- */

static void count_samples(struct call_tree *tree, const cJSON *samples)
{
	const cJSON *sample;

	cJSON_ArrayForEach(sample, samples)
	{
		uint32_t node = node_ids_of_sample(&tree->ids, sample);

		if (node != NODE_IDS_NONE)
			tree->nodes[node].samples[tree->profile_count] += 1;
	}
}

static void estimate_samples(struct call_tree *tree)
{
	uint32_t i;

	for (i = 0; i < tree->node_count; i++) {
		struct call_node *node = &tree->nodes[i];

		node->samples[tree->profile_count] =
		    round(node->bytes[tree->profile_count] / tree->interval_bytes);
	}
}

/* ---- a profile ---- */

struct step {
	const cJSON *next; /* the child that is to be visited */
	uint32_t node;
};

static int visit(struct call_tree *tree, const cJSON *item, uint32_t parent, bool is_root,
                 uint32_t *ret_node)
{
	const cJSON *call_frame = cJSON_GetObjectItemCaseSensitive(item, "callFrame");
	double self_size = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "selfSize"));
	struct path_key key = {.parent = parent};
	uint32_t node = CALL_TREE_ROOT;
	int r;

	if (!cJSON_IsObject(call_frame) || !(self_size >= 0) || !isfinite(self_size))
		return -EBADMSG;
	r = frame_intern(tree, call_frame, &key.frame);
	if (r == 0 && !is_root)
		r = node_reach(tree, &key, &node);
	else if (r == 0 && tree->node_count == 0)
		r = node_append(tree, &key, &node);
	if (r == 0)
		r = node_ids_add(&tree->ids, item, node);
	if (r < 0)
		return r;
	tree->nodes[node].bytes[tree->profile_count] += self_size;
	*ret_node = node;
	return 0;
}

static int enter(struct call_tree *tree, const cJSON *item, struct step *steps, size_t *depth)
{
	const cJSON *children = cJSON_GetObjectItemCaseSensitive(item, "children");
	uint32_t node = CALL_TREE_ROOT;
	int r;

	if (*depth == CALL_TREE_DEPTH_MAX)
		return -EMSGSIZE;
	r = visit(tree, item, *depth > 0 ? steps[*depth - 1].node : 0, *depth == 0, &node);
	if (r < 0)
		return r;
	steps[(*depth)++] =
	    (struct step){.next = cJSON_IsArray(children) ? children->child : NULL, .node = node};
	return 0;
}

static int walk(struct call_tree *tree, const cJSON *head)
{
	struct step steps[CALL_TREE_DEPTH_MAX];
	size_t depth = 0;
	int r = enter(tree, head, steps, &depth);

	while (r == 0 && depth > 0) {
		struct step *top = &steps[depth - 1];
		const cJSON *item = top->next;

		if (item == NULL) {
			depth--;
			continue;
		}
		top->next = item->next;
		r = enter(tree, item, steps, &depth);
	}
	return r;
}

static int add(struct call_tree *tree, const struct cJSON *profile)
{
	const cJSON *head = cJSON_GetObjectItemCaseSensitive(profile, "head");
	const cJSON *samples = cJSON_GetObjectItemCaseSensitive(profile, "samples");
	int r;

	if (tree->profile_count == CALL_TREE_PROFILES_MAX)
		return -ENOSPC;
	if (!cJSON_IsObject(head))
		return -EBADMSG;
	r = walk(tree, head);
	if (r == 0 && cJSON_GetArraySize(samples) > 0)
		count_samples(tree, samples);
	else if (r == 0)
		estimate_samples(tree);
	if (r == 0)
		tree->profile_count++;
	return r;
}

int call_tree_add(struct call_tree *tree, const struct cJSON *profile)
{
	int r = add(tree, profile);

	node_ids_done(&tree->ids);
	return r;
}

/* ---- two moments from one profile ---- */

static bool is_mark(const struct call_tree *tree, uint32_t index)
{
	struct call_frame frame = call_tree_frame(tree, tree->nodes[index].frame);

	return frame.script[0] == '\0' && strcmp(frame.function, CALL_TREE_MARK) == 0;
}

/* The node that marks, and what it calls; parents come before their children. */
static void find_marking(const struct call_tree *tree, bool *is_marking)
{
	uint32_t i;

	for (i = 1; i < tree->node_count; i++)
		is_marking[i] = is_marking[tree->nodes[i].parent] || is_mark(tree, i);
}

static void take_part(struct call_node *node, const struct sample_part *part)
{
	node->bytes[0] = part->early_bytes;
	node->bytes[1] = part->bytes;
	node->samples[0] = part->early_samples;
	node->samples[1] = part->samples;
	node->recent_bytes = part->recent_bytes;
	node->recent_samples = part->recent_samples;
}

static int part_profile(struct call_tree *tree, const cJSON *profile)
{
	const cJSON *samples = cJSON_GetObjectItemCaseSensitive(profile, "samples");
	_cleanup_(freep) bool *is_marking = calloc(tree->node_count, sizeof(*is_marking));
	_cleanup_(freep) struct sample_part *parts = calloc(tree->node_count, sizeof(*parts));
	uint32_t i;

	if (is_marking == NULL || parts == NULL)
		return -ENOMEM;
	find_marking(tree, is_marking);
	if (!sample_order_part(samples, &tree->ids, is_marking, parts))
		return 0;
	for (i = 0; i < tree->node_count; i++)
		take_part(&tree->nodes[i], &parts[i]);
	tree->profile_count = 2;
	return 0;
}

int call_tree_add_marked(struct call_tree *tree, const struct cJSON *profile)
{
	int r;

	assert(tree->profile_count == 0);
	r = add(tree, profile);
	if (r == 0)
		r = part_profile(tree, profile);
	node_ids_done(&tree->ids);
	return r;
}

/* ---- the tree ---- */

struct call_tree *call_tree_new(uint64_t interval_bytes)
{
	struct call_tree *tree = calloc(1, sizeof(*tree));

	assert(interval_bytes > 0);
	if (tree != NULL)
		tree->interval_bytes = (double)interval_bytes;
	return tree;
}

struct call_tree *call_tree_free(struct call_tree *tree)
{
	struct path *path, *next_path;
	uint32_t i;

	if (tree == NULL)
		return NULL;
	HASH_ITER(hh, tree->paths, path, next_path)
	{
		HASH_DEL(tree->paths, path);
		free(path);
	}
	node_ids_done(&tree->ids);
	HASH_CLEAR(hh, tree->frames_by_key);
	for (i = 0; i < tree->frame_count; i++)
		free(tree->frames[i]);
	free((void *)tree->frames);
	free(tree->nodes);
	free(tree);
	return NULL;
}

size_t call_tree_profile_count(const struct call_tree *tree)
{
	return tree->profile_count;
}

uint32_t call_tree_node_count(const struct call_tree *tree)
{
	return tree->node_count;
}

const struct call_node *call_tree_node(const struct call_tree *tree, uint32_t index)
{
	assert(index < tree->node_count);
	return &tree->nodes[index];
}

uint32_t call_tree_frame_count(const struct call_tree *tree)
{
	return tree->frame_count;
}

static double growth(const struct call_tree *tree, const double *levels)
{
	if (tree->profile_count == 0)
		return 0;
	return tree->profile_count == 1 ? levels[0] : levels[tree->profile_count - 1] - levels[0];
}

double call_node_growth_bytes(const struct call_tree *tree, const struct call_node *node)
{
	return growth(tree, node->bytes);
}

double call_node_growth_samples(const struct call_tree *tree, const struct call_node *node)
{
	return growth(tree, node->samples);
}

double call_tree_growth_bytes(const struct call_tree *tree)
{
	double bytes = 0, recent_bytes = 0;
	uint32_t i;

	for (i = 0; i < tree->node_count; i++) {
		bytes += call_node_growth_bytes(tree, &tree->nodes[i]);
		recent_bytes += tree->nodes[i].recent_bytes;
	}
	return recent_bytes > bytes / 2 ? 2 * (bytes - recent_bytes) : bytes;
}
