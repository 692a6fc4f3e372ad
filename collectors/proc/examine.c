// SPDX-License-Identifier: MIT
/*
 * The worker touches nothing but its batch. An examiner that is freed with jobs in flight lives on
 * without callbacks until the last of them is done.
 */
#include "collectors/proc/examine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define BATCH_SIZE        16
#define BATCHES_AT_A_TIME 2

struct request {
	pid_t pid;
	struct executable_key key;
};

struct batch {
	struct examiner *examiner;
	int proc_fd;
	bool has_pidfds;
	const char *procfs_path; /* the examiner outlives the batch */
	const char *rootfs_path;
	size_t count;
	struct candidate candidates[BATCH_SIZE];
};

struct examiner {
	struct examiner_options options; /* paths are owned, proc_fd is a duplicate */
	char *procfs_path;
	char *rootfs_path;
	struct executables *executables;
	struct request *queue; /* ring of EXAMINE_QUEUE_MAX */
	size_t queue_head;
	size_t queue_count;
	unsigned in_flight_count;
	bool is_closed;
};

static void destroy(struct examiner *examiner)
{
	closep(&examiner->options.proc_fd);
	free(examiner->procfs_path);
	free(examiner->rootfs_path);
	free(examiner->queue);
	(void)executables_free(examiner->executables);
	free(examiner);
}

struct examiner *examiner_new(const struct examiner_options *options)
{
	struct examiner *examiner = calloc(1, sizeof(*examiner));

	if (examiner == NULL)
		return NULL;
	examiner->options = *options;
	examiner->options.proc_fd = fcntl(options->proc_fd, F_DUPFD_CLOEXEC, 3);
	examiner->procfs_path = strdup(options->procfs_path);
	examiner->rootfs_path = strdup(options->rootfs_path);
	examiner->executables = executables_new();
	examiner->queue = calloc(EXAMINE_QUEUE_MAX, sizeof(*examiner->queue));
	if (examiner->options.proc_fd < 0 || examiner->procfs_path == NULL ||
	    examiner->rootfs_path == NULL || examiner->executables == NULL ||
	    examiner->queue == NULL) {
		destroy(examiner);
		return NULL;
	}
	return examiner;
}

struct examiner *examiner_free(struct examiner *examiner)
{
	if (examiner == NULL)
		return NULL;
	examiner->is_closed = true;
	if (examiner->in_flight_count == 0)
		destroy(examiner);
	return NULL;
}

const struct executable *examiner_executable(struct examiner *examiner,
                                             const struct executable_key *key)
{
	return executables_find(examiner->executables, key);
}

/* ---- on a pool thread ---- */

/* Many processes of one program are found at once: what this batch has learnt is not read again. */
static int learn_executable(const struct batch *batch, struct candidate *candidate,
                            int directory_fd)
{
	const struct candidate *other;

	for (other = batch->candidates; other < candidate; other++) {
		if (other->is_known && executable_key_equal(&other->key, &candidate->key)) {
			candidate->executable = other->executable;
			candidate->is_known = true;
			return 0;
		}
	}
	return executable_inspect(directory_fd, &candidate->key, &candidate->executable);
}

static int examine(const struct batch *batch, struct candidate *candidate)
{
	_cleanup_(closep) int directory_fd =
	    identity_open_directory(batch->proc_fd, candidate->pid);
	struct facts_source source = {.directory_fd = directory_fd,
	                              .pid = candidate->pid,
	                              .procfs_path = batch->procfs_path,
	                              .rootfs_path = batch->rootfs_path};
	int r;

	if (directory_fd < 0)
		return directory_fd;
	if (!candidate->is_known) {
		r = learn_executable(batch, candidate, directory_fd);
		if (r < 0)
			return r;
		candidate->is_known = true;
	}
	if (!candidate->executable.is_node)
		return 0;
	r = identity_open(directory_fd, candidate->pid, batch->has_pidfds, &candidate->identity);
	if (r < 0)
		return r;
	source.is_single_executable = candidate->executable.is_single_executable;
	return facts_collect(&source, &candidate->facts);
}

static void work(void *data)
{
	struct batch *batch = data;
	size_t i;

	for (i = 0; i < batch->count; i++)
		batch->candidates[i].error = examine(batch, &batch->candidates[i]);
}

/* ---- on the loop ---- */

static void deliver(struct examiner *examiner, struct candidate *candidate)
{
	if (!examiner->is_closed) {
		if (candidate->is_known)
			executables_put(examiner->executables, &candidate->key,
			                &candidate->executable);
		examiner->options.examined(examiner->options.context, candidate);
	}
	identity_close(&candidate->identity);
	facts_done(&candidate->facts);
}

static void done(void *data)
{
	struct batch *batch = data;
	struct examiner *examiner = batch->examiner;
	size_t i;

	examiner->in_flight_count--;
	for (i = 0; i < batch->count; i++)
		deliver(examiner, &batch->candidates[i]);
	free(batch);
	if (examiner->is_closed) {
		if (examiner->in_flight_count == 0)
			destroy(examiner);
		return;
	}
	examiner->options.batch_done(examiner->options.context);
	examiner_submit(examiner);
}

bool examiner_add(struct examiner *examiner, pid_t pid, const struct executable_key *key)
{
	size_t index;

	if (examiner->queue_count >= EXAMINE_QUEUE_MAX)
		return false;
	index = (examiner->queue_head + examiner->queue_count++) % EXAMINE_QUEUE_MAX;
	examiner->queue[index] = (struct request){.pid = pid, .key = *key};
	return true;
}

static void fill(struct examiner *examiner, struct batch *batch)
{
	size_t left = examiner->queue_count;

	batch->examiner = examiner;
	batch->proc_fd = examiner->options.proc_fd;
	batch->has_pidfds = examiner->options.has_pidfds;
	batch->procfs_path = examiner->procfs_path;
	batch->rootfs_path = examiner->rootfs_path;
	for (; batch->count < BATCH_SIZE && left > 0; left--) {
		const struct request *request =
		    &examiner->queue[(examiner->queue_head + batch->count) % EXAMINE_QUEUE_MAX];
		struct candidate *candidate = &batch->candidates[batch->count++];
		const struct executable *known =
		    executables_find(examiner->executables, &request->key);
		*candidate = (struct candidate){
		    .pid = request->pid, .key = request->key, .identity = IDENTITY_INIT};
		if (known != NULL) {
			candidate->executable = *known;
			candidate->is_known = true;
		}
	}
}

void examiner_submit(struct examiner *examiner)
{
	const struct collector_host *host = examiner->options.host;

	while (examiner->queue_count > 0 && examiner->in_flight_count < BATCHES_AT_A_TIME) {
		struct batch *batch = calloc(1, sizeof(*batch));
		size_t count;
		if (batch == NULL)
			return;
		fill(examiner, batch);
		count = batch->count;
		if (host->submit(host->context, work, done, batch) < 0) {
			free(batch); /* the pool is busy: at the next pass */
			return;
		}
		examiner->in_flight_count++;
		examiner->queue_head = (examiner->queue_head + count) % EXAMINE_QUEUE_MAX;
		examiner->queue_count -= count;
	}
}
