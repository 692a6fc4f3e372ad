// SPDX-License-Identifier: MIT
/* See smaps.h. The bucket holds ten seconds' budget, so that a pass every few seconds loses none.
 */
#include "collectors/proc/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collectors/proc/stat.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/units.h"

#define BUCKET_SECONDS   10
#define ROLLUP_TEXT_SIZE 4096

struct smaps {
	struct smaps_options options; /* proc_fd is a duplicate */
	double tokens_ns;             /* negative: a debt */
	uint64_t filled_ns;
	bool is_filled;
	bool is_closed;
	/* The job; there is one at a time. */
	bool is_in_flight;
	struct process_key key;
	int error;
	uint64_t pss_bytes;
	uint64_t cpu_ns;
};

static void destroy(struct smaps *smaps)
{
	closep(&smaps->options.proc_fd);
	free(smaps);
}

struct smaps *smaps_new(const struct smaps_options *options)
{
	struct smaps *smaps = calloc(1, sizeof(*smaps));

	if (smaps == NULL)
		return NULL;
	smaps->options = *options;
	smaps->options.proc_fd = fcntl(options->proc_fd, F_DUPFD_CLOEXEC, 3);
	if (smaps->options.proc_fd < 0) {
		free(smaps);
		return NULL;
	}
	return smaps;
}

struct smaps *smaps_free(struct smaps *smaps)
{
	if (smaps == NULL)
		return NULL;
	smaps->is_closed = true;
	if (!smaps->is_in_flight)
		destroy(smaps);
	return NULL;
}

/* On a pool thread. */
static int read_rollup(const struct smaps *smaps, uint64_t *ret_bytes)
{
	char path[64];
	char text[ROLLUP_TEXT_SIZE];
	uint64_t kib;
	size_t length;
	int r;

	(void)snprintf(path, sizeof(path), "%d/smaps_rollup", (int)smaps->key.pid);
	r = file_read_text_at(smaps->options.proc_fd, path, text, sizeof(text), &length);
	if (r < 0)
		return r;
	r = text_find_number(text, length, "Pss:", &kib);
	if (r < 0)
		return r;
	*ret_bytes = u64_multiply_saturating(kib, KIB);
	return 0;
}

static void work(void *data)
{
	struct smaps *smaps = data;
	uint64_t start_ns = clock_thread_cpu_ns();

	smaps->error = read_rollup(smaps, &smaps->pss_bytes);
	smaps->cpu_ns = clock_thread_cpu_ns() - start_ns;
}

static void fill_bucket(struct smaps *smaps, uint64_t now_ns)
{
	double limit_ns = (double)smaps->options.budget_ns * BUCKET_SECONDS;
	double elapsed_seconds =
	    smaps->is_filled ? ns_to_seconds(u64_subtract_floor(now_ns, smaps->filled_ns)) : 1;

	smaps->tokens_ns += elapsed_seconds * (double)smaps->options.budget_ns;
	if (smaps->tokens_ns > limit_ns)
		smaps->tokens_ns = limit_ns;
	smaps->filled_ns = now_ns;
	smaps->is_filled = true;
}

static void done(void *data);

static void start(struct smaps *smaps, uint64_t now_ns)
{
	const struct collector_host *host = smaps->options.host;

	if (smaps->is_in_flight || smaps->tokens_ns <= 0 ||
	    !smaps->options.pick(smaps->options.context, now_ns, &smaps->key))
		return;
	smaps->is_in_flight = host->submit(host->context, work, done, smaps) == 0;
}

static void done(void *data)
{
	struct smaps *smaps = data;
	uint64_t now_ns;

	smaps->is_in_flight = false;
	if (smaps->is_closed) {
		destroy(smaps);
		return;
	}
	smaps->tokens_ns -= (double)smaps->cpu_ns;
	now_ns = smaps->options.host->now_ns(smaps->options.host->context);
	smaps->options.read(smaps->options.context, &smaps->key, smaps->error, smaps->pss_bytes,
	                    now_ns);
	start(smaps, now_ns);
}

void smaps_set_budget(struct smaps *smaps, uint64_t budget_ns)
{
	smaps->options.budget_ns = budget_ns;
}

void smaps_turn(struct smaps *smaps, uint64_t now_ns)
{
	if (smaps->options.budget_ns == 0)
		return;
	fill_bucket(smaps, now_ns);
	start(smaps, now_ns);
}
