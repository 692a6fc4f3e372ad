// SPDX-License-Identifier: MIT
#include "collectors/inspector/explain.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "collectors/inspector/sampler.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define ATTACH_TIMEOUT_NS   (15 * NS_PER_SECOND)
#define MESSAGE_LIMIT_BYTES ((size_t)16 * 1024 * 1024)
#define RATE_NS             NS_PER_SECOND /* so long the rate of allocation is measured */
/* Garbage of 16 MiB is collected at once: at 400 MB a second every 40 ms. */
#define RATE_STEP_NS       (10 * NS_PER_MS)
#define TICK_NS            NS_PER_SECOND
#define CALL_TIMEOUT_NS    (20 * NS_PER_SECOND) /* the process may be in a system call */
#define SLEEPER_TIMEOUT_NS NS_PER_SECOND
#define WORKER_TIMEOUT_NS  (5 * NS_PER_SECOND) /* idle workers of pools sleep */
#define WORKERS_MAX        8
#define SAMPLERS_MAX       (1 + WORKERS_MAX)
#define ANNOUNCING_NS      (250 * NS_PER_MS) /* so long workers that live are told of */
/* Node 20 may crash when a worker that begins or ends has a message; many live for a moment only.
 */
#define WORKER_AGE_MIN_NS (5 * NS_PER_SECOND)

#define RATE_CHANGED 1
#define BUSY_FACTOR  8 /* so many times the rate before; chance makes it two or four */
#define BUSY_COUNT   2
#define IDLE_FACTOR  16
#define IDLE_COUNT   3
#define LOOK_NS      (50 * NS_PER_MS)
#define RESTARTS_MAX 2
#define FIRST_MOMENT 0.35 /* of the duration; the other one is when sampling stops */

struct explain {
	const struct explain_options *options;
	struct dialogue *dialogue;
	struct sampler samplers[SAMPLERS_MAX]; /* the main thread's first */
	size_t sampler_count;
	size_t missed_count; /* workers that have none */
	bool is_settled;     /* no sampler is added any more */
	uint64_t started_ns;
	unsigned restart_count;
	struct sampler *only; /* in the second round; NULL: all of them */
};

DEFINE_CLEANUP(struct dialogue, dialogue_close)

uint64_t explain_interval(const struct explain_rates *rates, uint64_t duration_ns)
{
	double seconds = ns_to_seconds(duration_ns);
	double samples_per_second = fmin(EXPLAIN_SAMPLES_PER_SECOND, EXPLAIN_SAMPLES_MAX / seconds);
	double wanted_bytes =
	    fmax(rates->allocated_bytes_per_second / samples_per_second,
	         rates->growth_bytes_per_second * seconds / EXPLAIN_SAMPLES_WANTED);
	uint64_t interval_bytes = EXPLAIN_INTERVAL_MIN_BYTES;

	while (interval_bytes < EXPLAIN_INTERVAL_MAX_BYTES && (double)interval_bytes < wanted_bytes)
		interval_bytes *= 2;
	return interval_bytes;
}

/* ---- threads ---- */

static void add_worker(struct explain *explain, const char *session_id)
{
	struct sampler *sampler = &explain->samplers[explain->sampler_count];

	if (explain->is_settled || explain->sampler_count == SAMPLERS_MAX ||
	    session_id[0] == '\0' || strlen(session_id) >= sizeof(sampler->worker)) {
		explain->missed_count++;
		return;
	}
	*sampler = (struct sampler){.dialogue = explain->dialogue, .timeout_ns = WORKER_TIMEOUT_NS};
	memcpy(sampler->worker, session_id, strlen(session_id) + 1);
	explain->sampler_count++;
}

static void on_event(void *context, const char *method, const struct cJSON *params)
{
	struct explain *explain = context;
	size_t i;

	if (strcmp(method, "NodeWorker.attachedToWorker") == 0)
		add_worker(explain, cdp_string(params, "sessionId"));
	if (strcmp(method, "NodeWorker.detachedFromWorker") != 0)
		return;
	for (i = 1; i < explain->sampler_count; i++)
		if (strcmp(explain->samplers[i].worker, cdp_string(params, "sessionId")) == 0)
			explain->samplers[i].is_lost = true;
}

static bool is_asked(const struct explain *explain, const struct sampler *sampler)
{
	return explain->only == NULL || explain->only == sampler;
}

static int for_each_thread(struct explain *explain, int (*function)(struct sampler *sampler))
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < explain->sampler_count; i++)
		if (is_asked(explain, &explain->samplers[i]))
			r = function(&explain->samplers[i]);
	return r;
}

