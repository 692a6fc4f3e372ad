// SPDX-License-Identifier: MIT
/*
 * The gclog collector: which files are followed, when they are read, and where the records go.
 * Reading is done in slices of a few milliseconds; what is left is continued by a timer, so that a
 * long history is caught up with between passes without holding up the loop.
 */
#include "collectors/gclog/gclog.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "collectors/gclog/containers.h"
#include "collectors/gclog/globs.h"
#include "collectors/gclog/journal_logs.h"
#include "collectors/gclog/pipes.h"
#include "collectors/gclog/probes.h"
#include "collectors/gclog/reader.h"
#include "collectors/gclog/run_logs.h"
#include "collectors/gclog/watch.h"
#include "config/config.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/pack.h"

#define PAUSE_READING_NS  (5 * NS_PER_MS)   /* between two slices */
#define PAUSE_WATCHING_NS (100 * NS_PER_MS) /* after events, or a busy directory keeps us busy */
#define LOOK_PASSES       4                 /* between two looks at everything */
#define PROBES_PER_PASS   16
#define IDLE_NAMED_PASSES 60 /* a file that nobody holds and nothing names: five minutes */
#define IDLE_LOST_PASSES  12 /* one that was rotated away */

struct gclog {
	struct reader reader;
	const struct collector_host *host;
	struct collector_options options;
	struct watches *watches;
	struct globs globs;
	struct run_logs run_logs;
	bool has_read_stdin; /* or does */
	struct probes probes;
	struct container_logs containers;
	struct journal_logs journal;
	uint64_t pass_count;
	bool needs_expansion;
	bool needs_look;
	bool needs_container_look;
	bool has_told_compressed;

	struct collector_watch *events_watch; /* of the inotify descriptor; NULL while paused */
	int timer_fd;
	struct collector_watch *timer_watch;
};

/* ---- following ---- */

static void catch_up(struct gclog *self);

static void on_pipe(void *context, struct log_file *file)
{
	struct gclog *self = context;

	log_files_ready(&self->reader.files, file);
	catch_up(self);
}

static void follow_configured(void *context, const char *path)
{
	struct gclog *self = context;
	int error;

	error = log_files_follow(&self->reader.files, path, true);
	/* who reads a FIFO takes it from others: only one that was asked for by its name */
	if (error == -EINVAL && globs_name(&self->globs, path))
		error = pipe_follow(&self->reader, path, on_pipe, self);
	if (error == -EOPNOTSUPP && !self->has_told_compressed) {
		self->has_told_compressed = true;
		log_info("compressed files are not followed, ignoring path=%s and its like", path);
	}
	reader_report_errno(&self->reader, error);
}

static void expand(struct gclog *self)
{
	self->needs_expansion = false;
	(void)watches_retry(self->watches); /* new ones are looked at right here */
	/* one more than can be followed, so that it is tried and counted */
	reader_report_errno(&self->reader,
	                    globs_expand(&self->globs, LOG_FILES_MAX + 1, follow_configured, self));
}

/* Its name may have been rotated away from it: then it is reached through the process. */
static void follow_stdout(struct gclog *self, const struct process_key *key,
                          const struct file_identity *identity, const char *path)
{
	char held_path[PATH_MAX];
	int error = log_files_follow(&self->reader.files, path, false);

	if (log_files_find(&self->reader.files, identity) == NULL) {
		(void)snprintf(held_path, sizeof(held_path), "%s/%d/fd/1",
		               self->options.procfs_path, (int)key->pid);
		error = log_files_follow_unnamed(&self->reader.files, held_path, identity);
	}
	if (error < 0)
		reader_report_errno(&self->reader, error);
}

/* A runtime writes what comes from a process into another file than before, or for the first time.
 */
static void on_container_log(void *context, const struct container_log *log)
{
	struct gclog *self = context;
	const struct process_facts facts = {
	    .key = log->key, .stdout_file = log->identity, .stdout_path = log->path};

	attribution_set_stdout(self->reader.attribution, &log->key, &log->identity);
	if (log_files_find(&self->reader.files, &log->identity) != NULL)
		return;
	if (log_files_find(&self->reader.files, &log->previous) != NULL)
		follow_stdout(self, &log->key, &log->identity, log->path);
	else
		reader_report_errno(&self->reader, probes_add(&self->probes, &facts));
}

