// SPDX-License-Identifier: MIT
/*
 * Each pass gives the pool a batch of processes whose inspector is to be looked for; what it finds
 * is tried on the loop. Polls have a clock of their own, a timer that ticks while anything is
 * attached, since passes may be minutes apart.
 */
#include "collectors/inspector/inspector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/timerfd.h>

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

#include "collectors/inspector/find.h"
#include "collectors/inspector/opening.h"
#include "collectors/inspector/session.h"
#include "collectors/inspector/target.h"
#include "config/config.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#define BATCH_MAX    32
#define SESSIONS_MAX 512 /* three descriptors each */
#define TICK_NS      (NS_PER_SECOND / 4)

struct entry {
	struct target *target; /* owned */
	pid_t pid;
	UT_hash_handle hh;
};

struct batch {
	struct inspector *inspector;
	int proc_fd;
	struct {
		struct process_key key;
		struct find_result result;
	} rows[BATCH_MAX];
	size_t count;
};

struct inspector {
	struct target_owner owner;
	const struct config *config;
	struct entry *table;
	struct batch *batch; /* at the pool; NULL: none */
	int timer_fd;
	struct collector_watch *timer_watch;
	bool is_ticking;
	size_t session_count; /* attached */
	uint64_t attempts[SESSION_RESULT_COUNT];
};

/* ---- the clock of polls ---- */

static void set_ticking(struct inspector *self, bool is_ticking)
{
	const struct itimerspec period = {.it_interval = {.tv_nsec = TICK_NS},
	                                  .it_value = {.tv_nsec = TICK_NS}};
	const struct itimerspec never = {.it_value = {.tv_nsec = 0}};

	if (self->is_ticking == is_ticking)
		return;
	self->is_ticking = is_ticking;
	(void)timerfd_settime(self->timer_fd, 0, is_ticking ? &period : &never, NULL);
}

