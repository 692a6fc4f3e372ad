// SPDX-License-Identifier: MIT
/*
 * The sampler of one thread: what it asks of which version, and what it makes of the answers.
 */
#include "collectors/inspector/sampler.h"

#include <errno.h>

#include "collectors/inspector/dialogue.h"
#include "lib/clock.h"
#include "tests/unit/inspector_server.h"
#include "tests/unit/profiles.h"
#include "tests/unit/unit.h"

#define NODE_VERSION(major)                             \
	"HTTP/1.0 200 OK\r\nContent-Length: 33\r\n\r\n" \
	"{\"Browser\":\"node.js/v" major ".1.2\"    }"

/* What the process was asked for, in order, and what it says; written by the server's thread, read
 * when it has answered. */
static char asked[512];
static const char *first_profile, *last_profile;
static unsigned external_mb;

static void note(const char *what)
{
	(void)strncat(asked, what, sizeof(asked) - strlen(asked) - 1);
}

static void reply_profile(int fd, unsigned id, const char *profile)
{
	static char body[SERVER_MESSAGE_SIZE / 2];

	(void)snprintf(body, sizeof(body), "\"result\":{\"profile\":%s}", profile);
	server_reply(fd, id,
	             profile != NULL ? body : "\"error\":{\"code\":-32601,\"message\":\"?\"}");
}

static bool answer(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	char text[256];

	(void)server;
	if (strstr(message, "startSampling") != NULL) {
		note(strstr(message, "{\"samplingInterval\":8192}") != NULL ? "start " : "START ");
		return false;
	}
	if (strstr(message, CALL_TREE_MARK) != NULL) {
		note(strstr(message, "i<6") != NULL && strstr(message, "new Array(1024)") != NULL
		         ? "mark "
		         : "MARK ");
		server_reply(fd, id, "\"result\":{\"result\":{\"objectId\":\"m.1\"}}");
	} else if (strstr(message, "getSamplingProfile") != NULL) {
		note("get ");
		reply_profile(fd, id, first_profile);
	} else if (strstr(message, "stopSampling") != NULL) {
		note("stop ");
		reply_profile(fd, id, last_profile);
	} else if (strstr(message, "memoryUsage") != NULL) {
		(void)snprintf(text, sizeof(text),
		               "\"result\":{\"result\":{\"value\":{\"heap\":7,\"external\":%u}}}",
		               external_mb);
		server_reply(fd, id, text);
	} else {
		return false;
	}
	return true;
}

static struct dialogue *begin(struct inspector_server *server,
                              const struct inspector_script *script, struct sampler *sampler)
{
	struct dialogue_options options = {
	    .session = {.inner_pid = SERVER_PID,
	                .attach_timeout_ns = 20 * NS_PER_SECOND,
	                .message_limit_bytes = SERVER_MESSAGE_SIZE},
	    .cancel_fd = -1,
	};
	enum session_result why;
	struct dialogue *dialogue;

	asked[0] = '\0';
	server_start(server, script);
	options.session.address.port = server->port;
	dialogue = dialogue_open(&options, &why);
	ck_assert_ptr_nonnull(dialogue);
	*sampler = (struct sampler){.dialogue = dialogue, .timeout_ns = 20 * NS_PER_SECOND};
	return dialogue;
}

/* Ends it, too. */
static void finish(struct inspector_server *server, struct dialogue *dialogue,
                   struct sampler *sampler)
{
	sampler_done(sampler);
	(void)dialogue_close(dialogue);
	server_stop(server);
}

static const struct profile_path until_mark[] = {{{"tick /srv/app.js 7"}, 4, 0}, {{NULL}, 0, 0}};
static const struct profile_path whole[] = {{{"tick /srv/app.js 7"}, 4, 0},
                                            {{CALL_TREE_MARK}, 6, 0},
                                            {{"tick /srv/app.js 7"}, 12, 0},
                                            {{NULL}, 0, 0}};
static const struct profile_path unmarked[] = {{{"tick /srv/app.js 7"}, 16, 0}, {{NULL}, 0, 0}};

