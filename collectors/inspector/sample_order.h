// SPDX-License-Identifier: MIT
/*
 * What was alive at an earlier moment, from a profile taken later: V8 numbers the samples of a
 * sampler in the order in which they were allocated (from Node 12 on), also across those that died.
 * One that was allocated at the moment in question parts them, and so saves the full collection
 * that a profile at that moment would be. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SAMPLE_ORDER_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SAMPLE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct node_ids;

/* Samples of one node that are alive in the end. */
struct sample_part {
	double bytes;
	double early_bytes;  /* of bytes, allocated before the mark */
	double recent_bytes; /* of bytes, allocated in the second half of what came after it */
	double samples;
	double early_samples;
	double recent_samples;
};

/*
 * Parts samples, the list of a profile, into parts, one for each node, all of which are 0; those of
 * marking nodes are left out. false: nothing marks the moment, and parts are as before.
 */
bool sample_order_part(const struct cJSON *samples, const struct node_ids *ids,
                       const bool *is_marking, struct sample_part *parts);

#endif
