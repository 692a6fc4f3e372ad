// SPDX-License-Identifier: MIT
#include "collectors/inspector/heap_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "collectors/proc/cgroup.h"
#include "collectors/proc/stat.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/units.h"

#define ATTACH_TIMEOUT_NS   (15 * NS_PER_SECOND)
#define CALL_TIMEOUT_NS     (20 * NS_PER_SECOND)
#define TAKE_TIMEOUT_NS     NS_PER_HOUR
#define MESSAGE_LIMIT_BYTES ((size_t)16 * 1024 * 1024) /* chunks are of 1 MiB, before escapes */
/* For a byte of heap: measured, and a third of it for a machine that has nothing else to do. */
#define PAUSE_MIN_NS_PER_KIB UINT64_C(35000)
#define PAUSE_MAX_NS_PER_KIB UINT64_C(300000)

/* Constants of ours. */
static const char evaluate_heap[] = "{\"expression\":\"({heap:process.memoryUsage().heapUsed})\","
                                    "\"returnByValue\":true,\"silent\":true}";
static const char take_params[] = "{\"reportProgress\":true}";

struct taking {
	const struct heap_snapshot_options *options;
	struct heap_snapshot_progress progress;
	int fd;
	int error; /* of write(2) */
};

DEFINE_CLEANUP(struct dialogue, dialogue_close)

struct heap_snapshot_estimate heap_snapshot_estimate(uint64_t heap_bytes, uint64_t available_bytes)
{
	uint64_t heap_kib = heap_bytes / KIB;

	return (struct heap_snapshot_estimate){
	    .heap_bytes = heap_bytes,
	    .needed_bytes = u64_multiply_saturating(heap_bytes, HEAP_SNAPSHOT_HEADROOM),
	    .available_bytes = available_bytes,
	    .pause_min_ns = u64_multiply_saturating(heap_kib, PAUSE_MIN_NS_PER_KIB),
	    .pause_max_ns = u64_multiply_saturating(heap_kib, PAUSE_MAX_NS_PER_KIB),
	};
}

/* ---- what the process says ---- */

static int take_heap(void *context, const struct cJSON *result)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(result, "result"), "value");

	return cdp_u64(value, "heap", context);
}

static void write_chunk(struct taking *taking, const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && taking->error == 0) {
		ssize_t written = write(taking->fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			taking->error = -errno;
			return;
		}
		text += written;
		length -= (size_t)written;
		taking->progress.written_bytes += (uint64_t)written;
	}
}

static void on_event(void *context, const char *method, const struct cJSON *params)
{
	struct taking *taking = context;

	if (strcmp(method, "HeapProfiler.addHeapSnapshotChunk") == 0)
		write_chunk(taking, cdp_string(params, "chunk"));
	else if (strcmp(method, "HeapProfiler.reportHeapSnapshotProgress") != 0 ||
	         cdp_u64(params, "done", &taking->progress.done_count) < 0 ||
	         cdp_u64(params, "total", &taking->progress.total_count) < 0)
		return;
	if (taking->options->progress != NULL)
		taking->options->progress(taking->options->context, &taking->progress);
}

/* ---- the conversation ---- */

static int check_room(struct dialogue *dialogue, const struct heap_snapshot_options *options,
                      uint64_t available_bytes, char *reterr_message)
{
	uint64_t heap_bytes = 0;
	const struct dialogue_call call = {.method = "Runtime.evaluate",
	                                   .params = evaluate_heap,
	                                   .timeout_ns = CALL_TIMEOUT_NS,
	                                   .context = &heap_bytes,
	                                   .take = take_heap};
	struct heap_snapshot_estimate estimate;
	char needed[UNIT_TEXT_SIZE], available[UNIT_TEXT_SIZE];
	int r = dialogue_call(dialogue, &call);

	if (r < 0)
		return r;
	estimate = heap_snapshot_estimate(heap_bytes, available_bytes);
	if (options->estimated != NULL)
		options->estimated(options->context, &estimate);
	if (options->is_forced || estimate.available_bytes >= estimate.needed_bytes)
		return 0;
	(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE,
	               "it could need %s of memory, of which %s are left: it might be killed",
	               size_format(needed, (double)estimate.needed_bytes),
	               size_format(available, (double)estimate.available_bytes));
	return -ENOMEM;
}

static int take_one(struct dialogue *dialogue, struct taking *taking, char *reterr_message)
{
	const struct heap_snapshot_options *options = taking->options;
	const struct dialogue_call enable = {.method = "HeapProfiler.enable",
	                                     .timeout_ns = CALL_TIMEOUT_NS};
	const struct dialogue_call take = {.method = "HeapProfiler.takeHeapSnapshot",
	                                   .params = take_params,
	                                   .timeout_ns = TAKE_TIMEOUT_NS};
	const struct dialogue_call discard = {.method = "Runtime.discardConsoleEntries",
	                                      .timeout_ns = CALL_TIMEOUT_NS};
	uint64_t available_bytes = UINT64_MAX;
	int r = options->begin(options->context, &taking->fd, &available_bytes);

	taking->progress = (struct heap_snapshot_progress){0};
	if (r == 0)
		r = check_room(dialogue, options, available_bytes, reterr_message);
	if (r == 0)
		r = dialogue_call(dialogue, &enable);
	if (r == 0)
		r = dialogue_call(dialogue, &take);
	if (r == 0)
		r = dialogue_call(dialogue, &discard);
	if (r == 0)
		r = taking->error;
	return r == 0 ? options->complete(options->context) : r;
}

