// SPDX-License-Identifier: MIT
/*
 * Who was asked once and is no inspector is not asked again: an application's own server sees one
 * odd request in its life at most. Attempts that fail otherwise are repeated ever more seldom,
 * since each attachment is a line on the application's stderr.
 */
#include "collectors/inspector/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/talk.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/numbers.h"

#define ATTACH_TIMEOUT_NS (10 * NS_PER_SECOND)
#define MESSAGE_LIMIT     ((size_t)256 * 1024) /* parsed in less than 10 ms */
#define SEARCH_PERIOD_NS  (30 * NS_PER_SECOND) /* an inspector may be opened at any time */
#define BACKOFF_MIN_NS    NS_PER_MINUTE
#define BACKOFF_MAX_NS    NS_PER_HOUR
#define TALKS_MAX         64 /* the main thread and workers */
/* Node 20 may crash when a worker that begins or ends has a message; many live for a moment only.
 */
#define WORKER_AGE_MIN_NS (5 * NS_PER_SECOND)
#define PATH_SIZE         48

struct target *target_new(const struct target_owner *owner, const struct process_facts *facts)
{
	struct target *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->owner = owner;
	target->key = facts->key;
	target->inner_pid = facts->namespace_count > 0
	                        ? facts->namespace_pids[facts->namespace_count - 1]
	                        : facts->key.pid;
	target->network_fd = -1;
	return target;
}

static void disconnect(struct target *target)
{
	if (target->watch != NULL)
		target->owner->host->unwatch_fd(target->owner->host->context, target->watch);
	target->watch = NULL;
	target->session = session_free(target->session);
	talk_free_all(&target->talks);
	target->talk_count = 0;
	closep(&target->network_fd);
	target->network_fd = -1;
	if (target->is_attached)
		target->owner->released(target->owner->context);
	target->is_attached = false;
}

void target_release(struct target *target)
{
	struct talk *talk;

	for (talk = target->talks; target->is_attached && talk != NULL; talk = talk->next)
		talk_stop(talk);
	disconnect(target);
}

struct target *target_free(struct target *target)
{
	if (target == NULL)
		return NULL;
	target_release(target);
	free(target);
	return NULL;
}

/* ---- isolates ---- */

static void add_talk(struct target *target, const char *worker, uint64_t isolate)
{
	struct talk *talk;

	if (target->talk_count == TALKS_MAX) {
		target->owner->sink->error(target->owner->sink->context, "inspector",
		                           COLLECTOR_ERROR_LIMIT);
		return;
	}
	talk = talk_new(target->session, target->owner->sink, &target->key, worker, isolate);
	if (talk == NULL)
		return;
	talk->next = target->talks;
	target->talks = talk;
	target->talk_count++;
	if (worker[0] == '\0')
		talk_begin(talk);
	else
		talk->next_poll_ns = clock_boottime_ns() + WORKER_AGE_MIN_NS;
}

static void on_worker_attached(struct target *target, const cJSON *params)
{
	const cJSON *info = cJSON_GetObjectItemCaseSensitive(params, "workerInfo");
	const char *session_id = cdp_string(params, "sessionId");
	const char *number = cdp_string(info, "workerId");
	uint64_t worker;

	if (session_id[0] == '\0' || number_parse_u64(number, strlen(number), &worker) < 0 ||
	    worker == 0 || worker > UINT32_MAX)
		return;
	add_talk(target, session_id, ISOLATE_INSPECTOR_MAIN + worker);
}

static void on_worker_gone(struct target *target, const cJSON *params)
{
	const char *session_id = cdp_string(params, "sessionId");
	struct talk *talk;

	for (talk = target->talks; talk != NULL; talk = talk->next)
		if (talk->worker[0] != '\0' && strcmp(talk->worker, session_id) == 0)
			talk_gone(talk, clock_boottime_ns());
}

static void on_event(void *context, const char *worker, const char *method,
                     const struct cJSON *params)
{
	struct target *target = context;

	if (worker[0] != '\0')
		return; /* nothing was enabled there */
	if (strcmp(method, "NodeWorker.attachedToWorker") == 0)
		on_worker_attached(target, params);
	else if (strcmp(method, "NodeWorker.detachedFromWorker") == 0)
		on_worker_gone(target, params);
}

static void on_workers_enabled(void *context, const struct session_reply *reply)
{
	(void)context; /* Node before 10.5, or without the flag, has none: that is fine */
	(void)reply;
}

static void enable_workers(struct target *target)
{
	cJSON *params = cJSON_Parse("{\"waitForDebuggerOnStart\":false}");
	const struct session_call call = {.method = "NodeWorker.enable",
	                                  .params = params,
	                                  .timeout_ns = ATTACH_TIMEOUT_NS,
	                                  .context = target,
	                                  .done = on_workers_enabled};

	if (params != NULL && session_call(target->session, &call) < 0)
		log_debug("no workers are asked for pid=%d", target->key.pid);
	cJSON_Delete(params);
}

/* ---- attempts ---- */

static bool is_rejected(const struct target *target, uint64_t inode)
{
	size_t i;

	for (i = 0; i < target->rejected_count && i < TARGET_REJECTED_MAX; i++)
		if (target->rejected[i] == inode)
			return true;
	return false;
}

