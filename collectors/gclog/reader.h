// SPDX-License-Identifier: MIT
/*
 * Reads followed files in slices of a few milliseconds, and gives each record to its process.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_READER_H
#define HEAPWATCH_COLLECTORS_GCLOG_READER_H

#include "collectors/collector.h"
#include "collectors/gclog/attribute.h"
#include "collectors/gclog/files.h"
#include "collectors/gclog/held.h"
#include "collectors/gclog/strangers.h"

#define READER_BUFFER_BYTES ((size_t)64 * 1024)

/* Text that comes from elsewhere than a file, as it is printed. */
struct reader_text {
	struct file_identity source; /* what the process has as its stdout */
	uint64_t written_ns;
	const char *bytes;
	size_t length;
};

/* A pass, in the order of its steps. */
enum reader_step { READER_IDLE, READER_MEET, READER_OFFER, READER_END };

struct reader {
	const struct collector_host *host; /* borrowed, as are sink and name */
	const struct collector_sink *sink;
	const char *collector_name;
	struct log_files files;
	struct attribution *attribution;
	struct held held;
	struct strangers strangers;
	uint64_t held_generation; /* of attribution when held records were last offered */
	enum reader_step step;    /* of the pass that is under way */

	/* while lines are read */
	struct log_file *file; /* NULL: from elsewhere */
	struct file_identity source;
	bool is_live;
	uint64_t arrival_ns;
	uint64_t arrival_wall_ns; /* the same since 1970; 0: of no use, lines are live */

	struct stream_counts line_counts;
	char buffer[READER_BUFFER_BYTES];
};

/* Reads ready files in turn until the slice is used up, and goes on with a pass; true when more is
 * left. */
bool reader_slice(struct reader *reader);
bool reader_has_more(const struct reader *reader);
/* Reads this one now, as far as a slice goes. */
void reader_drain(struct reader *reader, const struct file_identity *identity);
void reader_take_text(struct reader *reader, struct stream *stream, const struct reader_text *text);
/* Nothing more will come: a last line without newline is a line. */
void reader_close(struct reader *reader, struct log_file *file);
/*
 * One pass over: offers what waits to processes found since, and gives up what waited too long.
 * Where that is much it is done in several turns; true when reader_slice() is to go on with it.
 */
bool reader_pass(struct reader *reader);
/* As collector.h says. */
size_t reader_counters(const struct reader *reader, struct collector_counter *ret_counters);
void reader_done(struct reader *reader);

void reader_report(struct reader *reader, enum collector_error error);
/* The same from a negative errno; 0, and what is no fault of the file's, is not reported. */
void reader_report_errno(struct reader *reader, int error);

#endif