/* Where one sleeps others do: a pool of them is not waited for one by one. */
static int identify_threads(struct explain *explain)
{
	bool has_lost = false;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < explain->sampler_count; i++) {
		struct sampler *sampler = &explain->samplers[i];
		uint64_t timeout_ns = sampler->timeout_ns;

		if (has_lost)
			sampler->timeout_ns = SLEEPER_TIMEOUT_NS;
		r = sampler_identify(sampler);
		sampler->timeout_ns = timeout_ns;
		has_lost |= sampler->is_lost;
	}
	return r;
}

/* Node before 10.5, or without the flag, has none: that is fine. */
static int find_threads(struct explain *explain)
{
	const struct dialogue_call enable = {.method = "NodeWorker.enable",
	                                     .params = "{\"waitForDebuggerOnStart\":false}",
	                                     .timeout_ns = CALL_TIMEOUT_NS};
	int r;

	explain->samplers[0] =
	    (struct sampler){.dialogue = explain->dialogue, .timeout_ns = CALL_TIMEOUT_NS};
	explain->sampler_count = 1;
	r = dialogue_call(explain->dialogue, &enable);
	if (r == 0)
		r = dialogue_wait(explain->dialogue, clock_boottime_ns() + ANNOUNCING_NS);
	if (r == 0 && explain->sampler_count > 1)
		r = dialogue_wait(explain->dialogue, clock_boottime_ns() + WORKER_AGE_MIN_NS);
	explain->is_settled = true;
	if (r == 0)
		r = identify_threads(explain);
	return r == -EREMOTEIO ? 0 : r;
}

/* ---- the rate of allocation ---- */

/*
 * From the rises between looks. What a collection frees between two of them hides as much: the rate
 * is a lower bound, the right order of magnitude.
 */
static int measure_rates(struct explain *explain, uint64_t period_ns, double *ret_seconds)
{
	uint64_t start_ns = clock_boottime_ns(), now_ns = start_ns;
	size_t i;
	int r = for_each_thread(explain, sampler_look);

	for (i = 0; i < explain->sampler_count; i++)
		explain->samplers[i].risen_bytes = 0;
	while (r == 0 && now_ns < start_ns + period_ns) {
		r = dialogue_wait(explain->dialogue, now_ns + RATE_STEP_NS);
		if (r == 0)
			r = for_each_thread(explain, sampler_look);
		now_ns = clock_boottime_ns();
	}
	*ret_seconds = ns_to_seconds(now_ns - start_ns);
	return r;
}

/* ---- sampling ---- */

static int start_one(struct sampler *sampler, uint64_t interval_bytes)
{
	sampler->busy_count = sampler->idle_count = 0;
	return sampler_start(sampler, interval_bytes > sampler->floor_bytes ? interval_bytes
	                                                                    : sampler->floor_bytes);
}

static int start(struct explain *explain)
{
	const struct explain_options *options = explain->options;
	double seconds = 1;
	size_t i;
	int r = measure_rates(explain, RATE_NS, &seconds);

	for (i = 0; r == 0 && i < explain->sampler_count; i++) {
		struct sampler *sampler = &explain->samplers[i];
		const struct explain_rates rates = {
		    .allocated_bytes_per_second = (double)sampler->risen_bytes / seconds,
		    /* A worker's may be little of it. */
		    .growth_bytes_per_second =
		        explain->sampler_count == 1 ? options->growth_bytes_per_second : 0,
		};

		if (is_asked(explain, sampler))
			r = start_one(sampler, explain_interval(&rates, options->duration_ns));
	}
	if (r == 0 && explain->only != NULL)
		r = sampler_forget_code(explain->only);
	explain->started_ns = clock_boottime_ns();
	return r;
}

static int report(struct explain *explain)
{
	const struct sampler_usage *usage = &explain->samplers[0].now;
	bool is_second = explain->only != NULL;
	uint64_t duration_ns = explain->options->duration_ns;
	struct explain_progress progress = {.duration_ns = duration_ns * (is_second ? 2 : 1)};
	int r = for_each_thread(explain, sampler_discard_console);

	if (r == 0)
		r = for_each_thread(explain, sampler_look);
	if (r < 0 || explain->options->progress == NULL)
		return r;
	progress.elapsed_ns =
	    clock_boottime_ns() - explain->started_ns + (is_second ? duration_ns : 0);
	progress.heap_used_bytes = usage->heap_bytes;
	progress.external_bytes = usage->external_bytes;
	explain->options->progress(explain->options->context, &progress);
	return 0;
}

