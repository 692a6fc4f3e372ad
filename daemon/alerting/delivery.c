// SPDX-License-Identifier: MIT
/*
 * A courier serves one receiver. It has its own copy of what is configured, since a request may
 * outlast a reload; then it is set free when its request is done.
 */
#include "daemon/alerting/delivery.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/config.h"
#include "daemon/alerting/post.h"
#include "daemon/alerting/queue.h"
#include "daemon/alerting/receiver.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/units.h"

#define BUSY_MAX        2
#define BACKOFF_MIN_NS  NS_PER_SECOND
#define BACKOFF_MAX_NS  NS_PER_MINUTE
#define RETRY_AFTER_MAX NS_PER_HOUR
#define DEADLINE_NS     NS_PER_DAY
/* Alertmanager takes an alert for over after 5 minutes without a word. */
#define REPEAT_NS   NS_PER_MINUTE
#define SECRET_SIZE 8192

/* A request and what came of it; the pool's while it is under way. */
struct errand {
	char *bodies[RECEIVER_BATCH_MAX];
	size_t count;
	uint64_t id; /* of the alert; 0: a repetition */
	uint64_t accepted_unix_ns;
	struct post_result result;
};

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
	struct errand errand;
	struct log_limit limit;
};

struct delivery {
	const struct collector_host *host;
	struct queue *queue;
	struct courier **couriers;
	size_t count;
	unsigned busy_count;
	size_t turn; /* who is asked first, so that all get their turn */
	atomic_bool is_aborted;
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

static void errand_done(struct errand *errand)
{
	while (errand->count > 0)
		free(errand->bodies[--errand->count]);
}

/* ---- in the pool ---- */

/* A file with one secret, without its last newline. */
static int read_secret(const char *path, char secret[SECRET_SIZE], size_t *ret_length)
{
	int result = file_read_text_at(AT_FDCWD, path, secret, SECRET_SIZE, ret_length);

	if (result < 0)
		return result;
	if (*ret_length > 0 && secret[*ret_length - 1] == '\n')
		secret[--*ret_length] = '\0';
	return *ret_length == 0 || *ret_length >= SECRET_SIZE - 1 ? -EINVAL : 0;
}

static void fail(struct courier *courier, enum post_outcome outcome, const char *what)
{
	courier->errand.result = (struct post_result){.outcome = outcome};
	(void)snprintf(courier->errand.result.error, POST_ERROR_SIZE, "%s", what);
}

/* To every URL; one that takes it is enough, since they tell each other. */
static void post_to_all(struct courier *courier, const struct receiver_request *request,
                        const char *const *urls, size_t count)
{
	struct post_result best = {.outcome = POST_REFUSED};

	for (size_t i = 0; i < count; i++) {
		struct post_result result;
		const struct post post = {
		    .url = urls[i],
		    .path = receiver_types[courier->config.type].path,
		    .request = request,
		    .ca_file = courier->config.ca_file,
		    .cert_file = courier->config.cert_file,
		    .key_file = courier->config.key_file,
		    .is_aborted = &courier->delivery->is_aborted,
		};

		post_perform(&post, &result);
		if (i == 0 || result.outcome < best.outcome)
			best = result;
	}
	courier->errand.result = best;
}

static void post_request(struct courier *courier, const struct receiver_request *request)
{
	const struct receiver_config *config = &courier->config;
	_cleanup_(freep) char *secret = NULL;
	const char *url = receiver_types[config->type].default_url;
	size_t length;

	if (config->urls.count > 0) {
		post_to_all(courier, request, (const char *const *)config->urls.values,
		            config->urls.count);
		return;
	}
	if (config->url_file != NULL) {
		secret = malloc(SECRET_SIZE);
		if (secret == NULL || read_secret(config->url_file, secret, &length) < 0) {
			fail(courier, POST_RETRY, "cannot read url_file");
			return;
		}
		url = secret;
	}
	post_to_all(courier, request, &url, 1);
}

static int read_key(const struct courier *courier, char key[SECRET_SIZE],
                    struct receiver_message *message)
{
	const char *path = courier->config.secret_file != NULL ? courier->config.secret_file
	                                                       : courier->config.routing_key_file;

