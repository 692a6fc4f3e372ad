// SPDX-License-Identifier: MIT
/*
 * Sampling heap profiles of V8 (HeapProfiler.SamplingHeapProfile of the DevTools protocol), merged
 * by call path: one tree with what was alive below each path at each of two moments. Pure.
 *
 * A sample stands for about one sampling interval of allocated bytes. Sizes are V8's estimates,
 * which are several times too large in optimised code: they rank, they do not measure.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_CALL_TREE_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_CALL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_TREE_PROFILES_MAX 2
#define CALL_TREE_NODES_MAX    (UINT32_C(256) * 1024)
#define CALL_TREE_DEPTH_MAX    256           /* V8 samples 128 frames */
#define CALL_NAME_MAX_BYTES    ((size_t)512) /* longer names are cut */
#define CALL_TREE_ROOT         0             /* index of the node above all */
/* A function of this name and no script allocates at the earlier moment, and keeps it. */
#define CALL_TREE_MARK "heapwatchMark"

struct cJSON;
struct call_tree;

/* A function, as it is written in its script. */
struct call_frame {
	const char *function; /* "(anonymous)" where it has no name; "(GC)" and the like are V8's */
	const char *script;   /* path or URL; "" for what is no JavaScript */
	uint32_t line;        /* of its declaration, from 1; 0: unknown */
	uint32_t column;      /* likewise */
	bool is_internal;     /* of Node or V8, not of the application */
	bool is_buffer;       /* of Node's Buffer, or V8's typed arrays */
};

struct call_node {
	uint32_t frame; /* index */
	uint32_t parent;
	uint32_t first_child; /* 0: none */
	uint32_t next_sibling;
	/* Alive, by profile, allocated in this frame itself. */
	double bytes[CALL_TREE_PROFILES_MAX];
	double samples[CALL_TREE_PROFILES_MAX];
	/* Of the growth, what was allocated in the second half of it; 0: unknown. */
	double recent_bytes;
	double recent_samples;
};

/* interval_bytes: of the sampler; not 0. NULL without memory. */
struct call_tree *call_tree_new(uint64_t interval_bytes);
struct call_tree *call_tree_free(struct call_tree *tree);

/*
 * The profiles of one sampler in the order of time. -EBADMSG: not a profile; -EMSGSIZE: deeper or
 * larger than the maxima; -ENOSPC: one more than the maximum; -ENOMEM. After an error the tree is
 * of no use.
 */
int call_tree_add(struct call_tree *tree, const struct cJSON *profile)
    __attribute__((warn_unused_result));
/*
 * One profile that counts for two: that of the moment which CALL_TREE_MARK marked, of which what
 * has died since is unknown, and its own. Where no sample is of the mark it counts for one. The
 * tree is empty; errors as above.
 */
int call_tree_add_marked(struct call_tree *tree, const struct cJSON *profile)
    __attribute__((warn_unused_result));

size_t call_tree_profile_count(const struct call_tree *tree);
uint32_t call_tree_node_count(const struct call_tree *tree);
const struct call_node *call_tree_node(const struct call_tree *tree, uint32_t index);
uint32_t call_tree_frame_count(const struct call_tree *tree);
/* is_internal takes all profiles into account that were added. */
struct call_frame call_tree_frame(const struct call_tree *tree, uint32_t index);

/* From the first profile to the last; of a single one, all that was alive. May be negative. */
double call_node_growth_bytes(const struct call_tree *tree, const struct call_node *node);
double call_node_growth_samples(const struct call_tree *tree, const struct call_node *node);
/* Of all; what is alive for a moment only, as of requests under way, counts little. */
double call_tree_growth_bytes(const struct call_tree *tree);

#endif
