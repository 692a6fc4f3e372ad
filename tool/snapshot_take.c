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

#define FILE_NAME_SIZE 64

struct take {
	bool is_forced;
	bool is_tty; /* of stderr */
	pid_t pid;
	int fd;
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

static int run(void *context, const struct access *access, char reterr_message[ACCESS_MESSAGE_SIZE])
{
	struct take *take = context;
	const struct heap_snapshot_options options = {
	    .fd = take->fd,
	    .available_bytes = heap_snapshot_available("/proc", "/", take->pid),
	    .is_forced = take->is_forced,
	    .context = take,
	    .estimated = on_estimated,
	    .progress = on_progress,
	};
	int r = heap_snapshot_take(&options, access, reterr_message);

	if (take->is_tty)
		(void)fputs("\r\033[K", stderr);
	return r;
}

/* A file of that name is not overwritten: it may be the one to compare with. */
static int take_into(struct take *take, bool may_signal, const char *name)
{
	const struct inspect_request request = {
	    .pid = take->pid, .may_signal = may_signal, .context = take, .run = run};
	char message[ACCESS_MESSAGE_SIZE] = "";
	_cleanup_(closep) int fd =
	    open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd < 0) {
		(void)fprintf(stderr, "heapwatch: %s: %s\n", name, strerror(errno));
		return STATUS_FAILURE;
	}
	take->fd = fd;
	if (inspect_process(&request, message) < 0 || fsync(fd) < 0) {
		(void)fprintf(stderr, "heapwatch: pid %d: %s\n", take->pid,
		              message[0] != '\0' ? message : strerror(errno));
		(void)unlink(name); /* it is torn */
		return STATUS_FAILURE;
	}
	(void)printf("%s\n", name);
	return STATUS_OK;
}

int snapshot_take(const struct snapshot_options *options, char **operands, int count)
{
	struct take take = {.is_forced = options->force,
	                    .is_tty = terminal_of(STDERR_FILENO).is_tty};
	char message[PROCESS_NAME_MESSAGE_SIZE];
	char name[FILE_NAME_SIZE];
	bool may_signal = strcmp(options->inspector, "signal") == 0;
	int r = process_name_resolve(operands[0], options->url, &take.pid, message);

	if (r < 0) {
		(void)fprintf(stderr, "heapwatch: %s: %s\n", operands[0], message);
		return r == -EINVAL ? STATUS_USAGE : STATUS_FAILURE;
	}
	(void)snprintf(name, sizeof(name), "heap-%d-%llu.heapsnapshot", take.pid,
	               (unsigned long long)(clock_realtime_ns() / NS_PER_SECOND));
	return take_into(&take, may_signal, count > 1 ? operands[1] : name);
}