static void on_tick(void *data)
{
	struct inspector *self = data;
	uint64_t now_ns = clock_boottime_ns();
	uint64_t ticks;
	struct entry *entry;
	struct entry *next;

	if (read(self->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	HASH_ITER(hh, self->table, entry, next)
	{
		target_turn(entry->target, now_ns);
	}
	set_ticking(self, self->session_count > 0);
}

/* Made when it is first needed. False without descriptors. */
static bool has_clock(struct inspector *self)
{
	const struct collector_host *host = self->owner.host;

	if (self->timer_fd < 0)
		self->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (self->timer_fd >= 0 && self->timer_watch == NULL)
		self->timer_watch = host->watch_fd(host->context, self->timer_fd, on_tick, self);
	if (self->timer_watch == NULL)
		self->owner.sink->error(self->owner.sink->context, "inspector",
		                        COLLECTOR_ERROR_LIMIT);
	return self->timer_watch != NULL;
}

static void on_attempted(void *context, enum session_result result)
{
	struct inspector *self = context;

	self->attempts[result]++;
	if (result != SESSION_OK)
		return;
	self->session_count++;
	set_ticking(self, true);
}

static void on_released(void *context)
{
	struct inspector *self = context;

	self->session_count--;
}

/* ---- life ---- */

static void *inspector_create(const struct collector_options *options,
                              const struct collector_host *host, const struct collector_sink *sink)
{
	struct inspector *self = calloc(1, sizeof(*self));

	if (self == NULL) {
		log_errorx("no memory for the inspector collector");
		return NULL;
	}
	self->owner = (struct target_owner){.host = host,
	                                    .sink = sink,
	                                    .proc_fd = -1,
	                                    .context = self,
	                                    .attempted = on_attempted,
	                                    .released = on_released};
	self->config = options->config;
	self->owner.proc_fd = open(options->procfs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self->owner.proc_fd < 0) {
		log_error(-errno, "cannot open procfs path=%s", options->procfs_path);
		free(self);
		return NULL;
	}
	self->timer_fd = -1;
	return self;
}

static void forget(struct inspector *self, struct entry *entry)
{
	HASH_DEL(self->table, entry);
	(void)target_free(entry->target);
	free(entry);
}

static void inspector_destroy(void *data)
{
	struct inspector *self = data;
	struct entry *entry;
	struct entry *next;

	if (self == NULL)
		return;
	HASH_ITER(hh, self->table, entry, next)
	{
		forget(self, entry);
	}
	if (self->timer_watch != NULL)
		self->owner.host->unwatch_fd(self->owner.host->context, self->timer_watch);
	closep(&self->timer_fd);
	closep(&self->owner.proc_fd);
	free(self);
}

/* ---- processes come and go ---- */

static bool is_wanted(const struct inspector *self, unsigned rule)
{
	enum inspector_mode mode = self->config->inspector.mode;

	if (rule > 0 && rule <= self->config->app_count)
		mode = self->config->apps[rule - 1].inspector_mode;
	return mode != INSPECTOR_OFF;
}

static struct entry *find_entry(struct inspector *self, const struct process_key *key)
{
	struct entry *entry;

	HASH_FIND(hh, self->table, &key->pid, sizeof(key->pid), entry);
	return entry != NULL && process_key_equal(&entry->target->key, key) ? entry : NULL;
}

static struct entry *add_entry(struct inspector *self, const struct process_facts *facts)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->pid = facts->key.pid;
	entry->target = target_new(&self->owner, facts);
	if (entry->target != NULL)
		HASH_ADD(hh, self->table, pid, sizeof(entry->pid), entry);
	if (entry->target == NULL || entry->hh.tbl == NULL) {
		(void)target_free(entry->target);
		free(entry);
		return NULL;
	}
	return entry;
}

static void inspector_process_seen(void *data, const struct process_facts *facts)
{
	struct inspector *self = data;
	struct entry *entry;

	if (facts->is_log_only)
		return;
	entry = find_entry(self, &facts->key);
	if (entry == NULL)
		entry = add_entry(self, facts);
	if (entry == NULL)
		return;
	entry->target->rule = facts->rule;
}

static void inspector_process_gone(void *data, const struct process_key *key)
{
	struct inspector *self = data;
	struct entry *entry = find_entry(self, key);

	if (entry != NULL)
		forget(self, entry);
}

static void inspector_reconfigure(void *data, const struct config *config)
{
	struct inspector *self = data;

	self->config = config;
}

/* ---- searches ---- */

static void search_batch(void *data)
{
	struct batch *batch = data;
	size_t i;

	for (i = 0; i < batch->count; i++) {
		struct find_result *result = &batch->rows[i].result;
		pid_t pid = batch->rows[i].key.pid;

		find_candidates(batch->proc_fd, pid, result);
		if (result->error == 0 && result->candidate_count > 0 && !result->flags.is_open &&
		    opening_is_under_way(batch->proc_fd, pid))
			result->candidate_count = 0; /* it is to be closed again */
	}
}

static void on_batch_searched(void *data)
{
	struct batch *batch = data;
	struct inspector *self = batch->inspector;
	uint64_t now_ns = clock_boottime_ns();
	size_t i;

	for (i = 0; i < batch->count; i++) {
		struct entry *entry = find_entry(self, &batch->rows[i].key);

		if (entry != NULL && self->session_count < SESSIONS_MAX && has_clock(self))
			target_found(entry->target, &batch->rows[i].result, now_ns);
	}
	self->batch = NULL;
	free(batch);
}

/* Lets go of who is not wanted any more; fills the batch with who is due. */
static void collect_due(struct inspector *self, uint64_t now_ns, struct batch *batch)
{
	struct entry *entry;
	struct entry *next;

	HASH_ITER(hh, self->table, entry, next)
	{
		struct target *target = entry->target;

		if (!is_wanted(self, target->rule)) {
			target_release(target);
			continue;
		}
		if (batch == NULL || target->session != NULL || now_ns < target->next_search_ns ||
		    batch->count == BATCH_MAX)
			continue;
		batch->rows[batch->count++].key = target->key;
	}
}

static int inspector_pass(void *data, uint64_t now_ns)
{
	struct inspector *self = data;
	const struct collector_host *host = self->owner.host;
	struct batch *batch = NULL;
	int r = 0;

	if (self->batch == NULL)
		batch = calloc(1, sizeof(*batch));
	collect_due(self, now_ns, batch);
	if (batch == NULL || batch->count == 0) {
		free(batch);
		return 0;
	}
	batch->inspector = self;
	batch->proc_fd = self->owner.proc_fd;
	r = host->submit(host->context, search_batch, on_batch_searched, batch);
	if (r < 0)
		free(batch); /* the pool is busy: in the next pass */
	else
		self->batch = batch;
	return 0;
}

/* ---- counters ---- */

static size_t inspector_counters(void *data, struct collector_counter *ret_counters)
{
	const struct inspector *self = data;
	enum session_result result;
	size_t count = 0;

	for (result = 0; result < SESSION_RESULT_COUNT; result++)
		ret_counters[count++] =
		    (struct collector_counter){.name = "heapwatch_inspector_attach_total",
		                               .label_value = session_result_name(result),
		                               .value = (double)self->attempts[result]};
	ret_counters[count++] = (struct collector_counter){.name = "heapwatch_inspector_sessions",
	                                                   .value = (double)self->session_count};
	_Static_assert(SESSION_RESULT_COUNT + 1 <= COLLECTOR_COUNTERS_MAX, "there is room");
	return count;
}

const struct collector inspector_collector = {
    .name = "inspector",
    .create = inspector_create,
    .destroy = inspector_destroy,
    .pass = inspector_pass,
    .process_seen = inspector_process_seen,
    .process_gone = inspector_process_gone,
    .reconfigure = inspector_reconfigure,
    .counters = inspector_counters,
};
