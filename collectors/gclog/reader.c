// SPDX-License-Identifier: MIT
/*
 * The way of a line: read from a file, parsed, given to its process, dated, and handed on.
 */
#include "collectors/gclog/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "collectors/gclog/compressed.h"
#include "collectors/gclog/copies.h"
#include "collectors/gclog/survey.h"
#include "lib/clock.h"
#include "lib/units.h"

#define TURN_BUFFERS  4  /* of one file, before the next file's turn */
#define SLICE_BUFFERS 64 /* of all files: 4 MiB, should the clock stand still */
#define SLICE_NS      (8 * NS_PER_MS)
/* Stamps may leave out what is below a second, and the clock of the wall may have been set. */
#define STAMP_SLACK_NS (2 * NS_PER_SECOND)
/* A log that was written to so recently has a writer. */
#define STILL_ALIVE_NS (5 * NS_PER_MINUTE)
/* So long the past of trace events waits for a text that tells the same collections better. */
#define TEXT_FIRST_NS (10 * NS_PER_SECOND)
/* So many processes or lines a step of a pass takes with the others in one turn of the loop. */
#define PASS_AT_ONCE 128

void reader_report(struct reader *self, enum collector_error error)
{
	self->sink->error(self->sink->context, self->collector_name, error);
}

void reader_report_errno(struct reader *self, int error)
{
	if (error >= 0)
		return;
	if (error == -EACCES || error == -EPERM)
		reader_report(self, COLLECTOR_ERROR_PERMISSION);
	else if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOSPC)
		reader_report(self, COLLECTOR_ERROR_LIMIT);
	else if (error != -ENOENT && error != -EINVAL && error != -ESTALE && error != -EOPNOTSUPP)
		reader_report(self, COLLECTOR_ERROR_READ); /* the others: gone, or never a log */
}

/* ---- records ---- */

/* A past line is dated by the stamp of its wrapper, when that fits the start of the process. */
static uint64_t date(struct isolate_clocks *clocks, const struct held_record *record)
{
	const struct line_origin *origin = &record->origin;
	uint64_t born_ns = u64_subtract_floor(record->written_ns, origin->uptime_ns);

	if (!record->is_live && record->written_ns != 0 &&
	    u64_add_saturating(born_ns, STAMP_SLACK_NS) >= clocks->start_ns)
		return isolate_clocks_date(clocks, record->event.isolate, origin->uptime_ns,
		                           record->written_ns, true);
	return isolate_clocks_date(clocks, record->event.isolate, origin->uptime_ns,
	                           origin->arrival_ns, record->is_live);
}

static void note_stranger(struct stranger *stranger, const struct held_record *record)
{
	stranger->last_line_ns = record->origin.arrival_ns;
	if (record->result == GCLOG_GC && record->event.isolate == stranger->isolate)
		stranger->last_uptime_ns = record->origin.uptime_ns;
	if (record->result == GCLOG_INCIDENT && record->incident == HEAP_INCIDENT_FATAL_OOM)
		stranger->has_died = true;
}

/* A process that is visible comes first; a stranger that turns out to be one is none any more. */
static const struct process_key *find_process(struct reader *self, const struct held_record *record,
                                              struct isolate_clocks **ret_clocks)
{
	const struct line_origin *origin = &record->origin;
	const struct process_key *key = attribution_find(self->attribution, origin, ret_clocks);
	struct stranger *stranger = NULL;
	struct log_file *file;

	if (self->strangers.count > 0)
		stranger = strangers_find(&self->strangers, &origin->file, record->life);
	if (key != NULL) {
		file = self->file;
		if (file == NULL || file->tail.identity.inode != origin->file.inode)
			file = log_files_find(&self->files, &origin->file);
		if (file != NULL)
			file->has_process = true;
		if (stranger != NULL)
			strangers_end(&self->strangers, stranger, origin->arrival_ns);
		return key;
	}
	if (stranger == NULL)
		return NULL;
	note_stranger(stranger, record);
	*ret_clocks = &stranger->clocks;
	return &stranger->key;
}

