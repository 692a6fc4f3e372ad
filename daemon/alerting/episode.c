// SPDX-License-Identifier: MIT
/*
 * Two rows of a table say when a condition holds and when it is clear; the rest is time.
 */
#include "daemon/alerting/episode.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "config/config.h"
#include "daemon/model/process.h"
#include "lib/units.h"

/* Below it the evidence is of half the time, or of half the collections, that a verdict wants. */
#define CONFIDENCE_MIN 0.5

static const char *const resolution_names[] = {
    [RESOLUTION_NONE] = NULL,           [RESOLUTION_FLOOR_RETURNED] = "floor_returned",
    [RESOLUTION_EXIT] = "exit",         [RESOLUTION_OOM_KILL] = "oom_kill",
    [RESOLUTION_HEAP_OOM] = "heap_oom",
};
_Static_assert(sizeof(resolution_names) / sizeof(resolution_names[0]) == RESOLUTION_COUNT,
               "a name each");

const char *resolution_name(enum resolution resolution)
{
	assert(resolution < RESOLUTION_COUNT);
	return resolution_names[resolution];
}

/* ---- conditions of a living process ---- */

static bool leaks(const struct process *process, const struct alerting_config *config)
{
	const struct verdict *verdict = &process->verdict;

	return verdict->at_ns > 0 && verdict->score >= config->threshold &&
	       verdict->confidence >= CONFIDENCE_MIN;
}

static bool leaks_no_more(const struct process *process, const struct alerting_config *config)
{
	return process->verdict.score < config->clear;
}

static bool thrashes(const struct process *process, const struct alerting_config *config)
{
	(void)config;
	return process->verdict.at_ns > 0 && process->verdict.state == LEAK_STATE_THRASH;
}

static bool thrashes_no_more(const struct process *process, const struct alerting_config *config)
{
	return !thrashes(process, config);
}

static const struct {
	bool (*holds)(const struct process *process, const struct alerting_config *config);
	bool (*is_clear)(const struct process *process, const struct alerting_config *config);
} conditions[] = {
    [CONDITION_LEAK] = {leaks, leaks_no_more},
    [CONDITION_THRASH] = {thrashes, thrashes_no_more},
};

bool episode_is_wanted(enum condition condition, const struct process *process,
                       const struct alerting_config *config)
{
	assert(condition <= CONDITION_THRASH);
	return conditions[condition].holds(process, config);
}

static enum severity severity_of(enum condition condition, const struct process *process,
                                 const struct episode_limits *limits)
{
	double left_seconds = process->verdict.exhaustion_p50_seconds * limits->time_scale;

	if (condition != CONDITION_LEAK ||
	    left_seconds < ns_to_seconds(limits->config->critical_ns))
		return SEVERITY_CRITICAL;
	return left_seconds < ns_to_seconds(limits->config->warning_ns) ? SEVERITY_WARNING
	                                                                : SEVERITY_INFO;
}

/* ---- time ---- */

static uint64_t scaled(uint64_t duration_ns, const struct episode_limits *limits)
{
	return (uint64_t)((double)duration_ns / limits->time_scale);
}

static void begin(struct episode *episode, const struct process *process, uint64_t now_ns)
{
	uint64_t onset_ns = process->verdict.onset_ns;

	*episode = (struct episode){.phase = EPISODE_PENDING, .since_ns = now_ns};
	episode->onset_ns = onset_ns > 0 && onset_ns < now_ns ? onset_ns : now_ns;
}

static enum episode_change advance_pending(struct episode *episode, enum condition condition,
                                           const struct process *process,
                                           const struct episode_limits *limits, uint64_t now_ns)
{
	uint64_t uptime_ns = u64_subtract_floor(now_ns, process->start_ns);

	if (!conditions[condition].holds(process, limits->config)) {
		*episode = (struct episode){.phase = EPISODE_NONE};
		return EPISODE_UNCHANGED;
	}
	if (uptime_ns < scaled(limits->config->min_uptime_ns, limits) ||
	    now_ns - episode->since_ns < scaled(limits->config->hold_ns, limits))
		return EPISODE_UNCHANGED;
	episode->phase = EPISODE_FIRING;
	episode->since_ns = 0;
	episode->severity = severity_of(condition, process, limits);
	return EPISODE_FIRED;
}

static enum episode_change advance_firing(struct episode *episode, enum condition condition,
                                          const struct process *process,
                                          const struct episode_limits *limits, uint64_t now_ns)
{
	enum severity severity = severity_of(condition, process, limits);

	if (conditions[condition].is_clear(process, limits->config)) {
		if (episode->since_ns == 0)
			episode->since_ns = now_ns;
		if (now_ns - episode->since_ns < scaled(limits->config->hold_ns, limits))
			return EPISODE_UNCHANGED;
		*episode = (struct episode){.phase = EPISODE_NONE};
		return EPISODE_RESOLVED;
	}
	episode->since_ns = 0;
	if (severity <= episode->severity)
		return EPISODE_UNCHANGED;
	episode->severity = severity;
	return EPISODE_WORSENED;
}

enum episode_change episode_advance(struct episode *episode, enum condition condition,
                                    const struct process *process,
                                    const struct episode_limits *limits, uint64_t now_ns)
{
	assert(condition <= CONDITION_THRASH);
	if (process->verdict.at_ns == 0)
		return EPISODE_UNCHANGED; /* after a restart nothing is known yet */
	if (episode->phase == EPISODE_NONE && conditions[condition].holds(process, limits->config))
		begin(episode, process, now_ns);
	if (episode->phase == EPISODE_PENDING)
		return advance_pending(episode, condition, process, limits, now_ns);
	if (episode->phase == EPISODE_FIRING)
		return advance_firing(episode, condition, process, limits, now_ns);
	return EPISODE_UNCHANGED;
}