static int converse(struct dialogue *dialogue, struct taking *taking, char *reterr_message)
{
	const struct heap_snapshot_options *options = taking->options;
	unsigned i;
	int r = 0;

	for (i = 0; i < options->count && r == 0; i++) {
		if (i > 0)
			r = dialogue_wait(dialogue, clock_boottime_ns() + options->interval_ns);
		if (r == 0)
			r = take_one(dialogue, taking, reterr_message);
	}
	return r;
}

static int describe(const struct dialogue *dialogue, int r, char *reterr_message)
{
	if (reterr_message[0] != '\0')
		return r;
	if (r == -ECONNRESET)
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE, "the conversation ended: %s",
		               session_result_name(dialogue_result(dialogue)));
	else if (r == -EREMOTEIO)
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE, "the process refused: %s",
		               dialogue_message(dialogue));
	else
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE, "%s", strerror(-r));
	return r;
}

int heap_snapshot_take(const struct heap_snapshot_options *options, const struct access *access,
                       char reterr_message[ACCESS_MESSAGE_SIZE])
{
	struct taking taking = {.options = options};
	const struct dialogue_options dialogue_options = {
	    .session = {.address = access->address,
	                .inner_pid = access->inner_pid,
	                .attach_timeout_ns = ATTACH_TIMEOUT_NS,
	                .message_limit_bytes = MESSAGE_LIMIT_BYTES},
	    .cancel_fd = access->cancel_fd,
	    .context = &taking,
	    .event = on_event,
	};
	enum session_result why = SESSION_OK;
	_cleanup_(dialogue_closep) struct dialogue *dialogue =
	    dialogue_open(&dialogue_options, &why);
	int r;

	reterr_message[0] = '\0';
	if (dialogue == NULL) {
		(void)snprintf(reterr_message, ACCESS_MESSAGE_SIZE, "cannot attach: %s",
		               why == SESSION_OK ? "cancelled" : session_result_name(why));
		if (why == SESSION_OK)
			return -ECANCELED;
		return why == SESSION_UNREACHABLE || why == SESSION_NOT_INSPECTOR ? -ECONNREFUSED
		                                                                  : -EIO;
	}
	r = converse(dialogue, &taking, reterr_message);
	return r < 0 ? describe(dialogue, r, reterr_message) : 0;
}

/* ---- the memory that is left ---- */

static uint64_t left_in_cgroups(int proc_fd, const char *rootfs_path, pid_t pid)
{
	_cleanup_(freep) char *text = malloc(CGROUP_TEXT_SIZE);
	struct cgroups *cgroups = cgroups_new(proc_fd, rootfs_path);
	struct cgroup_limit limit = {.limit_bytes = 0};
	struct cgroup_paths paths;
	struct cgroup *cgroup = NULL;
	char name[32];
	size_t length;

	(void)snprintf(name, sizeof(name), "%d/cgroup", pid);
	if (text != NULL && cgroups != NULL &&
	    file_read_text_at(proc_fd, name, text, CGROUP_TEXT_SIZE, &length) == 0 &&
	    cgroup_paths_parse(text, &paths) == 0)
		cgroup = cgroups_get(cgroups, &paths);
	if (cgroup != NULL)
		limit = cgroup_read_limit(cgroup, clock_boottime_ns());
	cgroup_release(cgroup);
	(void)cgroups_free(cgroups);
	return limit.is_cgroup ? u64_subtract_floor(limit.limit_bytes, limit.usage_bytes)
	                       : UINT64_MAX;
}

uint64_t heap_snapshot_available(const char *procfs_path, const char *rootfs_path, pid_t pid)
{
	_cleanup_(closep) int proc_fd = open(procfs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[8192];
	uint64_t host_kib = UINT64_MAX, host_bytes, cgroup_bytes;
	size_t length;

	if (proc_fd < 0)
		return UINT64_MAX;
	if (file_read_text_at(proc_fd, "meminfo", text, sizeof(text), &length) < 0 ||
	    text_find_number(text, length, "MemAvailable:", &host_kib) < 0)
		host_kib = UINT64_MAX;
	host_bytes = u64_multiply_saturating(host_kib, KIB);
	cgroup_bytes = left_in_cgroups(proc_fd, rootfs_path, pid);
	return cgroup_bytes < host_bytes ? cgroup_bytes : host_bytes;
}