static void look_at_containers(struct gclog *self)
{
	self->needs_container_look = false;
	if (self->options.config->gc_log.follow_stdout)
		reader_report_errno(&self->reader,
		                    container_logs_look(&self->containers, on_container_log, self));
}

static void look_into_probes(struct gclog *self)
{
	struct probe *probe;
	int budget = PROBES_PER_PASS;

	while (budget-- > 0 && (probe = probes_next(&self->probes)) != NULL) {
		int result;

		if (!attribution_holds(self->reader.attribution, &probe->identity)) {
			probes_remove(&self->probes, probe);
			continue;
		}
		result = probe_look(probe, self->reader.buffer, sizeof(self->reader.buffer));
		if (result > 0)
			follow_stdout(self, &probe->key, &probe->identity, probe->path);
		else if (result < 0)
			reader_report_errno(&self->reader, result);
		if (result != 0)
			probes_remove(&self->probes, probe);
	}
}

static void mark_used(void *context, const struct file_identity *identity)
{
	struct gclog *self = context;
	struct log_file *file = log_files_find(&self->reader.files, identity);

	if (file != NULL)
		file->idle_passes = 0;
}

/* Lets go of files that nothing names and nobody writes to. */
static void retire_files(struct gclog *self)
{
	struct log_file *file;
	struct log_file *next;

	attribution_visit_files(self->reader.attribution, mark_used, self);
	HASH_ITER(by_identity, self->reader.files.by_identity, file, next)
	{
		unsigned limit = file->path != NULL ? IDLE_NAMED_PASSES : IDLE_LOST_PASSES;

		if (!file->is_configured && !file->is_ready && ++file->idle_passes > limit)
			reader_close(&self->reader, file);
	}
}

/* ---- waking up ---- */

static void on_events(void *data);

static void arm_timer(struct gclog *self, uint64_t delay_ns)
{
	struct itimerspec in = {.it_value = {.tv_nsec = (long)delay_ns}};

	if (self->timer_watch != NULL)
		(void)timerfd_settime(self->timer_fd, 0, &in, NULL); /* cannot fail: valid value */
}

static void on_more(void *context)
{
	arm_timer(context, PAUSE_READING_NS);
}

static void pause_events(struct gclog *self)
{
	if (self->events_watch != NULL)
		self->host->unwatch_fd(self->host->context, self->events_watch);
	self->events_watch = NULL;
}

static void resume_events(struct gclog *self)
{
	if (self->events_watch == NULL && watches_fd(self->watches) >= 0)
		self->events_watch = self->host->watch_fd(
		    self->host->context, watches_fd(self->watches), on_events, self);
}

static void on_event(void *context, enum watch_event event, const char *directory, const char *name)
{
	struct gclog *self = context;

	if (event == WATCH_OVERFLOW)
		self->needs_look = true;
	else if (log_files_touch(&self->reader.files, event, directory, name))
		self->needs_container_look |= event == WATCH_RENAMED;
	else if (event == WATCH_RENAMED)
		self->needs_expansion = true;
}

static void look_at_everything(struct gclog *self)
{
	self->needs_look = false;
	expand(self);
	log_files_look(&self->reader.files);
}

static void catch_up(struct gclog *self)
{
	bool has_more = journal_logs_slice(&self->journal);

	if (self->needs_look)
		look_at_everything(self);
	if (self->needs_expansion)
		expand(self);
	if (self->needs_container_look)
		look_at_containers(self);
	if (reader_slice(&self->reader) || has_more)
		arm_timer(self, PAUSE_READING_NS);
	else if (self->events_watch == NULL)
		arm_timer(self, PAUSE_WATCHING_NS);
}

/* Flow control: events are drained at most ten times a second, each file read once for many. */
static void on_events(void *data)
{
	struct gclog *self = data;

	if (self->timer_watch != NULL)
		pause_events(self);
	watches_drain(self->watches, on_event, self);
	catch_up(self);
}

