// SPDX-License-Identifier: MIT
/*
 * The table of followed processes and their names. A name may depend on who else is in the same
 * cgroup, so names are settled when a batch of processes has come or gone, and only then told.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_FOLLOW_H
#define HEAPWATCH_COLLECTORS_PROC_FOLLOW_H

#include <stdbool.h>

#include "collectors/collector.h"
#include "collectors/proc/cgroup.h"
#include "collectors/proc/costly.h"
#include "collectors/proc/examine.h"
#include "collectors/proc/naming.h"
#include "collectors/proc/table.h"

struct followed {
	struct identity identity;
	struct facts facts;
	struct executable_key executable;
	char node_version[NODE_VERSION_SIZE];
	char *rule_name;       /* owned; "" without a rule that names */
	unsigned rule;         /* that matches, from 1; 0: none */
	struct cgroup *cgroup; /* a reference; NULL without memory */
	char app[APP_NAME_SIZE];
	bool is_announced;
	bool needs_name;    /* somebody came to or left its cgroup */
	bool needs_telling; /* as changed, whatever its name */
	unsigned errors;    /* 1 << enum collector_error: those already counted */
	void *owner;        /* for callbacks of the loop */
	struct collector_watch *watch;
	unsigned sampled_pass; /* number of the pass that sampled it last */
	uint64_t rss_bytes;    /* of the last sample */
	uint64_t detail_due_ns;
	unsigned detail_count;
	uint64_t costly_due_ns[COSTLY_COUNT];
	UT_hash_handle hh; /* by pid, in order of discovery */
};

/* Moves identity and facts out of the candidate; NULL without memory (they stay then). */
struct followed *followed_new(struct candidate *candidate, const char *rule_name,
                              struct cgroup *cgroup);
/* Closes and releases; the watch must be gone. */
struct followed *followed_free(struct followed *followed);

struct followed *follow_find(struct followed *table, pid_t pid);
/* Adds or removes one and marks those whose name may depend on it. False without memory. */
bool follow_add(struct followed **table, struct followed *followed);
void follow_remove(struct followed **table, struct followed *followed);
/* The name that a rule gives it by now, "" for none. False without memory: it keeps its own. */
bool follow_set_rule_name(struct followed *followed, const char *rule_name);
/* Everyone is named and told again. */
void follow_tell_all(struct followed *table);
/* Settles the names of the marked: tells the new ones as found and the renamed as changed. */
void follow_announce(struct followed *table, uint64_t tick_ns, const struct collector_sink *sink);

#endif
