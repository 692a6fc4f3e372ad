// SPDX-License-Identifier: MIT
/*
 * After the attachment two calls are made before anybody else's: who are you, and tell me when you
 * want to end. Node before 12 cannot tell; there the reply to a promise that never settles comes
 * when its context is destroyed, which is at the same moment (measured on 8, 10 and 14 to 26).
 *
 * A message to a worker thread travels inside a call of NodeWorker.sendMessageToWorker, and its
 * reply inside an event; both use one sequence of ids.
 */
#include "collectors/inspector/session.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/attach.h"
#include "collectors/inspector/cdp.h"
#include "collectors/inspector/websocket.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define WORKER_ID_SIZE 32

enum session_state { STATE_ATTACHING, STATE_GREETING, STATE_READY, STATE_ENDED };

struct pending_call {
	uint32_t id; /* 0: free */
	uint64_t sent_ns;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	char worker[WORKER_ID_SIZE];
	void *context;
	void (*done)(void *context, const struct session_reply *reply);
};

struct session {
	struct session_options options;
	struct session_handler handler;
	enum session_state state;
	enum session_result result; /* why it ends; SESSION_OK while it does not */
	uint64_t attach_deadline_ns;
	struct wire wire;
	struct attach attach;
	struct websocket *websocket;
	uint32_t last_id;
	struct pending_call calls[SESSION_CALLS_MAX];
	bool is_in_turn;
	bool is_freed; /* in a callback: gone for its owner */
};

const char *session_result_name(enum session_result result)
{
	static const char *const names[] = {
	    [SESSION_OK] = "ok",
	    [SESSION_UNREACHABLE] = "unreachable",
	    [SESSION_NOT_INSPECTOR] = "not_inspector",
	    [SESSION_BUSY] = "busy",
	    [SESSION_WRONG_PROCESS] = "wrong_process",
	    [SESSION_TIMEOUT] = "timeout",
	    [SESSION_PROTOCOL] = "protocol",
	    [SESSION_EXITING] = "exiting",
	    [SESSION_DISCONNECTED] = "disconnected",
	    [SESSION_RESOURCES] = "resources",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == SESSION_RESULT_COUNT, "a name each");
	assert(result < SESSION_RESULT_COUNT);
	return names[result];
}

/* ---- life ---- */

static void end(struct session *session, enum session_result result)
{
	if (session->result == SESSION_OK)
		session->result = result;
}

static void destroy(struct session *session)
{
	if (session->websocket != NULL && session->wire.fd >= 0)
		websocket_goodbye(session->websocket);
	(void)websocket_free(session->websocket);
	attach_done(&session->attach);
	wire_done(&session->wire);
	free(session);
}

static uint64_t earliest_deadline(const struct session *session)
{
	uint64_t at_ns = session->state < STATE_READY ? session->attach_deadline_ns : UINT64_MAX;
	size_t i;

	if (session->result != SESSION_OK && session->state != STATE_ENDED)
		return 1; /* at once, to tell it */
	for (i = 0; i < SESSION_CALLS_MAX; i++)
		if (session->calls[i].id != 0 && session->calls[i].deadline_ns < at_ns)
			at_ns = session->calls[i].deadline_ns;
	return at_ns;
}

struct session *session_new(const struct session_options *options,
                            const struct session_handler *handler)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->options = *options;
	session->handler = *handler;
	if (wire_init(&session->wire) < 0) {
		free(session);
		return NULL;
	}
	session->attach_deadline_ns = clock_boottime_ns() + options->attach_timeout_ns;
	end(session, attach_start(&session->attach, &session->wire, &options->address));
	wire_set_deadline(&session->wire, earliest_deadline(session));
	return session;
}

struct session *session_free(struct session *session)
{
	if (session == NULL)
		return NULL;
	session->is_freed = true;
	if (!session->is_in_turn)
		destroy(session);
	return NULL;
}