static void on_timer(void *data)
{
	struct gclog *self = data;
	uint64_t expirations;

	if (read(self->timer_fd, &expirations, sizeof(expirations)) < 0)
		return; /* armed again meanwhile */
	watches_drain(self->watches, on_event, self);
	if (!reader_has_more(&self->reader) && !self->needs_look && !self->needs_expansion &&
	    !journal_logs_wait(&self->journal))
		resume_events(self);
	else
		catch_up(self);
}

/* ---- the collector ---- */

/* The standard input comes once, whatever is configured later. */
static int follow_stdin(struct gclog *self)
{
	if (self->has_read_stdin)
		return 0;
	self->has_read_stdin = true;
	return pipe_follow(&self->reader, PIPE_STDIN, on_pipe, self);
}

static void add_pattern(struct gclog *self, const char *pattern)
{
	int error = strcmp(pattern, PIPE_STDIN) == 0 ? follow_stdin(self)
	                                             : globs_add(&self->globs, pattern);

	if (error < 0)
		log_warn(error, "cannot follow GC logs, ignoring pattern=%s", pattern);
}

static void add_patterns(struct gclog *self)
{
	const struct collector_options *options = &self->options;
	size_t i;

	for (i = 0; i < options->config->gc_log.paths.count; i++)
		add_pattern(self, options->config->gc_log.paths.values[i]);
	for (i = 0; i < options->gc_log_globs.count; i++)
		add_pattern(self, options->gc_log_globs.values[i]);
	run_logs_init(&self->run_logs, options->rootfs_path);
	self->reader.files.run_logs = &self->run_logs;
	for (i = 0; i < RUN_PATTERNS_MAX; i++)
		if (self->run_logs.patterns[i][0] != '\0')
			add_pattern(self, self->run_logs.patterns[i]);
}

static void gclog_destroy(void *data)
{
	struct gclog *self = data;

	pause_events(self);
	if (self->timer_watch != NULL)
		self->host->unwatch_fd(self->host->context, self->timer_watch);
	if (self->timer_fd >= 0)
		(void)close(self->timer_fd); /* a timer: nothing to lose */
	probes_done(&self->probes);
	container_logs_done(&self->containers);
	journal_logs_done(&self->journal);
	reader_done(&self->reader);
	globs_done(&self->globs);
	(void)watches_free(self->watches);
	free(self);
}

static void *gclog_create(const struct collector_options *options,
                          const struct collector_host *host, const struct collector_sink *sink)
{
	struct gclog *self = calloc(1, sizeof(*self));

	if (self == NULL) {
		log_errorx("no memory for the gclog collector");
		return NULL;
	}
	self->host = host;
	self->reader.host = host;
	self->reader.sink = sink;
	self->reader.strangers.sink = sink;
	self->reader.strangers.config = options->config;
	self->reader.collector_name = gclog_collector.name;
	self->options = *options;
	self->containers = (struct container_logs){NULL, options->rootfs_path, sink};
	journal_logs_init(&self->journal, &self->reader, options->rootfs_path, on_more, self);
	self->watches = watches_new(); /* first: it needs a low descriptor */
	self->reader.attribution = attribution_new();
	self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (self->watches == NULL || self->reader.attribution == NULL || self->timer_fd < 0) {
		log_errorx("no memory or descriptors for the gclog collector");
		gclog_destroy(self);
		return NULL;
	}
	self->globs.watches = self->watches;
	self->reader.files.watches = self->watches;
	self->needs_look = true;
	add_patterns(self);
	self->timer_watch = host->watch_fd(host->context, self->timer_fd, on_timer, self);
	resume_events(self);
	return self;
}

/* Without a descriptor to wait on, every pass looks at everything. */
static bool is_look_due(const struct gclog *self)
{
	return self->needs_look || self->pass_count % LOOK_PASSES == 0 ||
	       watches_fd(self->watches) < 0 || self->timer_watch == NULL;
}

