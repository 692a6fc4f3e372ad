// SPDX-License-Identifier: MIT
/*
 * A courier serves one receiver. It has its own copy of what is configured, since a request may
 * outlast a reload; then it is set free when its request is done.
 */
#include "daemon/alerting/delivery.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/config.h"
#include "daemon/alerting/curl_library.h"
#include "daemon/alerting/errand.h"
#include "daemon/alerting/queue.h"
#include "daemon/alerting/sender.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define PREPARING_MAX   2 /* jobs: files with secrets may lie on a disk that hangs */
#define BACKOFF_MIN_NS  NS_PER_SECOND
#define BACKOFF_MAX_NS  NS_PER_MINUTE
#define RETRY_AFTER_MAX NS_PER_HOUR
#define DEADLINE_NS     NS_PER_DAY
/* Alertmanager takes an alert for over after 5 minutes without a word. */
#define REPEAT_NS NS_PER_MINUTE

struct courier {
	struct delivery *delivery;
	unsigned index;
	struct receiver_config config; /* owned copies */
	uint64_t outcomes[DELIVERY_OUTCOME_COUNT];
	bool is_busy;
	bool is_orphan; /* no more in the configuration, waiting for its request */
	unsigned tries;
	uint64_t next_ns;
	uint64_t repeated_ns;
	uint64_t repeated_id; /* open alerts up to this one were repeated in this round */
	struct errand errand; /* the pool's while is_busy */
	struct sending sending;
	uint64_t sent_id;   /* the alert that it is about; 0: a repetition */
	uint64_t failed_id; /* the last that failed: the next try is of one behind it */
	struct log_limit limit;
};

struct delivery {
	const struct collector_host *host;
	struct queue *queue;
	struct courier **couriers;
	size_t count;
	struct sender *sender;
	unsigned preparing_count;
	size_t turn; /* who is asked first, so that all get their turn */
	bool is_aborted;
};

static const char *const outcome_names[] = {
    [DELIVERY_SENT] = "sent",
    [DELIVERY_RETRIED] = "retried",
    [DELIVERY_REFUSED] = "refused",
    [DELIVERY_EXPIRED] = "expired",
};
_Static_assert(sizeof(outcome_names) / sizeof(outcome_names[0]) == DELIVERY_OUTCOME_COUNT,
               "a name each");

const char *delivery_outcome_name(enum delivery_outcome outcome)
{
	assert(outcome < DELIVERY_OUTCOME_COUNT);
	return outcome_names[outcome];
}

/* ---- what came of it ---- */

/* Doubling, half of it at random, so that many hosts do not come back at the same moment. */
static uint64_t backoff_ns(const struct courier *courier)
{
	uint64_t whole_ns = BACKOFF_MAX_NS;
	uint64_t random = 0;

	if (courier->tries < 6)
		whole_ns = BACKOFF_MIN_NS << courier->tries;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0; /* early after boot: no jitter */
	return whole_ns / 2 + random % (whole_ns / 2);
}

static void count(struct courier *courier, enum delivery_outcome outcome)
{
	const struct post_result *result = &courier->errand.result;

	courier->outcomes[outcome]++;
	if (outcome == DELIVERY_SENT)
		log_debug("notification sent receiver=%s status=%u", courier->config.name,
		          result->status);
	else if (log_limit_allows(&courier->limit, clock_boottime_ns()))
		log_warnx("notification %s receiver=%s status=%u error=\"%s\"",
		          delivery_outcome_name(outcome), courier->config.name, result->status,
		          result->error);
}

static void settle(struct courier *courier, enum delivery_outcome outcome)
{
	struct queued_alert *alert = queue_find(courier->delivery->queue, courier->sent_id);

	count(courier, outcome);
	courier->tries = 0;
	courier->next_ns = 0;
	if (alert != NULL)
		queue_settle(courier->delivery->queue, alert, courier->index);
}

/* By the clock that does not jump, as long as it is that of the boot that saw the alert. */
static uint64_t age_ns(const struct queued_alert *alert)
{
	if (alert->accepted_boot_ns != 0)
		return u64_subtract_floor(clock_boottime_ns(), alert->accepted_boot_ns);
	return u64_subtract_floor(clock_realtime_ns(), alert->accepted_unix_ns);
}

