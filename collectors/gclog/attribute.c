// SPDX-License-Identifier: MIT
/*
 * The processes that may print GC lines, found by their key, by the pid they print, and by the file
 * that is their stdout.
 */
#include "collectors/gclog/attribute.h"

#include <errno.h>
#include <stdlib.h>

#include "collectors/gclog/hash.h"
#include "lib/clock.h"
#include "lib/pack.h"
#include "lib/units.h"

/* An isolate is initialised after its process started; both are told in coarse ticks. */
#define AGE_SLACK_NS (2 * NS_PER_SECOND)

/* How well a process fits a line; the best one wins. */
enum fit { FIT_NONE, FIT_OUTER_PID, FIT_INNER_PID, FIT_FILE };

struct source {
	struct process_key key;
	pid_t inner_pid;
	uint64_t start_ns;
	struct file_identity stdout_file;
	struct file_identity previous_file; /* of a container, before its log was rotated */
	bool is_awaited; /* known from before heapwatch was started, and not seen yet */
	bool is_gone;
	unsigned left_passes; /* of one that is gone or awaited */
	struct isolate_clocks clocks;
	UT_hash_handle hh;
};

struct attribution {
	struct source *sources;
	uint64_t generation;
	/* The latest answer: neighbouring lines are of one process. */
	struct {
		struct source *source;
		struct file_identity file;
		pid_t pid;
		uint64_t generation;
	} latest;
};

struct attribution *attribution_new(void)
{
	struct attribution *attribution = calloc(1, sizeof(*attribution));

	if (attribution != NULL)
		attribution->generation = 1;
	return attribution;
}

static void source_remove(struct attribution *attribution, struct source *source)
{
	HASH_DEL(attribution->sources, source);
	isolate_clocks_done(&source->clocks);
	free(source);
	attribution->generation++;
}

struct attribution *attribution_free(struct attribution *attribution)
{
	if (attribution == NULL)
		return NULL;
	while (attribution->sources != NULL)
		source_remove(attribution, attribution->sources);
	free(attribution);
	return NULL;
}

static struct source *source_find(const struct attribution *attribution,
                                  const struct process_key *key)
{
	struct source *source;

	HASH_FIND(hh, attribution->sources, &key->pid, sizeof(key->pid), source);
	return source;
}

static struct source *source_add(struct attribution *attribution, const struct process_key *key)
{
	struct source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	source->key = *key;
	HASH_ADD(hh, attribution->sources, key.pid, sizeof(source->key.pid), source);
	if (HASH_IS_LEFT_OUT(source, hh)) {
		free(source);
		return NULL;
	}
	return source;
}

int attribution_seen(struct attribution *attribution, const struct process_facts *facts)
{
	struct source *source = source_find(attribution, &facts->key);

	if (source != NULL && source->key.start_ticks != facts->key.start_ticks) {
		source_remove(attribution, source); /* the pid was reused before it was told */
		source = NULL;
	}
	if (source == NULL)
		source = source_add(attribution, &facts->key);
	if (source == NULL)
		return -ENOMEM;
	source->is_awaited = false;
	source->start_ns = facts->start_ns;
	source->clocks.start_ns = facts->start_ns;
	source->inner_pid = facts->namespace_count > 0
	                        ? facts->namespace_pids[facts->namespace_count - 1]
	                        : facts->key.pid;
	source->stdout_file = facts->stdout_file;
	attribution->generation++;
	return 0;
}

void attribution_set_stdout(struct attribution *attribution, const struct process_key *key,
                            const struct file_identity *file)
{
	struct source *source = source_find(attribution, key);

	if (source == NULL || source->key.start_ticks != key->start_ticks)
		return;
	if (source->stdout_file.inode != 0)
		source->previous_file = source->stdout_file;
	source->stdout_file = *file;
	attribution->generation++;
}

struct file_identity attribution_gone(struct attribution *attribution,
                                      const struct process_key *key)
{
	struct source *source = source_find(attribution, key);

	if (source == NULL || source->key.start_ticks != key->start_ticks)
		return (struct file_identity){0, 0};
	source->is_gone = true;
	source->left_passes = ATTRIBUTE_GONE_PASSES;
	return source->stdout_file;
}

void attribution_pass(struct attribution *attribution)
{
	struct source *source;
	struct source *next;

	HASH_ITER(hh, attribution->sources, source, next)
	{
		if (!source->is_gone && !source->is_awaited)
			continue;
		if (source->left_passes == 0)
			source_remove(attribution, source);
		else
			source->left_passes--;
	}
}

static bool is_same_file(const struct file_identity *a, const struct file_identity *b)
{
	return a->inode != 0 && a->inode == b->inode && a->device == b->device;
}

/* An isolate cannot be older than its process: that line is of an earlier one with this pid. */
static bool is_old_enough(const struct source *source, const struct line_origin *origin)
{
	uint64_t age_ns = u64_subtract_floor(origin->arrival_ns, source->start_ns);

	return origin->uptime_ns <= u64_add_saturating(age_ns, AGE_SLACK_NS);
}

