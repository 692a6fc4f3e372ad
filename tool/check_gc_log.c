// SPDX-License-Identifier: MIT
/*
 * Reads a file as the daemon does, through the same stream, and counts.
 */
#include "tool/check_gc_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/input.h"
#include "tool/command.h"

#define CHUNK_BYTES   ((size_t)64 * 1024)
#define PROCESSES_MAX 1024 /* told apart */
#define LETTERS       128  /* a family is an ASCII letter */

DEFINE_CLEANUP(struct input, input_free)

struct findings {
	struct stream_counts counts;
	uint64_t incident_count;
	bool has_family[LETTERS];
	bool is_stamped; /* lines carry the time at which a log collector took them */
	pid_t pids[PROCESSES_MAX];
	size_t pid_count;
};

static void note_pid(struct findings *findings, pid_t pid)
{
	size_t i;

	for (i = findings->pid_count; i > 0; i--) /* the latest come again most often */
		if (findings->pids[i - 1] == pid)
			return;
	if (findings->pid_count < PROCESSES_MAX)
		findings->pids[findings->pid_count++] = pid;
}

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct findings *findings = context;

	if (result == GCLOG_INCIDENT)
		findings->incident_count++;
	if (result != GCLOG_GC)
		return;
	if (record->family > 0)
		findings->has_family[(unsigned char)record->family % LETTERS] = true;
	findings->is_stamped = findings->is_stamped || line->wall_ns != 0;
	note_pid(findings, record->pid);
}

/* False with a message on stderr. */
static bool read_log(const char *path, struct findings *findings)
{
	const struct stream_sink sink = {on_record, findings, &findings->counts};
	_cleanup_(input_freep) struct input *input = NULL;
	_cleanup_(freep) struct stream *stream = calloc(1, sizeof(*stream));
	_cleanup_(freep) char *chunk = malloc(CHUNK_BYTES);
	const char *problem;
	int length = -ENOMEM;

	if (stream != NULL && chunk != NULL)
		length = input_open(path, &input);
	if (length == 0) {
		while ((length = input_read(input, chunk, CHUNK_BYTES)) > 0)
			stream_feed(stream, chunk, (size_t)length, &sink);
		stream_finish(stream, &sink);
	}
	if (stream != NULL)
		stream_done(stream);
	problem = input != NULL ? input_problem(input) : NULL;
	if (length == 0 && problem == NULL)
		return true;
	(void)fprintf(stderr, "%s: %s\n", path, problem != NULL ? problem : strerror(-length));
	return false;
}

static void describe(const struct findings *findings, struct buf *out)
{
	const char *separator = "; printed by Node ";
	int letter;

	buf_printf(
	    out, "%" PRIu64 " collections, %" PRIu64 " torn lines, %" PRIu64 " other lines; %zu %s",
	    findings->counts.gc, findings->counts.torn, findings->counts.other, findings->pid_count,
	    findings->pid_count == 1 ? "pid" : "pids");
	if (findings->incident_count > 0)
		buf_printf(out, "; incidents: %" PRIu64, findings->incident_count);
	for (letter = 'A'; letter <= 'Z'; letter++)
		if (findings->has_family[letter]) {
			buf_printf(out, "%s%s", separator, gclog_family_versions((char)letter));
			separator = " or ";
		}
	if (findings->is_stamped)
		buf_append_string(out, "; stamped by a log collector");
}

int check_gc_log(const char *path, char *ret_detail, size_t detail_size)
{
	_cleanup_(freep) struct findings *findings = calloc(1, sizeof(*findings));
	struct buf detail = BUF_INIT(detail_size);

	if (findings == NULL) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(ENOMEM));
		return STATUS_USAGE;
	}
	if (!read_log(path, findings))
		return STATUS_USAGE;
	if (findings->counts.gc == 0) {
		(void)fprintf(stderr, "%s: no collection among %" PRIu64 " lines\n", path,
		              findings->counts.other + findings->counts.torn);
		return STATUS_USAGE;
	}
	describe(findings, &detail);
	(void)snprintf(ret_detail, detail_size, "%s", buf_string(&detail));
	buf_done(&detail);
	return STATUS_OK;
}
