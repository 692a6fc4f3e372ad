// SPDX-License-Identifier: MIT
#include "collectors/inspector/node_ids.h"

#include <errno.h>
#include <stdlib.h>

#include "collectors/inspector/cdp.h"
#include "lib/cleanup.h"

#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

struct node_id {
	UT_hash_handle hh;
	uint64_t id;
	uint32_t node;
};

static const struct node_id *find(const struct node_ids *ids, uint64_t id)
{
	const struct node_id *found = NULL;

	HASH_FIND(hh, ids->table, &id, sizeof(id), found);
	return found;
}

int node_ids_add(struct node_ids *ids, const struct cJSON *item, uint32_t node)
{
	struct node_id *entry;
	uint64_t id;

	if (cdp_u64(item, "id", &id) < 0 || find(ids, id) != NULL)
		return 0;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return -ENOMEM;
	entry->id = id;
	entry->node = node;
	HASH_ADD(hh, ids->table, id, sizeof(entry->id), entry);
	if (entry->hh.tbl != NULL)
		return 0;
	free(entry);
	return -ENOMEM;
}

uint32_t node_ids_of_sample(const struct node_ids *ids, const struct cJSON *sample)
{
	const struct node_id *found;
	uint64_t id;

	if (cdp_u64(sample, "nodeId", &id) < 0)
		return NODE_IDS_NONE;
	found = find(ids, id);
	return found != NULL ? found->node : NODE_IDS_NONE;
}

void node_ids_done(struct node_ids *ids)
{
	struct node_id *entry, *next;

	HASH_ITER(hh, ids->table, entry, next)
	{
		HASH_DEL(ids->table, entry);
		free(entry);
	}
}
