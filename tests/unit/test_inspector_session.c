// SPDX-License-Identifier: MIT
/*
 * Sessions with an inspector that behaves, and with what behaves in no such way.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>

#include "collectors/inspector/session.h"
#include "lib/clock.h"
#include "tests/unit/inspector_server.h"
#include "tests/unit/unit.h"

#define MESSAGE_LIMIT 8192

struct told {
	struct session *session;
	bool frees_in_reply;
	unsigned ready_count;
	unsigned ended_count;
	enum session_result result;
	unsigned reply_count;
	int reply_error;
	char reply[512]; /* result as JSON, or the message of the error */
	unsigned event_count;
	char event[512]; /* "worker method" */
};

static void on_ready(void *context)
{
	((struct told *)context)->ready_count++;
}

static void on_event(void *context, const char *worker, const char *method,
                     const struct cJSON *params)
{
	struct told *told = context;

	(void)params;
	told->event_count++;
	(void)snprintf(told->event, sizeof(told->event), "%s %s", worker, method);
}

static void on_ended(void *context, enum session_result result)
{
	struct told *told = context;

	told->ended_count++;
	told->result = result;
}

static void on_reply(void *context, const struct session_reply *reply)
{
	struct told *told = context;
	char *text = reply->result != NULL ? cJSON_PrintUnformatted(reply->result) : NULL;

	told->reply_count++;
	told->reply_error = reply->error;
	(void)snprintf(told->reply, sizeof(told->reply), "%s",
	               text != NULL ? text : reply->message);
	cJSON_free(text);
	if (told->frees_in_reply)
		told->session = session_free(told->session);
}

static void begin(struct told *told, uint16_t port, uint64_t timeout_ns)
{
	const struct session_options options = {.address = {.port = port},
	                                        .inner_pid = SERVER_PID,
	                                        .attach_timeout_ns = timeout_ns,
	                                        .message_limit_bytes = MESSAGE_LIMIT};
	const struct session_handler handler = {
	    .context = told, .ready = on_ready, .event = on_event, .ended = on_ended};

	*told = (struct told){.session = NULL};
	told->session = session_new(&options, &handler);
	ck_assert_ptr_nonnull(told->session);
}

/* Turns until *counter is not 0. */
static void turn_until(struct told *told, const unsigned *counter)
{
	uint64_t give_up_ns = clock_boottime_ns() + 20 * NS_PER_SECOND;

	while (*counter == 0 && told->session != NULL) {
		struct pollfd fd = {.fd = session_fd(told->session), .events = POLLIN};

		ck_assert_msg(clock_boottime_ns() < give_up_ns, "nothing was told");
		if (poll(&fd, 1, 1000) > 0)
			session_turn(told->session);
	}
}

static int call(struct told *told, const char *method, const char *worker, uint64_t timeout_ns)
{
	const struct session_call what = {.method = method,
	                                  .worker = worker,
	                                  .timeout_ns = timeout_ns,
	                                  .context = told,
	                                  .done = on_reply};

	return session_call(told->session, &what);
}

static void attach(struct inspector_server *server, const struct inspector_script *script,
                   struct told *told)
{
	server_start(server, script);
	begin(told, server->port, 10 * NS_PER_SECOND);
	turn_until(told, &told->ready_count);
}

static void finish(struct inspector_server *server, struct told *told)
{
	told->session = session_free(told->session);
	server_stop(server);
}

static const struct inspector_script as_node = {.version_reply = NULL};

