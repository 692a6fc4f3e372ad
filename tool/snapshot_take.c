// SPDX-License-Identifier: MIT
/*
 * heapwatch snapshot take: a heap snapshot of a running process into a file, and never by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/inspector/heap_snapshot.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/inspect.h"
#include "tool/process_name.h"
#include "tool/snapshot_words.h"
#include "tool/terminal.h"

struct take {
	struct snapshot_series *series;
	bool is_tty;  /* of stderr */
	bool is_told; /* what went wrong */
	int fd;       /* of the one that is being taken; -1: none is */
};

static void on_estimated(void *context, const struct heap_snapshot_estimate *estimate)
{
	char heap[UNIT_TEXT_SIZE], needed[UNIT_TEXT_SIZE], left[UNIT_TEXT_SIZE] = "unknown";

	(void)context;
	if (estimate->available_bytes != UINT64_MAX)
		(void)size_format(left, (double)estimate->available_bytes);
	(void)fprintf(stderr,
	              "heapwatch: heap %s: the application stands still for about %.1f to %.1f s, "
	              "and may need %s of memory (left: %s)\n",
	              size_format(heap, (double)estimate->heap_bytes),
	              ns_to_seconds(estimate->pause_min_ns), ns_to_seconds(estimate->pause_max_ns),
	              size_format(needed, (double)estimate->needed_bytes), left);
}

static void on_progress(void *context, const struct heap_snapshot_progress *progress)
{
	const struct take *take = context;
	char written[UNIT_TEXT_SIZE];

	if (!take->is_tty)
		return;
	(void)fprintf(stderr, "\rwritten %s",
	              size_format(written, (double)progress->written_bytes));
	if (progress->written_bytes == 0 && progress->total_count > 0)
		(void)fprintf(stderr, ", looked at %.0f %% of the objects",
		              100 * (double)progress->done_count / (double)progress->total_count);
	(void)fputs(" \033[K", stderr);
}

/* A file of that name is not overwritten: it may be the one to compare with. */
static int on_begin(void *context, int *ret_fd, uint64_t *ret_available_bytes)
{
	struct take *take = context;
	struct snapshot_series *series = take->series;
	char *name = series->names[series->taken];

	if (series->paths[series->taken] == NULL) {
		(void)snprintf(name, SNAPSHOT_NAME_SIZE, "heap-%d-%llu.heapsnapshot", series->pid,
		               (unsigned long long)(clock_realtime_ns() / NS_PER_SECOND));
		series->paths[series->taken] = name;
	}
	take->fd = open(series->paths[series->taken], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	                S_IRUSR | S_IWUSR);
	if (take->fd < 0) {
		int error = errno;

		take->is_told = true;
		(void)fprintf(stderr, "heapwatch: %s: %s\n", series->paths[series->taken],
		              strerror(error));
		return -error;
	}
	*ret_fd = take->fd;
	*ret_available_bytes = heap_snapshot_available("/proc", "/", series->pid);
	return 0;
}

static void clear_progress(const struct take *take)
{
	if (take->is_tty)
		(void)fputs("\r\033[K", stderr);
}

static int on_complete(void *context)
{
	struct take *take = context;
	struct snapshot_series *series = take->series;
	char next[UNIT_TEXT_SIZE];

	if (fsync(take->fd) < 0)
		return -errno;
	(void)close(take->fd);
	take->fd = -1;
	clear_progress(take);
	series->taken++;
	if (series->taken < series->count)
		(void)fprintf(stderr, "heapwatch: wrote %s; the next one follows in %s\n",
		              series->paths[series->taken - 1],
		              duration_format(next, series->interval_ns));
	return 0;
}

static int run(void *context, const struct access *access, char reterr_message[ACCESS_MESSAGE_SIZE])
{
	struct take *take = context;
	const struct heap_snapshot_options options = {
	    .count = take->series->count,
	    .interval_ns = take->series->interval_ns,
	    .is_forced = take->series->options->force,
	    .context = take,
	    .begin = on_begin,
	    .complete = on_complete,
	    .estimated = on_estimated,
	    .progress = on_progress,
	};

	return heap_snapshot_take(&options, access, reterr_message);
}

static void give_up(struct take *take, const char *message)
{
	const struct snapshot_series *series = take->series;

	clear_progress(take);
	if (!take->is_told)
		(void)fprintf(stderr, "heapwatch: pid %d: %s\n", series->pid, message);
	if (take->fd < 0)
		return;
	(void)close(take->fd);
	(void)unlink(series->paths[series->taken]); /* it is torn */
}

int snapshot_take_series(struct snapshot_series *series)
{
	struct take take = {
	    .series = series, .is_tty = terminal_of(STDERR_FILENO).is_tty, .fd = -1};
	const struct inspect_request request = {
	    .pid = series->pid,
	    .may_signal = strcmp(series->options->inspector, "signal") == 0,
	    .context = &take,
	    .run = run,
	};
	char message[ACCESS_MESSAGE_SIZE] = "";

	if (inspect_process(&request, message) == 0)
		return STATUS_OK;
	give_up(&take, message);
	return STATUS_FAILURE;
}

bool snapshot_find_process(const struct snapshot_options *options, const char *name, pid_t *ret_pid,
                           int *reterr_status)
{
	char message[PROCESS_NAME_MESSAGE_SIZE];
	int r = process_name_resolve(name, options->url, ret_pid, message);

	if (r == 0)
		return true;
	(void)fprintf(stderr, "heapwatch: %s: %s\n", name, message);
	*reterr_status = r == -EINVAL ? STATUS_USAGE : STATUS_FAILURE;
	return false;
}

int snapshot_take(const struct snapshot_options *options, char **operands, int count)
{
	struct snapshot_series series = {
	    .options = options, .count = 1, .paths = {count > 1 ? operands[1] : NULL}};
	int status;

	if (!snapshot_find_process(options, operands[0], &series.pid, &status))
		return status;
	status = snapshot_take_series(&series);
	if (status == STATUS_OK)
		(void)printf("%s\n", series.paths[0]);
	return status;
}
