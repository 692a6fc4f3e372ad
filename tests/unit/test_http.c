// SPDX-License-Identifier: MIT
/*
 * What the HTTP server answers, when it renders, and where it listens.
 */
#include "daemon/exposition/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/buf.h"
#include "tests/unit/gunzip.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/unit.h"

/* ---- answers ---- */

struct answer_case {
	const char *request;
	const char *status;
	const char *header;
	const char *body;
};

static const struct answer_case answer_cases[] = {
    {"GET /metrics HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ",
     "Content-Type: text/plain; version=0.0.4\r\n", "generation 0\n"},
    {"GET /metrics?a=b HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "Content-Length: 13\r\n",
     "generation 0\n"},
    {"HEAD /metrics HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "Content-Length: 13\r\n", ""},
    {"GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.", "200 OK", "generation 0\n"},
    {"GET / HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "Content-Security-Policy: default-src 'none'\r\n",
     "generation 0\n"},
    {"POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n" CLOSE "some body", "HTTP/1.1 405 ",
     "Allow: GET, HEAD\r\n", "405 method not allowed\n"},
    {"DELETE /-/healthy HTTP/1.1\r\n" CLOSE, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n",
     "405 method not allowed\n"},
    {"GET /metrics HTTP/1.1\r\nContent-Length: 9\r\n" CLOSE "some body", "HTTP/1.1 200 ",
     "X-Content-Type-Options: nosniff\r\n", "generation 0\n"},
    {"GET /metrics/ HTTP/1.1\r\n" CLOSE, "HTTP/1.1 404 ", "Content-Length: 19\r\n",
     "404 page not found\n"},
    {"GET //metrics HTTP/1.1\r\n" CLOSE, "HTTP/1.1 404 ", "", "404 page not found\n"},
    {"POST /nowhere HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, "HTTP/1.1 404 ", "",
     "404 page not found\n"},
    {"GET /%6Detrics HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "", "generation 0\n"},
    {"GET /metrics%00 HTTP/1.1\r\n" CLOSE, "HTTP/1.1 404 ", "", "404 page not found\n"},
    {"GET /echo/%40a%2Fb%00%zz/0?a=1+2%2B3%00&b HTTP/1.1\r\nX-Echo: y\r\n" CLOSE, "HTTP/1.1 200 ",
     "Content-Type: application/json\r\n", "[@a/b%00%zz/0][1 2+3%00][y]\n"},
    {"POST /echo/x HTTP/1.1\r\nContent-Length: 4\r\n" CLOSE "body", "HTTP/1.1 202 ", "",
     "[x][-][-]\n"},
    {"POST /echo HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, "HTTP/1.1 202 ", "", "[][-][-]\n"},
    {"GET /echo HTTP/1.1\r\n" CLOSE, "HTTP/1.1 405 ", "Allow: POST\r\n",
     "405 method not allowed\n"},
    {"PUT /echo/ HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, "HTTP/1.1 405 ",
     "Allow: GET, HEAD, POST\r\n", "405 method not allowed\n"},
    {"GET /echoes HTTP/1.1\r\n" CLOSE, "HTTP/1.1 404 ", "", "404 page not found\n"},
    {"GET /metrics HTTP/1.1\r\nAccept: other\r\n" CLOSE, "HTTP/1.1 200 ",
     "Content-Type: text/other\r\n", "other generation 0\n"},
    {"GET /metrics HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "Vary: Accept, Accept-Encoding\r\n",
     "generation 0\n"},
    {"GET /-/healthy HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "text/plain", "heapwatch is healthy\n"},
    {"GET /-/ready HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "text/plain", "heapwatch is ready\n"},
};

START_TEST(test_each_request_gets_its_answer)
{
	struct fixture fixture;
	size_t i;

	start_loopback(&fixture);
	for (i = 0; i < sizeof(answer_cases) / sizeof(answer_cases[0]); i++) {
		const struct answer_case *row = &answer_cases[i];
		struct client client = exchange(&fixture, row->request);
		const char *text = buf_string(&client.in);

		ck_assert_msg(strncmp(text, row->status, strlen(row->status)) == 0, "%s: %s",
		              row->request, text);
		ck_assert_msg(strstr(text, row->header) != NULL, "%s: %s", row->request, text);
		ck_assert_str_eq(body_of(&client), row->body);
		disconnect(&client);
	}
	stop(&fixture);
}
END_TEST

START_TEST(test_not_ready_is_503)
{
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	fixture.is_ready = 0;
	client = exchange(&fixture, "GET /-/ready HTTP/1.1\r\n" CLOSE);
	ck_assert_ptr_nonnull(strstr(buf_string(&client.in), "HTTP/1.1 503 "));
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_pipelined_requests_are_answered_in_order)
{
	struct fixture fixture;
	struct client client;
	const char *first;

	start_loopback(&fixture);
	client = exchange(&fixture, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
	                            "GET /-/healthy HTTP/1.1\r\n" CLOSE);
	first = strstr(buf_string(&client.in), "generation 0\n");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first, "heapwatch is healthy\n"));
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_request_that_is_too_large_is_refused)
{
	static char request[64 * 1024];
	struct fixture fixture;
	struct client client;

	start_loopback(&fixture);
	memset(request, 'a', sizeof(request) - 1);
	memcpy(request, "GET /metrics HTTP/1.1\r\nX: ", 26);
	client = connect_server(&fixture);
	(void)send(client.fd, request, sizeof(request) - 1, MSG_NOSIGNAL); /* as far as it goes */
	await_close(&fixture, &client);
	ck_assert_ptr_null(strstr(buf_string(&client.in), " 200 "));
	ck_assert_uint_eq(fixture.render_count, 0);
	disconnect(&client);
	stop(&fixture);
}
END_TEST

/* ---- rendering ---- */

static void get_metrics(struct fixture *fixture, const char *expected)
{
	struct client client = exchange(fixture, "GET /metrics HTTP/1.1\r\n" CLOSE);

	ck_assert_msg(strstr(buf_string(&client.in), expected) != NULL, "%s",
	              buf_string(&client.in));
	disconnect(&client);
}

START_TEST(test_a_generation_is_rendered_once)
{
	struct fixture fixture;

	start_loopback(&fixture);
	settle(&fixture);
	ck_assert_uint_eq(fixture.render_count, 0); /* only when someone asks */
	get_metrics(&fixture, "generation 0\n");
	get_metrics(&fixture, "generation 0\n");
	ck_assert_uint_eq(fixture.render_count, 1);
	fixture.generation = 7;
	get_metrics(&fixture, "generation 7\n");
	get_metrics(&fixture, "generation 7\n");
	ck_assert_uint_eq(fixture.render_count, 2);
	stop(&fixture);
}
END_TEST

START_TEST(test_failed_rendering_is_500_and_not_kept)
{
	struct fixture fixture;

	start_loopback(&fixture);
	fixture.render_result = -EIO;
	get_metrics(&fixture, "HTTP/1.1 500 ");
	fixture.render_result = 0;
	fixture.overflows = true;
	get_metrics(&fixture, "HTTP/1.1 500 ");
	fixture.overflows = false;
	get_metrics(&fixture, "generation 0\n");
	ck_assert_uint_eq(fixture.render_count, 3);
	stop(&fixture);
}
END_TEST

START_TEST(test_slow_reader_keeps_the_body_it_was_given)
{
	struct fixture fixture;
	struct client slow;
	struct client quick;

	start_loopback(&fixture);
	slow = connect_server(&fixture);
	send_text(&slow, "GET /big HTTP/1.1\r\n" CLOSE);
	settle(&fixture);
	fixture.generation = 1;
	quick = exchange(&fixture, "GET /big HTTP/1.1\r\n" CLOSE);
	await_close(&fixture, &slow);
	ck_assert_uint_eq(strspn(body_of(&slow), "a"), BIG_BODY_BYTES);
	ck_assert_uint_eq(strspn(body_of(&quick), "b"), BIG_BODY_BYTES);
	disconnect(&slow);
	disconnect(&quick);
	stop(&fixture);
}
END_TEST

/* ---- gzip ---- */

static void expect_gzip(struct fixture *fixture, const char *expected)
{
	struct client client =
	    exchange(fixture, "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE);
	struct buf body = BUF_INIT(1U << 20);
	const char *start = body_of(&client);

	ck_assert_ptr_nonnull(strstr(buf_string(&client.in), "Content-Encoding: gzip\r\n"));
	gunzip(start, client.in.length - (size_t)(start - buf_string(&client.in)), &body);
	ck_assert_str_eq(buf_string(&body), expected);
	buf_done(&body);
	disconnect(&client);
}

START_TEST(test_gzip_is_made_of_what_was_rendered)
{
	struct fixture fixture;

	start_loopback(&fixture);
	get_metrics(&fixture, "generation 0\n");
	expect_gzip(&fixture, "generation 0\n");
	ck_assert_uint_eq(fixture.render_count, 1);
	fixture.generation = 1;
	expect_gzip(&fixture, "generation 1\n");
	get_metrics(&fixture, "generation 1\n");
	ck_assert_uint_eq(fixture.render_count, 2);
	stop(&fixture);
}
END_TEST

/* The first asks for no coding, the second for gzip while the first one's page is rendered. */
START_TEST(test_codings_that_wait_for_the_same_page_are_all_served)
{
	struct fixture fixture;
	struct client plain;

	start_loopback(&fixture);
	fixture.holds_jobs = true;
	plain = connect_server(&fixture);
	send_text(&plain, "GET /metrics HTTP/1.1\r\n" CLOSE);
	settle(&fixture);
	ck_assert_uint_eq(fixture.job_count, 1);
	fixture.holds_jobs = false;
	expect_gzip(&fixture, "generation 0\n");
	await_close(&fixture, &plain);
	ck_assert_str_eq(body_of(&plain), "generation 0\n");
	ck_assert_uint_eq(fixture.render_count, 1);
	disconnect(&plain);
	stop(&fixture);
}
END_TEST

START_TEST(test_busy_pool_is_503)
{
	struct fixture fixture;

	start_loopback(&fixture);
	fixture.submit_result = -EAGAIN;
	get_metrics(&fixture, "HTTP/1.1 503 ");
	fixture.submit_result = 0;
	get_metrics(&fixture, "generation 0\n");
	stop(&fixture);
}
END_TEST

/* ---- addresses ---- */

START_TEST(test_all_addresses_are_served)
{
	char directory[] = "/tmp/heapwatch-http-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char unix_address[128];
	const char *addresses[] = {unix_address, "127.0.0.1:0", ":0"};
	struct fixture fixture = {.now_ns = NS_PER_SECOND};
	struct client client;
	struct stat status;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(unix_address, sizeof(unix_address), "unix:%s/socket", directory);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
	start(&fixture, addresses, 3, 8);
	client = connect_to((const struct sockaddr *)&address, sizeof(address));
	send_text(&client, "GET /metrics HTTP/1.1\r\n" CLOSE);
	await_close(&fixture, &client);
	ck_assert_ptr_nonnull(strstr(buf_string(&client.in), "generation 0\n"));
	disconnect(&client);
	get_metrics(&fixture, "generation 0\n");
	ck_assert_uint_eq(fixture.render_count, 1);
	stop(&fixture);
	ck_assert_int_lt(lstat(address.sun_path, &status), 0); /* it leaves no socket file */
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(test_bad_address_is_reported_and_frees_the_others)
{
	const char *addresses[] = {"127.0.0.1:0", "nonsense"};
	struct fixture fixture = {.now_ns = 1};
	const struct http_options options = {.listen_addresses = addresses,
	                                     .listen_count = 2,
	                                     .context = &fixture,
	                                     .generation = generation_of,
	                                     .wake = wake,
	                                     .is_ready = is_ready};
	char message[256];

	ck_assert_int_eq(http_server_new(&options, &fixture.server, message, sizeof(message)),
	                 -EINVAL);
	ck_assert_ptr_nonnull(strstr(message, "\"nonsense\""));
	ck_assert_ptr_null(fixture.server);
}
END_TEST

UNIT_MAIN("http", test_each_request_gets_its_answer, test_not_ready_is_503,
          test_pipelined_requests_are_answered_in_order, test_request_that_is_too_large_is_refused,
          test_a_generation_is_rendered_once, test_gzip_is_made_of_what_was_rendered,
          test_codings_that_wait_for_the_same_page_are_all_served, test_busy_pool_is_503,
          test_failed_rendering_is_500_and_not_kept, test_slow_reader_keeps_the_body_it_was_given,
          test_all_addresses_are_served, test_bad_address_is_reported_and_frees_the_others)
