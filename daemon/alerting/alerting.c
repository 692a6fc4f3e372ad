// SPDX-License-Identifier: MIT
/*
 * A process is watched from the first sign of a condition until its last episode is over; of most
 * processes nothing is kept. What was last said of an open episode is in the queue.
 */
#include "daemon/alerting/alerting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/alerting/body.h"
#include "daemon/alerting/episode.h"
#include "daemon/alerting/queue.h"
#include "daemon/alerting/watched.h"
#include "daemon/model/model.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/units.h"

#define HOST_SIZE    256
#define BOOT_ID_SIZE 64
#define SLICE_NS     (5 * NS_PER_MS) /* of a pass between two turns of the loop */
/* How long the end of a process is shown as an alert, unscaled. */
#define END_SHOWN_NS (15 * NS_PER_MINUTE)
/* After a restart: how long an open episode waits for its process to be found again. */
#define RETURN_NS NS_PER_MINUTE

struct alerting {
	struct alerting_options options;
	struct queue *queue;
	struct delivery *delivery;
	struct watched *all;
	size_t next; /* process of a pass that is under way */
	uint64_t start_ns;
	uint64_t boot_unix_ns; /* adds to the boot-time clock; taken once, so that starts stay */
	char host_name[HOST_SIZE];
	char boot_id[BOOT_ID_SIZE];
};

/* ---- saying it ---- */

static const struct app_rule *rule_of(const struct alerting *alerting,
                                      const struct process *process)
{
	const struct config *config = alerting->options.config;

	return process->rule == 0 || process->rule > config->app_count
	           ? NULL
	           : &config->apps[process->rule - 1];
}

/* The receivers of its rule; all without one. */
static uint64_t audience_of(const struct alerting *alerting, const struct process *process)
{
	const struct config *config = alerting->options.config;
	const struct app_rule *rule = rule_of(alerting, process);
	uint64_t audience = 0;
	size_t i;
	size_t k;

	for (i = 0; i < config->receiver_count && i < QUEUE_RECEIVERS_MAX; i++) {
		bool is_meant = rule == NULL || rule->receivers.count == 0;

		for (k = 0; !is_meant && k < rule->receivers.count; k++)
			is_meant =
			    strcmp(rule->receivers.values[k], config->receivers[i].name) == 0;
		audience |= (uint64_t)is_meant << i;
	}
	return audience;
}

static void add_alert(struct alerting *alerting, struct watched *watched,
                      const struct queued_alert *alert)
{
	uint64_t id = 0;
	int result = queue_add(alerting->queue, alert, &id);

	if (result < 0)
		log_error(result, "cannot keep an alert, it is only logged pid=%d", alert->key.pid);
	watched->alerts[alert->condition] = alert->is_firing ? id : 0;
}

static void log_firing(const struct process *process, const struct queued_alert *alert)
{
	log_warnx(
	    "alert firing condition=%s severity=%s app=\"%s\" slot=%u pid=%d dedup_key=\"%s\" "
	    "reason=\"%s\"",
	    condition_name(alert->condition), severity_name(alert->severity), process->app,
	    process->slot, process->shown_pid, alert->dedup_key != NULL ? alert->dedup_key : "",
	    process->evidence_count > 0 ? process->evidence[0] : "");
}

/* An episode that fires, or one that got worse: then it keeps key and start. */
static void fire(struct alerting *alerting, struct watched *watched, const struct process *process,
                 enum condition condition)
{
	const struct queued_alert *former = queue_find(alerting->queue, watched->alerts[condition]);
	const struct episode *episode = &watched->episodes[condition];
	uint64_t now_unix_ns = clock_realtime_ns();
	struct body_source source = {
	    .condition = condition,
	    .severity = episode->severity,
	    .process = process,
	    .host = alerting->host_name,
	    .labels = alerting->options.config->external_labels,
	    .label_count = alerting->options.config->external_label_count,
	    .starts_unix_ns = alerting->boot_unix_ns + episode->onset_ns,
	    .process_start_unix_ns = alerting->boot_unix_ns + process->start_ns,
	    .former = former != NULL ? former->body : NULL,
	};
	struct queued_alert alert = {
	    .key = process->key,
	    .boot_id = alerting->boot_id,
	    .condition = condition,
	    .is_firing = true,
	    .severity = episode->severity,
	    .audience = audience_of(alerting, process),
	    .accepted_unix_ns = now_unix_ns,
	    .accepted_boot_ns = clock_boottime_ns(),
	};
	_cleanup_(freep) char *dedup_key =
	    former != NULL ? strdup(former->dedup_key) : body_dedup_key(&source, now_unix_ns);
	_cleanup_(freep) char *body = NULL;

