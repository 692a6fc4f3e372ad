// SPDX-License-Identifier: MIT
/*
 * One walk through the journal for all processes. Where a process stands is the time of its latest
 * entry and how many entries of that time were read: journald gives all that it takes at once the
 * same time. So the walk may begin again at an earlier entry whenever a process comes to it.
 */
#include "collectors/gclog/journal_logs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/hash.h"
#include "collectors/gclog/journal.h"
#include "collectors/gclog/reader.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/pack.h"
#include "lib/units.h"

#define SLICE_NS       (4 * NS_PER_MS)
#define SLICE_ENTRIES  2000 /* should the clock stand still */
#define AWAITED_PASSES 12   /* a process that was known before heapwatch was started */
#define GONE_PASSES    2    /* one that has exited */
#define REST_PASSES    12   /* after the journal has failed: a minute */
/* A process that has printed so much without a collection is not about to print one. */
#define QUIET_ENTRIES 10000

enum journal_log_state { LOG_AWAITED, LOG_ALIVE, LOG_QUIET, LOG_GONE };

struct journal_position {
	uint64_t at_us;
	uint64_t count; /* of the entries of that time */
};

struct journal_log {
	struct process_key key;
	enum journal_log_state state;
	struct file_identity socket;
	bool traces_gc; /* it was told to, or a collection was seen */
	uint64_t entry_count;
	unsigned left_passes; /* when awaited or gone */
	uint64_t start_us;    /* of the process: an earlier entry is of another one with its pid */
	uint64_t since_us;    /* a walk need not begin before */
	struct journal_position met;  /* in this walk */
	struct journal_position read; /* what comes up to here was handed on */
	struct journal_position safe; /* the same, without the pieces of an unfinished line */
	struct stream stream;
	UT_hash_handle hh;
};

static struct journal_log *log_find(const struct journal_logs *logs, pid_t pid)
{
	struct journal_log *log;

	HASH_FIND(hh, logs->table, &pid, sizeof(pid), log);
	return log;
}

static bool is_read(const struct journal_log *log)
{
	return log->state == LOG_ALIVE || log->state == LOG_GONE;
}

static bool is_any_read(const struct journal_logs *logs)
{
	const struct journal_log *log;

	for (log = logs->table; log != NULL; log = log->hh.next)
		if (is_read(log))
			return true;
	return false;
}

static void log_remove(struct journal_logs *logs, struct journal_log *log)
{
	HASH_DEL(logs->table, log);
	stream_done(&log->stream);
	free(log);
}

static int log_add(struct journal_logs *logs, const struct process_key *key,
                   struct journal_log **ret_log)
{
	struct journal_log *log = log_find(logs, key->pid);

	if (log != NULL && process_key_equal(&log->key, key)) {
		*ret_log = log;
		return 0;
	}
	if (log != NULL)
		log_remove(logs, log); /* the pid was reused before it was told */
	if (HASH_COUNT(logs->table) >= JOURNAL_LOGS_MAX)
		return -EMFILE;
	log = calloc(1, sizeof(*log));
	if (log == NULL)
		return -ENOMEM;
	log->key = *key;
	log->left_passes = AWAITED_PASSES;
	HASH_ADD(hh, logs->table, key.pid, sizeof(log->key.pid), log);
	if (HASH_IS_LEFT_OUT(log, hh)) {
		free(log);
		return -ENOMEM;
	}
	*ret_log = log;
	return 0;
}

/* ---- the journal ---- */

static void close_journal(struct journal_logs *logs)
{
	const struct collector_host *host = logs->reader->host;

	if (logs->watch != NULL)
		host->unwatch_fd(host->context, logs->watch);
	logs->watch = NULL;
	logs->is_warm = false;
	logs->journal = journal_close(logs->journal);
}

/* What has failed may be there again later. */
static void give_up_journal(struct journal_logs *logs, int error)
{
	reader_report_errno(logs->reader, error);
	log_warn(error, "cannot read the journal, retrying in a minute");
	close_journal(logs);
	logs->rest_passes = REST_PASSES;
}

static void on_journal(void *data)
{
	struct journal_logs *logs = data;

	journal_settle(logs->journal);
	if (journal_logs_slice(logs))
		logs->more(logs->context);
}

static void tell_permission(struct journal_logs *logs)
{
	if (logs->has_told_permission || journal_check_access(logs->rootfs_path) >= 0)
		return;
	logs->has_told_permission = true;
	reader_report(logs->reader, COLLECTOR_ERROR_PERMISSION);
	log_warn(-EACCES, "cannot read the journal of the system, to which a process prints; "
	                  "members of the group systemd-journal may");
}

/* A job of the pool. It stays when the logs go while it is under way. */
struct journal_warming {
	struct journal_logs *logs; /* NULL: gone */
	char rootfs_path[];
};

static void warm(void *data)
{
	const struct journal_warming *warming = data;

	journal_warm(warming->rootfs_path);
}

static void on_warm(void *data)
{
	struct journal_warming *warming = data;
	struct journal_logs *logs = warming->logs;

	free(warming);
	if (logs == NULL)
		return;
	logs->warming = NULL;
	logs->is_warm = true;
	logs->more(logs->context);
}

