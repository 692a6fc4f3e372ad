// SPDX-License-Identifier: MIT
/*
 * A hash (uthash) of the pids whose first life is over.
 */
#include "tool/lives.h"

#include <stdlib.h>
#include <uthash.h>

#define LIVES_MAX 4096

struct life {
	pid_t pid;
	uint64_t number;
	UT_hash_handle hh;
};

struct process_key lives_key(const struct lives *lives, pid_t pid)
{
	const struct life *life;

	HASH_FIND(hh, lives->table, &pid, sizeof(pid), life);
	return (struct process_key){.pid = pid, .start_ticks = life != NULL ? life->number : 0};
}

static struct life *obtain_life(struct lives *lives, pid_t pid)
{
	struct life *life;

	HASH_FIND(hh, lives->table, &pid, sizeof(pid), life);
	if (life != NULL || HASH_COUNT(lives->table) >= LIVES_MAX)
		return life;
	life = calloc(1, sizeof(*life));
	if (life == NULL)
		return NULL;
	life->pid = pid;
	HASH_ADD(hh, lives->table, pid, sizeof(pid), life);
	return life;
}

void lives_end(struct lives *lives, pid_t pid)
{
	struct life *life = obtain_life(lives, pid);

	if (life != NULL)
		life->number++;
}

void lives_done(struct lives *lives)
{
	struct life *life, *next;

	HASH_ITER(hh, lives->table, life, next)
	{
		HASH_DEL(lives->table, life);
		free(life);
	}
}