static void try_later(struct courier *courier)
{
	const struct queued_alert *alert = queue_find(courier->delivery->queue, courier->sent_id);
	uint64_t wait_ns = backoff_ns(courier);
	uint64_t asked_ns =
	    u64_multiply_saturating(courier->errand.result.retry_after_seconds, NS_PER_SECOND);

	courier->failed_id = courier->sent_id;
	if (alert != NULL && age_ns(alert) > DEADLINE_NS) {
		settle(courier, DELIVERY_EXPIRED);
		return;
	}
	asked_ns = asked_ns < RETRY_AFTER_MAX ? asked_ns : RETRY_AFTER_MAX;
	count(courier, DELIVERY_RETRIED);
	courier->tries++;
	courier->next_ns = clock_boottime_ns() + (asked_ns > wait_ns ? asked_ns : wait_ns);
}

static struct courier *courier_free(struct courier *courier);

static void done(void *data)
{
	struct courier *courier = data;
	struct delivery *delivery = courier->delivery;
	enum post_outcome outcome = courier->errand.result.outcome;

	courier->is_busy = false;
	errand_done(&courier->errand);
	if (courier->is_orphan) {
		(void)courier_free(courier);
		return;
	}
	if (delivery->is_aborted && outcome != POST_DELIVERED)
		return; /* for the next start */
	if (outcome == POST_RETRY)
		try_later(courier);
	else
		settle(courier, outcome == POST_DELIVERED ? DELIVERY_SENT : DELIVERY_REFUSED);
	delivery_tick(delivery, clock_boottime_ns()); /* the next at once */
}

/* ---- in the pool ---- */

static void prepare(void *data)
{
	struct courier *courier = data;

	errand_prepare(&courier->errand);
}

static void prepared(void *data)
{
	struct courier *courier = data;
	struct delivery *delivery = courier->delivery;

	delivery->preparing_count--;
	if (courier->errand.post_count == 0 || delivery->is_aborted) {
		done(courier);
		return;
	}
	sender_send(delivery->sender, &courier->sending);
	delivery_tick(delivery, clock_boottime_ns()); /* somebody else may be prepared */
}

/* ---- what is next ---- */

static bool is_for(const struct courier *courier, uint64_t receivers)
{
	return (receivers >> courier->index & 1) != 0;
}

/* The oldest that is due, but one that failed waits for the others: they may be taken. */
static bool take_due(struct courier *courier)
{
	const struct queued_alert *alert =
	    queue_find_due(courier->delivery->queue, courier->index, courier->failed_id);

	if (alert == NULL)
		return false;
	courier->sent_id = alert->id;
	return errand_add(&courier->errand, alert->body) == 0;
}

/* Those that are open, a batch after another, then a rest. */
static bool take_repeated(struct courier *courier, uint64_t now_ns)
{
	const struct queue *queue = courier->delivery->queue;
	const struct queued_alert *alert;

	if (!receiver_types[courier->config.type].is_repeated ||
	    (courier->repeated_id == 0 && now_ns - courier->repeated_ns < REPEAT_NS))
		return false;
	if (courier->repeated_id == 0)
		courier->repeated_ns = now_ns;
	courier->sent_id = 0;
	for (alert = queue_first(queue); alert != NULL; alert = alert->next) {
		if (alert->id <= courier->repeated_id || !is_for(courier, alert->audience) ||
		    !queue_is_open(queue, alert))
			continue;
		courier->repeated_id = alert->id;
		if (errand_add(&courier->errand, alert->body) < 0 ||
		    courier->errand.count == RECEIVER_BATCH_MAX)
			return courier->errand.count > 0;
	}
	courier->repeated_id = 0;
	return courier->errand.count > 0;
}

static void serve(struct courier *courier, uint64_t now_ns)
{
	const struct collector_host *host = courier->delivery->host;

	if (courier->is_busy || now_ns < courier->next_ns ||
	    (!take_due(courier) && !take_repeated(courier, now_ns)))
		return;
	if (host->submit(host->context, prepare, prepared, courier) < 0) {
		errand_done(&courier->errand); /* the pool is full: with the next tick */
		return;
	}
	courier->is_busy = true;
	courier->delivery->preparing_count++;
}

void delivery_tick(struct delivery *delivery, uint64_t now_ns)
{
	size_t i;

	if (delivery->is_aborted)
		return;
	sender_tick(delivery->sender);
	for (i = 0; i < delivery->count && delivery->preparing_count < PREPARING_MAX; i++)
		serve(delivery->couriers[(delivery->turn + i) % delivery->count], now_ns);
	if (delivery->count > 0)
		delivery->turn = (delivery->turn + i) % delivery->count;
}

static struct courier *courier_free(struct courier *courier)
{
	struct receiver_config *config;

