// SPDX-License-Identifier: MIT
#include "collectors/inspector/explain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define ATTACH_TIMEOUT_NS   (15 * NS_PER_SECOND)
#define CALL_TIMEOUT_NS     (20 * NS_PER_SECOND) /* the process may be in a system call */
#define PROFILE_TIMEOUT_NS  (60 * NS_PER_SECOND) /* with a full collection of a large heap */
#define MESSAGE_LIMIT_BYTES ((size_t)16 * 1024 * 1024)
#define RATE_NS             NS_PER_SECOND /* so long the rate of allocation is measured */
#define RATE_STEP_NS        (40 * NS_PER_MS)
#define TICK_NS             NS_PER_SECOND

/* When the profiles are taken, in parts of the duration; the last one when sampling stops. */
static const double profile_times[CALL_TREE_PROFILES_MAX] = {0.2, 0.6, 1.0};

/* Constants of ours: nothing of the configuration or the process is ever evaluated. */
static const char evaluate_usage[] = "{\"expression\":\"(function(){var m=process.memoryUsage();"
                                     "return {heap:m.heapUsed,external:m.external}})()\","
                                     "\"returnByValue\":true,\"silent\":true}";

struct usage {
	uint64_t heap_bytes;
	uint64_t external_bytes;
};

struct explain {
	const struct explain_options *options;
	struct dialogue *dialogue;
	struct call_tree *tree;
	uint64_t interval_bytes;
	uint64_t started_ns;
	bool is_single;     /* Node 8 gives one profile, at the end */
	struct usage first; /* after the collection of the first profile */
	struct usage last;
};

DEFINE_CLEANUP(struct dialogue, dialogue_close)
DEFINE_CLEANUP(struct call_tree, call_tree_free)

uint64_t explain_interval(double allocated_bytes_per_second, uint64_t duration_ns)
{
	double samples_per_second =
	    fmin(EXPLAIN_SAMPLES_PER_SECOND, EXPLAIN_SAMPLES_MAX / ns_to_seconds(duration_ns));
	uint64_t interval_bytes = EXPLAIN_INTERVAL_MIN_BYTES;

	while (interval_bytes < EXPLAIN_INTERVAL_MAX_BYTES &&
	       (double)interval_bytes * samples_per_second < allocated_bytes_per_second)
		interval_bytes *= 2;
	return interval_bytes;
}

/* ---- calls ---- */

static int take_usage(void *context, const struct cJSON *result)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(result, "result"), "value");
	struct usage usage;

	if (cdp_u64(value, "heap", &usage.heap_bytes) < 0 ||
	    cdp_u64(value, "external", &usage.external_bytes) < 0)
		return -EBADMSG;
	*(struct usage *)context = usage;
	return 0;
}

static int measure(struct explain *explain, struct usage *ret_usage)
{
	const struct dialogue_call call = {.method = "Runtime.evaluate",
	                                   .params = evaluate_usage,
	                                   .timeout_ns = CALL_TIMEOUT_NS,
	                                   .context = ret_usage,
	                                   .take = take_usage};

	return dialogue_call(explain->dialogue, &call);
}

/* While an inspector is open V8 keeps what the application logs; let go of it. */
static int discard_console(struct explain *explain)
{
	const struct dialogue_call call = {.method = "Runtime.discardConsoleEntries",
	                                   .timeout_ns = CALL_TIMEOUT_NS};

	return dialogue_call(explain->dialogue, &call);
}

static int start_sampling(struct explain *explain)
{
	char params[64];
	const struct dialogue_call call = {.method = "HeapProfiler.startSampling",
	                                   .params = params,
	                                   .timeout_ns = CALL_TIMEOUT_NS};

	(void)snprintf(params, sizeof(params), "{\"samplingInterval\":%llu}",
	               (unsigned long long)explain->interval_bytes);
	return dialogue_call(explain->dialogue, &call);
}

static int take_profile(void *context, const struct cJSON *result)
{
	struct explain *explain = context;

	return call_tree_add(explain->tree, cJSON_GetObjectItemCaseSensitive(result, "profile"));
}

static int get_profile(struct explain *explain, bool is_last)
{
	const struct dialogue_call call = {.method = is_last ? "HeapProfiler.stopSampling"
	                                                     : "HeapProfiler.getSamplingProfile",
	                                   .timeout_ns = PROFILE_TIMEOUT_NS,
	                                   .context = explain,
	                                   .take = take_profile};
	int r;

	if (explain->is_single && !is_last)
		return 0;
	r = dialogue_call(explain->dialogue, &call);
	if (r == -EREMOTEIO && !is_last) {
		explain->is_single = true;
		r = 0;
	}
	if (r == 0 && (is_last || call_tree_profile_count(explain->tree) == 1))
		r = measure(explain, is_last ? &explain->last : &explain->first);
	return r;
}

/* ---- the rate of allocation ---- */

/*
 * From the rises between looks. What a collection frees between two of them hides as much: the rate
 * is a lower bound, the right order of magnitude.
 */
static int measure_rate(struct explain *explain, double *ret_bytes_per_second)
{
	uint64_t start_ns = clock_boottime_ns(), now_ns = start_ns;
	uint64_t until_ns = start_ns + RATE_NS;
	struct usage before = {0, 0}, now = {0, 0};
	uint64_t risen_bytes = 0;
	int r = measure(explain, &before);

	while (r == 0 && now_ns < until_ns) {
		r = dialogue_wait(explain->dialogue, now_ns + RATE_STEP_NS);
		if (r == 0)
			r = measure(explain, &now);
		if (r < 0)
			break;
		risen_bytes += u64_subtract_floor(now.heap_bytes, before.heap_bytes);
		before = now;
		now_ns = clock_boottime_ns();
	}
	explain->first = before;
	if (r == 0)
		*ret_bytes_per_second = (double)risen_bytes / ns_to_seconds(now_ns - start_ns);
	return r;
}

