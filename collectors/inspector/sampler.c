// SPDX-License-Identifier: MIT
#include "collectors/inspector/sampler.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "lib/cjson.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define PROFILE_TIMEOUT_NS (60 * NS_PER_SECOND) /* with a full collection of a large heap */

#define NODE_WITH_ORDER 12 /* tells the order of samples */
#define MARK_ARRAYS     6
#define SLOT_BYTES      8 /* an element of an array, where pointers are not compressed */

/* Constants of ours: nothing of the configuration or the process is ever evaluated. */
static const char evaluate_usage[] = "{\"expression\":\"(function(){var m=process.memoryUsage();"
                                     "return {heap:m.heapUsed,external:m.external}})()\","
                                     "\"returnByValue\":true,\"silent\":true}";
/* The numbers that the inspector gives to workers are others. */
static const char evaluate_thread[] = "{\"expression\":\"require('worker_threads').threadId\","
                                      "\"includeCommandLineAPI\":true,"
                                      "\"returnByValue\":true,\"silent\":true}";
static const char evaluate_coverage[] = "{\"expression\":\"!!process.env.NODE_V8_COVERAGE\","
                                        "\"returnByValue\":true,\"silent\":true}";

static bool is_worker(const struct sampler *sampler)
{
	return sampler->worker[0] != '\0';
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
	                                 .timeout_ns = sampler->timeout_ns,
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
	if (!sampler->is_past_first && usage.external_bytes < sampler->least_external_bytes)
		sampler->least_external_bytes = usage.external_bytes;
	return 0;
}

int sampler_look(struct sampler *sampler)
{
	struct dialogue_call look = {.method = "Runtime.evaluate",
	                             .params = evaluate_usage,
	                             .timeout_ns = sampler->timeout_ns,
	                             .context = sampler,
	                             .take = take_usage};

	return judge(sampler, call(sampler, &look));
}

int sampler_discard_console(struct sampler *sampler)
{
	struct dialogue_call discard = {.method = "Runtime.discardConsoleEntries",
	                                .timeout_ns = sampler->timeout_ns};

	return judge(sampler, call(sampler, &discard));
}

/* ---- optimised code ---- */

static int take_coverage(void *context, const struct cJSON *result)
{
	struct sampler *sampler = context;

	sampler->is_covered = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(result, "result"), "value"));
	return 0;
}

int sampler_find_coverage(struct sampler *sampler)
{
	struct dialogue_call find = {.method = "Runtime.evaluate",
	                             .params = evaluate_coverage,
	                             .timeout_ns = sampler->timeout_ns,
	                             .context = sampler,
	                             .take = take_coverage};

	return judge(sampler, call(sampler, &find));
}

int sampler_forget_code(struct sampler *sampler)
{
	struct dialogue_call calls[] = {
	    {.method = "Profiler.enable"},
	    {.method = "Profiler.startPreciseCoverage",
	     .params = "{\"callCount\":false,\"detailed\":false}"},
	    {.method = "Profiler.stopPreciseCoverage"},
	    {.method = "Profiler.disable"},
	};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		calls[i].timeout_ns = PROFILE_TIMEOUT_NS;
		r = call(sampler, &calls[i]);
		r = r == -EREMOTEIO ? 0 : judge(sampler, r);
	}
	return r;
}

/* ---- profiles ---- */

/* Without a profile, and so without a collection. */
static int abandon(struct sampler *sampler)
{
	struct dialogue_call disable = {.method = "HeapProfiler.disable",
	                                .timeout_ns = sampler->timeout_ns};

	if (sampler->tree == NULL)
		return 0;
	sampler->tree = call_tree_free(sampler->tree);
	return judge(sampler, call(sampler, &disable));
}

int sampler_start(struct sampler *sampler, uint64_t interval_bytes)
{
	char params[64];
	struct dialogue_call start = {.method = "HeapProfiler.startSampling",
	                              .params = params,
	                              .timeout_ns = sampler->timeout_ns};
	int r = abandon(sampler);

	if (r < 0)
		return r;
	sampler->interval_bytes = interval_bytes;
	sampler->tree = call_tree_new(interval_bytes);
	if (sampler->tree == NULL)
		return -ENOMEM;
	sampler->is_past_first = false;
	sampler->least_external_bytes = sampler->now.external_bytes;
	(void)snprintf(params, sizeof(params), "{\"samplingInterval\":%llu}",
	               (unsigned long long)interval_bytes);
	return judge(sampler, call(sampler, &start));
}

static int take_first_profile(void *context, const struct cJSON *result)
{
	struct sampler *sampler = context;

	return call_tree_add(sampler->tree, cJSON_GetObjectItemCaseSensitive(result, "profile"));
}

static int take_last_profile(void *context, const struct cJSON *result)
{
	struct sampler *sampler = context;
	const cJSON *profile = cJSON_GetObjectItemCaseSensitive(result, "profile");

	return call_tree_profile_count(sampler->tree) == 0
	           ? call_tree_add_marked(sampler->tree, profile)
	           : call_tree_add(sampler->tree, profile);
}

/* Node 8 has no such method. */
static int profile_first(struct sampler *sampler)
{
	struct dialogue_call get = {.method = "HeapProfiler.getSamplingProfile",
	                            .timeout_ns = PROFILE_TIMEOUT_NS,
	                            .context = sampler,
	                            .take = take_first_profile};
	int r = call(sampler, &get);

	return r == -EREMOTEIO && !is_worker(sampler) ? 0 : judge(sampler, r);
}

/*
 * Each of the arrays is as large as the interval, so that none of them is sampled in one of 400
 * cases. The reply is a reference, which keeps them.
 */
static int allocate_mark(struct sampler *sampler)
{
	char params[256];
	struct dialogue_call mark = {
	    .method = "Runtime.evaluate", .params = params, .timeout_ns = sampler->timeout_ns};

	(void)snprintf(params, sizeof(params),
	               "{\"expression\":\"(function " CALL_TREE_MARK "(){var a=[];"
	               "for(var i=0;i<%d;i++)a.push(new Array(%llu));return a})()\","
	               "\"silent\":true}",
	               MARK_ARRAYS, (unsigned long long)(sampler->interval_bytes / SLOT_BYTES));
	return judge(sampler, call(sampler, &mark));
}

static bool tells_order(const char *node_version)
{
	uint64_t major;

	return number_parse_u64(node_version, strcspn(node_version, "."), &major) == 0 &&
	       major >= NODE_WITH_ORDER;
}

int sampler_mark(struct sampler *sampler)
{
	sampler->is_past_first = true;
	return tells_order(dialogue_node_version(sampler->dialogue)) ? allocate_mark(sampler)
	                                                             : profile_first(sampler);
}

int sampler_finish(struct sampler *sampler)
{
	struct dialogue_call stop = {.method = "HeapProfiler.stopSampling",
	                             .timeout_ns = PROFILE_TIMEOUT_NS,
	                             .context = sampler,
	                             .take = take_last_profile};
	int r = judge(sampler, call(sampler, &stop));

	return r == 0 ? sampler_look(sampler) : r;
}

/* ---- results ---- */

double sampler_heap_growth_bytes(const struct sampler *sampler)
{
	return call_tree_growth_bytes(sampler->tree);
}

double sampler_external_growth_bytes(const struct sampler *sampler)
{
	return (double)sampler->now.external_bytes - (double)sampler->least_external_bytes;
}

void sampler_done(struct sampler *sampler)
{
	sampler->tree = call_tree_free(sampler->tree);
	sampler->now = (struct sampler_usage){.heap_bytes = 0};
	sampler->risen_bytes = 0;
	sampler->is_past_first = false;
}
