// SPDX-License-Identifier: MIT
#include "collectors/inspector/closing.h"

#include <errno.h>
#include <poll.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/dialogue.h"
#include "collectors/inspector/subject.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define ATTACH_TIMEOUT_NS   (5 * NS_PER_SECOND)
#define CALL_TIMEOUT_NS     (5 * NS_PER_SECOND)
#define MESSAGE_LIMIT_BYTES ((size_t)1024 * 1024)
#define GONE_TIMEOUT_NS     (3 * NS_PER_SECOND)
#define ALONE_TIMEOUT_NS    NS_PER_SECOND
#define LOOK_MS             20

/* A constant of ours: the timer of the end, so that it can be stopped. */
static const char evaluate_end[] = "{\"expression\":\"typeof process._debugEnd==='function'?"
                                   "{t:setTimeout(process._debugEnd,100)}:null\","
                                   "\"silent\":true}";

static bool has_others(const struct subject *subject, uint16_t port, size_t own_count)
{
	struct port_use use;

	return sockets_port_use(subject->process_fd, port, &use) < 0 ||
	       use.connection_count > own_count;
}

/* A connection that was just closed may still be listed. */
static bool is_left_alone(const struct subject *subject, uint16_t port)
{
	uint64_t until_ns = clock_boottime_ns() + ALONE_TIMEOUT_NS;

	while (has_others(subject, port, 0)) {
		if (clock_boottime_ns() >= until_ns)
			return false;
		(void)poll(NULL, 0, LOOK_MS); /* only the time matters */
	}
	return true;
}

/* ---- the end ---- */

/* The parameters of the call that stops the timer; context: cJSON **, owned by the caller. */
static int take_timer(void *context, const struct cJSON *result)
{
	const char *id = cdp_string(cJSON_GetObjectItemCaseSensitive(result, "result"), "objectId");
	cJSON *params =
	    cJSON_Parse("{\"functionDeclaration\":\"function(){clearTimeout(this.t)}\"}");

	if (id[0] != '\0' && cJSON_AddStringToObject(params, "objectId", id) != NULL) {
		*(cJSON **)context = params;
		return 0;
	}
	cJSON_Delete(params);
	return id[0] == '\0' ? -EOPNOTSUPP : -ENOMEM;
}

static void stop_end(struct dialogue *dialogue, const cJSON *params)
{
	char *text = cJSON_PrintUnformatted(params);
	const struct dialogue_call stop = {
	    .method = "Runtime.callFunctionOn", .params = text, .timeout_ns = CALL_TIMEOUT_NS};

	if (text != NULL && dialogue_call(dialogue, &stop) < 0)
		log_debug("the end of the inspector was not stopped in time");
	cdp_text_free(text);
}

/*
 * Whoever connected since would stop the application until it goes: looked at once more when the
 * end is under way, since a process that was busy may have taken seconds to hear of it.
 */
static int say_end(const struct subject *subject, uint16_t port, struct dialogue *dialogue)
{
	_cleanup_(json_deletep) cJSON *timer = NULL;
	const struct dialogue_call end = {.method = "Runtime.evaluate",
	                                  .params = evaluate_end,
	                                  .timeout_ns = CALL_TIMEOUT_NS,
	                                  .context = &timer,
	                                  .take = take_timer};
	/* Last, for what is kept at the end stays for the life of the process. */
	const struct dialogue_call discard = {.method = "Runtime.discardConsoleEntries",
	                                      .timeout_ns = CALL_TIMEOUT_NS};
	int r = dialogue_call(dialogue, &end);

	if (r == 0 && has_others(subject, port, 1)) {
		stop_end(dialogue, timer);
		r = -EBUSY;
	}
	return r < 0 ? r : dialogue_call(dialogue, &discard);
}

static enum closing_result await_end(const struct subject *subject, uint16_t port)
{
	uint64_t until_ns = clock_boottime_ns() + GONE_TIMEOUT_NS;
	struct port_use use = {.is_taken = true};

	while (clock_boottime_ns() < until_ns) {
		int r = sockets_port_use(subject->process_fd, port, &use);

		if (r < 0)
			return CLOSING_GONE;
		if (!use.is_taken)
			return CLOSING_CLOSED;
		(void)poll(NULL, 0, LOOK_MS); /* only the time matters */
	}
	return CLOSING_FAILED;
}

enum closing_result closing_run(const struct subject *subject,
                                const struct inspector_address *address)
{
	const struct dialogue_options options = {
	    .session = {.address = *address,
	                .inner_pid = subject->inner_pid,
	                .attach_timeout_ns = ATTACH_TIMEOUT_NS,
	                .message_limit_bytes = MESSAGE_LIMIT_BYTES},
	    .cancel_fd = -1,
	};
	struct dialogue *dialogue;
	enum session_result why = SESSION_OK;
	int r;

	if (!is_left_alone(subject, address->port))
		return CLOSING_BUSY;
	dialogue = dialogue_open(&options, &why);
	if (dialogue == NULL)
		return why == SESSION_BUSY          ? CLOSING_BUSY
		       : why == SESSION_UNREACHABLE ? CLOSING_GONE
		                                    : CLOSING_FAILED;
	r = has_others(subject, address->port, 1) ? -EBUSY
	                                          : say_end(subject, address->port, dialogue);
	(void)dialogue_close(dialogue); /* at once: the end waits for it */
	/* Where we are late it ends the conversation; where the process is, it ends after it. */
	if (r == 0 || r == -ECONNRESET || r == -ETIMEDOUT)
		return await_end(subject, address->port);
	return r == -EBUSY ? CLOSING_BUSY : CLOSING_FAILED;
}
