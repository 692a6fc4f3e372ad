// SPDX-License-Identifier: MIT
/*
 * Clients that are slow, silent or many: none holds a connection for ever.
 */
#include "daemon/exposition/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/buf.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/unit.h"

static void expect_open(struct fixture *fixture, struct client *client)
{
	settle(fixture);
	receive(client);
	ck_assert(!client->is_closed);
}

START_TEST(test_dripping_request_ends_at_the_deadline)
{
	struct fixture fixture;
	struct client client;
	int i;

	start_loopback(&fixture);
	client = connect_server(&fixture);
	for (i = 0; i < 9; i++) { /* a byte per second: never idle */
		send_text(&client, "G");
		expect_open(&fixture, &client);
		fixture.now_ns += NS_PER_SECOND;
	}
	ck_assert_int_eq(http_server_timeout_ms(fixture.server), 1000);
	fixture.now_ns += NS_PER_SECOND;
	ck_assert_int_eq(http_server_timeout_ms(fixture.server), 0);
	await_close(&fixture, &client);
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_reader_that_does_not_read_ends_at_the_deadline)
{
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	client = connect_server(&fixture);
	send_text(&client, "GET /big HTTP/1.1\r\n" CLOSE);
	settle(&fixture);
	fixture.now_ns += 10 * NS_PER_SECOND;
	settle(&fixture);
	await_close(&fixture, &client);
	ck_assert_uint_lt(client.in.length, BIG_BODY_BYTES);
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_kept_connection_serves_again_but_not_for_ever)
{
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	client = connect_server(&fixture);
	send_text(&client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	await_text(&fixture, &client, "generation 0\n");
	settle(&fixture);
	fixture.generation = 1;
	fixture.now_ns += 60 * NS_PER_SECOND; /* a scrape interval */
	send_text(&client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	await_text(&fixture, &client, "generation 1\n");
	settle(&fixture);
	fixture.now_ns += 129 * NS_PER_SECOND;
	send_text(&client, "GET");
	expect_open(&fixture, &client);
	fixture.now_ns += NS_PER_SECOND;
	await_close(&fixture, &client);
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_beyond_the_limit_the_most_idle_connection_goes)
{
	static const char *const addresses[] = {"127.0.0.1:0"};
	struct fixture fixture = {.now_ns = NS_PER_SECOND};
	struct client idle[3];
	struct client busy;
	size_t i;

	start(&fixture, addresses, 1, 3);
	for (i = 0; i < 3; i++) {
		idle[i] = connect_server(&fixture);
		settle(&fixture);
		fixture.now_ns += NS_PER_MS;
	}
	send_text(&idle[0], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); /* not idle */
	await_text(&fixture, &idle[0], "generation 0\n");
	settle(&fixture);
	busy = exchange(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&busy.in), "generation 0\n"));
	await_close(&fixture, &idle[1]);
	expect_open(&fixture, &idle[0]);
	expect_open(&fixture, &idle[2]);
	disconnect(&busy);
	for (i = 0; i < 3; i++)
		disconnect(&idle[i]);
	stop(&fixture);
}
END_TEST

/* The clients are descriptors of this process too; a container often begins with 1024. */
static void raise_fd_limit(void)
{
	struct rlimit files;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

START_TEST(test_a_thousand_idle_connections_leave_room_for_a_scraper)
{
	static struct client idle[1000];
	struct fixture fixture;
	struct client scraper;
	size_t open_count = 0;
	size_t i;

	raise_fd_limit();
	start_loopback(&fixture);
	for (i = 0; i < 1000; i++) {
		idle[i] = connect_server(&fixture);
		if (i % 100 == 99)
			settle(&fixture);
	}
	scraper = exchange(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&scraper.in), "generation 0\n"));
	disconnect(&scraper);
	for (i = 0; i < 1000; i++) {
		receive(&idle[i]);
		open_count += !idle[i].is_closed;
		disconnect(&idle[i]);
	}
	ck_assert_uint_le(open_count, 8); /* the limit of this fixture */
	stop(&fixture);
}
END_TEST

/* ---- requests at once ---- */

static void start_with_requests(struct fixture *fixture, size_t requests_max)
{
	static const char *const addresses[] = {"127.0.0.1:0"};

	*fixture =
	    (struct fixture){.now_ns = NS_PER_SECOND, .is_ready = 1, .requests_max = requests_max};
	start(fixture, addresses, 1, 64);
}

START_TEST(test_request_beyond_the_limit_is_503_and_health_is_not_counted)
{
	struct fixture fixture;
	struct client waiting[2];
	struct client refused;
	struct client healthy;
	size_t i;

	start_with_requests(&fixture, 2);
	fixture.holds_jobs = true;
	for (i = 0; i < 2; i++) {
		waiting[i] = connect_server(&fixture);
		send_text(&waiting[i], "GET /metrics HTTP/1.1\r\n" CLOSE);
	}
	settle(&fixture);
	refused = exchange(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&refused.in), "HTTP/1.1 503 "));
	healthy = exchange(&fixture, "GET /-/healthy HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&healthy.in), "HTTP/1.1 200 "));
	fixture.holds_jobs = false;
	for (i = 0; i < 2; i++) {
		await_close(&fixture, &waiting[i]);
		ck_assert_ptr_nonnull(strstr(buf_string(&waiting[i].in), "generation 0\n"));
		disconnect(&waiting[i]);
	}
	ck_assert_uint_eq(fixture.render_count, 1);
	disconnect(&refused);
	disconnect(&healthy);
	stop(&fixture);
}
END_TEST

