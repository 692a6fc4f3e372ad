// SPDX-License-Identifier: MIT
/*
 * One call at a time, so that none waits for the acknowledgement of another one's reply. With each
 * poll the console's entries are discarded: V8 keeps the arguments of the last 1000 calls of
 * console.* alive while an inspector is open, which would look like a leak.
 */
#include "collectors/inspector/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/expressions.h"
#include "collectors/inspector/ring.h"
#include "collectors/inspector/session.h"
#include "lib/clock.h"

#define CALL_TIMEOUT_NS (10 * NS_PER_SECOND)
#define PAUSE_MAX_NS    (10 * NS_PER_MINUTE)
#define BUSY_COUNT      64 /* collections in a poll: then twice as often */
#define QUIET_COUNT     8
#define INSTALLS_MAX    5 /* a thread that begins has no context, or no modules, yet */

struct talk *talk_new(struct session *session, const struct collector_sink *sink,
                      const struct process_key *key, const char *worker, uint64_t isolate)
{
	struct talk *talk;

	if (strlen(worker) >= TALK_WORKER_SIZE)
		return NULL;
	talk = calloc(1, sizeof(*talk));
	if (talk == NULL)
		return NULL;
	talk->session = session;
	talk->sink = sink;
	talk->key = *key;
	talk->isolate = isolate;
	talk->period_ns = TALK_PERIOD_MIN_NS;
	talk->timeout_ns = CALL_TIMEOUT_NS;
	memcpy(talk->worker, worker, strlen(worker) + 1);
	return talk;
}

/* Takes ownership of params; NULL fails. */
static int call(struct talk *talk, const char *method, cJSON *params,
                void (*done)(void *context, const struct session_reply *reply))
{
	const struct session_call what = {
	    .method = method,
	    .params = params,
	    .worker = talk->worker,
	    .timeout_ns = talk->timeout_ns,
	    .context = talk,
	    .done = done,
	};
	int r = params != NULL ? session_call(talk->session, &what) : -ENOMEM;

	cJSON_Delete(params);
	if (r == 0)
		talk->pending_count++;
	return r;
}

/* Parameters of Runtime.callFunctionOn with the ring as this. */
static cJSON *on_ring(const struct talk *talk, const char *function)
{
	cJSON *params = cJSON_CreateObject();

	if (cJSON_AddStringToObject(params, "objectId", talk->ring) == NULL ||
	    cJSON_AddStringToObject(params, "functionDeclaration", function) == NULL ||
	    cJSON_AddTrueToObject(params, "returnByValue") == NULL ||
	    cJSON_AddTrueToObject(params, "silent") == NULL) {
		cJSON_Delete(params);
		return NULL;
	}
	return params;
}

static void ignore_reply(void *context, const struct session_reply *reply)
{
	struct talk *talk = context;

	(void)reply;
	talk->pending_count--;
}

/* The call of a turn. Where too many are under way, it is for a later turn. */
static void ask(struct talk *talk, const char *method, cJSON *params,
                void (*done)(void *context, const struct session_reply *reply))
{
	int r = call(talk, method, params, done);

	talk->is_polling = r == 0;
	talk->has_failed = r < 0 && r != -ENOBUFS;
}

/*
 * Pools let idle workers sleep in Atomics.wait(), where they hear nothing. What was asked is done
 * when they wake, so it is asked ever more seldom.
 */
static bool is_asleep(struct talk *talk, const struct session_reply *reply)
{
	if (talk->worker[0] == '\0' || reply->error != -ETIMEDOUT) {
		talk->pause_ns = 0;
		return false;
	}
	talk->pause_ns = talk->pause_ns == 0 ? talk->timeout_ns : 2 * talk->pause_ns;
	if (talk->pause_ns > PAUSE_MAX_NS)
		talk->pause_ns = PAUSE_MAX_NS;
	talk->next_poll_ns = clock_boottime_ns() + talk->pause_ns;
	return true;
}

/* ---- begin ---- */

static void on_installed(void *context, const struct session_reply *reply)
{
	struct talk *talk = context;
	const char *id =
	    cdp_string(cJSON_GetObjectItemCaseSensitive(reply->result, "result"), "objectId");

	talk->pending_count--;
	talk->is_polling = false;
	if (is_asleep(talk, reply))
		return;
	if (id[0] == '\0' || strlen(id) >= TALK_OBJECT_SIZE) {
		/* Not after a time-out: what was asked is still to be done there. */
		talk->has_failed = (reply->error < 0 && reply->error != -EREMOTEIO) ||
		                   ++talk->failure_count >= INSTALLS_MAX;
		talk->next_poll_ns = clock_boottime_ns() + TALK_PERIOD_MIN_NS;
		return;
	}
	memcpy(talk->ring, id, strlen(id) + 1);
	talk->next_poll_ns = 0;
}

