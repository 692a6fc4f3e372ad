// SPDX-License-Identifier: MIT
#include "collectors/inspector/sampler.h"

#include <errno.h>
#include <stdio.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "lib/cjson.h"
#include "lib/clock.h"
#include "lib/units.h"

#define CALL_TIMEOUT_NS    (20 * NS_PER_SECOND) /* the process may be in a system call */
#define WORKER_TIMEOUT_NS  (5 * NS_PER_SECOND)  /* idle workers of pools sleep */
#define PROFILE_TIMEOUT_NS (60 * NS_PER_SECOND) /* with a full collection of a large heap */

/* Constants of ours: nothing of the configuration or the process is ever evaluated. */
static const char evaluate_usage[] = "{\"expression\":\"(function(){var m=process.memoryUsage();"
                                     "return {heap:m.heapUsed,external:m.external}})()\","
                                     "\"returnByValue\":true,\"silent\":true}";
/* The numbers that the inspector gives to workers are others. */
static const char evaluate_thread[] = "{\"expression\":\"require('worker_threads').threadId\","
                                      "\"includeCommandLineAPI\":true,"
                                      "\"returnByValue\":true,\"silent\":true}";

static bool is_worker(const struct sampler *sampler)
{
	return sampler->worker[0] != '\0';
}

static uint64_t timeout_ns(const struct sampler *sampler)
{
	return is_worker(sampler) ? WORKER_TIMEOUT_NS : CALL_TIMEOUT_NS;
}

/* The session goes on without a worker. */
static int judge(struct sampler *sampler, int r)
{
	if (r == 0 || !is_worker(sampler) || r == -ECANCELED || r == -ENOMEM ||
	    dialogue_result(sampler->dialogue) != SESSION_OK)
		return r;
	sampler->is_lost = true;
	return 0;
}

static int call(struct sampler *sampler, struct dialogue_call *what)
{
	what->worker = sampler->worker;
	return sampler->is_lost ? 0 : dialogue_call(sampler->dialogue, what);
}

/* ---- which thread it is ---- */

static int take_thread(void *context, const struct cJSON *result)
{
	struct sampler *sampler = context;
	uint64_t thread;

	if (cdp_u64(cJSON_GetObjectItemCaseSensitive(result, "result"), "value", &thread) < 0 ||
	    thread == 0 || thread > UINT32_MAX)
		return -EBADMSG;
	sampler->thread = (uint32_t)thread;
	return 0;
}

int sampler_identify(struct sampler *sampler)
{
	struct dialogue_call identify = {.method = "Runtime.evaluate",
	                                 .params = evaluate_thread,
	                                 .timeout_ns = timeout_ns(sampler),
	                                 .context = sampler,
	                                 .take = take_thread};

	return is_worker(sampler) ? judge(sampler, call(sampler, &identify)) : 0;
}

/* ---- what is used ---- */

static int take_usage(void *context, const struct cJSON *result)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(result, "result"), "value");
	struct sampler *sampler = context;
	struct sampler_usage usage;

	if (cdp_u64(value, "heap", &usage.heap_bytes) < 0 ||
	    cdp_u64(value, "external", &usage.external_bytes) < 0)
		return -EBADMSG;
	if (sampler->now.heap_bytes != 0)
		sampler->risen_bytes +=
		    u64_subtract_floor(usage.heap_bytes, sampler->now.heap_bytes);
	sampler->now = usage;
	return 0;
}

int sampler_look(struct sampler *sampler)
{
	struct dialogue_call look = {.method = "Runtime.evaluate",
	                             .params = evaluate_usage,
	                             .timeout_ns = timeout_ns(sampler),
	                             .context = sampler,
	                             .take = take_usage};

	return judge(sampler, call(sampler, &look));
}

int sampler_discard_console(struct sampler *sampler)
{
	struct dialogue_call discard = {.method = "Runtime.discardConsoleEntries",
	                                .timeout_ns = timeout_ns(sampler)};

	return judge(sampler, call(sampler, &discard));
}

/* ---- profiles ---- */

int sampler_start(struct sampler *sampler, uint64_t interval_bytes)
{
	char params[64];
	struct dialogue_call start = {.method = "HeapProfiler.startSampling",
	                              .params = params,
	                              .timeout_ns = timeout_ns(sampler)};

	sampler->interval_bytes = interval_bytes;
	sampler->tree = call_tree_new(interval_bytes);
	if (sampler->tree == NULL)
		return -ENOMEM;
	sampler->first = sampler->now;
	(void)snprintf(params, sizeof(params), "{\"samplingInterval\":%llu}",
	               (unsigned long long)interval_bytes);
	return judge(sampler, call(sampler, &start));
}

static int take_profile(void *context, const struct cJSON *result)
{
	struct sampler *sampler = context;

	return call_tree_add(sampler->tree, cJSON_GetObjectItemCaseSensitive(result, "profile"));
}

int sampler_profile(struct sampler *sampler, bool is_last)
{
	struct dialogue_call get = {.method = is_last ? "HeapProfiler.stopSampling"
	                                              : "HeapProfiler.getSamplingProfile",
	                            .timeout_ns = PROFILE_TIMEOUT_NS,
	                            .context = sampler,
	                            .take = take_profile};
	int r;

	if (sampler->is_single && !is_last)
		return 0;
	r = call(sampler, &get);
	if (r == -EREMOTEIO && !is_last && !is_worker(sampler)) {
		sampler->is_single = true;
		return 0;
	}
	r = judge(sampler, r);
	if (r == 0)
		r = sampler_look(sampler);
	if (r == 0 && call_tree_profile_count(sampler->tree) == 1 && !is_last)
		sampler->first = sampler->now;
	return r;
}

/* ---- results ---- */

double sampler_heap_growth_bytes(const struct sampler *sampler)
{
	return (double)sampler->now.heap_bytes - (double)sampler->first.heap_bytes;
}

double sampler_external_growth_bytes(const struct sampler *sampler)
{
	return (double)sampler->now.external_bytes - (double)sampler->first.external_bytes;
}

void sampler_done(struct sampler *sampler)
{
	sampler->tree = call_tree_free(sampler->tree);
}