START_TEST(test_attaches_and_calls)
{
	struct inspector_server server;
	struct told told;

	attach(&server, &as_node, &told);
	ck_assert_str_eq(session_node_version(told.session), "20.20.2");
	ck_assert_int_eq(call(&told, "Runtime.discardConsoleEntries", NULL, NS_PER_SECOND), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_int_eq(told.reply_error, 0);
	ck_assert_str_eq(told.reply, "{}");
	ck_assert_uint_eq(told.ended_count, 0);
	finish(&server, &told);
}
END_TEST

static bool answer_oddly(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	char text[256];

	(void)server;
	if (strstr(message, "No.such") != NULL) {
		server_reply(fd, id, "\"error\":{\"code\":-32601,\"message\":\"<b>no</b>\"}");
	} else if (strstr(message, "Late.reply") != NULL) {
		return true;
	} else if (strstr(message, "All.at.once") != NULL) {
		/* A stale reply, one of nobody, an event, and in two fragments the right one. */
		server_say(fd, "{\"id\":1,\"result\":{\"stale\":1}}");
		server_say(fd, "{\"id\":0,\"result\":{}}");
		server_say(fd, "{\"id\":4000000000,\"result\":{}}");
		server_say(fd, "{\"method\":\"Some.event\",\"params\":{}}");
		(void)snprintf(text, sizeof(text), "{\"id\":%u,\"result\":{\"x\":", id);
		server_frame(fd, 0x01, text, strlen(text));
		server_frame(fd, 0x89, "ping", 4);
		server_frame(fd, 0x80, "true}}", 6);
	} else {
		return false;
	}
	return true;
}

START_TEST(test_errors_events_and_late_replies)
{
	static const struct inspector_script script = {.answer = answer_oddly};
	struct inspector_server server;
	struct told told;

	attach(&server, &script, &told);
	ck_assert_int_eq(call(&told, "No.such", NULL, NS_PER_SECOND), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_int_eq(told.reply_error, -EREMOTEIO);
	ck_assert_str_eq(told.reply, "<b>no</b>");
	told.reply_count = 0;
	ck_assert_int_eq(call(&told, "Late.reply", NULL, 20 * NS_PER_MS), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_int_eq(told.reply_error, -ETIMEDOUT);
	told.reply_count = 0;
	ck_assert_int_eq(call(&told, "All.at.once", NULL, 0), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_str_eq(told.reply, "{\"x\":true}");
	ck_assert_uint_eq(told.reply_count, 1);
	ck_assert_str_eq(told.event, " Some.event");
	finish(&server, &told);
}
END_TEST

static bool answer_workers(struct inspector_server *server, int fd, unsigned id,
                           const char *message)
{
	unsigned inner_id = server_worker_call(message);

	(void)server;
	if (inner_id == 0)
		return false;
	server_reply(fd, id, "\"result\":{}");
	/* Another worker may not answer for this one. */
	server_worker_reply(fd, "8", inner_id, "\\\"result\\\":{\\\"of\\\":8}");
	server_worker_says(fd, "7", "{\\\"method\\\":\\\"A.b\\\"}");
	server_worker_reply(fd, "7", inner_id, "\\\"result\\\":{\\\"of\\\":7}");
	return true;
}

START_TEST(test_calls_workers)
{
	static const struct inspector_script script = {.answer = answer_workers};
	struct inspector_server server;
	struct told told;

	attach(&server, &script, &told);
	ck_assert_int_eq(call(&told, "Runtime.getHeapUsage", "7", NS_PER_SECOND), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_str_eq(told.reply, "{\"of\":7}");
	ck_assert_str_eq(told.event, "7 A.b");
	ck_assert_int_eq(call(&told, "A.b", "012345678901234567890123456789012", 0), -EINVAL);
	finish(&server, &told);
}
END_TEST

static bool end_worker(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	(void)server;
	(void)id;
	if (strstr(message, "sessionId") == NULL)
		return false;
	server_say(fd, "{\"method\":\"NodeWorker.detachedFromWorker\",\"params\":{"
	               "\"sessionId\":\"8\"}}");
	server_say(fd, "{\"method\":\"NodeWorker.detachedFromWorker\",\"params\":{"
	               "\"sessionId\":\"7\"}}");
	return true;
}

START_TEST(test_calls_of_a_worker_that_ends_are_over)
{
	static const struct inspector_script script = {.answer = end_worker};
	struct inspector_server server;
	struct told told;

	attach(&server, &script, &told);
	ck_assert_int_eq(call(&told, "Runtime.getHeapUsage", "7", 0), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_int_eq(told.reply_error, -ECONNRESET);
	ck_assert_uint_eq(told.event_count, 2); /* the other one's end is no answer */
	ck_assert_uint_eq(told.ended_count, 0);
	told.reply_count = 0;
	ck_assert_int_eq(call(&told, "A.b", NULL, 0), 0); /* the session goes on */
	turn_until(&told, &told.reply_count);
	ck_assert_int_eq(told.reply_error, 0);
	finish(&server, &told);
}
END_TEST

START_TEST(test_may_be_freed_in_a_callback)
{
	struct inspector_server server;
	struct told told;

	attach(&server, &as_node, &told);
	told.frees_in_reply = true;
	ck_assert_int_eq(call(&told, "A.b", NULL, 0), 0);
	ck_assert_int_eq(call(&told, "C.d", NULL, 0), 0);
	turn_until(&told, &told.reply_count);
	ck_assert_ptr_null(told.session);
	ck_assert_uint_eq(told.reply_count, 1);
	server_stop(&server);
}
END_TEST

START_TEST(test_calls_are_bounded)
{
	static const struct inspector_script script = {.answer = answer_oddly};
	struct inspector_server server;
	struct told told;
	int i;

	attach(&server, &script, &told);
	for (i = 0; i < SESSION_CALLS_MAX; i++)
		ck_assert_int_eq(call(&told, "Late.reply", NULL, 0), 0);
	ck_assert_int_eq(call(&told, "Late.reply", NULL, 0), -ENOBUFS);
	finish(&server, &told);
	ck_assert_uint_eq(told.reply_count, 0);
}
END_TEST

static bool end_as_node(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	char text[128];

	(void)id;
	if (strstr(message, "Process.ends") == NULL)
		return false;
	(void)snprintf(text, sizeof(text),
	               "{\"error\":{\"code\":-32000,\"message\":\"Execution context was "
	               "destroyed.\"},\"id\":%u}",
	               server->promise_id);
	server_say(fd, server->script->is_old
	                   ? text
	                   : "{\"method\":\"NodeRuntime.waitingForDisconnect\",\"params\":{}}");
	return true;
}

START_TEST(test_a_process_that_ends_is_let_go)
{
	static const struct inspector_script scripts[] = {{.answer = end_as_node},
	                                                  {.answer = end_as_node, .is_old = true}};
	struct inspector_server server;
	struct told told;
	size_t i;

	for (i = 0; i < 2; i++) {
		attach(&server, &scripts[i], &told);
		ck_assert_int_eq(call(&told, "Process.ends", NULL, 0), 0);
		turn_until(&told, &told.ended_count);
		ck_assert_str_eq(session_result_name(told.result), "exiting");
		ck_assert_uint_eq(told.reply_count, 1);
		ck_assert_int_eq(told.reply_error, -ECONNRESET);
		/* The connection is closed already: the server would wait otherwise. */
		server_stop(&server);
		ck_assert_int_eq(call(&told, "A.b", NULL, 0), -ENOTCONN);
		session_free(told.session);
	}
}
END_TEST

/* ---- what is no inspector, or another one's ---- */

#define HTTP_OK     "HTTP/1.0 200 OK\r\n"
#define HTTP_LONG   HTTP_OK "Content-Length: 60000\r\n\r\n"
#define BODY(n, b)  HTTP_OK "Content-Length: " #n "\r\n\r\n" b
#define NO_URL_LIST "[{\"type\":\"node\",\"id\":\"6f3c0a1b-07aa\"}]"

START_TEST(test_who_is_no_inspector_is_left_alone)
{
	static const struct {
		struct inspector_script script;
		const char *expected;
	} rows[] = {
	    {{.version_reply = "HTTP/1.1 404 Not Found\r\n\r\n"}, "not_inspector"},
	    {{.version_reply = "-ERR unknown command\r\n"}, "not_inspector"},
	    {{.version_reply = BODY(2, "{}")}, "not_inspector"},
	    {{.version_reply = BODY(2, "[[")}, "not_inspector"},
	    {{.version_reply = BODY(25, "{\"Browser\":\"Chrome/1.2.3\"}")}, "not_inspector"},
	    {{.version_reply = BODY(25, "{\"Browser\":\"node.js/v<b>\"}")}, "not_inspector"},
	    {{.version_reply = HTTP_OK "Content-Length: 65537\r\n\r\n"}, "not_inspector"},
	    {{.version_reply = HTTP_LONG "x"}, "not_inspector"}, /* closed too early */
	    {{.version_reply = ""}, "unreachable"},
	    {{.list_reply = BODY(2, "[]")}, "not_inspector"},
	    {{.list_reply = BODY(34, "[{\"type\":\"node\",\"id\":\"../../etc\"}]")},
	     "not_inspector"},
	    {{.list_reply = BODY(38, NO_URL_LIST)}, "busy"},
	    {{.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "protocol"},
	    {{.upgrade_headers = "Upgrade: websocket\r\n"}, "protocol"},
	};
	struct inspector_server server;
	struct told told;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&server, &rows[i].script);
		begin(&told, server.port, 10 * NS_PER_SECOND);
		turn_until(&told, &told.ended_count);
		ck_assert_msg(strcmp(session_result_name(told.result), rows[i].expected) == 0,
		              "row %zu: %s", i, session_result_name(told.result));
		ck_assert_uint_eq(told.ready_count, 0);
		finish(&server, &told);
	}
}
END_TEST

START_TEST(test_nobody_listens)
{
	struct inspector_server server;
	struct told told;

	server_start(&server, &as_node);
	server_stop(&server);
	begin(&told, server.port, 10 * NS_PER_SECOND);
	turn_until(&told, &told.ended_count);
	ck_assert_str_eq(session_result_name(told.result), "unreachable");
	session_free(told.session);
}
END_TEST

static bool answer_another_pid(struct inspector_server *server, int fd, unsigned id,
                               const char *message)
{
	char text[128];

	(void)server;
	if (strstr(message, "process.pid") == NULL)
		return false;
	(void)snprintf(text, sizeof(text),
	               "{\"id\":%u,\"result\":{\"result\":{\"type\":\"number\",\"value\":%d}}}", id,
	               SERVER_PID + 1);
	server_say(fd, text);
	return true;
}

static bool answer_without_context(struct inspector_server *server, int fd, unsigned id,
                                   const char *message)
{
	char text[128];

	(void)server;
	if (strstr(message, "process.pid") == NULL)
		return false;
	(void)snprintf(text, sizeof(text),
	               "{\"id\":%u,\"error\":{\"code\":-32000,\"message\":\"no context\"}}", id);
	server_say(fd, text);
	return true;
}

static bool answer_nothing(struct inspector_server *server, int fd, unsigned id,
                           const char *message)
{
	(void)server;
	(void)fd;
	(void)id;
	(void)message;
	return true;
}

START_TEST(test_another_process_and_a_silent_one_are_left_alone)
{
	static const struct {
		struct inspector_script script;
		const char *expected;
	} rows[] = {
	    {{.answer = answer_another_pid}, "wrong_process"},
	    {{.answer = answer_without_context}, "protocol"}, /* boots: it is asked again */
	    {{.answer = answer_nothing}, "timeout"},          /* in a system call */
	    {{.is_silent = true}, "timeout"},
	};
	struct inspector_server server;
	struct told told;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&server, &rows[i].script);
		begin(&told, server.port, i < 2 ? 10 * NS_PER_SECOND : 300 * NS_PER_MS);
		turn_until(&told, &told.ended_count);
		ck_assert_str_eq(session_result_name(told.result), rows[i].expected);
		ck_assert_uint_eq(told.ready_count, 0);
		finish(&server, &told);
	}
}
END_TEST

/* ---- frames that lie ---- */

#define HOSTILE(name, ...)                                                     \
	static bool name(struct inspector_server *server, int fd, unsigned id, \
	                 const char *message)                                  \
	{                                                                      \
		(void)server;                                                  \
		(void)id;                                                      \
		if (strstr(message, "Go.on") == NULL)                          \
			return false;                                          \
		__VA_ARGS__                                                    \
		return true;                                                   \
	}

HOSTILE(huge_frame, server_write(fd, "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff{", 11);)
HOSTILE(frame_above_the_limit, char payload[1024] = "";
        server_write(fd, "\x81\x7f\x00\x00\x00\x00\x00\x00\x20\x01", 10);
        for (int i = 0; i < 9; i++) server_write(fd, payload, sizeof(payload));)
HOSTILE(endless_fragments, server_frame(fd, 0x01, "{\"id\":", 6);
        for (int i = 0; i < 2 * MESSAGE_LIMIT; i++) server_frame(fd, 0x00, " ", 1);)
HOSTILE(masked_frame, server_write(fd, "\x81\x82\x01\x02\x03\x04zz", 8);)
HOSTILE(binary_frame, server_frame(fd, 0x82, "{}", 2);)
HOSTILE(unknown_opcode, server_frame(fd, 0x83, "{}", 2);)
HOSTILE(reserved_bits, server_frame(fd, 0xC1, "{}", 2);)
HOSTILE(long_ping, char payload[126] = ""; server_frame(fd, 0x89, payload, sizeof(payload));)
HOSTILE(lone_continuation, server_frame(fd, 0x80, "{}", 2);)
HOSTILE(bad_utf8, server_frame(fd, 0x81, "\"\xff\"", 3);)
HOSTILE(no_json, server_say(fd, "Hello");)
HOSTILE(deep_json, char payload[4096]; memset(payload, '[', sizeof(payload));
        server_frame(fd, 0x81, payload, sizeof(payload));)
HOSTILE(closes, server_frame(fd, 0x88, "\x03\xe8", 2);)
HOSTILE(vanishes, shutdown(fd, SHUT_RDWR);)

START_TEST(test_frames_that_lie_end_the_session)
{
	static const struct {
		struct inspector_script script;
		const char *expected;
	} rows[] = {
	    {{.answer = huge_frame}, "protocol"},
	    {{.answer = frame_above_the_limit}, "protocol"},
	    {{.answer = endless_fragments}, "protocol"},
	    {{.answer = masked_frame}, "protocol"},
	    {{.answer = binary_frame}, "protocol"},
	    {{.answer = unknown_opcode}, "protocol"},
	    {{.answer = reserved_bits}, "protocol"},
	    {{.answer = long_ping}, "protocol"},
	    {{.answer = lone_continuation}, "protocol"},
	    {{.answer = bad_utf8}, "protocol"},
	    {{.answer = no_json}, "protocol"},
	    {{.answer = deep_json}, "protocol"},
	    {{.answer = closes}, "disconnected"},
	    {{.answer = vanishes}, "disconnected"},
	};
	struct inspector_server server;
	struct told told;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		attach(&server, &rows[i].script, &told);
		ck_assert_int_eq(call(&told, "Go.on", NULL, 10 * NS_PER_SECOND), 0);
		turn_until(&told, &told.ended_count);
		ck_assert_msg(strcmp(session_result_name(told.result), rows[i].expected) == 0,
		              "row %zu: %s", i, session_result_name(told.result));
		ck_assert_uint_eq(told.reply_count, 1);
		ck_assert_int_eq(told.reply_error, -ECONNRESET);
		finish(&server, &told);
	}
}
END_TEST

START_TEST(test_frames_behind_the_handshake_are_read)
{
	static const char early[] = "\x81\x05Hello";
	const struct inspector_script script = {.early = early, .early_length = 7};
	struct inspector_server server;
	struct told told;

	server_start(&server, &script);
	begin(&told, server.port, 10 * NS_PER_SECOND);
	turn_until(&told, &told.ended_count);
	ck_assert_str_eq(session_result_name(told.result), "protocol");
	finish(&server, &told);
}
END_TEST

UNIT_MAIN("inspector_session", test_attaches_and_calls, test_errors_events_and_late_replies,
          test_calls_workers, test_calls_of_a_worker_that_ends_are_over,
          test_may_be_freed_in_a_callback, test_calls_are_bounded,
          test_a_process_that_ends_is_let_go, test_who_is_no_inspector_is_left_alone,
          test_nobody_listens, test_another_process_and_a_silent_one_are_left_alone,
          test_frames_that_lie_end_the_session, test_frames_behind_the_handshake_are_read)