void talk_begin(struct talk *talk)
{
	cJSON *params = cJSON_CreateObject();

	if (cJSON_AddStringToObject(params, "expression", expression_ring) == NULL ||
	    cJSON_AddTrueToObject(params, "includeCommandLineAPI") == NULL ||
	    cJSON_AddTrueToObject(params, "silent") == NULL) {
		cJSON_Delete(params);
		params = NULL;
	}
	ask(talk, "Runtime.evaluate", params, on_installed);
}

/* ---- polls ---- */

uint64_t talk_next_period_ns(uint64_t period_ns, size_t gc_count)
{
	if (gc_count >= BUSY_COUNT)
		period_ns /= 2;
	else if (gc_count < QUIET_COUNT)
		period_ns *= 2;
	if (period_ns < TALK_PERIOD_MIN_NS)
		return TALK_PERIOD_MIN_NS;
	return period_ns < TALK_PERIOD_MAX_NS ? period_ns : TALK_PERIOD_MAX_NS;
}

static void tell(const struct talk *talk, uint64_t now_ns, const struct ring_drain *drain)
{
	const struct collector_sink *sink = talk->sink;
	size_t i;

	sink->heap_level(sink->context, &talk->key, now_ns, &drain->level);
	for (i = 0; i < drain->gc_count; i++)
		sink->gc(sink->context, &talk->key, drain->gcs[i].at_ns, &drain->gcs[i].event);
	for (i = 0; i < drain->part_count; i++)
		sink->heap(sink->context, &talk->key, now_ns, &drain->parts[i]);
}

static int take_drain(struct talk *talk, const struct session_reply *reply)
{
	struct ring_drain *drain = malloc(sizeof(*drain));
	uint64_t now_ns = clock_boottime_ns();
	const cJSON *value;
	int r;

	if (drain == NULL)
		return -ENOMEM;
	value = cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(reply->result, "result"), "value");
	r = ring_read(value, talk->isolate, now_ns, drain);
	if (r == 0) {
		tell(talk, now_ns, drain);
		talk->lost_count += drain->lost_count;
		talk->period_ns = talk_next_period_ns(talk->period_ns, drain->gc_count);
	}
	free(drain);
	return r;
}

static void on_drained(void *context, const struct session_reply *reply)
{
	struct talk *talk = context;

	talk->pending_count--;
	talk->is_polling = false;
	if (talk->is_gone || is_asleep(talk, reply))
		return;
	if (reply->error < 0 || take_drain(talk, reply) < 0) {
		talk->has_failed = true;
		return;
	}
	(void)call(talk, "Runtime.discardConsoleEntries", cJSON_CreateObject(), ignore_reply);
}

void talk_turn(struct talk *talk, uint64_t now_ns)
{
	if (talk->is_polling || talk->has_failed || talk->is_gone || now_ns < talk->next_poll_ns)
		return;
	if (talk->ring[0] == '\0') {
		talk_begin(talk);
		return;
	}
	talk->next_poll_ns = now_ns + talk->period_ns;
	ask(talk, "Runtime.callFunctionOn", on_ring(talk, expression_drain), on_drained);
}

/* ---- end ---- */

void talk_stop(struct talk *talk)
{
	if (talk->ring[0] == '\0' || talk->is_gone)
		return;
	(void)call(talk, "Runtime.callFunctionOn", on_ring(talk, expression_stop), ignore_reply);
	(void)call(talk, "Runtime.discardConsoleEntries", cJSON_CreateObject(), ignore_reply);
}

void talk_gone(struct talk *talk, uint64_t now_ns)
{
	const struct heap_level level = {.isolate = talk->isolate, .is_gone = true};

	if (talk->is_gone)
		return;
	talk->is_gone = true;
	if (talk->ring[0] == '\0')
		return; /* nothing was told of it */
	talk->sink->heap_level(talk->sink->context, &talk->key, now_ns, &level);
}

size_t talk_sweep(struct talk **list)
{
	size_t left = 0;

	while (*list != NULL) {
		struct talk *talk = *list;

		if (talk->is_gone && talk->pending_count == 0) {
			*list = talk->next;
			free(talk);
		} else {
			list = &talk->next;
			left++;
		}
	}
	return left;
}

void talk_free_all(struct talk **list)
{
	while (*list != NULL) {
		struct talk *talk = *list;

		*list = talk->next;
		free(talk);
	}
}