/* ---- sampling ---- */

static int report(struct explain *explain)
{
	struct explain_progress progress = {.duration_ns = explain->options->duration_ns};
	struct usage usage = {0, 0};
	int r = discard_console(explain);

	if (r == 0)
		r = measure(explain, &usage);
	if (r < 0 || explain->options->progress == NULL)
		return r;
	progress.elapsed_ns = clock_boottime_ns() - explain->started_ns;
	progress.heap_used_bytes = usage.heap_bytes;
	progress.external_bytes = usage.external_bytes;
	explain->options->progress(explain->options->context, &progress);
	return 0;
}

static int sample_until(struct explain *explain, uint64_t until_ns)
{
	int r = 0;

	while (r == 0 && clock_boottime_ns() < until_ns) {
		uint64_t tick_ns = clock_boottime_ns() + TICK_NS;

		r = dialogue_wait(explain->dialogue, tick_ns < until_ns ? tick_ns : until_ns);
		if (r == 0)
			r = report(explain);
	}
	return r;
}

static int sample(struct explain *explain)
{
	double duration_ns = (double)explain->options->duration_ns;
	size_t i;
	int r = start_sampling(explain);

	explain->started_ns = clock_boottime_ns();
	for (i = 0; r == 0 && i < CALL_TREE_PROFILES_MAX; i++) {
		r = sample_until(explain,
		                 explain->started_ns + (uint64_t)(profile_times[i] * duration_ns));
		if (r == 0)
			r = get_profile(explain, i == CALL_TREE_PROFILES_MAX - 1);
	}
	if (r == 0)
		r = discard_console(explain);
	return r;
}

static int converse(struct explain *explain, struct explain_result *result)
{
	_cleanup_(call_tree_freep) struct call_tree *tree = NULL;
	struct explanation_facts facts;
	double bytes_per_second = 0;
	int r = measure_rate(explain, &bytes_per_second);

	if (r < 0)
		return r;
	explain->interval_bytes = explain_interval(bytes_per_second, explain->options->duration_ns);
	tree = call_tree_new(explain->interval_bytes);
	if (tree == NULL)
		return -ENOMEM;
	explain->tree = tree;
	r = sample(explain);
	if (r < 0)
		return r;
	facts.heap_growth_bytes =
	    (double)explain->last.heap_bytes - (double)explain->first.heap_bytes;
	facts.external_growth_bytes =
	    (double)explain->last.external_bytes - (double)explain->first.external_bytes;
	r = explanation_make(tree, &facts, &result->explanation);
	if (r < 0)
		return r;
	result->explanation.pid = explain->options->pid;
	result->interval_bytes = explain->interval_bytes;
	result->tree = TAKE_PTR(tree);
	return 0;
}

/* ---- the run ---- */

static int session_error(enum session_result result)
{
	switch (result) {
	case SESSION_BUSY:
		return -EBUSY;
	case SESSION_WRONG_PROCESS:
	case SESSION_EXITING:
	case SESSION_DISCONNECTED:
		return -ESRCH;
	case SESSION_TIMEOUT:
		return -ETIMEDOUT;
	case SESSION_RESOURCES:
		return -ENOMEM;
	default:
		return -ECONNREFUSED;
	}
}

static int describe(const struct dialogue *dialogue, int r, char *reterr_message)
{
	if (r == -ECONNRESET) {
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "the conversation ended: %s",
		               session_result_name(dialogue_result(dialogue)));
		return session_error(dialogue_result(dialogue));
	}
	if (r == -EREMOTEIO)
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "the process refused: %s",
		               dialogue_message(dialogue));
	else if (r == -ETIMEDOUT)
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "the process does not answer");
	else if (r == -EBADMSG)
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE,
		               "it does not answer as Node.js does; if it has only just started, "
		               "try again");
	else
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "%s", strerror(-r));
	return r;
}

int explain_run(const struct explain_options *options, struct explain_result *ret_result,
                char reterr_message[EXPLAIN_MESSAGE_SIZE])
{
	const struct dialogue_options dialogue_options = {
	    .session = {.address = options->address,
	                .inner_pid = options->inner_pid,
	                .attach_timeout_ns = ATTACH_TIMEOUT_NS,
	                .message_limit_bytes = MESSAGE_LIMIT_BYTES},
	    .cancel_fd = options->cancel_fd,
	};
	enum session_result why = SESSION_OK;
	_cleanup_(dialogue_closep) struct dialogue *dialogue =
	    dialogue_open(&dialogue_options, &why);
	struct explain explain = {.options = options, .dialogue = dialogue};
	struct explain_result result = {.interval_bytes = 0};
	int r;

	if (dialogue == NULL) {
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "cannot attach: %s",
		               why == SESSION_OK ? "cancelled" : session_result_name(why));
		return why == SESSION_OK ? -ECANCELED : session_error(why);
	}
	r = converse(&explain, &result);
	if (r < 0)
		return describe(dialogue, r, reterr_message);
	*ret_result = result;
	return 0;
}

void explain_result_done(struct explain_result *result)
{
	explanation_done(&result->explanation);
	result->tree = call_tree_free(result->tree);
}