/* For how many looks in a row it was as busy, or as idle; one may be a request. */
static void judge_rate(struct sampler *sampler, const struct explain *explain, double seconds)
{
	const struct explain_rates rates = {.allocated_bytes_per_second =
	                                        (double)sampler->risen_bytes / seconds};
	uint64_t fit_bytes = explain_interval(&rates, explain->options->duration_ns);
	bool is_busy = fit_bytes >= BUSY_FACTOR * sampler->interval_bytes;
	bool is_idle = IDLE_FACTOR * fit_bytes <= sampler->interval_bytes;

	sampler->busy_count = is_busy && !sampler->is_lost ? sampler->busy_count + 1 : 0;
	sampler->idle_count = is_idle && !sampler->is_lost ? sampler->idle_count + 1 : 0;
	if (is_busy)
		sampler->floor_bytes = fit_bytes;
}

/*
 * The rate before may have been that of an idle moment, or of the start of the program. Who is busy
 * by turns is sampled as who is busy. RATE_CHANGED: it is to begin anew; in the second round what
 * was seen first would be lost.
 */
static int look_at_rates(struct explain *explain)
{
	bool is_busy = false, is_idle = false;
	double seconds = 1;
	size_t i;
	int r;

	if (explain->only != NULL)
		return 0;
	r = measure_rates(explain, LOOK_NS, &seconds);
	for (i = 0; r == 0 && i < explain->sampler_count; i++) {
		struct sampler *sampler = &explain->samplers[i];

		judge_rate(sampler, explain, seconds);
		is_busy |= sampler->busy_count >= BUSY_COUNT;
		is_idle |= sampler->idle_count >= IDLE_COUNT && !sampler->is_past_first;
	}
	if (r < 0)
		return r;
	return (is_busy && explain->restart_count < RESTARTS_MAX) ||
	               (is_idle && explain->restart_count == 0)
	           ? RATE_CHANGED
	           : 0;
}

static int sample_until(struct explain *explain, uint64_t until_ns)
{
	int r = 0;

	while (r == 0 && clock_boottime_ns() < until_ns) {
		uint64_t tick_ns = clock_boottime_ns() + TICK_NS;

		r = dialogue_wait(explain->dialogue, tick_ns < until_ns ? tick_ns : until_ns);
		if (r == 0)
			r = report(explain);
		if (r == 0)
			r = look_at_rates(explain);
	}
	return r;
}

static int sample_until_second_moment(struct explain *explain)
{
	uint64_t duration_ns = explain->options->duration_ns;
	int r = start(explain);

	if (r == 0)
		r = sample_until(explain, explain->started_ns +
		                              (uint64_t)(FIRST_MOMENT * (double)duration_ns));
	/* In the second round what is seen best is seen first, until V8 has compiled it again. */
	if (r == 0 && explain->only == NULL)
		r = for_each_thread(explain, sampler_mark);
	return r == 0 ? sample_until(explain, explain->started_ns + duration_ns) : r;
}

static int sample(struct explain *explain)
{
	int r = sample_until_second_moment(explain);

	while (r == RATE_CHANGED) {
		explain->restart_count++;
		r = sample_until_second_moment(explain);
	}
	if (r == 0)
		r = for_each_thread(explain, sampler_finish);
	return r == 0 ? for_each_thread(explain, sampler_discard_console) : r;
}

/* ---- the result ---- */

static double growth_bytes(const struct sampler *sampler)
{
	return sampler_heap_growth_bytes(sampler) + sampler_external_growth_bytes(sampler);
}

/* Only the main thread is surely there. */
static struct sampler *select_thread(struct explain *explain)
{
	struct sampler *best = &explain->samplers[0];
	size_t i;

	if (explain->only != NULL)
		return explain->only;
	for (i = 1; i < explain->sampler_count; i++)
		if (!explain->samplers[i].is_lost &&
		    growth_bytes(&explain->samplers[i]) > growth_bytes(best))
			best = &explain->samplers[i];
	return best;
}

