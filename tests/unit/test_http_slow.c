// SPDX-License-Identifier: MIT
/*
 * Clients that are slow, silent or many: none holds a connection for ever.
 */
#include "daemon/exposition/http.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/unit.h"

static void expect_open(const struct fixture *fixture, struct client *client)
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
	fixture.generation = 1;
	fixture.now_ns += 60 * NS_PER_SECOND; /* a scrape interval */
	send_text(&client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	await_text(&fixture, &client, "generation 1\n");
	fixture.now_ns += 129 * NS_PER_SECOND;
	send_text(&client, "GET");
	expect_open(&fixture, &client);
	fixture.now_ns += NS_PER_SECOND;
	await_close(&fixture, &client);
	disconnect(&client);
	stop(&fixture);
}
END_TEST

START_TEST(test_connection_beyond_the_limit_waits_for_its_turn)
{
	static const char *const addresses[] = {"127.0.0.1:0"};
	struct fixture fixture = {.now_ns = NS_PER_SECOND};
	struct client idle[2];
	struct client waiting;

	start(&fixture, addresses, 1, 2);
	idle[0] = connect_server(&fixture);
	idle[1] = connect_server(&fixture);
	settle(&fixture);
	waiting = connect_server(&fixture);
	send_text(&waiting, "GET /metrics HTTP/1.1\r\n" CLOSE);
	expect_open(&fixture, &waiting);
	ck_assert_uint_eq(waiting.in.length, 0);
	disconnect(&idle[0]);
	await_close(&fixture, &waiting);
	ck_assert_ptr_nonnull(strstr(buf_string(&waiting.in), "generation 0\n"));
	disconnect(&waiting);
	disconnect(&idle[1]);
	stop(&fixture);
}
END_TEST

UNIT_MAIN("http_slow", test_dripping_request_ends_at_the_deadline,
          test_reader_that_does_not_read_ends_at_the_deadline,
          test_kept_connection_serves_again_but_not_for_ever,
          test_connection_beyond_the_limit_waits_for_its_turn)
