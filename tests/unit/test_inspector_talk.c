// SPDX-License-Identifier: MIT
/*
 * The ring: tried again where a thread is not ready for it, and never without end.
 */
#include "collectors/inspector/talk.h"

#include <poll.h>

#include "collectors/inspector/session.h"
#include "lib/clock.h"
#include "tests/unit/inspector_server.h"
#include "tests/unit/unit.h"

#define INSTALLS_MAX 5

struct told {
	struct session *session;
	struct talk *talk;
	bool is_ready;
	unsigned level_count;
	uint64_t used_bytes;
};

static void on_ready(void *context)
{
	((struct told *)context)->is_ready = true;
}

static void on_ended(void *context, enum session_result result)
{
	(void)context;
	ck_abort_msg("the session has ended: %s", session_result_name(result));
}

static void on_level(void *context, const struct process_key *key, uint64_t at_ns,
                     const struct heap_level *level)
{
	struct told *told = context;

	(void)key;
	(void)at_ns;
	told->level_count++;
	told->used_bytes = level->used_bytes;
}

static void turn(struct told *told)
{
	struct pollfd fd = {.fd = session_fd(told->session), .events = POLLIN};

	ck_assert_msg(poll(&fd, 1, 20000) > 0, "nothing comes");
	session_turn(told->session);
}

/* Until what is asked now is answered. */
static void settle(struct told *told)
{
	while (told->talk->is_polling || told->talk->pending_count > 0)
		turn(told);
}

static void begin(struct inspector_server *server, const struct inspector_script *script,
                  struct told *told, const struct collector_sink *sink)
{
	static const struct process_key key = {.pid = SERVER_PID};
	struct session_options options = {.inner_pid = SERVER_PID,
	                                  .attach_timeout_ns = 20 * NS_PER_SECOND,
	                                  .message_limit_bytes = 8192};
	const struct session_handler handler = {
	    .context = told, .ready = on_ready, .ended = on_ended};

	server_start(server, script);
	options.address.port = server->port;
	*told = (struct told){.session = session_new(&options, &handler)};
	ck_assert_ptr_nonnull(told->session);
	while (!told->is_ready)
		turn(told);
	told->talk = talk_new(told->session, sink, &key, "", ISOLATE_INSPECTOR_MAIN);
	ck_assert_ptr_nonnull(told->talk);
}

static void finish(struct inspector_server *server, struct told *told)
{
	told->session = session_free(told->session);
	talk_free_all(&told->talk);
	server_stop(server);
}

/* Of the server's thread; read when it has answered. */
static volatile unsigned installs;

static bool is_install(const char *message)
{
	return strstr(message, "PerformanceObserver") != NULL;
}

#define NULL_VALUE  "\"result\":{\"result\":{\"type\":\"object\",\"value\":null}}"
#define NO_CONTEXT  "\"error\":{\"code\":-32000,\"message\":\"Cannot find default context\"}"
#define RING        "\"result\":{\"result\":{\"type\":\"object\",\"objectId\":\"r.1\"}}"
#define DRAIN_VALUE "\"result\":{\"result\":{\"value\":{\"used\":77,\"total\":99}}}"

static bool answer_late_beginner(struct inspector_server *server, int fd, unsigned id,
                                 const char *message)
{
	static const char *const replies[] = {NULL_VALUE, NO_CONTEXT, RING};

	(void)server;
	if (is_install(message))
		server_reply(fd, id, replies[installs++]);
	else if (strstr(message, "getHeapSpaceStatistics") != NULL)
		server_reply(fd, id, DRAIN_VALUE);
	else
		return false;
	return true;
}

START_TEST(test_a_thread_that_begins_is_asked_again)
{
	static const struct inspector_script script = {.answer = answer_late_beginner};
	struct inspector_server server;
	struct told told;
	const struct collector_sink sink = {.context = &told, .heap_level = on_level};
	unsigned i;

	begin(&server, &script, &told, &sink);
	talk_begin(told.talk);
	for (i = 1; i <= 2; i++) {
		settle(&told);
		ck_assert_uint_eq(installs, i);
		ck_assert(!told.talk->has_failed && told.talk->ring[0] == '\0');
		talk_turn(told.talk, told.talk->next_poll_ns - 1); /* too early */
		ck_assert(!told.talk->is_polling);
		talk_turn(told.talk, told.talk->next_poll_ns);
	}
	settle(&told);
	ck_assert_str_eq(told.talk->ring, "r.1");
	talk_turn(told.talk, clock_boottime_ns());
	settle(&told);
	ck_assert_uint_eq(installs, 3);
	ck_assert_uint_eq(told.level_count, 1);
	ck_assert_uint_eq(told.used_bytes, 77);
	finish(&server, &told);
}
END_TEST

static bool answer_hardened(struct inspector_server *server, int fd, unsigned id,
                            const char *message)
{
	(void)server;
	if (!is_install(message))
		return false;
	installs++;
	server_reply(fd, id, NULL_VALUE);
	return true;
}

START_TEST(test_a_process_without_a_ring_is_given_up)
{
	static const struct inspector_script script = {.answer = answer_hardened};
	const struct collector_sink sink = {.context = NULL};
	struct inspector_server server;
	struct told told;
	unsigned i;

	begin(&server, &script, &told, &sink);
	talk_begin(told.talk);
	for (i = 0; i < 2 * INSTALLS_MAX; i++) {
		settle(&told);
		talk_turn(told.talk, told.talk->next_poll_ns);
	}
	ck_assert(told.talk->has_failed && !told.talk->is_polling);
	ck_assert_uint_eq(installs, INSTALLS_MAX);
	finish(&server, &told);
}
END_TEST