static void reject(struct target *target, uint64_t inode)
{
	target->rejected[target->rejected_count++ % TARGET_REJECTED_MAX] = inode;
}

static void back_off(struct target *target, uint64_t now_ns)
{
	target->backoff_ns = target->backoff_ns == 0 ? BACKOFF_MIN_NS : 2 * target->backoff_ns;
	if (target->backoff_ns > BACKOFF_MAX_NS)
		target->backoff_ns = BACKOFF_MAX_NS;
	target->next_search_ns = now_ns + target->backoff_ns;
}

static void on_ready(void *context)
{
	struct target *target = context;

	target->is_attached = true;
	target->owner->attempted(target->owner->context, SESSION_OK);
	log_info("attached to the inspector pid=%d port=%u node=%s", target->key.pid,
	         target->found.candidates[target->next_candidate - 1].address.port,
	         session_node_version(target->session));
	add_talk(target, "", ISOLATE_INSPECTOR_MAIN);
	enable_workers(target);
}

static void try_next(struct target *target, uint64_t now_ns);

static void on_ended(void *context, enum session_result result)
{
	struct target *target = context;
	uint64_t now_ns = clock_boottime_ns();
	bool was_attached = target->is_attached;

	disconnect(target);
	if (was_attached) {
		log_info("detached from the inspector pid=%d reason=%s", target->key.pid,
		         session_result_name(result));
		back_off(target, now_ns);
		return;
	}
	target->owner->attempted(target->owner->context, result);
	if (result == SESSION_NOT_INSPECTOR || result == SESSION_WRONG_PROCESS) {
		reject(target, target->found.candidates[target->next_candidate - 1].inode);
		try_next(target, now_ns);
		return;
	}
	log_debug("cannot attach to the inspector pid=%d reason=%s", target->key.pid,
	          session_result_name(result));
	back_off(target, now_ns);
}

static void on_fd(void *data)
{
	struct target *target = data;

	session_turn(target->session);
}

static int open_network(struct target *target)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%d/ns/net", target->key.pid);
	target->network_fd = openat(target->owner->proc_fd, path, O_RDONLY | O_CLOEXEC);
	return target->network_fd < 0 ? -errno : 0;
}

static int start_session(struct target *target, const struct inspector_address *address)
{
	const struct collector_host *host = target->owner->host;
	const struct session_handler handler = {
	    .context = target, .ready = on_ready, .event = on_event, .ended = on_ended};
	struct session_options options = {.address = *address,
	                                  .inner_pid = target->inner_pid,
	                                  .attach_timeout_ns = ATTACH_TIMEOUT_NS,
	                                  .message_limit_bytes = MESSAGE_LIMIT};

	if (target->found.is_other_network && open_network(target) < 0)
		return -EACCES;
	options.address.network_fd = target->network_fd;
	target->session = session_new(&options, &handler);
	if (target->session == NULL)
		return -ENOMEM;
	target->watch = host->watch_fd(host->context, session_fd(target->session), on_fd, target);
	return target->watch == NULL ? -ENOMEM : 0;
}

/* Until one is being tried, or none is left. */
static void try_next(struct target *target, uint64_t now_ns)
{
	int r;

	target->next_search_ns = now_ns + SEARCH_PERIOD_NS;
	while (target->next_candidate < target->found.candidate_count) {
		const struct find_listener *listener =
		    &target->found.candidates[target->next_candidate++];

		if (is_rejected(target, listener->inode))
			continue;
		r = start_session(target, &listener->address);
		if (r == 0)
			return;
		disconnect(target);
		target->owner->attempted(target->owner->context,
		                         r == -EACCES ? SESSION_UNREACHABLE : SESSION_RESOURCES);
		back_off(target, now_ns);
		return;
	}
}

void target_found(struct target *target, const struct find_result *found, uint64_t now_ns)
{
	target->found = *found;
	target->next_candidate = 0;
	target->next_search_ns = now_ns + SEARCH_PERIOD_NS;
	if ((found->error == -EACCES || found->error == -EPERM) && !target->has_told_permission) {
		target->has_told_permission = true;
		target->owner->sink->error(target->owner->sink->context, "inspector",
		                           COLLECTOR_ERROR_PERMISSION);
	}
	if (target->session == NULL)
		try_next(target, now_ns);
}

/* The main thread's ring is what the session is for. */
static bool has_failed(const struct target *target)
{
	const struct talk *talk;

	for (talk = target->talks; talk != NULL; talk = talk->next)
		if (talk->worker[0] == '\0' && talk->has_failed)
			return true;
	return false;
}

void target_turn(struct target *target, uint64_t now_ns)
{
	struct talk *talk;

	if (!target->is_attached)
		return;
	if (has_failed(target)) {
		log_info("the inspector does not answer, letting go pid=%d", target->key.pid);
		target->owner->sink->error(target->owner->sink->context, "inspector",
		                           COLLECTOR_ERROR_READ);
		target_release(target);
		back_off(target, now_ns);
		return;
	}
	for (talk = target->talks; talk != NULL; talk = talk->next)
		talk_turn(talk, now_ns);
	target->talk_count = talk_sweep(&target->talks);
}