int session_fd(const struct session *session)
{
	return session->wire.epoll_fd;
}

const char *session_node_version(const struct session *session)
{
	return session->attach.version;
}

/* ---- calls ---- */

static void finish_call(struct pending_call *call, const struct session_reply *reply)
{
	struct pending_call finished = *call;

	call->id = 0; /* its place is free before the owner is told, who may call again */
	finished.done(finished.context, reply);
}

static struct pending_call *find_call(struct session *session, uint32_t id)
{
	size_t i;

	for (i = 0; i < SESSION_CALLS_MAX; i++)
		if (session->calls[i].id == id)
			return &session->calls[i];
	return NULL;
}

static int send_text(struct session *session, char *text)
{
	int r = text != NULL ? websocket_send(session->websocket, text, strlen(text)) : -ENOMEM;

	cdp_text_free(text);
	if (r < 0 && r != -ENOMEM && r != -ENOBUFS) {
		end(session, SESSION_DISCONNECTED); /* told by the next turn */
		return 0;
	}
	return r;
}

static int send_to_worker(struct session *session, const char *worker, char *message)
{
	cJSON *params = cJSON_CreateObject();
	char *text = NULL;

	/* The reply to this outer call says nothing: what matters comes as an event. */
	if (message != NULL && cJSON_AddStringToObject(params, "sessionId", worker) != NULL &&
	    cJSON_AddStringToObject(params, "message", message) != NULL)
		text = cdp_request(++session->last_id, "NodeWorker.sendMessageToWorker", params);
	cJSON_Delete(params);
	cdp_text_free(message);
	return send_text(session, text);
}

static int start_call(struct session *session, const struct session_call *call)
{
	const char *worker = call->worker != NULL ? call->worker : "";
	struct pending_call *pending = find_call(session, 0);
	uint64_t now_ns = clock_boottime_ns();
	uint32_t id;
	char *text;
	int r;

	if (pending == NULL || session->last_id >= UINT32_MAX - 2)
		return -ENOBUFS;
	if (strlen(worker) >= WORKER_ID_SIZE)
		return -EINVAL;
	id = ++session->last_id;
	text = cdp_request(id, call->method, call->params);
	r = worker[0] != '\0' ? send_to_worker(session, worker, text) : send_text(session, text);
	if (r < 0)
		return r;
	*pending = (struct pending_call){
	    .id = id,
	    .sent_ns = now_ns,
	    .deadline_ns = call->timeout_ns != 0 ? now_ns + call->timeout_ns : UINT64_MAX,
	    .context = call->context,
	    .done = call->done,
	};
	memcpy(pending->worker, worker, strlen(worker) + 1);
	return 0;
}

int session_call(struct session *session, const struct session_call *call)
{
	int r;

	if (session->state != STATE_READY || session->result != SESSION_OK)
		return -ENOTCONN;
	r = start_call(session, call);
	if (!session->is_in_turn) {
		wire_watch_writes(&session->wire, websocket_wants_write(session->websocket));
		wire_set_deadline(&session->wire, earliest_deadline(session));
	}
	return r;
}

static void expire_calls(struct session *session, uint64_t now_ns)
{
	const struct session_reply reply = {.error = -ETIMEDOUT, .message = ""};
	size_t i;

	for (i = 0; i < SESSION_CALLS_MAX && !session->is_freed; i++)
		if (session->calls[i].id != 0 && session->calls[i].deadline_ns <= now_ns)
			finish_call(&session->calls[i], &reply);
}

/* worker: NULL for all. */
static void fail_calls(struct session *session, const char *worker)
{
	const struct session_reply reply = {.error = -ECONNRESET, .message = ""};
	size_t i;

	for (i = 0; i < SESSION_CALLS_MAX && !session->is_freed; i++)
		if (session->calls[i].id != 0 &&
		    (worker == NULL || strcmp(session->calls[i].worker, worker) == 0))
			finish_call(&session->calls[i], &reply);
}