static bool deliver(void *context, const struct held_record *record)
{
	struct reader *self = context;
	const struct line_origin *origin = &record->origin;
	struct isolate_clocks *clocks;
	const struct process_key *key = find_process(self, record, &clocks);
	uint64_t at_ns;

	if (key == NULL)
		return false;
	if (record->result == GCLOG_GC) {
		if (!isolate_clocks_is_first(clocks, record->is_trace_event, record->is_live))
			return true;
		at_ns = date(clocks, record);
		self->sink->gc(self->sink->context, key, at_ns, &record->event);
		return true;
	}
	at_ns =
	    record->is_live || clocks->last_at_ns == 0 ? origin->arrival_ns : clocks->last_at_ns;
	if (record->result == GCLOG_HEAP)
		self->sink->heap(self->sink->context, key, at_ns, &record->part);
	else
		self->sink->incident(self->sink->context, key, record->event.isolate, at_ns,
		                     record->incident);
	return true;
}

static void report_lost(struct reader *self, size_t count)
{
	while (count-- > 0)
		reader_report(self, COLLECTOR_ERROR_UNATTRIBUTED);
}

/* Records that wait go first, so that a process gets its own in order. */
static void offer_held(struct reader *self)
{
	uint64_t generation = attribution_generation(self->attribution);

	if (self->held.count == 0 || generation == self->held_generation)
		return;
	self->held_generation = generation;
	held_offer(&self->held, deliver, self);
}

/* The boot time of a stamp; 0 without one, or when it is of the future or from before the boot. */
static uint64_t written_ns(const struct reader *self, uint64_t wall_ns)
{
	if (wall_ns == 0 || wall_ns > self->arrival_wall_ns)
		return 0;
	return u64_subtract_floor(self->arrival_ns, self->arrival_wall_ns - wall_ns);
}

/*
 * Nobody came for it. A line that was there before the log was first read speaks of a process only
 * when that may still live: when its life is the latest of a log that was just written to.
 */
static void meet_stranger(void *context, const struct held_record *record)
{
	struct reader *self = context;
	const struct log_file *file = log_files_find(&self->files, &record->origin.file);
	const char *path = file == NULL ? NULL : file->path != NULL ? file->path : file->last_path;
	const struct strange_line line = {
	    .file = record->origin.file,
	    .path = path,
	    .pid = record->origin.pid,
	    .life = record->life,
	    .isolate = record->event.isolate,
	    .uptime_ns = record->origin.uptime_ns,
	    .arrival_ns = record->origin.arrival_ns,
	};

	if (record->result != GCLOG_GC || record->life == 0 || path == NULL || file->has_process ||
	    attribution_holds(self->attribution, &line.file) ||
	    strangers_find(&self->strangers, &line.file, line.life) != NULL)
		return;
	if (!record->is_live && (record->life != file->lives.latest_number ||
	                         clock_realtime_ns() > file->tail.modified_ns + STILL_ALIVE_NS))
		return;
	(void)strangers_meet(&self->strangers, &line); /* else the line is lost, and counted */
}

/* The life that printed it, 0 when that cannot be told. */
static uint64_t life_of(struct reader *self, enum gclog_result result,
                        const struct gclog_record *record)
{
	const struct life_line line = {record->pid, record->family, record->event.isolate,
	                               record->event.uptime_ns};
	const struct life_isolate *isolate;
	const struct life *life;

	if (self->file == NULL)
		return 0;
	if (result == GCLOG_GC)
		life = life_table_place(&self->file->lives, &line, &isolate);
	else
		life = life_table_find(&self->file->lives, record->pid, record->event.isolate);
	return life != NULL ? life->number : 0;
}

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct reader *self = context;
	struct held_record held = {
	    .origin = {.file = self->source,
	               .pid = record->pid,
	               .uptime_ns = record->event.uptime_ns,
	               .arrival_ns = self->arrival_ns},
	    .event = record->event,
	    .incident = record->incident,
	    .part = record->part,
	    .result = result,
	    .is_live = self->is_live,
	    .is_trace_event = record->family == GCLOG_FAMILY_TRACE_EVENTS,
	    .written_ns = written_ns(self, line->wall_ns),
	};

	if (result != GCLOG_GC && result != GCLOG_INCIDENT && result != GCLOG_HEAP)
		return;
	held.life = life_of(self, result, record);
	if (!self->is_live && self->file->survey != NULL &&
	    survey_is_over(self->file->survey, held.life)) {
		report_lost(self, 1); /* its pid may be another's by now */
		return;
	}
	offer_held(self);
	if (!deliver(self, &held))
		report_lost(self, held_push(&self->held, &held));
}

/* ---- reading ---- */

static struct stream_sink sink_of(struct reader *self)
{
	return (struct stream_sink){on_record, self, &self->line_counts};
}

