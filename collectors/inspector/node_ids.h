// SPDX-License-Identifier: MIT
/*
 * Which node of a tree an id of a profile means: ids are the profile's own, and hostile. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_NODE_IDS_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_NODE_IDS_H

#include <stdint.h>

#define NODE_IDS_NONE UINT32_MAX

struct cJSON;
struct node_id;

/* {NULL} is empty. */
struct node_ids {
	struct node_id *table;
};

/* The member "id" of item, where it has one; the first of equal ones counts. -ENOMEM. */
int node_ids_add(struct node_ids *ids, const struct cJSON *item, uint32_t node)
    __attribute__((warn_unused_result));
/* Of the member "nodeId" of a sample; NODE_IDS_NONE: of no node. */
uint32_t node_ids_of_sample(const struct node_ids *ids, const struct cJSON *sample);
void node_ids_done(struct node_ids *ids);

#endif
