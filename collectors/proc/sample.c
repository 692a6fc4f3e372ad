// SPDX-License-Identifier: MIT
/*
 * What is measured of the followed processes: memory on every pass, details on a slower turn that
 * is spread over the passes, costly files when their budget allows.
 */
#include <errno.h>
#include <stdio.h>

#include "collectors/proc/state.h"
#include "config/config.h"
#include "lib/clock.h"
#include "lib/numbers.h"

#define DETAIL_PERIOD_NS       (60 * NS_PER_SECOND)
#define DETAIL_FIRST_PERIOD_NS (10 * NS_PER_SECOND) /* a fork that has not yet exec'ed shows */
#define DETAILS_PER_PASS_MIN   64
#define DETAILS_PER_PASS_MAX   128 /* at 75 us: below the 10 ms that a callback may take */
#define SAMPLES_PER_SLICE      256 /* at 10 us, likewise */
#define PROPORTIONAL_PERIOD_NS (30 * NS_PER_SECOND)
#define MAPS_PERIOD_NS         (60 * NS_PER_SECOND)

static void take_sample(struct proc *proc, struct followed *followed, uint64_t now_ns)
{
	struct memory_sample sample;
	int r = memory_read_sample(&proc->reader, &followed->identity, now_ns, &sample);

	followed->sampled_pass = proc->pass_number;
	if (r == -ESRCH) {
		discover_end(proc, followed, false);
		return;
	}
	if (r < 0) {
		state_tell_followed_error(proc, followed, r);
		return;
	}
	followed->rss_bytes = sample.rss_bytes;
	if (followed->is_announced)
		proc->sink->memory(proc->sink->context, &followed->identity.key, &sample);
}

bool sample_memory(struct proc *proc, uint64_t now_ns)
{
	size_t left = SAMPLES_PER_SLICE;
	struct followed *followed, *next;

	/* By a mark and not by a place in the table, which changes between slices. */
	HASH_ITER(hh, proc->table, followed, next)
	{
		if (followed->sampled_pass == proc->pass_number)
			continue;
		if (left-- == 0)
			return false;
		take_sample(proc, followed, now_ns);
	}
	return true;
}

/* False when the process has become another program by exec. */
static bool is_same_program(const struct proc *proc, const struct followed *followed)
{
	struct executable_key key;
	char path[NUMBER_TEXT_SIZE + 8];

	(void)snprintf(path, sizeof(path), "%d/exe", (int)followed->identity.key.pid);
	if (executable_identify(proc->proc_fd, path, &key) < 0)
		return true; /* gone: the pidfd tells better */
	return key.device == followed->executable.device && key.inode == followed->executable.inode;
}

static void take_detail(struct proc *proc, struct followed *followed, uint64_t now_ns)
{
	struct memory_detail detail;
	struct cgroup_limit limit = {.limit_bytes = 0};
	int r;

	followed->detail_due_ns =
	    now_ns + (followed->detail_count++ == 0 ? DETAIL_FIRST_PERIOD_NS : DETAIL_PERIOD_NS);
	if (!is_same_program(proc, followed)) {
		discover_end(proc, followed, true);
		return;
	}
	r = memory_read_detail(&proc->reader, followed->identity.key.pid, now_ns, &detail);
	if (r < 0) {
		if (r != -ESRCH)
			state_tell_followed_error(proc, followed, r);
		return;
	}
	if (!detail.has_open_fds)
		state_tell_followed_error(proc, followed, -EACCES);
	if (followed->cgroup != NULL)
		limit = cgroup_read_limit(followed->cgroup, now_ns);
	detail.limit_bytes = limit.limit_bytes;
	detail.limit_usage_bytes = limit.usage_bytes;
	detail.limit_is_cgroup = limit.is_cgroup;
	proc->sink->memory_detail(proc->sink->context, &followed->identity.key, &detail);
}

/* So many per pass that each has its turn in a period; new processes bring the count up. */
void sample_details(struct proc *proc, uint64_t now_ns)
{
	size_t left = HASH_COUNT(proc->table) / 8;
	struct followed *followed, *next;

	if (left < DETAILS_PER_PASS_MIN)
		left = DETAILS_PER_PASS_MIN;
	if (left > DETAILS_PER_PASS_MAX)
		left = DETAILS_PER_PASS_MAX;
	HASH_ITER(hh, proc->table, followed, next)
	{
		if (left == 0)
			break;
		if (!followed->is_announced || followed->detail_due_ns > now_ns)
			continue;
		take_detail(proc, followed, now_ns);
		left--;
	}
}

/* ---- what costs too much for every pass ---- */

static bool is_readable(const struct proc *proc, const struct followed *followed,
                        enum costly_file file)
{
	return followed->is_announced && followed->rss_bytes > 0 &&
	       (file != COSTLY_SMAPS_ROLLUP ||
	        followed->rss_bytes <= proc->config->sampling.smaps_max_rss_bytes);
}

/* Round robin by age: the one that is due longest. */
bool sample_pick(void *context, uint64_t now_ns, struct costly_read *ret_next)
{
	static const uint64_t periods_ns[COSTLY_COUNT] = {
	    [COSTLY_SMAPS_ROLLUP] = PROPORTIONAL_PERIOD_NS, [COSTLY_MAPS] = MAPS_PERIOD_NS};
	struct proc *proc = context;
	struct followed *oldest = NULL;
	enum costly_file oldest_file = COSTLY_MAPS;
	struct followed *followed;
	enum costly_file file;

	for (followed = proc->table; followed != NULL; followed = followed->hh.next)
		for (file = 0; file < COSTLY_COUNT; file++) {
			if (followed->costly_due_ns[file] > now_ns ||
			    !is_readable(proc, followed, file) ||
			    (oldest != NULL &&
			     followed->costly_due_ns[file] >= oldest->costly_due_ns[oldest_file]))
				continue;
			oldest = followed;
			oldest_file = file;
		}
	if (oldest == NULL)
		return false;
	oldest->costly_due_ns[oldest_file] = now_ns + periods_ns[oldest_file];
	*ret_next = (struct costly_read){.file = oldest_file, .key = oldest->identity.key};
	return true;
}

static void tell_costly(const struct proc *proc, const struct costly_read *result, uint64_t now_ns)
{
	const struct collector_sink *sink = proc->sink;

	if (result->file == COSTLY_SMAPS_ROLLUP) {
		const struct proportional_sample sample = {.at_ns = now_ns,
		                                           .pss_bytes = result->pss_bytes};

		sink->proportional(sink->context, &result->key, &sample);
	} else {
		struct memory_map map = result->map;

		map.at_ns = now_ns;
		sink->memory_map(sink->context, &result->key, &map);
	}
}

void sample_costly_done(void *context, const struct costly_read *result, uint64_t now_ns)
{
	struct proc *proc = context;
	struct followed *followed = follow_find(proc->table, result->key.pid);
	struct process_stat stat;

	/* Alive now under the same key: then it was this process that was read. */
	if (followed == NULL || !process_key_equal(&followed->identity.key, &result->key) ||
	    identity_read_stat(&followed->identity, &stat) < 0 || stat.state == 'Z')
		return;
	if (result->error == 0)
		tell_costly(proc, result, now_ns);
	else if (result->error != -ESRCH && result->error != -ENOENT)
		state_tell_followed_error(proc, followed, result->error);
}
