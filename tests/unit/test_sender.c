// SPDX-License-Identifier: MIT
/* Many requests at once: none waits for another, their number is bounded, and all end at once. */
#include "daemon/alerting/sender.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define POSTS_MAX    16 /* as sender.h says */
#define ERRANDS_MAX  40
#define SOON_NS      (6 * NS_PER_SECOND) /* a request that hangs takes ten */
#define REQUEST_SIZE 4096
#define ANSWER       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* ---- a host that runs its one job when the test says so ---- */

static struct {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
} job;

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	ck_assert_ptr_null(job.work); /* one job is enough */
	job.work = work;
	job.done = done;
	job.data = data;
	return 0;
}

static const struct collector_host host = {.submit = host_submit};

static void *do_work(void *unused)
{
	job.work(job.data);
	return unused;
}

static void end_job(void)
{
	job.work = NULL;
	job.done(job.data);
}

static void run_job(void)
{
	(void)do_work(NULL);
	end_job();
}

/* ---- receivers ---- */

struct listener {
	int fd;
	unsigned short port;
	pthread_t thread;
	atomic_uint connection_count;
};

static void listen_at(struct listener *listener)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener->fd, 2 * ERRANDS_MAX), 0);
	ck_assert_int_eq(getsockname(listener->fd, (struct sockaddr *)&address, &size), 0);
	listener->port = ntohs(address.sin_port);
}

/* Each connection as long as it lasts; requests are small and come whole. */
static void *answer_all(void *data)
{
	struct listener *listener = data;
	char request[REQUEST_SIZE];
	int fd;

	while ((fd = accept(listener->fd, NULL, NULL)) >= 0) {
		listener->connection_count++;
		while (recv(fd, request, sizeof(request), 0) > 0)
			(void)send(fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL);
		(void)close(fd);
	}
	return NULL;
}

/* How many connections came, at least count of them, to a receiver that never answers. */
static unsigned count_connections(const struct listener *listener, unsigned count)
{
	struct pollfd ready = {.fd = listener->fd, .events = POLLIN};
	unsigned found = 0;

	while (poll(&ready, 1, found < count ? 5000 : 0) > 0) {
		ck_assert_int_ge(accept(listener->fd, NULL, NULL), 0); /* open until the end */
		found++;
	}
	return found;
}

/* ---- errands ---- */

static struct {
	struct sender *sender;
	struct config *configs[2];
	struct errand errands[ERRANDS_MAX];
	struct sending sendings[ERRANDS_MAX];
	bool is_done[ERRANDS_MAX];
	unsigned count;
	unsigned done_count;
	struct listener hanging;
	struct listener good;
} test;

static struct config *make_config(const struct listener *listener)
{
	char message[CONFIG_MESSAGE_SIZE];
	char text[128];
	struct config_source source = {.name = "test", .text = text};
	struct config *config;

	source.length = (size_t)snprintf(
	    text, sizeof(text),
	    "receivers: [{ name: ops, type: webhook, url: 'http://127.0.0.1:%u/' }]",
	    listener->port);
	ck_assert_int_eq(config_parse(&source, NULL, NULL, &config, message), 0);
	return config;
}

static void set_up(void)
{
	memset(&test, 0, sizeof(test));
	job.work = NULL;
	listen_at(&test.hanging);
	listen_at(&test.good);
	ck_assert_int_eq(pthread_create(&test.good.thread, NULL, answer_all, &test.good), 0);
	test.configs[0] = make_config(&test.hanging);
	test.configs[1] = make_config(&test.good);
	test.sender = sender_new(&host);
	ck_assert_ptr_nonnull(test.sender);
}

static void clean_up(void)
{
	unsigned i;

	(void)sender_free(test.sender);
	for (i = 0; i < test.count; i++)
		errand_done(&test.errands[i]);
	(void)shutdown(test.good.fd, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(test.good.thread, NULL), 0);
	(void)config_free(test.configs[0]);
	(void)config_free(test.configs[1]);
}

static void on_done(void *data)
{
	bool *is_done = data;

	ck_assert(!*is_done);
	*is_done = true;
	test.done_count++;
}

static unsigned send_one(bool is_good)
{
	unsigned i = test.count++;
	struct errand *errand = &test.errands[i];

	errand->config = &test.configs[is_good]->receivers[0];
	ck_assert_int_eq(errand_add(errand, "{\"a\":1}"), 0);
	errand_prepare(errand);
	ck_assert_uint_eq(errand->post_count, 1);
	test.sendings[i].errand = errand;
	test.sendings[i].done = on_done;
	test.sendings[i].data = &test.is_done[i];
	sender_send(test.sender, &test.sendings[i]);
	return i;
}

/* ---- tests ---- */

START_TEST(test_who_hangs_holds_up_nobody_else)
{
	uint64_t start_ns = clock_boottime_ns();
	unsigned good;
	unsigned i;

	for (i = 0; i < POSTS_MAX - 1; i++)
		(void)send_one(false);
	good = send_one(true);
	run_job();
	ck_assert_uint_eq(test.done_count, 1);
	ck_assert(test.is_done[good]);
	ck_assert_int_eq(test.errands[good].result.outcome, POST_DELIVERED);
	good = send_one(true); /* while the others still hang */
	run_job();
	ck_assert(test.is_done[good]);
	ck_assert_uint_lt(clock_boottime_ns() - start_ns, SOON_NS);
	sender_abort(test.sender);
	run_job();
	ck_assert_uint_eq(test.done_count, test.count);
	ck_assert_int_eq(test.errands[0].result.outcome, POST_RETRY);
	ck_assert_ptr_null(job.work);
}
END_TEST

START_TEST(test_their_number_is_bounded_and_an_abort_ends_them_at_once)
{
	uint64_t start_ns = clock_boottime_ns();
	pthread_t thread;
	unsigned i;

	for (i = 0; i < ERRANDS_MAX - 1; i++)
		(void)send_one(false);
	ck_assert_int_eq(pthread_create(&thread, NULL, do_work, NULL), 0);
	(void)send_one(false); /* beside the job */
	ck_assert_uint_eq(count_connections(&test.hanging, POSTS_MAX), POSTS_MAX);
	sender_abort(test.sender);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	end_job();
	ck_assert_ptr_null(job.work);
	ck_assert_uint_lt(clock_boottime_ns() - start_ns, SOON_NS);
	ck_assert_uint_eq(test.done_count, ERRANDS_MAX);
	ck_assert_uint_eq(count_connections(&test.hanging, 0), 0);
}
END_TEST

START_TEST(test_a_connection_is_used_again)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		(void)send_one(true);
		run_job();
	}
	ck_assert_uint_eq(test.done_count, 3);
	test.sender = sender_free(test.sender);
	ck_assert_uint_eq(test.good.connection_count, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_who_hangs_holds_up_nobody_else,
	    test_their_number_is_bounded_and_an_abort_ends_them_at_once,
	    test_a_connection_is_used_again,
	};
	Suite *suite = suite_create("sender");
	TCase *cases = tcase_create("sender");
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, set_up, clean_up);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