/* ---- what the peer says ---- */

static void take_reply(struct session *session, const char *worker,
                       const struct cdp_message *message)
{
	struct pending_call *call = message->id != 0 ? find_call(session, message->id) : NULL;
	struct session_reply reply = {.error = message->result != NULL ? 0 : -EREMOTEIO,
	                              .result = message->result,
	                              .message = message->error};

	if (call == NULL || strcmp(call->worker, worker) != 0)
		return; /* too late, or nobody's */
	reply.round_trip_ns = clock_boottime_ns() - call->sent_ns;
	finish_call(call, &reply);
}

static void take_message(struct session *session, const char *worker, const char *text,
                         size_t length);

static void take_event(struct session *session, const char *worker,
                       const struct cdp_message *message)
{
	const char *from = cdp_string(message->params, "sessionId");
	const char *inner = cdp_string(message->params, "message");

	if (worker[0] != '\0') {
		if (session->handler.event != NULL && session->state == STATE_READY)
			session->handler.event(session->handler.context, worker, message->method,
			                       message->params);
	} else if (strcmp(message->method, "NodeRuntime.waitingForDisconnect") == 0) {
		end(session, SESSION_EXITING);
	} else if (strcmp(message->method, "NodeWorker.receivedMessageFromWorker") == 0) {
		if (from[0] != '\0')
			take_message(session, from, inner, strlen(inner));
	} else if (session->handler.event != NULL && session->state == STATE_READY) {
		session->handler.event(session->handler.context, "", message->method,
		                       message->params);
		if (from[0] != '\0' &&
		    strcmp(message->method, "NodeWorker.detachedFromWorker") == 0)
			fail_calls(session, from);
	}
}

static void take_message(struct session *session, const char *worker, const char *text,
                         size_t length)
{
	struct cdp_message message;

	if (cdp_parse(text, length, &message) < 0) {
		end(session, SESSION_PROTOCOL);
		return;
	}
	if (message.is_reply)
		take_reply(session, worker, &message);
	else
		take_event(session, worker, &message);
	cdp_message_done(&message);
}

static void on_message(void *context, const char *text, size_t length)
{
	struct session *session = context;

	if (!session->is_freed && session->result == SESSION_OK)
		take_message(session, "", text, length);
}

/* ---- who are you, and tell me when you end ---- */

/* params is a constant of ours. */
static void greet(struct session *session, const char *method, cJSON *params,
                  void (*done)(void *context, const struct session_reply *reply))
{
	const struct session_call call = {
	    .method = method, .params = params, .context = session, .done = done};

	if (params == NULL || start_call(session, &call) < 0)
		end(session, SESSION_RESOURCES);
	cJSON_Delete(params);
}

static void become_ready(struct session *session)
{
	if (session->result != SESSION_OK)
		return;
	session->state = STATE_READY;
	session->handler.ready(session->handler.context);
}

/* The promise never settles: its context is gone, and the process waits for us. */
static void on_context_destroyed(void *context, const struct session_reply *reply)
{
	struct session *session = context;

	if (reply->error != -ECONNRESET)
		end(session, SESSION_EXITING);
}

static void on_promise(void *context, const struct session_reply *reply)
{
	struct session *session = context;
	const char *id =
	    cdp_string(cJSON_GetObjectItemCaseSensitive(reply->result, "result"), "objectId");
	cJSON *params = cJSON_Parse("{\"functionDeclaration\":\"function(){return this.p}\","
	                            "\"awaitPromise\":true,\"returnByValue\":true}");

	if (reply->error != -ECONNRESET && id[0] == '\0')
		end(session, SESSION_PROTOCOL);
	if (session->result == SESSION_OK && cJSON_AddStringToObject(params, "objectId", id)) {
		greet(session, "Runtime.callFunctionOn", params, on_context_destroyed);
		become_ready(session);
	} else {
		cJSON_Delete(params);
	}
}

