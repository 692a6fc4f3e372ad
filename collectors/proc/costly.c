// SPDX-License-Identifier: MIT
/* See costly.h. The bucket holds ten seconds' budget, so that a pass every few seconds loses none.
 */
#include "collectors/proc/costly.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/proc/maps.h"
#include "collectors/proc/stat.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/units.h"

#define BUCKET_SECONDS   10
#define PATH_SIZE        64
#define ROLLUP_TEXT_SIZE 4096
#define MAPS_TEXT_SIZE   20480 /* a path of PATH_MAX, escaped, and the columns before it */

struct costly {
	struct costly_options options; /* proc_fd is a duplicate */
	double tokens_ns;              /* negative: a debt */
	uint64_t filled_ns;
	bool is_filled;
	bool is_closed;
	/* The job; there is one at a time. */
	bool is_in_flight;
	struct costly_read job;
	uint64_t cpu_ns;
};

static void destroy(struct costly *costly)
{
	closep(&costly->options.proc_fd);
	free(costly);
}

struct costly *costly_new(const struct costly_options *options)
{
	struct costly *costly = calloc(1, sizeof(*costly));

	if (costly == NULL)
		return NULL;
	costly->options = *options;
	costly->options.proc_fd = fcntl(options->proc_fd, F_DUPFD_CLOEXEC, 3);
	if (costly->options.proc_fd < 0) {
		free(costly);
		return NULL;
	}
	return costly;
}

struct costly *costly_free(struct costly *costly)
{
	if (costly == NULL)
		return NULL;
	costly->is_closed = true;
	if (!costly->is_in_flight)
		destroy(costly);
	return NULL;
}

static int read_rollup(int proc_fd, struct costly_read *job)
{
	char path[PATH_SIZE];
	char text[ROLLUP_TEXT_SIZE];
	uint64_t kib;
	size_t length;
	int r;

	(void)snprintf(path, sizeof(path), "%d/smaps_rollup", (int)job->key.pid);
	r = file_read_text_at(proc_fd, path, text, sizeof(text), &length);
	if (r < 0)
		return r;
	r = text_find_number(text, length, "Pss:", &kib);
	if (r < 0)
		return r;
	job->pss_bytes = u64_multiply_saturating(kib, KIB);
	return 0;
}

/* Hands on the whole lines of the text; *length becomes what is left of it at the front. */
static int read_lines(struct maps_reader *reader, char *text, size_t *length)
{
	const char *at = text;
	const char *end = text + *length;
	const char *newline;
	int r = 0;

	while (r == 0 && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		r = maps_read_line(reader, at, (size_t)(newline - at));
		at = newline + 1;
	}
	*length = (size_t)(end - at);
	memmove(text, at, *length);
	return r;
}

static int read_maps(int proc_fd, struct costly_read *job)
{
	_cleanup_(closep) int fd = -1;
	struct maps_reader reader = {.row_count = 0};
	char path[PATH_SIZE];
	char text[MAPS_TEXT_SIZE];
	size_t length = 0;
	ssize_t count;
	int r;

	(void)snprintf(path, sizeof(path), "%d/maps", (int)job->key.pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((count = read(fd, text + length, sizeof(text) - length)) > 0) {
		length += (size_t)count;
		r = read_lines(&reader, text, &length);
		if (r < 0)
			return r;
		if (length == sizeof(text))
			return -EBADMSG;
	}
	if (count < 0)
		return -errno;
	job->map = reader.map;
	return reader.row_count == 0 ? -ESRCH : 0; /* without memory: a zombie */
}

static int (*const readers[])(int proc_fd, struct costly_read *job) = {
    [COSTLY_SMAPS_ROLLUP] = read_rollup,
    [COSTLY_MAPS] = read_maps,
};
_Static_assert(sizeof(readers) / sizeof(readers[0]) == COSTLY_COUNT, "a reader per file");

/* On a pool thread. */
static void work(void *data)
{
	struct costly *costly = data;
	uint64_t start_ns = clock_thread_cpu_ns();

	costly->job.error = readers[costly->job.file](costly->options.proc_fd, &costly->job);
	costly->cpu_ns = clock_thread_cpu_ns() - start_ns;
}

static void fill_bucket(struct costly *costly, uint64_t now_ns)
{
	double limit_ns = (double)costly->options.budget_ns * BUCKET_SECONDS;
	double elapsed_seconds =
	    costly->is_filled ? ns_to_seconds(u64_subtract_floor(now_ns, costly->filled_ns)) : 1;

	costly->tokens_ns += elapsed_seconds * (double)costly->options.budget_ns;
	if (costly->tokens_ns > limit_ns)
		costly->tokens_ns = limit_ns;
	costly->filled_ns = now_ns;
	costly->is_filled = true;
}

static void job_done(void *data);

static void start(struct costly *costly, uint64_t now_ns)
{
	const struct collector_host *host = costly->options.host;

	if (costly->is_in_flight || costly->tokens_ns <= 0 ||
	    !costly->options.pick(costly->options.context, now_ns, &costly->job))
		return;
	costly->is_in_flight = host->submit(host->context, work, job_done, costly) == 0;
}

static void job_done(void *data)
{
	struct costly *costly = data;
	uint64_t now_ns;

	costly->is_in_flight = false;
	if (costly->is_closed) {
		destroy(costly);
		return;
	}
	costly->tokens_ns -= (double)costly->cpu_ns;
	now_ns = costly->options.host->now_ns(costly->options.host->context);
	costly->options.done(costly->options.context, &costly->job, now_ns);
	start(costly, now_ns);
}

void costly_set_budget(struct costly *costly, uint64_t budget_ns)
{
	costly->options.budget_ns = budget_ns;
}

void costly_turn(struct costly *costly, uint64_t now_ns)
{
	if (costly->options.budget_ns == 0)
		return;
	fill_bucket(costly, now_ns);
	start(costly, now_ns);
}
