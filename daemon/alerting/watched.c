// SPDX-License-Identifier: MIT
/*
 * A hash table by process.
 */
#include "daemon/alerting/watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/process.h"

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
	free(watched->app);
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

void watched_name(struct watched *watched, const char *app, unsigned slot, pid_t shown_pid)
{
	free(watched->app);
	watched->app = strdup(app); /* without memory it is not known */
	watched->slot = slot;
	watched->shown_pid = shown_pid;
}

static bool is_shown(const struct watched *watched, enum condition condition, uint64_t safe_id)
{
	return watched->alerts[condition] != 0 && watched->alerts[condition] <= safe_id;
}

void watched_show(const struct watched *watched, uint64_t safe_id, struct process *process)
{
	enum condition condition;

	for (condition = 0; condition < CONDITION_LIVING_COUNT; condition++) {
		if (!is_shown(watched, condition, safe_id))
			continue;
		process->is_alerting = true;
		process->alerts[condition] = (struct firing_alert){
		    .is_firing = true,
		    .severity = watched->episodes[condition].severity,
		    .since_ns = watched->episodes[condition].onset_ns,
		};
	}
}

void watched_show_ended(const struct watched *all, uint64_t safe_id, struct ended_alerts *ended)
{
	const struct watched *watched;
	enum condition condition;

	for (watched = all; watched != NULL; watched = watched->hh.next)
		for (condition = CONDITION_LIVING_COUNT; condition < CONDITION_COUNT; condition++) {
			struct ended_alert alert = {
			    .slot = watched->slot,
			    .shown_pid = watched->shown_pid,
			    .condition = condition,
			    .severity = watched->episodes[condition].severity,
			    .since_ns = watched->episodes[condition].onset_ns,
			};

			if (!is_shown(watched, condition, safe_id))
				continue;
			(void)snprintf(alert.app, sizeof(alert.app), "%s",
			               watched->app != NULL ? watched->app : "");
			ended_alerts_add(ended, &alert);
		}
}