/* Of a journal with many files, each is opened and mapped: nothing for the loop to wait for. */
static void begin_warming(struct journal_logs *logs)
{
	const struct collector_host *host = logs->reader->host;
	size_t size = strlen(logs->rootfs_path) + 1;
	struct journal_warming *warming = malloc(sizeof(*warming) + size);
	int error = -ENOMEM;

	if (warming != NULL) {
		warming->logs = logs;
		memcpy(warming->rootfs_path, logs->rootfs_path, size);
		logs->warming = warming;
		error = host->submit(host->context, warm, on_warm, warming);
	}
	if (error == 0)
		return;
	free(warming); /* the queue is full: at the next pass */
	logs->warming = NULL;
	logs->rest_passes = 1;
}

static bool open_journal(struct journal_logs *logs)
{
	const struct collector_host *host = logs->reader->host;
	int error;

	if (logs->journal != NULL)
		return true;
	if (logs->rest_passes > 0 || logs->warming != NULL)
		return false;
	if (!logs->is_warm) {
		begin_warming(logs);
		return false;
	}
	error = journal_open(&logs->journal, logs->rootfs_path);
	if (error < 0) {
		logs->journal = NULL;
		give_up_journal(logs, error);
		return false;
	}
	tell_permission(logs);
	if (journal_fd(logs->journal) >= 0)
		logs->watch =
		    host->watch_fd(host->context, journal_fd(logs->journal), on_journal, logs);
	logs->needs_select = true;
	return true;
}

/* Begins a walk at the earliest place at which a process stands. */
static bool select_entries(struct journal_logs *logs)
{
	pid_t pids[JOURNAL_LOGS_MAX];
	uint64_t since_us = UINT64_MAX;
	struct journal_log *log;
	size_t count = 0;
	int error;

	for (log = logs->table; log != NULL; log = log->hh.next) {
		uint64_t at_us = log->since_us > log->read.at_us ? log->since_us : log->read.at_us;

		if (!is_read(log))
			continue;
		log->met = (struct journal_position){0, 0};
		if (at_us < since_us)
			since_us = at_us;
		pids[count++] = log->key.pid;
	}
	logs->needs_select = false;
	error = journal_select(logs->journal, pids, count, since_us);
	if (error < 0) {
		give_up_journal(logs, error);
		return false;
	}
	return true;
}

/* ---- entries ---- */

static bool is_new(struct journal_log *log, uint64_t at_us)
{
	if (at_us != log->met.at_us)
		log->met = (struct journal_position){at_us, 0};
	log->met.count++;
	if (at_us < log->start_us || at_us < log->read.at_us)
		return false;
	return at_us > log->read.at_us || log->met.count > log->read.count;
}

static void feed(struct journal_logs *logs, struct journal_log *log,
                 const struct journal_entry *entry)
{
	struct reader *reader = logs->reader;
	const uint64_t gc_count = reader->line_counts.gc;
	struct reader_text text = {log->socket,
	                           u64_add_saturating(entry->at_us * NS_PER_US, logs->suspended_ns),
	                           entry->message, entry->length};

	reader_take_text(reader, &log->stream, &text);
	text.bytes = "\n";
	text.length = 1;
	if (!entry->is_unfinished)
		reader_take_text(reader, &log->stream, &text);
	log->traces_gc = log->traces_gc || reader->line_counts.gc > gc_count;
	if (!log->traces_gc && ++log->entry_count >= QUIET_ENTRIES) {
		log->state = LOG_QUIET;
		logs->needs_select = true;
	}
}

static void take(struct journal_logs *logs, const struct journal_entry *entry)
{
	struct journal_log *log = log_find(logs, entry->pid);

	logs->latest_us = entry->at_us;
	if (log == NULL || !is_read(log) || !is_new(log, entry->at_us))
		return;
	feed(logs, log, entry);
	log->read = log->met;
	if (stream_unfinished_bytes(&log->stream) == 0)
		log->safe = log->met;
}

/* All that was written by now was met, so the next walk need not begin before it. */
static void settle(struct journal_logs *logs)
{
	struct journal_log *log;

	for (log = logs->table; log != NULL; log = log->hh.next)
		if (log->state != LOG_AWAITED && log->since_us < logs->latest_us)
			log->since_us = logs->latest_us;
}

bool journal_logs_slice(struct journal_logs *logs)
{
	uint64_t end_ns = clock_boottime_ns() + SLICE_NS;
	struct journal_entry entry;
	unsigned count;

	logs->has_more = false;
	if (!is_any_read(logs)) {
		close_journal(logs);
		return false;
	}
	if (!open_journal(logs))
		return false;
	if (logs->needs_select && !select_entries(logs))
		return false;
	for (count = 0; count < SLICE_ENTRIES && !logs->needs_select; count++) {
		int result = journal_next(logs->journal, &entry);

		if (result == 0) {
			settle(logs);
			return false;
		}
		if (result == -EBADMSG) {
			reader_report(logs->reader, COLLECTOR_ERROR_PARSE);
		} else if (result < 0) {
			give_up_journal(logs, result);
			return false;
		} else {
			take(logs, &entry);
		}
		if (clock_boottime_ns() >= end_ns)
			break;
	}
	logs->has_more = true;
	return true;
}