static void on_notification_set(void *context, const struct session_reply *reply)
{
	struct session *session = context;

	if (reply->error == 0)
		become_ready(session);
	else if (reply->error == -EREMOTEIO) /* Node 8, 10 */
		greet(session, "Runtime.evaluate",
		      cJSON_Parse("{\"expression\":\"({p:new Promise(function(){})})\","
		                  "\"silent\":true}"),
		      on_promise);
}

static void on_pid(void *context, const struct session_reply *reply)
{
	struct session *session = context;
	uint64_t pid = 0;

	if (reply->error == -ECONNRESET)
		return;
	/* A process that boots has no context, or no process object, yet. */
	if (reply->error != 0 ||
	    cdp_u64(cJSON_GetObjectItemCaseSensitive(reply->result, "result"), "value", &pid) < 0) {
		end(session, SESSION_PROTOCOL);
		return;
	}
	if (pid != (uint64_t)session->options.inner_pid) {
		end(session, SESSION_WRONG_PROCESS);
		return;
	}
	greet(session, "NodeRuntime.notifyWhenWaitingForDisconnect",
	      cJSON_Parse("{\"enabled\":true}"), on_notification_set);
}

static void open_websocket(struct session *session)
{
	const struct attach *attach = &session->attach;
	const struct websocket_options options = {
	    .fd = session->wire.fd,
	    .message_limit_bytes = session->options.message_limit_bytes,
	    .early = buf_string(&attach->reply) + attach->early_at,
	    .early_length = attach->reply.length - attach->early_at,
	    .context = session,
	    .message = on_message,
	};

	session->websocket = websocket_new(&options);
	if (session->websocket == NULL) {
		end(session, SESSION_RESOURCES);
		return;
	}
	session->state = STATE_GREETING;
	greet(session, "Runtime.evaluate",
	      cJSON_Parse("{\"expression\":\"process.pid\",\"returnByValue\":true,"
	                  "\"silent\":true}"),
	      on_pid);
}

/* ---- turns ---- */

static void receive(struct session *session)
{
	int r = websocket_receive(session->websocket);

	if (r == 0)
		r = websocket_flush(session->websocket);
	if (r == -ECONNRESET)
		end(session, SESSION_DISCONNECTED);
	else if (r < 0)
		end(session, r == -ENOMEM ? SESSION_RESOURCES : SESSION_PROTOCOL);
}

static void converse(struct session *session, uint64_t now_ns)
{
	if (session->result == SESSION_OK && session->state == STATE_ATTACHING) {
		end(session, attach_turn(&session->attach));
		if (session->result == SESSION_OK && session->attach.step == ATTACH_DONE)
			open_websocket(session);
	}
	if (session->result == SESSION_OK && session->websocket != NULL)
		receive(session);
	if (session->state < STATE_READY && now_ns >= session->attach_deadline_ns)
		end(session, SESSION_TIMEOUT);
	if (session->result == SESSION_OK)
		expire_calls(session, now_ns);
}

static void tell_end(struct session *session)
{
	session->state = STATE_ENDED;
	if (session->websocket != NULL)
		websocket_goodbye(session->websocket);
	wire_disconnect(&session->wire);
	fail_calls(session, NULL);
	if (!session->is_freed)
		session->handler.ended(session->handler.context, session->result);
}

void session_turn(struct session *session)
{
	if (session->state == STATE_ENDED)
		return;
	session->is_in_turn = true;
	converse(session, clock_boottime_ns());
	if (session->result != SESSION_OK && !session->is_freed)
		tell_end(session);
	session->is_in_turn = false;
	if (session->is_freed) {
		destroy(session);
		return;
	}
	if (session->websocket != NULL && session->state != STATE_ENDED)
		wire_watch_writes(&session->wire, websocket_wants_write(session->websocket));
	wire_set_deadline(&session->wire, earliest_deadline(session));
}
