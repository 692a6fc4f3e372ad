// SPDX-License-Identifier: MIT
#include "collectors/inspector/dialogue.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define MESSAGE_SIZE 200

struct dialogue {
	struct dialogue_options options;
	struct session *session; /* NULL once it is over */
	enum session_result result;
	bool is_ready;
	char message[MESSAGE_SIZE];
	char node_version[32];
	/* The call under way. */
	const struct dialogue_call *call; /* NULL: none */
	int call_result;
};

static void on_ready(void *context)
{
	struct dialogue *dialogue = context;

	dialogue->is_ready = true;
	(void)snprintf(dialogue->node_version, sizeof(dialogue->node_version), "%s",
	               session_node_version(dialogue->session));
}

static void on_event(void *context, const char *worker, const char *method,
                     const struct cJSON *params)
{
	struct dialogue *dialogue = context;

	if (worker[0] == '\0' && dialogue->options.event != NULL)
		dialogue->options.event(dialogue->options.context, method, params);
}

static void on_ended(void *context, enum session_result result)
{
	struct dialogue *dialogue = context;

	dialogue->result = result;
	dialogue->session = session_free(dialogue->session);
}

static void on_reply(void *context, const struct session_reply *reply)
{
	struct dialogue *dialogue = context;
	const struct dialogue_call *call = dialogue->call;

	if (call == NULL)
		return;
	dialogue->call = NULL;
	dialogue->call_result = reply->error;
	if (reply->error == -EREMOTEIO)
		(void)snprintf(dialogue->message, sizeof(dialogue->message), "%s", reply->message);
	if (reply->error == 0 && call->take != NULL)
		dialogue->call_result = call->take(call->context, reply->result);
}

static int milliseconds_until(uint64_t until_ns)
{
	uint64_t now_ns = clock_boottime_ns();
	uint64_t left_ms =
	    until_ns <= now_ns ? 0 : ((until_ns - now_ns) + NS_PER_MS - 1) / NS_PER_MS;

	return left_ms < 1000 ? (int)left_ms : 1000;
}

/* Attends the session once, for a second at most. */
static int attend(struct dialogue *dialogue, uint64_t until_ns)
{
	struct pollfd fds[] = {
	    {.fd = session_fd(dialogue->session), .events = POLLIN},
	    {.fd = dialogue->options.cancel_fd, .events = POLLIN},
	};

	if (poll(fds, 2, milliseconds_until(until_ns)) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents != 0)
		return -ECANCELED;
	if (fds[0].revents != 0)
		session_turn(dialogue->session);
	return 0;
}

int dialogue_wait(struct dialogue *dialogue, uint64_t until_ns)
{
	int r = 0;

	while (r == 0 && dialogue->session != NULL && clock_boottime_ns() < until_ns)
		r = attend(dialogue, until_ns);
	return r == 0 && dialogue->session == NULL ? -ECONNRESET : r;
}

int dialogue_call(struct dialogue *dialogue, const struct dialogue_call *call)
{
	_cleanup_(json_deletep) cJSON *params =
	    call->params != NULL ? cJSON_Parse(call->params) : NULL;
	const struct session_call session_call_options = {.method = call->method,
	                                                  .params = params,
	                                                  .worker = call->worker,
	                                                  .timeout_ns = call->timeout_ns,
	                                                  .context = dialogue,
	                                                  .done = on_reply};
	int r;

	if (dialogue->session == NULL)
		return -ECONNRESET;
	if (call->params != NULL && params == NULL)
		return -ENOMEM;
	r = session_call(dialogue->session, &session_call_options);
	if (r < 0)
		return r == -ENOTCONN ? -ECONNRESET : r;
	dialogue->call = call;
	while (r == 0 && dialogue->call != NULL && dialogue->session != NULL)
		r = attend(dialogue, UINT64_MAX);
	if (r == 0)
		r = dialogue->call == NULL ? dialogue->call_result : -ECONNRESET;
	dialogue->call = NULL;
	return r;
}

DEFINE_CLEANUP(struct dialogue, dialogue_close)

struct dialogue *dialogue_open(const struct dialogue_options *options,
                               enum session_result *reterr_result)
{
	_cleanup_(dialogue_closep) struct dialogue *dialogue = calloc(1, sizeof(*dialogue));
	const struct session_handler handler = {
	    .context = dialogue, .ready = on_ready, .event = on_event, .ended = on_ended};
	int r = 0;

	*reterr_result = SESSION_RESOURCES;
	if (dialogue == NULL)
		return NULL;
	dialogue->options = *options;
	dialogue->session = session_new(&options->session, &handler);
	if (dialogue->session == NULL)
		return NULL;
	while (r == 0 && dialogue->session != NULL && !dialogue->is_ready)
		r = attend(dialogue, UINT64_MAX);
	if (dialogue->is_ready && dialogue->session != NULL)
		return TAKE_PTR(dialogue);
	*reterr_result = r == -ECANCELED ? SESSION_OK : dialogue->result;
	return NULL;
}

struct dialogue *dialogue_close(struct dialogue *dialogue)
{
	if (dialogue == NULL)
		return NULL;
	(void)session_free(dialogue->session);
	free(dialogue);
	return NULL;
}

enum session_result dialogue_result(const struct dialogue *dialogue)
{
	return dialogue->result;
}

const char *dialogue_message(const struct dialogue *dialogue)
{
	return dialogue->message;
}

const char *dialogue_node_version(const struct dialogue *dialogue)
{
	return dialogue->node_version;
}

/* ---- errors ---- */

int dialogue_session_error(enum session_result result)
{
	switch (result) {
	case SESSION_BUSY:
		return -EBUSY;
	case SESSION_WRONG_PROCESS:
	case SESSION_EXITING:
	case SESSION_DISCONNECTED:
		return -ESRCH;
	case SESSION_TIMEOUT:
		return -ETIMEDOUT;
	case SESSION_RESOURCES:
		return -ENOMEM;
	default:
		return -ECONNREFUSED;
	}
}

int dialogue_describe(const struct dialogue *dialogue, int r, char *reterr_message, size_t size)
{
	if (r == -ECONNRESET) {
		(void)snprintf(reterr_message, size, "the conversation ended: %s",
		               session_result_name(dialogue_result(dialogue)));
		return dialogue_session_error(dialogue_result(dialogue));
	}
	if (r == -EREMOTEIO)
		(void)snprintf(reterr_message, size, "the process refused: %s",
		               dialogue_message(dialogue));
	else if (r == -ETIMEDOUT)
		(void)snprintf(reterr_message, size, "the process does not answer");
	else if (r == -EBADMSG)
		(void)snprintf(reterr_message, size,
		               "it does not answer as Node.js does; if it has only just started, "
		               "try again");
	else
		(void)snprintf(reterr_message, size, "%s", strerror(-r));
	return r;
}
