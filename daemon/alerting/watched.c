// SPDX-License-Identifier: MIT
/*
 * A hash table by process.
 */
#include "daemon/alerting/watched.h"

#include <stdlib.h>
#include <string.h>

struct watched *watched_find(const struct watched *all, const struct process_key *key)
{
	const uint64_t wanted[2] = {(uint64_t)key->pid, key->start_ticks};
	struct watched *watched;

	HASH_FIND(hh, all, wanted, sizeof(wanted), watched);
	return watched;
}

struct watched *watched_add(struct watched **all, const struct process_key *key)
{
	struct watched *watched = watched_find(*all, key);

	if (watched != NULL)
		return watched;
	watched = calloc(1, sizeof(*watched));
	if (watched == NULL)
		return NULL;
	watched->hash_key[0] = (uint64_t)key->pid;
	watched->hash_key[1] = key->start_ticks;
	HASH_ADD(hh, *all, hash_key, sizeof(watched->hash_key), watched);
	if (watched_find(*all, key) != NULL)
		return watched;
	free(watched);
	return NULL;
}

void watched_remove(struct watched **all, struct watched *watched)
{
	HASH_DEL(*all, watched);
	free(watched);
}

bool watched_is_quiet(const struct watched *watched)
{
	enum condition condition;

	for (condition = 0; condition < CONDITION_COUNT; condition++)
		if (watched->episodes[condition].phase != EPISODE_NONE)
			return false;
	return true;
}
