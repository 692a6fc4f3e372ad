// SPDX-License-Identifier: MIT
/*
 * A made-up model of many processes with one heap each, the same on every run.
 */
#ifndef HEAPWATCH_BENCH_MODELLED_H
#define HEAPWATCH_BENCH_MODELLED_H

#include <math.h>
#include <stdio.h>

#include "daemon/model/model.h"
#include "lib/clock.h"
#include "lib/units.h"

#define MODELLED_NOW_NS (48 * NS_PER_HOUR)

/* Numbers of many digits, as real ones are; the same on every run. */
static inline double modelled_vary(size_t i)
{
	return 1 + (double)(i * 7919 % 104729) / 104729;
}

static inline void modelled_collect(struct model *model, const struct process_key *key, size_t i)
{
	const uint64_t used_bytes = (uint64_t)(50e6 * modelled_vary(i));
	size_t k;

	for (k = 0; k < 20; k++) {
		const struct gc_event event = {
		    .kind = k % 5 == 4 ? GC_MARK_COMPACT : GC_SCAVENGE,
		    .isolate = 0x1000,
		    .uptime_ns = (k + 1) * NS_PER_MINUTE,
		    .used_before_bytes = used_bytes + MIB,
		    .committed_before_bytes = 2 * used_bytes,
		    .used_after_bytes = used_bytes,
		    .committed_after_bytes = 2 * used_bytes,
		    .pause_ns = (uint64_t)(1.3e6 * modelled_vary(i + k)),
		    .average_mutator_utilization = 1 / modelled_vary(i),
		    .current_mutator_utilization = (double)NAN,
		};

		model_gc(model, key, NS_PER_HOUR + event.uptime_ns, &event);
	}
}

static inline void modelled_sample(struct model *model, const struct process_key *key, size_t i)
{
	const struct memory_sample memory = {
	    .at_ns = MODELLED_NOW_NS,
	    .rss_bytes = (uint64_t)(150e6 * modelled_vary(i)),
	    .rss_shared_bytes = 48 * MIB,
	    .user_cpu_ns = (uint64_t)(1e12 * modelled_vary(i)),
	    .system_cpu_ns = (uint64_t)(1e11 * modelled_vary(i + 1)),
	    .threads = 11,
	};
	const struct memory_detail detail = {
	    .at_ns = MODELLED_NOW_NS,
	    .rss_shmem_bytes = MIB,
	    .has_open_fds = true,
	    .open_fds = 20 + i % 100,
	    .limit_bytes = GIB,
	    .limit_is_cgroup = true,
	};
	const struct proportional_sample proportional = {
	    .at_ns = MODELLED_NOW_NS - (uint64_t)(30e9 * modelled_vary(i)),
	    .pss_bytes = (uint64_t)(120e6 * modelled_vary(i))};

	model_memory(model, key, &memory);
	model_memory_detail(model, key, &detail);
	model_proportional(model, key, &proportional);
}

static inline void modelled_judge(struct model *model, const struct process_key *key, size_t i)
{
	struct process *process = model_find(model, key);

	process->verdict = (struct verdict){
	    .score = 0.4 * modelled_vary(i),
	    .confidence = 0.5 * modelled_vary(i),
	    .state = LEAK_STATE_SUSPECTED,
	    .kind = LEAK_KIND_JS_HEAP,
	    .growth_bytes_per_second = 1e3 * modelled_vary(i),
	    .growth_lower_bytes_per_second = 0.5e3 * modelled_vary(i),
	    .growth_upper_bytes_per_second = 2e3 * modelled_vary(i),
	    .exhaustion_p10_seconds = 1e5 * modelled_vary(i),
	    .exhaustion_p50_seconds = 2e5 * modelled_vary(i),
	    .exhaustion_p90_seconds = (double)INFINITY,
	    .at_ns = MODELLED_NOW_NS,
	};
}

static inline int modelled_add(struct model *model, size_t i)
{
	char app[64];
	const struct process_facts facts = {
	    .key = {.pid = (pid_t)i + 1, .start_ticks = 100},
	    .start_ns = NS_PER_HOUR + i,
	    .app = app,
	    .script = "/srv/app/current/server.js",
	    .node_version = "20.20.2",
	    .container_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "",
	};
	int result;

	(void)snprintf(app, sizeof(app), "service-%zu-api", i / 4);
	result = model_process_found(model, NS_PER_HOUR, &facts);
	if (result < 0)
		return result;
	modelled_sample(model, &facts.key, i);
	modelled_collect(model, &facts.key, i);
	modelled_judge(model, &facts.key, i);
	return 0;
}

static inline struct model *modelled_new(size_t count)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = count, .apps_max = count, .min_age_ns = 1, .time_scale = 1});
	size_t i;

	for (i = 0; i < count; i++)
		if (model == NULL || modelled_add(model, i) < 0)
			return model_free(model);
	model_advance(model, MODELLED_NOW_NS);
	return model;
}

#endif