bool journal_logs_wait(const struct journal_logs *logs)
{
	return logs->has_more ||
	       (logs->needs_select && logs->rest_passes == 0 && logs->warming == NULL);
}

/* ---- processes ---- */

static void begin(struct journal_logs *logs, struct journal_log *log,
                  const struct process_facts *facts)
{
	uint64_t monotonic_ns = clock_monotonic_ns(); /* first: it must not seem to be ahead */

	logs->suspended_ns = u64_subtract_floor(clock_boottime_ns(), monotonic_ns);
	log->start_us = u64_subtract_floor(facts->start_ns, logs->suspended_ns) / NS_PER_US;
	log->since_us = log->start_us;
	log->traces_gc = facts->traces_gc;
	log->state = LOG_ALIVE;
	log->stream.unwrap.reference =
	    (struct wall_reference){clock_realtime_ns(), clock_zone_offset_seconds()};
	logs->needs_select = true;
	logs->more(logs->context);
}

void journal_logs_init(struct journal_logs *logs, struct reader *reader, const char *rootfs_path,
                       void (*more)(void *context), void *context)
{
	*logs = (struct journal_logs){
	    .reader = reader, .rootfs_path = rootfs_path, .more = more, .context = context};
}

int journal_logs_add(struct journal_logs *logs, const char *procfs_path,
                     const struct process_facts *facts)
{
	struct journal_log *log = log_find(logs, facts->key.pid);
	struct file_identity socket;
	char path[PATH_MAX];
	int error;

	if (!journal_is_built_in() || facts->stdout_file.inode != 0)
		return -ENOENT;
	if (log == NULL || log->state == LOG_AWAITED ||
	    !process_key_equal(&log->key, &facts->key)) {
		(void)snprintf(path, sizeof(path), "%s/%d", procfs_path, (int)facts->key.pid);
		error = journal_find_stdout(path, logs->reader->buffer,
		                            sizeof(logs->reader->buffer), &socket);
		if (error < 0)
			return error;
		error = log_add(logs, &facts->key, &log);
		if (error < 0)
			return error;
		log->socket = socket;
		begin(logs, log, facts);
	}
	attribution_set_stdout(logs->reader->attribution, &log->key, &log->socket);
	return 0;
}

void journal_logs_gone(struct journal_logs *logs, const struct process_key *key)
{
	struct journal_log *log = log_find(logs, key->pid);

	if (log == NULL || !process_key_equal(&log->key, key))
		return;
	log->left_passes = GONE_PASSES;
	if (log->state == LOG_ALIVE)
		log->state = LOG_GONE;
	else
		log_remove(logs, log);
	if (journal_logs_slice(logs))
		logs->more(logs->context);
}

void journal_logs_pass(struct journal_logs *logs)
{
	struct journal_log *log;
	struct journal_log *next;

	if (logs->rest_passes > 0)
		logs->rest_passes--;
	HASH_ITER(hh, logs->table, log, next)
	{
		if (log->state != LOG_AWAITED && log->state != LOG_GONE)
			continue;
		if (log->left_passes > 0)
			log->left_passes--;
		else if (!logs->has_more || log->state == LOG_AWAITED)
			log_remove(logs, log);
	}
}

void journal_logs_done(struct journal_logs *logs)
{
	while (logs->table != NULL)
		log_remove(logs, logs->table);
	if (logs->warming != NULL)
		logs->warming->logs = NULL;
	logs->warming = NULL;
	close_journal(logs);
}

/* ---- over a restart ---- */

void journal_logs_pack(const struct journal_logs *logs, struct buf *out)
{
	const struct journal_log *log;

	pack_u64(out, HASH_COUNT(logs->table));
	for (log = logs->table; log != NULL; log = log->hh.next) {
		pack_u64(out, (uint64_t)log->key.pid);
		pack_u64(out, log->key.start_ticks);
		pack_u64(out, log->safe.at_us);
		pack_u64(out, log->safe.count);
		pack_bytes(out, &log->stream.channels[UNWRAP_STDOUT].parser,
		           sizeof(struct gclog_parser));
	}
}

void journal_logs_unpack(struct journal_logs *logs, struct unpack *in)
{
	uint64_t count;

	for (count = unpack_u64(in); count > 0 && !in->has_failed; count--) {
		const uint64_t pid = unpack_u64(in);
		const struct process_key key = {(pid_t)pid, unpack_u64(in)};
		struct journal_position position;
		struct journal_log *log;
		const char *parser;
		size_t length;

		position.at_us = unpack_u64(in);
		position.count = unpack_u64(in);
		parser = unpack_bytes(in, &length);
		if (in->has_failed || pid > INT32_MAX || log_add(logs, &key, &log) < 0)
			return;
		log->safe = position;
		log->read = position;
		if (length == sizeof(struct gclog_parser))
			memcpy(&log->stream.channels[UNWRAP_STDOUT].parser, parser, length);
	}
}
