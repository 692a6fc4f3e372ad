// SPDX-License-Identifier: MIT
/*
 * What heapwatchd says of a process is only believed where the process with its pid here started at
 * the same time: it may be the heapwatchd of another host or of another pid namespace.
 */
#include "tool/process_name.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/subject.h"
#include "lib/buf.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"
#include "tool/fetch.h"

#define PATH_MAX_BYTES    ((size_t)4096)
#define BODY_MAX_BYTES    ((size_t)16 * 1024 * 1024)
#define TIMEOUT_MS        10000
#define START_TOLERANCE_S 2.0 /* clocks of both are read at different moments */

DEFINE_CLEANUP(struct fetch, fetch_free)

static int say(char *reterr_message, int r, const char *text)
{
	(void)snprintf(reterr_message, PROCESS_NAME_MESSAGE_SIZE, "%s", text);
	return r;
}

/* /api/v1/processes/APP/SLOT with APP percent-encoded; the slot follows the last '/'. */
static void append_path(struct buf *out, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	const char *slot = strrchr(text, '/');

	buf_append_string(out, "/api/v1/processes/");
	for (; text < slot; text++)
		if (strchr(plain, *text) != NULL)
			buf_append_char(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	buf_append_string(out, slot);
}

static int get(const char *url, const char *path, struct buf *body, char *reterr_message)
{
	const struct fetch_options options = {.url = url, .path = path, .timeout_ms = TIMEOUT_MS};
	_cleanup_(fetch_freep) struct fetch *fetch = NULL;
	char message[FETCH_MESSAGE_SIZE] = "";
	enum fetch_state state = FETCH_IDLE;
	int r = fetch_new(&options, &fetch, message);

	if (r < 0)
		return say(reterr_message, r, message);
	fetch_start(fetch);
	while (state == FETCH_IDLE)
		state = fetch_wait(fetch, NULL, 0, TIMEOUT_MS, message);
	if (state == FETCH_FAILED) {
		(void)snprintf(reterr_message, PROCESS_NAME_MESSAGE_SIZE,
		               "heapwatchd, see --url: %.200s", message);
		return -EIO;
	}
	fetch_take(fetch, body);
	return 0;
}

static double local_start_seconds(pid_t pid)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	double boot_seconds = ns_to_seconds(clock_realtime_ns() - clock_boottime_ns());

	if (subject_open("/proc", pid, &subject) < 0)
		return (double)NAN;
	return boot_seconds + (double)subject.key.start_ticks / (double)sysconf(_SC_CLK_TCK);
}

static int take_pid(const struct buf *body, pid_t *ret_pid, char *reterr_message)
{
	_cleanup_(json_deletep) cJSON *json = cJSON_ParseWithLength(buf_string(body), body->length);
	double start_seconds =
	    cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "start_time"));
	uint64_t pid = 0;

	if (cdp_u64(json, "pid", &pid) < 0 || pid == 0 || pid > INT32_MAX)
		return say(reterr_message, -EIO, "heapwatchd's answer is not understood");
	/* Also when one of the two is not known. */
	if (!(fabs(local_start_seconds((pid_t)pid) - start_seconds) < START_TOLERANCE_S))
		return say(reterr_message, -ESRCH,
		           "the process that heapwatchd knows is not one of this host");
	*ret_pid = (pid_t)pid;
	return 0;
}

int process_name_resolve(const char *text, const char *url, pid_t *ret_pid,
                         char reterr_message[PROCESS_NAME_MESSAGE_SIZE])
{
	_cleanup_(buf_done) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	_cleanup_(buf_done) struct buf body = BUF_INIT(BODY_MAX_BYTES);
	uint64_t pid;
	int r;

	if (number_parse_u64(text, strlen(text), &pid) == 0 && pid > 0 && pid <= INT32_MAX) {
		*ret_pid = (pid_t)pid;
		return 0;
	}
	if (strchr(text, '/') == NULL)
		return say(reterr_message, -EINVAL, "expected PID or APP/SLOT");
	append_path(&path, text);
	if (buf_failed(&path))
		return say(reterr_message, -EINVAL, "the name is too long");
	r = get(url, buf_string(&path), &body, reterr_message);
	return r < 0 ? r : take_pid(&body, ret_pid, reterr_message);
}