	source.dedup_key = dedup_key;
	body = dedup_key != NULL ? body_write(&source) : NULL;
	alert.dedup_key = dedup_key;
	alert.body = body;
	alert.due = alert.audience;
	log_firing(process, &alert);
	add_alert(alerting, watched, &alert);
}

static void resolve(struct alerting *alerting, struct watched *watched, enum condition condition,
                    enum resolution resolution)
{
	const struct queued_alert *former = queue_find(alerting->queue, watched->alerts[condition]);
	const char *reason = resolution_name(resolution);
	struct queued_alert alert;

	watched->episodes[condition] = (struct episode){.phase = EPISODE_NONE};
	watched->alerts[condition] = 0;
	if (former == NULL)
		return;
	alert = *former;
	alert.is_firing = false;
	alert.accepted_unix_ns = clock_realtime_ns();
	alert.accepted_boot_ns =
	    strcmp(alert.boot_id, alerting->boot_id) == 0 ? clock_boottime_ns() : 0;
	alert.body = body_resolve(former->body, alert.accepted_unix_ns, resolution);
	alert.dedup_key = strdup(former->dedup_key);
	alert.due = alert.audience;
	log_info("alert resolved condition=%s dedup_key=\"%s\" resolved_reason=%s",
	         condition_name(condition), former->dedup_key, reason != NULL ? reason : "");
	add_alert(alerting, watched, &alert);
	free(alert.body);
	free(alert.dedup_key);
}

/* ---- the living ---- */

static void advance(struct alerting *alerting, struct watched *watched,
                    const struct process *process, enum condition condition, uint64_t now_ns)
{
	const struct app_rule *rule = rule_of(alerting, process);
	const struct episode_limits limits = {
	    .config = rule != NULL ? &rule->alerting : &alerting->options.config->alerting,
	    .time_scale = alerting->options.config->scoring.time_scale,
	};

	switch (
	    episode_advance(&watched->episodes[condition], condition, process, &limits, now_ns)) {
	case EPISODE_FIRED:
	case EPISODE_WORSENED:
		fire(alerting, watched, process, condition);
		break;
	case EPISODE_RESOLVED:
		resolve(alerting, watched, condition, RESOLUTION_FLOOR_RETURNED);
		break;
	case EPISODE_UNCHANGED:
		break;
	}
}

void alerting_explained(struct alerting *alerting, const struct process *process)
{
	struct watched *watched = watched_find(alerting->all, &process->key);
	enum condition condition;

	for (condition = 0; watched != NULL && condition <= CONDITION_THRASH; condition++)
		if (watched->alerts[condition] != 0 &&
		    watched->episodes[condition].phase == EPISODE_FIRING)
			fire(alerting, watched, process, condition);
}

static bool is_wanted(const struct alerting *alerting, const struct process *process)
{
	const struct app_rule *rule = rule_of(alerting, process);
	const struct alerting_config *config =
	    rule != NULL ? &rule->alerting : &alerting->options.config->alerting;

	return episode_is_wanted(CONDITION_LEAK, process, config) ||
	       episode_is_wanted(CONDITION_THRASH, process, config);
}

static void pass_process(struct alerting *alerting, struct process *process, uint64_t now_ns)
{
	struct watched *watched = watched_find(alerting->all, &process->key);

	if (watched == NULL && process->is_exported && is_wanted(alerting, process))
		watched = watched_add(&alerting->all, &process->key);
	process->is_alerting = false;
	memset(process->alerts, 0, sizeof(process->alerts));
	if (watched == NULL || watched->is_gone)
		return;
	watched->is_here = true;
	advance(alerting, watched, process, CONDITION_LEAK, now_ns);
	advance(alerting, watched, process, CONDITION_THRASH, now_ns);
	watched_show(watched, queue_safe_id(alerting->queue), process);
	if (watched_is_quiet(watched))
		watched_remove(&alerting->all, watched);
}

/* ---- the dead ---- */

static enum resolution resolution_of(enum process_end end)
{
	if (end == PROCESS_END_OOM_KILL)
		return RESOLUTION_OOM_KILL;
	return end == PROCESS_END_HEAP_OOM ? RESOLUTION_HEAP_OOM : RESOLUTION_EXIT;
}