static void begin(struct reader *self, struct log_file *file)
{
	self->file = file;
	self->source = file->tail.identity;
	self->is_live = file->is_caught_up;
	self->arrival_ns = self->host->now_ns(self->host->context);
	self->arrival_wall_ns = 0;
	if (self->is_live)
		return;
	self->arrival_wall_ns = clock_realtime_ns();
	file->stream.unwrap.reference =
	    (struct wall_reference){self->arrival_wall_ns, clock_zone_offset_seconds()};
}

/*
 * Before its past is read, one reading to learn of whom it is. True when that is over, or cannot be
 * had.
 */
static bool survey_turn(struct reader *self, struct log_file *file)
{
	int turn;

	if (file->survey == NULL)
		file->survey = survey_new(&file->tail, &file->stream, &file->lives);
	if (file->survey == NULL || survey_is_finished(file->survey))
		return true;
	if (!survey_is_of(file->survey, &file->tail)) {
		file->survey = survey_free(file->survey);
		return false;
	}
	for (turn = 0; turn < TURN_BUFFERS; turn++)
		if (!survey_read(file->survey, self->buffer, sizeof(self->buffer)))
			break;
	return false;
}

/* The looks of every few passes come back to it. */
static bool is_delayed(const struct reader *self, struct log_file *file)
{
	char head[sizeof(TRACE_EVENTS_HEAD) - 1];
	uint64_t now_ns = self->host->now_ns(self->host->context);

	if (file->tail.offset > 0 || file->tail.is_pipe)
		return false;
	if (file->delayed_until_ns == 0 &&
	    pread(file->tail.fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    memcmp(head, TRACE_EVENTS_HEAD, sizeof(head)) == 0)
		file->delayed_until_ns = now_ns + TEXT_FIRST_NS;
	return now_ns < file->delayed_until_ns;
}

/* What the copy of a truncated file has beyond what was read of that. An unfinished line stays in
 * the stream: its end is the start of the file. */
static int copy_turn(struct reader *self, struct log_file *file)
{
	const struct stream_sink sink = sink_of(self);
	int turn;

	begin(self, file);
	for (turn = 0; turn < TURN_BUFFERS && copies_are_due(file); turn++) {
		int length = copies_read(&self->files, file, self->buffer, sizeof(self->buffer));

		if (length > 0)
			stream_feed(&file->stream, self->buffer, (size_t)length, &sink);
		reader_report_errno(self, length < 0 ? length : 0);
	}
	file->idle_passes = 0;
	self->file = NULL;
	return 1; /* the file itself */
}

/* One turn of one file. Positive: there is more; 0: read to its end; negative errno. */
static int read_turn(struct reader *self, struct log_file *file)
{
	const struct stream_sink sink = sink_of(self);
	int result;
	int turn;

	file->is_held = attribution_holds(self->attribution, &file->tail.identity);
	result = copies_look(&self->files, file);
	if (result > 0 && copies_are_due(file))
		return copy_turn(self, file);
	if (result > 0 && is_delayed(self, file))
		return 0;
	if (result > 0 && !file->is_caught_up && !survey_turn(self, file))
		return 1;
	begin(self, file);
	for (turn = 0; turn < TURN_BUFFERS && result > 0; turn++) {
		bool is_head = file->tail.offset == 0;

		file->idle_passes = 0;
		result = copies_read(&self->files, file, self->buffer, sizeof(self->buffer));
		if (is_head && result > 0 && compressed_is(self->buffer, (size_t)result)) {
			result = -EOPNOTSUPP; /* it was empty still when it was opened */
			break;
		}
		if (result > 0)
			stream_feed(&file->stream, self->buffer, (size_t)result, &sink);
		if (result >= 0 && result < (int)sizeof(self->buffer))
			result = 0;
	}
	if (result == 0) {
		file->is_caught_up = true;
		file->survey = survey_free(file->survey);
	}
	self->file = NULL;
	return result;
}

void reader_take_text(struct reader *self, struct stream *stream, const struct reader_text *text)
{
	const struct stream_sink sink = sink_of(self);

	self->file = NULL;
	self->source = text->source;
	self->is_live = true;
	self->arrival_ns = text->written_ns;
	self->arrival_wall_ns = 0;
	self->files.counters.read_bytes += text->length;
	stream_feed(stream, text->bytes, text->length, &sink);
}

static void unwatch(struct reader *self, struct log_file *file)
{
	if (file->watch != NULL)
		self->host->unwatch_fd(self->host->context, file->watch);
	file->watch = NULL;
}

/* Nothing more will come: a last line without newline is a line. */
void reader_close(struct reader *self, struct log_file *file)
{
	const struct stream_sink sink = sink_of(self);

	unwatch(self, file);
	begin(self, file);
	stream_finish(&file->stream, &sink);
	self->file = NULL;
	log_files_close(&self->files, file);
}

/* A file that is closed for such an error would be read from its start when it is opened again. */
static bool may_pass(int error)
{
	return error == -EIO || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Reads ready files in turn until the slice is used up; true when some are left. */
/* ---- a pass ---- */

static bool pass_step(struct reader *self)
{
	if (self->step == READER_MEET) {
		offer_held(self);
		held_visit_last(&self->held, meet_stranger, self);
	} else if (self->step == READER_OFFER) {
		if (self->strangers.count > 0)
			held_offer(&self->held, deliver, self);
		report_lost(self, held_pass(&self->held));
	} else {
		if (!strangers_pass(&self->strangers, self->host->now_ns(self->host->context)))
			return false;
		attribution_pass(self->attribution);
	}
	return true;
}

/* One step where there is much to do, else all of them. */
static void pass_some(struct reader *self)
{
	bool is_much = self->held.count > PASS_AT_ONCE || self->strangers.count > PASS_AT_ONCE;

	do
		if (pass_step(self))
			self->step = self->step == READER_END ? READER_IDLE : self->step + 1;
	while (self->step != READER_IDLE && !is_much);
}

bool reader_has_more(const struct reader *self)
{
	return self->files.ready != NULL || self->step != READER_IDLE;
}

bool reader_slice(struct reader *self)
{
	uint64_t end_ns = self->host->now_ns(self->host->context) + SLICE_NS;
	unsigned turns = SLICE_BUFFERS / TURN_BUFFERS;

	if (self->step != READER_IDLE)
		pass_some(self);
	while (self->files.ready != NULL) {
		struct log_file *file = log_files_next(&self->files);
		int result = read_turn(self, file);

		if (result < 0) {
			reader_report_errno(self, result);
			if (!may_pass(result)) /* else the next look tries again */
				reader_close(self, file);
		} else if (result > 0) {
			log_files_ready(&self->files, file);
			turns--;
		}
		if (turns == 0 || self->host->now_ns(self->host->context) >= end_ns)
			break;
	}
	return reader_has_more(self);
}

void reader_drain(struct reader *self, const struct file_identity *identity)
{
	struct log_file *file = log_files_find(&self->files, identity);
	uint64_t end_ns = self->host->now_ns(self->host->context) + SLICE_NS;
	int turns = SLICE_BUFFERS / TURN_BUFFERS;

	if (file == NULL)
		return;
	while (turns-- > 0 && read_turn(self, file) > 0)
		if (self->host->now_ns(self->host->context) >= end_ns)
			break;
	log_files_ready(&self->files, file);
}

bool reader_pass(struct reader *self)
{
	if (self->step == READER_IDLE)
		self->step = READER_MEET;
	pass_some(self);
	return self->step != READER_IDLE;
}

size_t reader_counters(const struct reader *self, struct collector_counter *ret_counters)
{
	const struct tail_counters *counters = &self->files.counters;
	const struct collector_counter values[] = {
	    {"heapwatch_gclog_lines_total", "gc", (double)self->line_counts.gc},
	    {"heapwatch_gclog_lines_total", "other", (double)self->line_counts.other},
	    {"heapwatch_gclog_lines_total", "torn", (double)self->line_counts.torn},
	    {"heapwatch_gclog_bytes_total", NULL, (double)counters->read_bytes},
	    {"heapwatch_gclog_files", NULL, (double)self->files.count},
	    {"heapwatch_gclog_truncations_total", NULL, (double)counters->truncation_count},
	    {"heapwatch_gclog_lost_bytes_total", NULL, (double)counters->lost_bytes},
	};

	_Static_assert(sizeof(values) / sizeof(values[0]) <= COLLECTOR_COUNTERS_MAX,
	               "room for all counters");
	memcpy(ret_counters, values, sizeof(values));
	return sizeof(values) / sizeof(values[0]);
}

void reader_done(struct reader *self)
{
	struct log_file *file;

	for (file = self->files.by_identity; file != NULL; file = file->by_identity.next)
		unwatch(self, file);
	log_files_done(&self->files);
	held_done(&self->held);
	strangers_done(&self->strangers);
	(void)attribution_free(self->attribution);
}