	if (path == NULL)
		return 0;
	message->secret = key;
	return read_secret(path, key, &message->secret_length);
}

static void work(void *data)
{
	struct courier *courier = data;
	struct errand *errand = &courier->errand;
	_cleanup_(freep) char *key = malloc(SECRET_SIZE);
	struct receiver_request request = {.body = BUF_INIT(RECEIVER_REQUEST_MAX)};
	struct receiver_message message = {
	    .bodies = (const char *const *)errand->bodies,
	    .count = errand->count,
	    .now_unix_ns = clock_realtime_ns(),
	};
	int result;

	if (key == NULL || read_key(courier, key, &message) < 0) {
		fail(courier, POST_RETRY, "cannot read the file with its secret");
		return;
	}
	result = receiver_types[courier->config.type].write(&message, &request);
	if (result == 0)
		post_request(courier, &request);
	else
		fail(courier, result == -ENOMEM ? POST_RETRY : POST_REFUSED,
		     "cannot write the request");
	buf_done(&request.body);
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
	struct queued_alert *alert = queue_find(courier->delivery->queue, courier->errand.id);

	count(courier, outcome);
	courier->tries = 0;
	courier->next_ns = 0;
	if (alert != NULL)
		queue_settle(courier->delivery->queue, alert, courier->index);
}

static void try_later(struct courier *courier)
{
	uint64_t wait_ns = backoff_ns(courier);
	uint64_t asked_ns =
	    u64_multiply_saturating(courier->errand.result.retry_after_seconds, NS_PER_SECOND);

	if (courier->errand.id != 0 &&
	    u64_subtract_floor(clock_realtime_ns(), courier->errand.accepted_unix_ns) >
	        DEADLINE_NS) {
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
	enum post_outcome outcome = courier->errand.result.outcome;

	courier->is_busy = false;
	courier->delivery->busy_count--;
	errand_done(&courier->errand);
	if (courier->is_orphan) {
		(void)courier_free(courier);
		return;
	}
	if (atomic_load(&courier->delivery->is_aborted) && outcome != POST_DELIVERED)
		return; /* for the next start */
	if (outcome == POST_RETRY)
		try_later(courier);
	else
		settle(courier, outcome == POST_DELIVERED ? DELIVERY_SENT : DELIVERY_REFUSED);
}

/* ---- what is next ---- */

static int add_body(struct errand *errand, const struct queued_alert *alert)
{
	errand->bodies[errand->count] = strdup(alert->body);
	if (errand->bodies[errand->count] == NULL)
		return -ENOMEM;
	errand->count++;
	return 0;
}

static bool is_for(const struct courier *courier, uint64_t receivers)
{
	return (receivers >> courier->index & 1) != 0;
}

/* The oldest that is due. */
static bool take_due(struct courier *courier)
{
	const struct queue *queue = courier->delivery->queue;
	const struct queued_alert *alert;

	for (alert = queue_first(queue); alert != NULL; alert = alert->next) {
		if (!is_for(courier, alert->due) || alert->id > queue_safe_id(queue))
			continue;
		courier->errand.id = alert->id;
		courier->errand.accepted_unix_ns = alert->accepted_unix_ns;
		return add_body(&courier->errand, alert) == 0;
	}
	return false;
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
	courier->errand.id = 0;
	for (alert = queue_first(queue); alert != NULL; alert = alert->next) {
		if (alert->id <= courier->repeated_id || !is_for(courier, alert->audience) ||
		    !queue_is_open(queue, alert))
			continue;
		courier->repeated_id = alert->id;
		if (add_body(&courier->errand, alert) < 0 ||
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
	if (host->submit(host->context, work, done, courier) < 0) {
		errand_done(&courier->errand); /* the pool is full: with the next tick */
		return;
	}
	courier->is_busy = true;
	courier->delivery->busy_count++;
}

void delivery_tick(struct delivery *delivery, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < delivery->count && delivery->busy_count < BUSY_MAX; i++)
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
	       copy_string(&target->key_file, source->key_file);
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
	atomic_init(&delivery->is_aborted, false);
	if (post_setup() < 0 || delivery_reconfigure(delivery, config) < 0)
		return delivery_free(delivery);
	return delivery;
}

void delivery_abort(struct delivery *delivery)
{
	atomic_store(&delivery->is_aborted, true);
}

struct delivery *delivery_free(struct delivery *delivery)
{
	if (delivery == NULL)
		return NULL;
	dismiss_all(delivery);
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