static void resolve_living(struct alerting *alerting, struct watched *watched,
                           enum resolution resolution)
{
	resolve(alerting, watched, CONDITION_LEAK, resolution);
	resolve(alerting, watched, CONDITION_THRASH, resolution);
}

static void fire_end(struct alerting *alerting, const struct process *process,
                     enum condition condition)
{
	struct watched *watched = watched_add(&alerting->all, &process->key);
	uint64_t now_ns = clock_boottime_ns();

	if (watched == NULL) {
		log_errorx("no memory for an alert pid=%d condition=%s", process->shown_pid,
		           condition_name(condition));
		return;
	}
	if (watched->episodes[condition].phase == EPISODE_FIRING)
		return; /* told before a crash, after which its log was read once more */
	watched->episodes[condition] = (struct episode){
	    .phase = EPISODE_FIRING, .onset_ns = now_ns, .severity = SEVERITY_CRITICAL};
	watched->is_here = true;
	watched->is_gone = true;
	watched->gone_ns = now_ns;
	watched_name(watched, process->app, process->slot, process->shown_pid);
	fire(alerting, watched, process, condition);
}

static void on_exited(void *context, const struct process *process, enum process_end end)
{
	struct alerting *alerting = context;
	struct watched *watched = watched_find(alerting->all, &process->key);

	if (watched != NULL) {
		resolve_living(alerting, watched, resolution_of(end));
		if (watched_is_quiet(watched))
			watched_remove(&alerting->all, watched);
	}
	if (end == PROCESS_END_HEAP_OOM)
		fire_end(alerting, process, CONDITION_HEAP_OOM);
	else if (end == PROCESS_END_OOM_KILL)
		fire_end(alerting, process, CONDITION_OOM_KILL);
}

static void pass_dead(struct alerting *alerting, struct watched *watched, uint64_t now_ns)
{
	double time_scale = alerting->options.config->scoring.time_scale;

	if (!watched->is_here && !watched->is_gone && now_ns - alerting->start_ns >= RETURN_NS) {
		watched->is_gone = true; /* while nobody looked */
		watched->gone_ns = now_ns;
	}
	if (!watched->is_gone)
		return;
	resolve_living(alerting, watched, RESOLUTION_EXIT);
	if (now_ns - watched->gone_ns < (uint64_t)((double)END_SHOWN_NS / time_scale) &&
	    !watched_is_quiet(watched))
		return;
	resolve(alerting, watched, CONDITION_HEAP_OOM, RESOLUTION_NONE);
	resolve(alerting, watched, CONDITION_OOM_KILL, RESOLUTION_NONE);
	watched_remove(&alerting->all, watched);
}

bool alerting_pass(struct alerting *alerting, uint64_t now_ns)
{
	uint64_t deadline_ns = clock_boottime_ns() + SLICE_NS;
	struct process *const *processes;
	size_t count = model_processes(alerting->options.model, &processes);
	struct watched *watched;
	struct watched *next;

	while (alerting->next < count) {
		pass_process(alerting, processes[alerting->next++], now_ns);
		if (clock_boottime_ns() >= deadline_ns)
			return false;
	}
	HASH_ITER(hh, alerting->all, watched, next)
	{
		pass_dead(alerting, watched, now_ns); /* those that are over are not met again */
		if (clock_boottime_ns() >= deadline_ns)
			return false;
	}
	alerting->next = 0;
	queue_sync(alerting->queue);
	return true;
}

/* ---- start and end ---- */

static void read_boot_id(struct alerting *alerting)
{
	size_t length;

	if (file_read_text_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", alerting->boot_id,
	                      sizeof(alerting->boot_id), &length) < 0)
		length = 0;
	alerting->boot_id[length] = '\0';
	alerting->boot_id[strcspn(alerting->boot_id, "\n")] = '\0';
}

static void restore_episode(struct alerting *alerting, const struct queued_alert *alert)
{
	struct watched *watched = watched_add(&alerting->all, &alert->key);
	struct body_facts facts = {.starts_unix_ns = 0};

	if (watched == NULL)
		return;
	if (body_read(alert->body, &facts) == 0)
		watched_name(watched, facts.app, facts.slot, facts.shown_pid);
	watched->episodes[alert->condition] = (struct episode){
	    .phase = EPISODE_FIRING,
	    .severity = alert->severity,
	    .onset_ns = u64_subtract_floor(facts.starts_unix_ns, alerting->boot_unix_ns),
	};
	watched->alerts[alert->condition] = alert->id;
	if (alert->condition > CONDITION_THRASH || strcmp(alert->boot_id, alerting->boot_id) != 0) {
		watched->is_gone = true;
		watched->gone_ns = alerting->start_ns;
	}
}

