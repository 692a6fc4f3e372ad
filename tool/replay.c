// SPDX-License-Identifier: MIT
/*
 * Merges the inputs by time and feeds them to the model; the lines of one time come before its
 * /proc sample.
 */
#include "tool/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "daemon/model/model.h"
#include "daemon/scoring/scoring.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/input.h"
#include "lib/units.h"
#include "tool/lives.h"
#include "tool/recording.h"
#include "tool/timebase.h"

#define PROCESSES_MAX 4096
#define READ_SIZE     ((size_t)64 * 1024)

struct replay {
	struct replay_options options;
	struct scoring_options scoring;
	struct model *model;
	struct csv proc;
	struct csv times;
	struct stream_counts counts;
	struct heap_table heaps;
	uint64_t lines_before; /* of the files that came before this one */
	struct timebase base;
	struct lives lives;
	size_t file; /* how many were opened */
	struct process_key watched;
	bool has_watched; /* by /proc samples */
	int error;        /* sticky, of the callbacks below */
	char *message;    /* where to say it */
	size_t message_size;
};

DEFINE_CLEANUP(struct replay, replay_free)
DEFINE_CLEANUP(struct input, input_free)

struct replay *replay_new(const struct replay_options *options)
{
	_cleanup_(replay_freep) struct replay *replay = calloc(1, sizeof(*replay));
	const struct model_options model_options = {
	    .processes_max = PROCESSES_MAX,
	    .apps_max = 1,
	    .time_scale = options->time_scale,
	};

	if (replay == NULL)
		return NULL;
	replay->options = *options;
	replay->scoring.time_scale = options->time_scale;
	replay->model = model_new(&model_options);
	if (replay->model == NULL)
		return NULL;
	return TAKE_PTR(replay);
}

struct replay *replay_free(struct replay *replay)
{
	if (replay == NULL)
		return NULL;
	lives_done(&replay->lives);
	heap_table_done(&replay->heaps);
	csv_close(&replay->proc);
	csv_close(&replay->times);
	(void)model_free(replay->model);
	free(replay);
	return NULL;
}

const struct stream_counts *replay_counts(const struct replay *replay)
{
	return &replay->counts;
}

const struct heap_table *replay_heaps(const struct replay *replay)
{
	return &replay->heaps;
}

/* ---- processes ---- */

static struct process_facts facts_of(const struct replay *replay, const struct process_key *key,
                                     uint64_t start_ns)
{
	return heap_process_facts(key, start_ns, replay->options.heap_limit_bytes);
}

/* The process of this key; made when new, as of start_ns. NULL without memory or beyond bounds. */
static struct process *obtain_process(struct replay *replay, const struct process_key *key,
                                      uint64_t start_ns)
{
	struct process_facts facts = facts_of(replay, key, start_ns);
	struct process *process = model_find(replay->model, &facts.key);

	if (process == NULL && model_process_found(replay->model, start_ns, &facts) >= 0)
		process = model_find(replay->model, &facts.key);
	replay->heaps.refused_count += process == NULL;
	return process;
}

static bool is_watched_pid(const struct replay *replay, pid_t pid)
{
	return replay->has_watched && replay->watched.pid == pid;
}

static void evaluate_now(struct replay *replay, struct process *process, uint64_t at_ns)
{
	scoring_evaluate(process, at_ns, &replay->scoring);
	if (replay->options.evaluated != NULL &&
	    (!replay->has_watched || is_watched_pid(replay, process->key.pid)))
		replay->options.evaluated(replay->options.context, timebase_to_ms(at_ns), process);
}

/* All evaluations are for who asked to see them; for the last word fewer do. */
static void evaluate(struct replay *replay, struct process *process, uint64_t at_ns)
{
	bool is_due = replay->options.evaluated != NULL
	                  ? scoring_is_due(process, at_ns, &replay->scoring)
	                  : heap_evaluation_is_due(process, at_ns, &replay->scoring);

	if (is_due)
		evaluate_now(replay, process, at_ns);
}

const struct process *replay_process(const struct replay *replay)
{
	struct process *const *processes;
	const struct process *found = NULL;
	size_t count;
	size_t i;

	if (replay->has_watched)
		return model_find(replay->model, &replay->watched);
	count = model_processes(replay->model, &processes);
	for (i = 0; i < count; i++) {
		if (found == NULL || processes[i]->verdict.score > found->verdict.score)
			found = processes[i];
	}
	return found;
}

