// SPDX-License-Identifier: MIT
/*
 * Explaining as a whole: a process that was idle when its rate of allocation was measured, and is
 * busy then, is not sampled as densely as it began.
 */
#include "collectors/inspector/explain.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "lib/clock.h"
#include "tests/unit/inspector_server.h"
#include "tests/unit/unit.h"

/* Of the server's thread; read when the run is over. */
static uint64_t heap_bytes, intervals[4];
static unsigned start_count, disable_count, profile_count;
static int cancel_fd;

/* Idle until it is sampled, then 4 MiB more at each look. */
static bool answer(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	const char *interval = strstr(message, "\"samplingInterval\":");
	char text[256];

	(void)server;
	profile_count += strstr(message, "SamplingProfile") != NULL;
	profile_count += strstr(message, "stopSampling") != NULL;
	disable_count += strstr(message, "HeapProfiler.disable") != NULL;
	if (interval != NULL && start_count < 4) {
		intervals[start_count++] =
		    strtoul(interval + strlen("\"samplingInterval\":"), NULL, 10);
		if (start_count == 2)
			ck_assert_int_eq(eventfd_write(cancel_fd, 1), 0);
	}
	if (strstr(message, "memoryUsage") == NULL)
		return false;
	heap_bytes += start_count > 0 ? 4 * 1024 * 1024 : 10;
	(void)snprintf(text, sizeof(text),
	               "\"result\":{\"result\":{\"value\":{\"heap\":%llu,\"external\":0}}}",
	               (unsigned long long)heap_bytes);
	server_reply(fd, id, text);
	return true;
}

START_TEST(test_who_becomes_busy_is_sampled_anew_without_a_collection)
{
	static const struct inspector_script script = {.answer = answer};
	struct explain_options options = {
	    .inner_pid = SERVER_PID, .duration_ns = 30 * NS_PER_SECOND, .cancel_fd = -1};
	char message[EXPLAIN_MESSAGE_SIZE];
	struct inspector_server server;
	struct explain_result result;

	cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(cancel_fd, 0);
	server_start(&server, &script);
	options.address.port = server.port;
	options.cancel_fd = cancel_fd;
	heap_bytes = 1000;
	ck_assert_int_eq(explain_run(&options, &result, message), -ECANCELED);
	server_stop(&server);
	(void)close(cancel_fd);
	ck_assert_uint_eq(start_count, 2);
	ck_assert_uint_eq(disable_count, 1);
	ck_assert_uint_eq(profile_count, 0);
	ck_assert_uint_eq(intervals[0], EXPLAIN_INTERVAL_MIN_BYTES);
	ck_assert_uint_ge(intervals[1], 8 * EXPLAIN_INTERVAL_MIN_BYTES);
}
END_TEST

UNIT_MAIN("explain", test_who_becomes_busy_is_sampled_anew_without_a_collection)