START_TEST(test_two_moments_are_compared_as_the_version_allows)
{
	static const struct {
		struct inspector_script script;
		const struct profile_path *first;
		const struct profile_path *last;
		const char *asked;
		size_t profile_count;
		double growth_samples;
	} rows[] = {
	    {{.version_reply = NODE_VERSION("26"), .answer = answer},
	     NULL,
	     whole,
	     "start mark stop ",
	     2,
	     12},
	    {{.version_reply = NODE_VERSION("12"), .answer = answer},
	     NULL,
	     whole,
	     "start mark stop ",
	     2,
	     12},
	    {{.version_reply = NODE_VERSION("20"), .answer = answer},
	     NULL,
	     unmarked,
	     "start mark stop ",
	     1,
	     16},
	    {{.version_reply = NODE_VERSION("10"), .answer = answer},
	     until_mark,
	     unmarked,
	     "start get stop ",
	     2,
	     12},
	    {{.version_reply = NODE_VERSION("08"), .answer = answer, .is_old = true},
	     NULL,
	     unmarked,
	     "start get stop ",
	     1,
	     16},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_(json_deletep) cJSON *first =
		    rows[i].first != NULL ? profile_make(rows[i].first, true) : NULL;
		_cleanup_(json_deletep) cJSON *last = profile_make(rows[i].last, true);
		char *first_text = first != NULL ? cJSON_PrintUnformatted(first) : NULL;
		char *last_text = cJSON_PrintUnformatted(last);
		struct inspector_server server;
		struct sampler sampler;
		struct dialogue *dialogue = begin(&server, &rows[i].script, &sampler);

		first_profile = first_text;
		last_profile = last_text;
		ck_assert_int_eq(sampler_start(&sampler, 8192), 0);
		ck_assert_int_eq(sampler_mark(&sampler), 0);
		ck_assert_int_eq(sampler_finish(&sampler), 0);
		ck_assert_str_eq(asked, rows[i].asked);
		ck_assert_uint_eq(call_tree_profile_count(sampler.tree), rows[i].profile_count);
		ck_assert_double_eq_tol(sampler_heap_growth_bytes(&sampler),
		                        rows[i].growth_samples * INTERVAL_BYTES, 0.5);
		ck_assert(!sampler.is_lost);
		finish(&server, dialogue, &sampler);
		cJSON_free(first_text);
		cJSON_free(last_text);
	}
}
END_TEST

/* Buffers that die come and go: the least of the time before the mark is what was there. */
START_TEST(test_memory_outside_the_heap_grows_from_its_least_before_the_mark)
{
	static const unsigned looks[] = {50, 30, 40};
	static const struct inspector_script script = {.answer = answer};
	_cleanup_(json_deletep) cJSON *profile = profile_make(whole, true);
	char *text = cJSON_PrintUnformatted(profile);
	struct inspector_server server;
	struct sampler sampler;
	struct dialogue *dialogue = begin(&server, &script, &sampler);
	size_t i;

	last_profile = text;
	external_mb = 60;
	ck_assert_int_eq(sampler_look(&sampler), 0);
	ck_assert_int_eq(sampler_start(&sampler, 8192), 0);
	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		external_mb = looks[i];
		ck_assert_int_eq(sampler_look(&sampler), 0);
	}
	ck_assert_int_eq(sampler_mark(&sampler), 0);
	external_mb = 10;
	ck_assert_int_eq(sampler_look(&sampler), 0);
	external_mb = 70;
	ck_assert_int_eq(sampler_finish(&sampler), 0);
	ck_assert_double_eq(sampler_external_growth_bytes(&sampler), 40);
	finish(&server, dialogue, &sampler);
	cJSON_free(text);
}
END_TEST

static bool answer_covered(struct inspector_server *server, int fd, unsigned id,
                           const char *message)
{
	char text[128];

	if (strstr(message, "NODE_V8_COVERAGE") != NULL) {
		(void)snprintf(text, sizeof(text), "\"result\":{\"result\":{\"value\":%s}}",
		               server->script->early);
		server_reply(fd, id, text);
	} else if (strstr(message, "startPreciseCoverage") != NULL) {
		note(strstr(message, "\"callCount\":false") != NULL ? "start " : "START ");
		server_reply(fd, id, "\"error\":{\"code\":-32601,\"message\":\"?\"}");
	} else if (strstr(message, "stopPreciseCoverage") != NULL) {
		note("stop ");
		server_reply(fd, id, "\"result\":{}");
	} else if (strstr(message, "Profiler.") != NULL) {
		note(strstr(message, "enable") != NULL ? "enable " : "disable ");
		server_reply(fd, id, "\"result\":{}");
	} else {
		return false;
	}
	return true;
}

START_TEST(test_optimised_code_is_thrown_away_unless_coverage_would_be_lost)
{
	static const struct {
		struct inspector_script script; /* early is the value, and is not sent */
		bool is_covered;
	} rows[] = {
	    {{.answer = answer_covered, .early = "true"}, true},
	    {{.answer = answer_covered, .early = "false"}, false},
	    {{.answer = answer_covered, .early = "1e999"}, false},
	};
	struct inspector_server server;
	struct sampler sampler;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dialogue *dialogue = begin(&server, &rows[i].script, &sampler);

		ck_assert_int_eq(sampler_find_coverage(&sampler), 0);
		ck_assert_int_eq(sampler.is_covered, rows[i].is_covered);
		/* A refusal is no error, and what was begun is ended all the same. */
		ck_assert_int_eq(sampler_forget_code(&sampler), 0);
		ck_assert_str_eq(asked, "enable start stop disable ");
		ck_assert(!sampler.is_lost);
		finish(&server, dialogue, &sampler);
	}
}
END_TEST

static unsigned worker_calls;

