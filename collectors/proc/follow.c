// SPDX-License-Identifier: MIT
/* See follow.h. "Together" are processes of one cgroup or one pod. */
#include "collectors/proc/follow.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"

struct followed *followed_new(struct candidate *candidate, const char *rule_name,
                              struct cgroup *cgroup)
{
	struct followed *followed = calloc(1, sizeof(*followed));
	char *name = strdup(rule_name);

	if (followed == NULL || name == NULL) {
		free(followed);
		free(name);
		return NULL;
	}
	followed->identity = candidate->identity;
	candidate->identity = IDENTITY_INIT;
	followed->facts = candidate->facts;
	candidate->facts = (struct facts){.script = NULL};
	followed->executable = candidate->key;
	memcpy(followed->node_version, candidate->executable.version, NODE_VERSION_SIZE);
	followed->rule_name = name;
	followed->cgroup = cgroup;
	return followed;
}

struct followed *followed_free(struct followed *followed)
{
	if (followed == NULL)
		return NULL;
	identity_close(&followed->identity);
	facts_done(&followed->facts);
	cgroup_release(followed->cgroup);
	free(followed->rule_name);
	free(followed);
	return NULL;
}

struct followed *follow_find(struct followed *table, pid_t pid)
{
	struct followed *followed;

	HASH_FIND(hh, table, &pid, sizeof(pid), followed);
	return followed;
}

static bool are_together(const struct followed *a, const struct followed *b)
{
	const char *pod = a->facts.cgroup_names.pod_uid;

	return (a->cgroup != NULL && a->cgroup == b->cgroup) ||
	       (pod[0] != '\0' && strcmp(pod, b->facts.cgroup_names.pod_uid) == 0);
}

static bool may_be_named_by_cgroup(const struct followed *followed)
{
	const struct cgroup_names *names = &followed->facts.cgroup_names;

	return followed->cgroup != NULL && !cgroup_is_own(followed->cgroup) &&
	       !followed->facts.is_launcher &&
	       (names->unit[0] != '\0' || followed->facts.container[0] != '\0');
}

static void mark_companions(struct followed *table, const struct followed *changed)
{
	struct followed *other;

	if (!may_be_named_by_cgroup(changed))
		return;
	for (other = table; other != NULL; other = other->hh.next) {
		if (are_together(changed, other))
			other->needs_name = true;
	}
}

bool follow_add(struct followed **table, struct followed *followed)
{
	followed->needs_name = true;
	HASH_ADD(hh, *table, identity.key.pid, sizeof(followed->identity.key.pid), followed);
	if (!TABLE_HAS(followed))
		return false;
	mark_companions(*table, followed);
	return true;
}

void follow_remove(struct followed **table, struct followed *followed)
{
	HASH_DEL(*table, followed);
	mark_companions(*table, followed);
}

/* Launchers and processes whose title hides the script do not speak against one app. */
static bool holds_one_app(const struct followed *table, const struct followed *followed)
{
	const struct followed *other;
	const char *script = followed->facts.script;

	for (other = table; other != NULL; other = other->hh.next) {
		if (!are_together(followed, other) || other->facts.is_launcher ||
		    other->facts.script[0] == '\0')
			continue;
		if (script[0] == '\0')
			script = other->facts.script;
		else if (strcmp(script, other->facts.script) != 0)
			return false;
	}
	return true;
}

static void settle_name(const struct followed *table, struct followed *followed)
{
	struct naming_facts facts = {.rule_name = followed->rule_name,
	                             .pm2_name = followed->facts.pm2_name,
	                             .unit = followed->facts.cgroup_names.unit,
	                             .container = followed->facts.container,
	                             .package = followed->facts.package_name,
	                             .script = followed->facts.script};

	facts.is_cgroup_telling =
	    may_be_named_by_cgroup(followed) && holds_one_app(table, followed);
	naming_choose(&facts, followed->app);
}

static struct process_facts facts_of(const struct followed *followed, uint64_t tick_ns)
{
	const struct facts *facts = &followed->facts;
	struct process_facts result = {
	    .key = followed->identity.key,
	    .start_ns = u64_multiply_saturating(followed->identity.key.start_ticks, tick_ns),
	    .app = followed->app,
	    .script = facts->script,
	    .node_version = followed->node_version,
	    .container_id = facts->cgroup_names.container_id,
	    .pod_uid = facts->cgroup_names.pod_uid,
	    .container_name = facts->container_name,
	    .unit = facts->cgroup_names.unit,
	    .namespace_count = facts->namespace_count,
	    .stdout_file = facts->stdout_file,
	    .stdout_path = facts->stdout_path,
	    .max_old_space_bytes = facts->max_old_space_bytes,
	    .max_semi_space_bytes = facts->max_semi_space_bytes,
	    .traces_gc = facts->traces_gc,
	    .rule = followed->rule};

	memcpy(result.namespace_pids, facts->namespace_pids, sizeof(result.namespace_pids));
	return result;
}

bool follow_set_rule_name(struct followed *followed, const char *rule_name)
{
	char *name = strdup(rule_name);

	if (name == NULL)
		return false;
	free(followed->rule_name);
	followed->rule_name = name;
	return true;
}

void follow_tell_all(struct followed *table)
{
	struct followed *followed;

	for (followed = table; followed != NULL; followed = followed->hh.next)
		followed->needs_name = followed->needs_telling = true;
}

static void tell_lacks(const struct followed *followed, const struct collector_sink *sink)
{
	enum process_fact fact;

	for (fact = 0; fact < PROCESS_FACT_COUNT; fact++)
		if (followed->facts.needs[fact] != PROCESS_NEED_NOTHING)
			sink->lacks(sink->context, &followed->identity.key, fact,
			            followed->facts.needs[fact]);
}

void follow_announce(struct followed *table, uint64_t tick_ns, const struct collector_sink *sink)
{
	struct followed *followed;

	for (followed = table; followed != NULL; followed = followed->hh.next) {
		char before[APP_NAME_SIZE];
		struct process_facts facts;
		if (!followed->needs_name)
			continue;
		followed->needs_name = false;
		memcpy(before, followed->app, sizeof(before));
		settle_name(table, followed);
		facts = facts_of(followed, tick_ns);
		if (!followed->is_announced) {
			sink->process_found(sink->context, &facts);
			tell_lacks(followed, sink);
		} else if (followed->needs_telling || strcmp(before, followed->app) != 0) {
			sink->process_changed(sink->context, &facts);
		}
		followed->is_announced = true;
		followed->needs_telling = false;
	}
}