static enum fit fit_of(const struct source *source, const struct line_origin *origin)
{
	bool holds_file = is_same_file(&source->stdout_file, &origin->file) ||
	                  is_same_file(&source->previous_file, &origin->file);

	if (source->is_awaited || !is_old_enough(source, origin))
		return FIT_NONE;
	if (origin->pid == 0)
		return holds_file ? FIT_FILE : FIT_NONE;
	if (source->inner_pid == origin->pid)
		return holds_file ? FIT_FILE : FIT_INNER_PID;
	return source->key.pid == origin->pid ? FIT_OUTER_PID : FIT_NONE;
}

/* How far the isolate's zero point is from the start of the process; exact for a main isolate. */
static uint64_t distance_of(const struct source *source, const struct line_origin *origin)
{
	uint64_t zero_ns = u64_subtract_floor(origin->arrival_ns, origin->uptime_ns);

	return zero_ns > source->start_ns ? zero_ns - source->start_ns : source->start_ns - zero_ns;
}

static struct source *best_of_all(const struct attribution *attribution,
                                  const struct line_origin *origin)
{
	enum fit best_fit = FIT_NONE;
	struct source *best = NULL;
	bool is_tie = false;
	struct source *source;

	for (source = attribution->sources; source != NULL; source = source->hh.next) {
		enum fit fit = fit_of(source, origin);

		if (fit == FIT_NONE || fit < best_fit)
			continue;
		is_tie = fit == best_fit;
		if (is_tie && distance_of(source, origin) >= distance_of(best, origin))
			continue;
		best = source;
		best_fit = fit;
	}
	/* Without a pid, the file must have one holder. */
	return origin->pid == 0 && is_tie ? NULL : best;
}

/* The latest answer still holds when nobody else may claim the pid. */
static struct source *latest_answer(const struct attribution *attribution,
                                    const struct line_origin *origin)
{
	struct source *source = attribution->latest.source;

	if (attribution->latest.generation != attribution->generation || origin->pid == 0 ||
	    attribution->latest.pid != origin->pid ||
	    !is_same_file(&attribution->latest.file, &origin->file) ||
	    !is_old_enough(source, origin))
		return NULL;
	return source;
}

static bool is_only_claim(const struct attribution *attribution, pid_t pid)
{
	const struct source *source;
	unsigned claims = 0;

	for (source = attribution->sources; source != NULL; source = source->hh.next)
		if (source->inner_pid == pid || source->key.pid == pid)
			claims++;
	return claims == 1;
}

const struct process_key *attribution_find(struct attribution *attribution,
                                           const struct line_origin *origin,
                                           struct isolate_clocks **ret_clocks)
{
	struct source *source = latest_answer(attribution, origin);

	if (source == NULL) {
		source = best_of_all(attribution, origin);
		if (source == NULL)
			return NULL;
		if (is_only_claim(attribution, origin->pid)) {
			attribution->latest.source = source;
			attribution->latest.file = origin->file;
			attribution->latest.pid = origin->pid;
			attribution->latest.generation = attribution->generation;
		}
	}
	*ret_clocks = &source->clocks;
	return &source->key;
}

bool attribution_holds(const struct attribution *attribution, const struct file_identity *file)
{
	const struct source *source;

	for (source = attribution->sources; source != NULL; source = source->hh.next)
		if (is_same_file(&source->stdout_file, file))
			return true;
	return false;
}

void attribution_visit_files(const struct attribution *attribution,
                             void (*visit)(void *context, const struct file_identity *file),
                             void *context)
{
	const struct source *source;

	for (source = attribution->sources; source != NULL; source = source->hh.next)
		if (source->stdout_file.inode != 0)
			visit(context, &source->stdout_file);
}

void attribution_pack(const struct attribution *attribution, struct buf *out)
{
	const struct source *source;

	pack_u64(out, HASH_COUNT(attribution->sources));
	for (source = attribution->sources; source != NULL; source = source->hh.next) {
		pack_u64(out, (uint64_t)source->key.pid);
		pack_u64(out, source->key.start_ticks);
		pack_u64(out, source->start_ns);
		isolate_clocks_pack(&source->clocks, out);
	}
}

void attribution_unpack(struct attribution *attribution, struct unpack *in)
{
	uint64_t count;

	for (count = unpack_u64(in); count > 0 && !in->has_failed; count--) {
		const uint64_t pid = unpack_u64(in);
		const struct process_key key = {(pid_t)pid, unpack_u64(in)};
		struct source *source = source_find(attribution, &key);

		if (source == NULL && pid <= INT32_MAX)
			source = source_add(attribution, &key);
		if (source == NULL || source->clocks.count > 0) {
			in->has_failed = true;
			return;
		}
		source->is_awaited = true;
		source->left_passes = ATTRIBUTE_AWAITED_PASSES;
		source->start_ns = unpack_u64(in);
		source->clocks.start_ns = source->start_ns;
		isolate_clocks_unpack(&source->clocks, in);
	}
}

uint64_t attribution_generation(const struct attribution *attribution)
{
	return attribution->generation;
}
