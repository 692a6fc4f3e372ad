// SPDX-License-Identifier: MIT
/* Passwords: computed once in the pool, remembered, limited; the test plays the pool. */
#include "daemon/exposition/http_auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/exposition/auth_limit.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define RIGHT    "Basic YWxpY2U6dGVzdA==" /* alice:test */
#define WRONG    "Basic YWxpY2U6d3Jvbmc=" /* alice:wrong */
#define UNKNOWN  "Basic bWFsbG9yeTp0ZXN0" /* mallory:test */
#define WITH_NUL "Basic YWxpY2U6dGVzdAB4" /* alice:test, NUL, x */

static struct label_pair pairs[] = {
    {(char[]){"bob"}, (char[]){"$2b$05$dM11GlBvyv6WM.NyG2np6.t27pvwEhhj9LD8rVc9HqLVqNmBrzxDG"}},
    {(char[]){"alice"}, (char[]){"$2b$04$22H8iJXim.jzEMOYjxJS.ukqat4oOwz4q70vhE5jo0kpLwXf//Hz."}},
};
static const struct pair_list users = {.pairs = pairs, .count = 2};

static struct {
	struct collector_host host;
	struct http_auth *auth;
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
	bool is_full;
	unsigned job_count;
	uint64_t now_ns;
	unsigned answer_count;
	enum auth_verdict answer;
} test;

static uint64_t now_ns(void *context)
{
	(void)context;
	return test.now_ns;
}

static int submit(void *context, void (*work)(void *data), void (*done)(void *data), void *data)
{
	(void)context;
	if (test.is_full)
		return -EAGAIN;
	ck_assert_ptr_null(test.work); /* one at a time */
	test.work = work;
	test.done = done;
	test.data = data;
	test.job_count++;
	return 0;
}

static void run_job(void)
{
	void (*work)(void *data) = test.work;

	ck_assert_ptr_nonnull(work);
	test.work = NULL;
	work(test.data);
	test.done(test.data);
}

static void set_up(void)
{
	memset(&test, 0, sizeof(test));
	test.host = (struct collector_host){.now_ns = now_ns, .submit = submit};
	test.now_ns = NS_PER_SECOND;
	test.auth = http_auth_new(&test.host);
	ck_assert_ptr_nonnull(test.auth);
}

static void on_answer(void *data, enum auth_verdict verdict)
{
	ck_assert_ptr_eq(data, &test);
	test.answer_count++;
	test.answer = verdict;
}

static enum auth_verdict check_from(uint8_t peer, const char *header, struct auth_ticket **ret)
{
	const struct auth_request request = {.users = &users,
	                                     .authorization = header,
	                                     .peer = {peer},
	                                     .answer = on_answer,
	                                     .data = &test};
	struct auth_ticket *ticket = NULL;
	enum auth_verdict verdict = http_auth_check(test.auth, &request, &ticket);

	ck_assert_int_eq(verdict == AUTH_WAIT, ticket != NULL);
	if (ret != NULL)
		*ret = ticket;
	return verdict;
}

static enum auth_verdict check(const char *header)
{
	return check_from(1, header, NULL);
}

START_TEST(test_right_password_is_computed_once_and_remembered)
{
	set_up();
	ck_assert_int_eq(check(RIGHT), AUTH_WAIT);
	run_job();
	ck_assert_int_eq(test.answer, AUTH_GRANTED);
	ck_assert_uint_eq(test.answer_count, 1);
	ck_assert_int_eq(check(RIGHT), AUTH_GRANTED);
	ck_assert_uint_eq(test.job_count, 1);
	(void)http_auth_free(test.auth);
}
END_TEST

START_TEST(test_wrong_ones_are_denied_and_remembered)
{
	static const char *const headers[] = {WRONG, UNKNOWN};
	size_t i;

	set_up();
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(check(headers[i]), AUTH_WAIT); /* an unknown name costs as much */
		run_job();
		ck_assert_int_eq(test.answer, AUTH_DENIED);
		ck_assert_int_eq(check(headers[i]), AUTH_DENIED);
	}
	ck_assert_uint_eq(test.job_count, 2);
	(void)http_auth_free(test.auth);
}
END_TEST

START_TEST(test_no_password_and_malformed_ones_are_denied_at_once)
{
	static const char *const headers[] = {
	    NULL,     "", "Basic", "Basic ", "Basic !!!", "Bearer x", "Basic YWxpY2U=" /* alice */,
	    WITH_NUL,
	};
	size_t i;

	set_up();
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		ck_assert_int_eq(check(headers[i]), AUTH_DENIED);
	ck_assert_uint_eq(test.job_count, 0);
	(void)http_auth_free(test.auth);
}
END_TEST