/* ---- /proc samples ---- */

static void add_sample(struct replay *replay, struct process *process, uint64_t at_ns,
                       const uint64_t values[PROC_COUNT])
{
	uint64_t anon = values[PROC_ANON] > 0 ? values[PROC_ANON] : values[PROC_RSS];
	const struct memory_sample sample = {
	    .at_ns = at_ns,
	    .rss_bytes = values[PROC_RSS],
	    .rss_shared_bytes = u64_subtract_floor(values[PROC_RSS], anon),
	    .user_cpu_ns = u64_multiply_saturating(values[PROC_USER], NS_PER_MS),
	    .system_cpu_ns = u64_multiply_saturating(values[PROC_SYSTEM], NS_PER_MS),
	    .threads = values[PROC_THREADS],
	};
	const struct memory_detail detail = {
	    .at_ns = at_ns,
	    .swap_bytes = values[PROC_SWAP],
	    .limit_bytes = replay->options.memory_limit_bytes,
	    .limit_usage_bytes = values[PROC_RSS],
	    .limit_is_cgroup = replay->options.memory_limit_bytes > 0,
	};

	model_memory_detail(replay->model, &process->key, &detail);
	model_memory(replay->model, &process->key, &sample);
}

/* Another pid than before is a new process in the place of the old one. */
static void play_sample(struct replay *replay)
{
	const uint64_t *values = replay->proc.values;
	uint64_t at_ns = timebase_from_ms(values[PROC_T]);
	const struct process_exit exit = {.at_ns = at_ns, .cause = EXIT_CAUSE_EXIT};
	const struct process_key key = {.pid = (pid_t)values[PROC_PID]};
	struct process *process;

	if (values[PROC_PID] > INT32_MAX)
		return;
	if (replay->has_watched && replay->watched.pid != (pid_t)values[PROC_PID]) {
		model_process_exited(replay->model, &replay->watched, &exit);
		replay->has_watched = false;
	}
	process = obtain_process(replay, &key, at_ns);
	if (process == NULL)
		return;
	replay->watched = process->key;
	replay->has_watched = true;
	add_sample(replay, process, at_ns, values);
	evaluate(replay, process, at_ns);
}