static bool answer_as_worker(struct inspector_server *server, int fd, unsigned id,
                             const char *message)
{
	unsigned inner_id = server_worker_call(message);

	(void)id;
	if (inner_id == 0)
		return false;
	worker_calls++;
	server_worker_reply(fd, "7", inner_id, server->script->early);
	return true;
}

static bool answer_never(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	(void)server;
	(void)fd;
	(void)id;
	worker_calls += server_worker_call(message) != 0;
	return server_worker_call(message) != 0;
}

START_TEST(test_a_worker_that_answers_not_or_oddly_is_lost_and_asked_no_more)
{
	/* What it replies is in early, which is not sent: it has no length. */
	static const struct inspector_script rows[] = {
	    {.answer = answer_never},
	    {.answer = answer_as_worker, .early = "\\\"result\\\":{}"},
	    {.answer = answer_as_worker, .early = "\\\"error\\\":{\\\"message\\\":\\\"no\\\"}"},
	    {.answer = answer_as_worker,
	     .early = "\\\"result\\\":{\\\"result\\\":{\\\"value\\\":0}}"},
	    {.answer = answer_as_worker,
	     .early = "\\\"result\\\":{\\\"result\\\":{\\\"value\\\":4294967296}}"},
	};
	struct inspector_server server;
	struct sampler sampler;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dialogue *dialogue = begin(&server, &rows[i], &sampler);

		worker_calls = 0;
		memcpy(sampler.worker, "7", 2);
		sampler.timeout_ns = i == 0 ? 20 * NS_PER_MS : 20 * NS_PER_SECOND;
		ck_assert_int_eq(sampler_identify(&sampler), 0);
		ck_assert_msg(sampler.is_lost, "row %zu", i);
		ck_assert_int_eq(sampler_look(&sampler), 0);
		ck_assert_int_eq(sampler_start(&sampler, 4096), 0);
		ck_assert_int_eq(sampler_mark(&sampler), 0);
		ck_assert_int_eq(sampler_finish(&sampler), 0);
		ck_assert_int_eq(sampler_discard_console(&sampler), 0);
		ck_assert_int_eq(sampler_find_coverage(&sampler), 0);
		ck_assert_int_eq(sampler_forget_code(&sampler), 0);
		ck_assert_uint_eq(worker_calls, 1);
		finish(&server, dialogue, &sampler);
	}
}
END_TEST

START_TEST(test_a_worker_is_known_by_its_thread)
{
	static const struct inspector_script script = {
	    .answer = answer_as_worker,
	    .early = "\\\"result\\\":{\\\"result\\\":{\\\"value\\\":12}}"};
	struct inspector_server server;
	struct sampler sampler;
	struct dialogue *dialogue = begin(&server, &script, &sampler);

	ck_assert_int_eq(sampler_identify(&sampler), 0); /* the main thread is not asked */
	ck_assert_uint_eq(sampler.thread, 0);
	memcpy(sampler.worker, "7", 2);
	ck_assert_int_eq(sampler_identify(&sampler), 0);
	ck_assert_uint_eq(sampler.thread, 12);
	ck_assert(!sampler.is_lost);
	finish(&server, dialogue, &sampler);
}
END_TEST

static bool answer_oddly(struct inspector_server *server, int fd, unsigned id, const char *message)
{
	(void)server;
	if (strstr(message, "stopSampling") != NULL)
		server_reply(fd, id, "\"result\":{\"profile\":{\"head\":7}}");
	else if (strstr(message, "memoryUsage") != NULL)
		server_reply(fd, id, "\"result\":{\"result\":{\"value\":{\"heap\":-1}}}");
	else if (strstr(message, "discardConsoleEntries") != NULL)
		(void)shutdown(fd, SHUT_RDWR);
	else
		return false;
	return true;
}

START_TEST(test_without_the_main_thread_it_is_over)
{
	static const struct inspector_script script = {.answer = answer_oddly};
	struct inspector_server server;
	struct sampler sampler;
	struct dialogue *dialogue = begin(&server, &script, &sampler);

	ck_assert_int_eq(sampler_look(&sampler), -EBADMSG);
	ck_assert_int_eq(sampler_start(&sampler, 4096), 0);
	ck_assert_int_eq(sampler_finish(&sampler), -EBADMSG);
	ck_assert_int_eq(sampler_discard_console(&sampler), -ECONNRESET);
	ck_assert(!sampler.is_lost);
	/* Nor is a worker lost alone when the process is gone. */
	memcpy(sampler.worker, "7", 2);
	ck_assert_int_eq(sampler_look(&sampler), -ECONNRESET);
	ck_assert(!sampler.is_lost);
	finish(&server, dialogue, &sampler);
}
END_TEST

UNIT_MAIN("sampler", test_two_moments_are_compared_as_the_version_allows,
          test_memory_outside_the_heap_grows_from_its_least_before_the_mark,
          test_optimised_code_is_thrown_away_unless_coverage_would_be_lost,
          test_a_worker_that_answers_not_or_oddly_is_lost_and_asked_no_more,
          test_a_worker_is_known_by_its_thread, test_without_the_main_thread_it_is_over)
