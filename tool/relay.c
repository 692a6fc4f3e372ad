// SPDX-License-Identifier: MIT
/*
 * When our reader is gone, the application's stdout is closed, so that it learns of it by the same
 * error as without us; when the application closes its end, ours is closed.
 */
#include "tool/relay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the filter's sink ---- */

static void take_application(void *context, const char *bytes, size_t length)
{
	struct relay *relay = context;

	memcpy(relay->output + relay->output_length, bytes, length);
	relay->output_length += length;
}

static void take_trace(void *context, const char *line, size_t length)
{
	struct relay *relay = context;

	memcpy(relay->lines + relay->lines_length, line, length);
	relay->lines_length += length;
}

static bool is_traced(void *context, pid_t pid)
{
	struct relay *relay = context;

	return traced_pids_contain(&relay->pids, pid);
}

static struct gc_filter_sink sink_of(struct relay *relay)
{
	return (struct gc_filter_sink){relay, take_application, take_trace, is_traced};
}

/* ---- our stdout ---- */

bool relay_has_output(const struct relay *relay)
{
	return relay->output_done < relay->output_length;
}

static void cut_off(struct relay *relay, int error)
{
	if (error != EPIPE && error != EIO && error != ECONNRESET)
		(void)fprintf(stderr, "heapwatch run: cannot write to stdout: %s\n",
		              strerror(error));
	relay->output_done = relay->output_length;
	relay->release_at_ns = 0;
	app_stdout_close_source(&relay->channel);
	app_stdout_close_own();
}

void relay_write(struct relay *relay)
{
	while (relay_has_output(relay)) {
		ssize_t written =
		    app_stdout_write(&relay->channel, relay->output + relay->output_done,
		                     relay->output_length - relay->output_done);

		if (written >= 0)
			relay->output_done += (size_t)written;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR) {
			cut_off(relay, errno);
			return;
		}
		if (!relay->channel.is_private)
			return; /* poll(2) says whether there is room for more */
	}
}

/* What the filter gave out goes where it belongs. */
static void hand_on(struct relay *relay, uint64_t now_ns)
{
	if (relay->lines_length > 0)
		gc_log_write(&relay->log, relay->lines, relay->lines_length);
	relay->lines_length = 0;
	relay->release_at_ns = relay->filter.held_length > 0 ? now_ns + RELAY_HOLD_NS : 0;
	if (relay->channel.is_private)
		relay_write(relay);
}

/* ---- the application's ---- */

static void finish(struct relay *relay, uint64_t now_ns)
{
	struct gc_filter_sink sink = sink_of(relay);

	app_stdout_close_source(&relay->channel);
	gc_filter_release(&relay->filter, &sink);
	hand_on(relay, now_ns);
}

int relay_read(struct relay *relay, uint64_t now_ns)
{
	struct gc_filter_sink sink = sink_of(relay);
	ssize_t length;

	if (relay->channel.source < 0)
		return 0;
	length = read(relay->channel.source, relay->chunk, sizeof(relay->chunk));
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	relay->output_done = 0;
	relay->output_length = 0;
	if (length <= 0) { /* EIO: nobody has the terminal any more */
		finish(relay, now_ns);
		return 0;
	}
	gc_filter_feed(&relay->filter, &sink, relay->chunk, (size_t)length);
	hand_on(relay, now_ns);
	return 1;
}

uint64_t relay_deadline_ns(const struct relay *relay)
{
	return relay_has_output(relay) ? 0 : relay->release_at_ns;
}

void relay_tick(struct relay *relay, uint64_t now_ns)
{
	struct gc_filter_sink sink = sink_of(relay);

	if (relay_deadline_ns(relay) == 0 || now_ns < relay->release_at_ns)
		return;
	relay->output_done = 0;
	relay->output_length = 0;
	gc_filter_release(&relay->filter, &sink);
	hand_on(relay, now_ns);
}