static bool answer_nothing_to_installs(struct inspector_server *server, int fd, unsigned id,
                                       const char *message)
{
	(void)server;
	(void)fd;
	(void)id;
	if (!is_install(message))
		return false;
	installs++;
	return true;
}

static void on_other(void *context, const struct session_reply *reply)
{
	ck_assert_int_eq(reply->error, 0);
	++*(unsigned *)context;
}

/* In a system call: one question waits for it, not one a second. */
START_TEST(test_nothing_more_is_asked_while_an_answer_is_due)
{
	static const struct inspector_script script = {.answer = answer_nothing_to_installs};
	const struct collector_sink sink = {.context = NULL};
	struct inspector_server server;
	struct told told;
	unsigned others = 0;
	const struct session_call other = {
	    .method = "Some.thing", .context = &others, .done = on_other};
	unsigned i;

	begin(&server, &script, &told, &sink);
	talk_begin(told.talk);
	for (i = 1; i <= INSTALLS_MAX; i++)
		talk_turn(told.talk, clock_boottime_ns() + i * NS_PER_MINUTE);
	ck_assert_int_eq(session_call(told.session, &other), 0);
	while (others == 0)
		turn(&told); /* the server has read all that came before */
	ck_assert_uint_eq(installs, 1);
	ck_assert(told.talk->is_polling && !told.talk->has_failed);
	finish(&server, &told);
}
END_TEST

static bool answer_sleeper(struct inspector_server *server, int fd, unsigned id,
                           const char *message)
{
	unsigned inner_id = server_worker_call(message);

	(void)server;
	(void)id;
	if (inner_id == 0)
		return false;
	installs += is_install(message);
	if (installs >= 3)
		server_worker_reply(
		    fd, "7", inner_id,
		    "\\\"result\\\":{\\\"result\\\":{\\\"objectId\\\":\\\"r.7\\\"}}");
	return true;
}

START_TEST(test_a_worker_that_sleeps_is_asked_ever_more_seldom)
{
	static const struct inspector_script script = {.answer = answer_sleeper};
	const struct collector_sink sink = {.context = NULL};
	struct inspector_server server;
	struct told told;
	unsigned i;

	begin(&server, &script, &told, &sink);
	memcpy(told.talk->worker, "7", 2);
	told.talk->timeout_ns = 20 * NS_PER_MS;
	talk_begin(told.talk);
	for (i = 0; i < 2; i++) {
		settle(&told);
		ck_assert(!told.talk->has_failed);
		ck_assert_uint_eq(told.talk->pause_ns, (20 * NS_PER_MS) << i);
		told.talk->timeout_ns = 20 * NS_PER_SECOND * i + 20 * NS_PER_MS;
		talk_turn(told.talk, told.talk->next_poll_ns);
	}
	settle(&told);
	ck_assert_str_eq(told.talk->ring, "r.7");
	ck_assert_uint_eq(told.talk->pause_ns, 0);
	finish(&server, &told);
}
END_TEST

START_TEST(test_where_too_many_calls_are_under_way_it_waits)
{
	static const struct inspector_script script = {.answer = answer_late_beginner};
	const struct collector_sink sink = {.context = NULL};
	struct inspector_server server;
	struct told told;
	unsigned others = 0;
	const struct session_call other = {
	    .method = "Some.thing", .context = &others, .done = on_other};
	unsigned i;

	begin(&server, &script, &told, &sink);
	for (i = 0; i < SESSION_CALLS_MAX; i++)
		ck_assert_int_eq(session_call(told.session, &other), 0);
	talk_begin(told.talk);
	ck_assert(!told.talk->is_polling && !told.talk->has_failed);
	while (others < SESSION_CALLS_MAX)
		turn(&told);
	talk_turn(told.talk, clock_boottime_ns());
	settle(&told);
	ck_assert_uint_eq(installs, 1);
	finish(&server, &told);
}
END_TEST

START_TEST(test_who_is_gone_leaves_its_place)
{
	static const struct process_key key = {.pid = SERVER_PID};
	struct told told = {.session = NULL};
	const struct collector_sink sink = {.context = &told, .heap_level = on_level};
	struct talk *list = NULL;
	unsigned i;

	for (i = 0; i < 3; i++) {
		struct talk *talk = talk_new(NULL, &sink, &key, "7", 1 + i);

		ck_assert_ptr_nonnull(talk);
		talk->next = list;
		list = talk;
	}
	memcpy(list->ring, "r", 2);
	talk_gone(list, 1);
	talk_gone(list->next, 1);      /* the sink never heard of it */
	list->next->pending_count = 1; /* a call still knows it */
	ck_assert_uint_eq(talk_sweep(&list), 2);
	list->pending_count = 0;
	ck_assert_uint_eq(talk_sweep(&list), 1);
	ck_assert_uint_eq(told.level_count, 1);
	talk_free_all(&list);
	ck_assert_ptr_null(talk_new(NULL, &sink, &key, "01234567890123456789012345678901", 1));
}
END_TEST

UNIT_MAIN("inspector_talk", test_a_thread_that_begins_is_asked_again,
          test_a_process_without_a_ring_is_given_up,
          test_nothing_more_is_asked_while_an_answer_is_due,
          test_a_worker_that_sleeps_is_asked_ever_more_seldom,
          test_where_too_many_calls_are_under_way_it_waits, test_who_is_gone_leaves_its_place)