/* All samples before until_ns. */
static int play_samples(struct replay *replay, uint64_t until_ns)
{
	while (replay->proc.has_row && timebase_from_ms(replay->proc.values[PROC_T]) < until_ns) {
		play_sample(replay);
		if (csv_next(&replay->proc, replay->message, replay->message_size) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- lines ---- */

static struct process_key key_of(const struct replay *replay, pid_t pid)
{
	return lives_key(&replay->lives, pid);
}

/* Samples of /proc tell themselves when another process has taken the place. */
static void end_life(struct replay *replay, pid_t pid)
{
	if (replay->proc.path == NULL)
		lives_end(&replay->lives, pid);
}

/*
 * Another heap of a pid may be one of the same process, a worker's. It is another process when the
 * main heap was there before, when both were made by a main thread, as in containers that share a
 * log, or when all that is known of the pid stands in other files: pieces of one log go on with
 * the same heaps.
 */
static struct process_key key_of_new(struct replay *replay, const struct heap_row *before,
                                     pid_t pid, uint64_t address)
{
	struct process_key key = key_of(replay, pid);

	if ((before != NULL && strcmp(before->name, "main") == 0) ||
	    heap_table_has_main(&replay->heaps, &key, address) ||
	    heap_table_is_only_elsewhere(&replay->heaps, pid, replay->file))
		end_life(replay, pid);
	return key_of(replay, pid);
}

static struct heap_row *add_heap(struct replay *replay, const struct gclog_record *record,
                                 const struct process_key *key, const struct line_time *time)
{
	const struct process *process = model_find(replay->model, key);
	struct process_facts facts;
	struct heap_facts heap;
	struct heap_row *row;

	heap.start_ns = timebase_heap_start_ns(&replay->base, record->event.uptime_ns, time);
	facts = facts_of(replay, key, process != NULL ? process->start_ns : heap.start_ns);
	heap.process = &facts;
	heap.address = record->event.isolate;
	row = heap_table_add(&replay->heaps, &heap, &replay->scoring);
	if (row != NULL)
		row->family = record->family;
	return row;
}

/* The heap of a line, made when it is new; NULL without memory or beyond bounds. */
static struct heap_row *obtain_heap(struct replay *replay, const struct gclog_record *record,
                                    const struct line_time *time)
{
	struct heap_row *row = heap_table_find(&replay->heaps, record->pid, record->event.isolate);
	struct process_key key;

	if (row == NULL || heap_row_is_over(row, record->event.uptime_ns)) {
		key = key_of_new(replay, row, record->pid, record->event.isolate);
		row = add_heap(replay, record, &key, time);
	}
	if (row != NULL)
		row->file = replay->file;
	return row;
}

/*
 * The process of a heap. Beside samples of /proc, what other processes wrote into the log is no
 * part of the verdict, and processes end; without them a process stays once it was made.
 */
static struct process *process_of(struct replay *replay, struct heap_row *row)
{
	if (replay->proc.path != NULL)
		return is_watched_pid(replay, row->key.pid)
		           ? obtain_process(replay, &row->key, row->start_ns)
		           : NULL;
	if (row->process == NULL)
		row->process = obtain_process(replay, &row->key, row->start_ns);
	return row->process;
}

static void play_gc(struct replay *replay, struct heap_row *row, uint64_t at_ns,
                    const struct gc_event *event)
{
	struct process *process = process_of(replay, row);
	bool is_first = row->last_uptime_ns == 0;

	if (process != NULL)
		process_add_gc(process, at_ns, event);
	heap_row_add_gc(row, at_ns, event, &replay->scoring);
	if (process == NULL)
		return;
	if (is_first)
		heap_row_take_name(row, process);
	evaluate(replay, process, at_ns);
}

/* A line of its own clock is dated by when its heap was made. */
static void play_line_gc(struct replay *replay, const struct gclog_record *record,
                         const struct line_time *time)
{
	struct heap_row *row = obtain_heap(replay, record, time);
	uint64_t at_ns = time->recorded_ns;

	if (row == NULL)
		return;
	if (at_ns == 0)
		at_ns = u64_add_saturating(row->start_ns, record->event.uptime_ns);
	if (replay->error == 0)
		replay->error = play_samples(replay, at_ns);
	timebase_advance(&replay->base, at_ns);
	play_gc(replay, row, at_ns, &record->event);
}

/*
 * An incident may be all that is left of a process: block-buffered output is lost in an abort. A
 * heap that is out of memory is not evaluated when it is due but now; it has no later.
 */
static void play_incident(struct replay *replay, const struct gclog_record *record)
{
	bool is_fatal = record->incident == HEAP_INCIDENT_FATAL_OOM;
	struct heap_row *row = heap_table_find(&replay->heaps, record->pid, record->event.isolate);
	struct process_key key = row != NULL ? row->key : key_of(replay, record->pid);
	uint64_t at_ns = timebase_latest_ns(&replay->base);
	struct process *process;

	if (row == NULL && is_fatal)
		row = add_heap(replay, record, &key, &(struct line_time){.recorded_ns = at_ns});
	if (row != NULL)
		process_add_incident(row->alone, row->address, at_ns, record->incident);
	process = model_find(replay->model, &key);
	if (row != NULL && process == NULL && replay->proc.path == NULL)
		process = obtain_process(replay, &key, row->start_ns);
	model_incident(replay->model, &key, record->event.isolate, at_ns, record->incident);
	if (!is_fatal)
		return;
	if (process != NULL)
		evaluate_now(replay, process, at_ns);
	end_life(replay, record->pid);
}

static void play_part(struct replay *replay, const struct gclog_record *record)
{
	struct heap_row *row = heap_table_find(&replay->heaps, record->pid, record->part.isolate);
	struct process_key key = row != NULL ? row->key : key_of(replay, record->pid);
	uint64_t at_ns = timebase_latest_ns(&replay->base);

	if (row != NULL)
		process_add_heap(row->alone, at_ns, &record->part);
	model_heap(replay->model, &key, at_ns, &record->part);
}

/* Arrival of the line, 0 when not recorded. Lines are asked for in their order. */
static uint64_t line_arrival(struct replay *replay, uint64_t number)
{
	uint64_t ms;
	int result =
	    recording_arrival(&replay->times, number, &ms, replay->message, replay->message_size);

	if (result < 0)
		replay->error = result;
	return result > 0 ? timebase_from_ms(ms) : 0;
}

static void play_record(void *context, enum gclog_result result, const struct gclog_record *record,
                        const struct stream_line *line)
{
	struct replay *replay = context;
	struct line_time time;

	if (result == GCLOG_INCIDENT)
		play_incident(replay, record);
	if (result == GCLOG_HEAP)
		play_part(replay, record);
	if (result != GCLOG_GC || heap_table_knows_better(&replay->heaps, record))
		return;
	time.recorded_ns = line_arrival(replay, replay->lines_before + line->number);
	time.wall_ns = line->wall_ns;
	play_line_gc(replay, record, &time);
}

static int fail(struct replay *replay, int error, const char *path, const char *what)
{
	(void)snprintf(replay->message, replay->message_size, "%s: %s", path, what);
	return error;
}

static void tell_progress(const struct replay *replay, const struct input *input, const char *path)
{
	uint64_t read_bytes;
	uint64_t size_bytes;

	if (replay->options.progress == NULL)
		return;
	input_progress(input, &read_bytes, &size_bytes);
	replay->options.progress(replay->options.context, path, read_bytes, size_bytes);
}

static int feed_all(struct replay *replay, struct input *input, const char *path,
                    struct stream *stream)
{
	const struct stream_sink sink = {play_record, replay, &replay->counts};
	_cleanup_(freep) char *bytes = malloc(READ_SIZE);
	int length = -ENOMEM;

	while (bytes != NULL && replay->error == 0 &&
	       (length = input_read(input, bytes, READ_SIZE)) > 0) {
		stream_feed(stream, bytes, (size_t)length, &sink);
		tell_progress(replay, input, path);
	}
	if (length == 0)
		stream_finish(stream, &sink);
	return length;
}

static int read_log(struct replay *replay, const char *path)
{
	_cleanup_(input_freep) struct input *input = NULL;
	struct stream stream = {
	    .unwrap.reference = {clock_realtime_ns(), clock_zone_offset_seconds()}};
	int result = input_open(path, &input);

	if (result < 0)
		return fail(replay, result, path, strerror(-result));
	replay->file++;
	result = feed_all(replay, input, path, &stream);
	replay->lines_before += stream.line_number;
	stream_done(&stream);
	if (replay->error < 0)
		return replay->error;
	if (input_problem(input) != NULL)
		return fail(replay, result == 0 ? 1 : result, path, input_problem(input));
	return result < 0 ? fail(replay, result, path, strerror(-result)) : 0;
}

int replay_file(struct replay *replay, const char *path, char *reterr_message, size_t message_size)
{
	int result;

	replay->message = reterr_message;
	replay->message_size = message_size;
	result = recording_open_proc(&replay->proc, replay->options.proc_path, reterr_message,
	                             message_size);
	if (result < 0)
		return result;
	result = recording_open_times(&replay->times, replay->options.times_path, reterr_message,
	                              message_size);
	if (result < 0)
		return result;
	return read_log(replay, path);
}

uint64_t replay_wall_ns(const struct replay *replay, uint64_t at_ns)
{
	return timebase_wall_ns(&replay->base, at_ns);
}

/* Reports speak as of the end, not as of the last evaluation that was due. */
static void evaluate_last(struct replay *replay, struct process *process)
{
	uint64_t latest_ns = timebase_latest_ns(&replay->base);
	uint64_t at_ns = process->scored_ns > latest_ns ? process->scored_ns : latest_ns;

	if (process->needs_scoring || process->scored_ns == 0)
		scoring_evaluate(process, at_ns, &replay->scoring);
}

int replay_finish(struct replay *replay, char *reterr_message, size_t message_size)
{
	struct process *const *processes;
	size_t count;
	size_t i;
	int result;

	replay->message = reterr_message;
	replay->message_size = message_size;
	result = play_samples(replay, UINT64_MAX);
	if (result < 0)
		return result;
	for (i = 0; i < replay->heaps.count; i++)
		evaluate_last(replay, replay->heaps.rows[i].alone);
	count = model_processes(replay->model, &processes);
	replay->heaps.refused_count += count == 0 && replay->heaps.count > 0;
	for (i = 0; i < count; i++)
		evaluate_last(replay, processes[i]);
	return 0;
}