static int gclog_pass(void *data, uint64_t now_ns)
{
	struct gclog *self = data;

	(void)now_ns; /* arrival times are taken while reading */
	self->pass_count++;
	if (is_look_due(self))
		self->needs_look = true;
	else if (watches_retry(self->watches))
		self->needs_expansion = true;
	look_at_containers(self);
	look_into_probes(self);
	probes_pass(&self->probes);
	catch_up(self);
	journal_logs_pass(&self->journal);
	retire_files(self);
	log_files_pass(&self->reader.files);
	if (reader_pass(&self->reader))
		arm_timer(self, PAUSE_READING_NS);
	return 0;
}

static void gclog_process_seen(void *data, const struct process_facts *facts)
{
	struct gclog *self = data;
	int error;

	if (facts->is_log_only)
		return; /* one of our own */
	error = attribution_seen(self->reader.attribution, facts);
	if (error == 0 && self->options.config->gc_log.follow_stdout &&
	    facts->stdout_file.inode != 0 &&
	    log_files_find(&self->reader.files, &facts->stdout_file) == NULL) {
		if (facts->traces_gc)
			follow_stdout(self, &facts->key, &facts->stdout_file, facts->stdout_path);
		else
			error = probes_add(&self->probes, facts);
	}
	if (error == 0 && facts->stdout_file.inode == 0 && facts->container_id[0] != '\0') {
		error = container_logs_add(&self->containers, facts);
		look_at_containers(self);
	}
	if (error == 0 && self->options.config->gc_log.follow_stdout)
		error = journal_logs_add(&self->journal, self->options.procfs_path, facts);
	if (error < 0)
		reader_report_errno(&self->reader, error);
}

/* Its last words are in the file already: read them while it is known. */
static void gclog_process_gone(void *data, const struct process_key *key)
{
	struct gclog *self = data;
	struct file_identity stdout_file = attribution_gone(self->reader.attribution, key);

	container_logs_remove(&self->containers, key);
	reader_drain(&self->reader, &stdout_file);
	journal_logs_gone(&self->journal, key);
}

/* Files that neither a pattern nor a process's stdout names any more are let go. */
static void gclog_reconfigure(void *data, const struct config *config)
{
	struct gclog *self = data;
	struct log_file *file;
	struct log_file *next;

	self->options.config = config;
	strangers_reconfigure(&self->reader.strangers, config,
	                      self->host->now_ns(self->host->context));
	globs_done(&self->globs);
	add_patterns(self);
	if (!config->gc_log.follow_stdout)
		journal_logs_done(&self->journal);
	log_files_forget_configured(&self->reader.files);
	expand(self);
	HASH_ITER(by_identity, self->reader.files.by_identity, file, next)
	{
		if (!file->is_configured &&
		    (!config->gc_log.follow_stdout ||
		     !attribution_holds(self->reader.attribution, &file->tail.identity)))
			reader_close(&self->reader, file);
	}
}

#define STATE_VERSION 2

static int gclog_save(void *data, struct buf *out)
{
	const struct gclog *self = data;

	pack_u64(out, STATE_VERSION);
	attribution_pack(self->reader.attribution, out);
	log_files_pack(&self->reader.files, out);
	journal_logs_pack(&self->journal, out);
	return self->reader.held.count > 0 ? -EAGAIN : 0;
}

static void gclog_restore(void *data, const char *bytes, size_t length)
{
	struct gclog *self = data;
	struct unpack in = {bytes, bytes + length, false};

	if (unpack_u64(&in) != STATE_VERSION)
		return;
	attribution_unpack(self->reader.attribution, &in);
	log_files_unpack(&self->reader.files, &in);
	journal_logs_unpack(&self->journal, &in);
}

static size_t gclog_counters(void *data, struct collector_counter *ret_counters)
{
	const struct gclog *self = data;

	return reader_counters(&self->reader, ret_counters);
}

const struct collector gclog_collector = {
    .name = "gclog",
    .create = gclog_create,
    .destroy = gclog_destroy,
    .pass = gclog_pass,
    .process_seen = gclog_process_seen,
    .process_gone = gclog_process_gone,
    .reconfigure = gclog_reconfigure,
    .save = gclog_save,
    .restore = gclog_restore,
    .counters = gclog_counters,
};