	if (courier == NULL)
		return NULL;
	config = &courier->config;
	while (config->urls.count > 0)
		free(config->urls.values[--config->urls.count]);
	free(config->urls.values);
	free(config->name);
	free(config->url_file);
	free(config->secret_file);
	free(config->routing_key_file);
	free(config->ca_file);
	free(config->cert_file);
	free(config->key_file);
	free(config->text);
	errand_done(&courier->errand);
	free(courier);
	return NULL;
}

DEFINE_CLEANUP(struct courier, courier_free)

static bool copy_string(char **target, const char *source)
{
	*target = source != NULL ? strdup(source) : NULL;
	return source == NULL || *target != NULL;
}

static bool copy_config(struct receiver_config *target, const struct receiver_config *source)
{
	target->type = source->type;
	target->urls.values = calloc(source->urls.count + 1, sizeof(*target->urls.values));
	if (target->urls.values == NULL)
		return false;
	for (; target->urls.count < source->urls.count; target->urls.count++)
		if (!copy_string(&target->urls.values[target->urls.count],
		                 source->urls.values[target->urls.count]))
			return false;
	return copy_string(&target->name, source->name) &&
	       copy_string(&target->url_file, source->url_file) &&
	       copy_string(&target->secret_file, source->secret_file) &&
	       copy_string(&target->routing_key_file, source->routing_key_file) &&
	       copy_string(&target->ca_file, source->ca_file) &&
	       copy_string(&target->cert_file, source->cert_file) &&
	       copy_string(&target->key_file, source->key_file) &&
	       copy_string(&target->text, source->text);
}

static struct courier *courier_new(struct delivery *delivery, const struct receiver_config *config,
                                   unsigned index)
{
	_cleanup_(courier_freep) struct courier *courier = calloc(1, sizeof(*courier));
	size_t i;

	if (courier == NULL || !copy_config(&courier->config, config))
		return NULL;
	courier->delivery = delivery;
	courier->index = index;
	courier->errand.config = &courier->config;
	courier->sending = (struct sending){&courier->errand, done, courier, NULL, NULL};
	for (i = 0; i < delivery->count; i++) /* counters go on under the same name */
		if (strcmp(delivery->couriers[i]->config.name, config->name) == 0)
			memcpy(courier->outcomes, delivery->couriers[i]->outcomes,
			       sizeof(courier->outcomes));
	return TAKE_PTR(courier);
}

static void dismiss_all(struct delivery *delivery)
{
	while (delivery->count > 0) {
		struct courier *courier = delivery->couriers[--delivery->count];

		if (courier->is_busy)
			courier->is_orphan = true;
		else
			(void)courier_free(courier);
	}
	free(delivery->couriers);
	delivery->couriers = NULL;
}

int delivery_reconfigure(struct delivery *delivery, const struct config *config)
{
	struct courier **couriers = calloc(config->receiver_count + 1, sizeof(struct courier *));
	size_t made = 0;

	if (config->receiver_count > 0 && curl_library() == NULL)
		log_warnx("nothing can be sent: libcurl cannot be loaded");
	while (couriers != NULL && made < config->receiver_count && made < QUEUE_RECEIVERS_MAX) {
		couriers[made] = courier_new(delivery, &config->receivers[made], (unsigned)made);
		if (couriers[made++] == NULL)
			break;
	}
	dismiss_all(delivery);
	if (couriers == NULL)
		return -ENOMEM;
	delivery->couriers = couriers;
	delivery->count = made;
	if (made == 0 || couriers[made - 1] != NULL)
		return 0;
	delivery->count--;
	dismiss_all(delivery);
	return -ENOMEM;
}

struct delivery *delivery_new(const struct config *config, struct queue *queue,
                              const struct collector_host *host)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (delivery == NULL)
		return NULL;
	delivery->queue = queue;
	delivery->host = host;
	delivery->sender = sender_new(host);
	if (delivery->sender == NULL || delivery_reconfigure(delivery, config) < 0)
		return delivery_free(delivery);
	return delivery;
}

void delivery_abort(struct delivery *delivery)
{
	delivery->is_aborted = true;
	sender_abort(delivery->sender);
}

struct delivery *delivery_free(struct delivery *delivery)
{
	if (delivery == NULL)
		return NULL;
	dismiss_all(delivery);
	(void)sender_free(delivery->sender);
	free(delivery);
	return NULL;
}

size_t delivery_count(const struct delivery *delivery)
{
	return delivery->count;
}

struct delivery_counts delivery_counts_of(const struct delivery *delivery, size_t i)
{
	struct delivery_counts counts = {.receiver = delivery->couriers[i]->config.name};

	memcpy(counts.outcomes, delivery->couriers[i]->outcomes, sizeof(counts.outcomes));
	return counts;
}