START_TEST(test_slow_reader_makes_room_at_the_limit)
{
	struct fixture fixture;
	struct client slow;
	struct client next;

	start_with_requests(&fixture, 1);
	slow = connect_server(&fixture);
	send_text(&slow, "GET /big HTTP/1.1\r\n" CLOSE);
	settle(&fixture);
	next = exchange(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&next.in), "HTTP/1.1 503 "));
	disconnect(&next);
	fixture.now_ns += 2 * NS_PER_SECOND;
	next = exchange(&fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&next.in), "generation 0\n"));
	disconnect(&next);
	await_close(&fixture, &slow);
	ck_assert_uint_lt(slow.in.length, BIG_BODY_BYTES);
	disconnect(&slow);
	stop(&fixture);
}
END_TEST

START_TEST(test_sixty_four_scrapers_share_one_rendering)
{
	static struct client scrapers[64];
	struct fixture fixture;
	size_t i;

	start_with_requests(&fixture, 64);
	for (i = 0; i < 64; i++) {
		scrapers[i] = connect_server(&fixture);
		send_text(&scrapers[i], "GET /metrics HTTP/1.1\r\n" CLOSE);
	}
	for (i = 0; i < 64; i++) {
		await_close(&fixture, &scrapers[i]);
		ck_assert_ptr_nonnull(strstr(buf_string(&scrapers[i].in), "generation 0\n"));
		disconnect(&scrapers[i]);
	}
	ck_assert_uint_eq(fixture.render_count, 1);
	stop(&fixture);
}
END_TEST

/* ---- scrapers that say how long they wait ---- */

START_TEST(test_scraper_is_told_when_its_time_is_over)
{
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	fixture.holds_jobs = true;
	client = connect_server(&fixture);
	send_text(&client, "GET /metrics HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n"
	                   "Connection: close\r\nHost: x\r\n\r\n");
	settle(&fixture);
	ck_assert_int_eq(http_server_timeout_ms(fixture.server), 1500);
	fixture.now_ns += 1500 * NS_PER_MS;
	await_close(&fixture, &client);
	ck_assert_ptr_nonnull(strstr(buf_string(&client.in), "503 not rendered in time\n"));
	disconnect(&client);
	stop(&fixture); /* the job ends with nobody waiting for it */
}
END_TEST

struct timeout_case {
	const char *value;
	int64_t timeout_ms;
};

static const struct timeout_case timeout_cases[] = {
    {"3", 3000}, {"0", 10000}, {"-1", 10000}, {"1e99", 10000}, {"nan", 10000}, {"ten", 10000},
};

START_TEST(test_only_a_sensible_timeout_shortens_the_deadline)
{
	size_t i;

	for (i = 0; i < sizeof(timeout_cases) / sizeof(timeout_cases[0]); i++) {
		struct fixture fixture;
		struct client client;
		char request[256];

		start_loopback(&fixture);
		fixture.holds_jobs = true;
		client = connect_server(&fixture);
		(void)snprintf(request, sizeof(request),
		               "GET /metrics HTTP/1.1\r\nHost: x\r\n"
		               "X-Prometheus-Scrape-Timeout-Seconds: %s\r\n\r\n",
		               timeout_cases[i].value);
		send_text(&client, request);
		settle(&fixture);
		ck_assert_int_eq(http_server_timeout_ms(fixture.server),
		                 timeout_cases[i].timeout_ms);
		disconnect(&client);
		stop(&fixture);
	}
}
END_TEST

START_TEST(test_server_may_end_while_requests_wait)
{
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	fixture.holds_jobs = true;
	client = connect_server(&fixture);
	send_text(&client, "GET /metrics HTTP/1.1\r\n" CLOSE);
	settle(&fixture);
	ck_assert_uint_eq(fixture.job_count, 1);
	stop(&fixture);
	disconnect(&client);
}
END_TEST

UNIT_MAIN("http_slow", test_dripping_request_ends_at_the_deadline,
          test_reader_that_does_not_read_ends_at_the_deadline,
          test_kept_connection_serves_again_but_not_for_ever,
          test_beyond_the_limit_the_most_idle_connection_goes,
          test_a_thousand_idle_connections_leave_room_for_a_scraper,
          test_request_beyond_the_limit_is_503_and_health_is_not_counted,
          test_slow_reader_makes_room_at_the_limit, test_sixty_four_scrapers_share_one_rendering,
          test_scraper_is_told_when_its_time_is_over,
          test_only_a_sensible_timeout_shortens_the_deadline,
          test_server_may_end_while_requests_wait)