static void note_threads(const struct explain *explain, struct explanation *explanation)
{
	size_t sampled_count = 0, missed_count = explain->missed_count, i;

	for (i = 1; i < explain->sampler_count; i++) {
		sampled_count += !explain->samplers[i].is_lost;
		missed_count += explain->samplers[i].is_lost;
	}
	if (explanation->thread != 0)
		explanation_note(explanation,
		                 "worker thread %u grew most, of the main thread and %zu workers",
		                 explanation->thread, sampled_count);
	else if (sampled_count > 0)
		explanation_note(explanation, "the main thread grew most; workers beside it: %zu",
		                 sampled_count);
	if (missed_count > 0)
		explanation_note(explanation,
		                 "%zu worker threads were not sampled: they slept, ended, began "
		                 "meanwhile, or were too many",
		                 missed_count);
}

static int explain_round(struct explain *explain, struct sampler **ret_sampler,
                         struct explain_result *result)
{
	struct explanation_facts facts = {.first_part = FIRST_MOMENT};
	struct sampler *sampler;
	int r = sample(explain);

	if (r < 0)
		return r;
	sampler = select_thread(explain);
	facts.heap_growth_bytes = sampler_heap_growth_bytes(sampler);
	facts.external_growth_bytes = sampler_external_growth_bytes(sampler);
	r = explanation_make(sampler->tree, &facts, &result->explanation);
	if (r < 0)
		return r;
	result->explanation.pid = explain->options->pid;
	result->explanation.thread = sampler->thread;
	note_threads(explain, &result->explanation);
	result->interval_bytes = sampler->interval_bytes;
	result->tree = TAKE_PTR(sampler->tree);
	*ret_sampler = sampler;
	return 0;
}

/*
 * Of a process that has run for long V8 inlined what is called often into Node's own functions, as
 * the callbacks of timers: then nothing of the application is on the stack. What was explained
 * stays where this explains no more.
 */
static int explain_again(struct explain *explain, struct sampler *sampler,
                         struct explain_result *result)
{
	struct explain_result again = {.interval_bytes = 0};
	int r = sampler_find_coverage(sampler);

	if (r == 0 && (sampler->is_covered || sampler->is_lost))
		return 0;
	if (r == 0) {
		explain->only = sampler;
		sampler_done(sampler);
		r = explain_round(explain, &sampler, &again);
	}
	if (r < 0)
		return r == -ECANCELED || r == -ENOMEM ? r : 0;
	if (again.explanation.is_unnamed || again.explanation.site_count == 0) {
		explain_result_done(&again);
		return 0;
	}
	explain_result_done(result);
	*result = again;
	explanation_note(&result->explanation,
	                 "V8 had inlined it into Node.js's own functions: sampled again once its "
	                 "optimised code was thrown away");
	return 0;
}

static int converse(struct explain *explain, struct explain_result *ret_result)
{
	struct explain_result result = {.interval_bytes = 0};
	struct sampler *sampler;
	int r = find_threads(explain);

	if (r == 0)
		r = explain_round(explain, &sampler, &result);
	if (r == 0 && result.explanation.is_unnamed)
		r = explain_again(explain, sampler, &result);
	if (r < 0)
		explain_result_done(&result);
	else
		*ret_result = result;
	return r;
}

/* ---- the run ---- */

int explain_run(const struct explain_options *options, struct explain_result *ret_result,
                char reterr_message[EXPLAIN_MESSAGE_SIZE])
{
	struct explain explain = {.options = options};
	const struct dialogue_options dialogue_options = {
	    .session = {.address = options->address,
	                .inner_pid = options->inner_pid,
	                .attach_timeout_ns = ATTACH_TIMEOUT_NS,
	                .message_limit_bytes = MESSAGE_LIMIT_BYTES},
	    .cancel_fd = options->cancel_fd,
	    .context = &explain,
	    .event = on_event,
	};
	enum session_result why = SESSION_OK;
	_cleanup_(dialogue_closep) struct dialogue *dialogue =
	    dialogue_open(&dialogue_options, &why);
	struct explain_result result = {.interval_bytes = 0};
	size_t i;
	int r;

	if (dialogue == NULL) {
		(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE, "cannot attach: %s",
		               why == SESSION_OK ? "cancelled" : session_result_name(why));
		return why == SESSION_OK ? -ECANCELED : dialogue_session_error(why);
	}
	explain.dialogue = dialogue;
	r = converse(&explain, &result);
	for (i = 0; i < explain.sampler_count; i++)
		sampler_done(&explain.samplers[i]);
	if (r < 0)
		return dialogue_describe(dialogue, r, reterr_message, EXPLAIN_MESSAGE_SIZE);
	*ret_result = result;
	return 0;
}

void explain_result_done(struct explain_result *result)
{
	explanation_done(&result->explanation);
	result->tree = call_tree_free(result->tree);
}