static void restore(struct alerting *alerting)
{
	struct queued_alert *alert;

	for (alert = queue_first(alerting->queue); alert != NULL; alert = alert->next) {
		if (strcmp(alert->boot_id, alerting->boot_id) != 0)
			alert->accepted_boot_ns = 0;
		if (queue_is_open(alerting->queue, alert))
			restore_episode(alerting, alert);
	}
}

static int set_receivers(struct alerting *alerting)
{
	const struct config *config = alerting->options.config;
	const char *names[QUEUE_RECEIVERS_MAX];
	size_t count = 0;

	for (; count < config->receiver_count && count < QUEUE_RECEIVERS_MAX; count++)
		names[count] = config->receivers[count].name;
	return queue_set_receivers(alerting->queue, names, count);
}

DEFINE_CLEANUP(struct alerting, alerting_free)

struct alerting *alerting_new(const struct alerting_options *options)
{
	_cleanup_(alerting_freep) struct alerting *alerting = calloc(1, sizeof(*alerting));
	const struct model_observer observer = {.context = alerting, .exited = on_exited};

	if (alerting == NULL)
		return NULL;
	alerting->options = *options;
	alerting->start_ns = clock_boottime_ns();
	alerting->boot_unix_ns = clock_realtime_ns() - alerting->start_ns;
	if (gethostname(alerting->host_name, sizeof(alerting->host_name) - 1) < 0)
		alerting->host_name[0] = '\0';
	read_boot_id(alerting);
	alerting->queue = queue_open(options->storage_path, options->host);
	if (alerting->queue == NULL || set_receivers(alerting) < 0)
		return NULL;
	alerting->delivery = delivery_new(options->config, alerting->queue, options->host);
	if (alerting->delivery == NULL)
		return NULL;
	restore(alerting);
	model_observe(options->model, &observer);
	return TAKE_PTR(alerting);
}

struct alerting *alerting_free(struct alerting *alerting)
{
	const struct model_observer nobody = {.exited = NULL};
	struct watched *watched;
	struct watched *next;

	if (alerting == NULL)
		return NULL;
	model_observe(alerting->options.model, &nobody);
	HASH_ITER(hh, alerting->all, watched, next)
	{
		watched_remove(&alerting->all, watched);
	}
	(void)delivery_free(alerting->delivery);
	(void)queue_close(alerting->queue);
	free(alerting);
	return NULL;
}

void alerting_reconfigure(struct alerting *alerting, const struct config *config)
{
	alerting->options.config = config;
	if (set_receivers(alerting) < 0 || delivery_reconfigure(alerting->delivery, config) < 0)
		log_errorx("no memory for the new receivers, alerts are only logged");
}

void alerting_tick(struct alerting *alerting, uint64_t now_ns)
{
	queue_watch(alerting->queue, now_ns);
	delivery_tick(alerting->delivery, now_ns);
}

void alerting_abort(struct alerting *alerting)
{
	delivery_abort(alerting->delivery);
}

void alerting_measure(const struct alerting *alerting, struct alerting_status *ret_status)
{
	enum queue_drop reason;
	size_t i;

	ret_status->write_errors = queue_error_count(alerting->queue);
	ret_status->queue_length = queue_length(alerting->queue);
	ret_status->queue_is_on_disk = queue_is_on_disk(alerting->queue);
	for (reason = 0; reason < QUEUE_DROP_COUNT; reason++)
		ret_status->dropped[reason] = queue_dropped_count(alerting->queue, reason);
	ret_status->ended = (struct ended_alerts){.count = 0};
	watched_show_ended(alerting->all, queue_safe_id(alerting->queue), &ret_status->ended);
	ret_status->receiver_count = delivery_count(alerting->delivery);
	for (i = 0; i < ret_status->receiver_count; i++) {
		struct receiver_status *status = &ret_status->receivers[i];
		struct delivery_counts counts = delivery_counts_of(alerting->delivery, i);

		(void)snprintf(status->name, sizeof(status->name), "%s", counts.receiver);
		memcpy(status->outcomes, counts.outcomes, sizeof(status->outcomes));
	}
}