START_TEST(test_same_credentials_at_once_share_one_computation)
{
	struct auth_ticket *ticket;
	int i;

	set_up();
	for (i = 0; i < 64; i++)
		ck_assert_int_eq(check(RIGHT), AUTH_WAIT);
	ck_assert_int_eq(check_from(1, RIGHT, &ticket), AUTH_WAIT);
	http_auth_cancel(ticket); /* gone meanwhile */
	run_job();
	ck_assert_uint_eq(test.job_count, 1);
	ck_assert_uint_eq(test.answer_count, 64);
	(void)http_auth_free(test.auth);
}
END_TEST

/* "Basic " and base64 of alice: and three bytes, none of them 0. */
static void write_header(char out[64], unsigned number)
{
	static const char first[] = "defgh";
	static const char second[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)snprintf(out, 64, "Basic YWxpY2U6%c%cxw", first[number / 26], second[number % 26]);
}

START_TEST(test_failures_are_limited_per_peer_and_heal)
{
	char header[64];
	unsigned i;

	set_up();
	ck_assert_int_eq(check(RIGHT), AUTH_WAIT);
	run_job();
	for (i = 0; i < AUTH_LIMIT_BURST; i++) {
		write_header(header, i);
		ck_assert_int_eq(check(header), AUTH_WAIT);
		run_job();
		ck_assert_int_eq(test.answer, AUTH_DENIED);
	}
	write_header(header, 100);
	ck_assert_int_eq(check(header), AUTH_TOO_MANY);
	ck_assert_int_eq(check(RIGHT), AUTH_GRANTED); /* who is known is not kept out */
	ck_assert_int_eq(check_from(2, header, NULL), AUTH_WAIT);
	run_job();
	test.now_ns += 7 * NS_PER_SECOND;
	write_header(header, 101);
	ck_assert_int_eq(check(header), AUTH_WAIT);
	run_job();
	write_header(header, 102);
	ck_assert_int_eq(check(header), AUTH_TOO_MANY);
	(void)http_auth_free(test.auth);
}
END_TEST

START_TEST(test_queue_is_bounded_and_a_full_pool_is_said)
{
	char header[64];
	unsigned i;

	set_up();
	test.is_full = true;
	ck_assert_int_eq(check(RIGHT), AUTH_BUSY);
	test.is_full = false;
	for (i = 0; i < 16; i++) {
		write_header(header, i);
		ck_assert_int_eq(check_from((uint8_t)i, header, NULL), AUTH_WAIT);
	}
	ck_assert_int_eq(check(RIGHT), AUTH_BUSY);
	run_job();
	ck_assert_uint_eq(test.answer_count, 1);
	ck_assert_uint_eq(test.job_count, 2);
	test.is_full = true; /* as when the loop ends */
	run_job();
	ck_assert_uint_eq(test.answer_count, 16);
	ck_assert_int_eq(test.answer, AUTH_BUSY);
	(void)http_auth_free(test.auth);
}
END_TEST

START_TEST(test_limit_forgets_the_peer_of_longest_ago)
{
	static struct auth_limit limit;
	uint8_t peer[AUTH_LIMIT_KEY] = {0};
	unsigned i;

	for (i = 0; i <= AUTH_LIMIT_BURST; i++)
		ck_assert_int_eq(auth_limit_take(&limit, peer, 1), i < AUTH_LIMIT_BURST);
	for (i = 1; i <= AUTH_LIMIT_PEERS; i++) {
		peer[0] = (uint8_t)i;
		peer[1] = (uint8_t)(i >> 8);
		ck_assert(auth_limit_take(&limit, peer, 1 + i));
	}
	memset(peer, 0, sizeof(peer));
	ck_assert(auth_limit_take(&limit, peer, 1 + i));
}
END_TEST

UNIT_MAIN("auth", test_right_password_is_computed_once_and_remembered,
          test_wrong_ones_are_denied_and_remembered,
          test_no_password_and_malformed_ones_are_denied_at_once,
          test_same_credentials_at_once_share_one_computation,
          test_failures_are_limited_per_peer_and_heal,
          test_queue_is_bounded_and_a_full_pool_is_said, test_limit_forgets_the_peer_of_longest_ago)
