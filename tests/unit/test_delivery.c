// SPDX-License-Identifier: MIT
/* From the queue to a receiver that answers what the test says: order, retries, deadlines. */
#include "daemon/alerting/delivery.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/alerting/queue.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define REQUEST_MAX  8192
#define JOBS_MAX     8
#define RECEIVED_MAX 4000
#define PROCESSES    250
#define ALERTS_EACH  4
#define MANY         (PROCESSES * ALERTS_EACH)

/* ---- a receiver: it takes bodies of the form {"process":P,"n":N} ---- */

static struct {
	int fd;
	unsigned short port;
	pthread_t thread;
	/* Of the thread until it is joined, or the test waits for the answer. */
	unsigned received[RECEIVED_MAX][2];
	unsigned received_count;
	unsigned request_count;
	const char *(*answer)(unsigned process, unsigned request);
} receiver;

static unsigned number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? (unsigned)strtoul(at + strlen(key), NULL, 10) : 0;
}

static bool is_whole(const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");

	return body != NULL && strlen(body + 4) >= number_after(request, "Content-Length: ");
}

static void read_request(int fd, char request[REQUEST_MAX])
{
	size_t length = 0;

	request[0] = '\0';
	while (!is_whole(request) && length < REQUEST_MAX - 1) {
		ssize_t count = recv(fd, request + length, REQUEST_MAX - 1 - length, 0);

		if (count <= 0)
			return;
		length += (size_t)count;
		request[length] = '\0';
	}
}

static void *serve_all(void *unused)
{
	char request[REQUEST_MAX];
	int fd;

	while ((fd = accept(receiver.fd, NULL, NULL)) >= 0) {
		unsigned process;
		const char *answer;

		read_request(fd, request);
		process = number_after(request, "\"process\":");
		answer = receiver.answer(process, receiver.request_count++);
		if (strstr(answer, " 200 ") != NULL && receiver.received_count < RECEIVED_MAX) {
			receiver.received[receiver.received_count][0] = process;
			receiver.received[receiver.received_count++][1] =
			    number_after(request, "\"n\":");
		}
		(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		(void)close(fd);
	}
	return unused;
}

#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define BUSY "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define REDIRECT \
	"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define LATER                                                                          \
	"HTTP/1.1 429 Later\r\nRetry-After: 1000\r\nContent-Length: 0\r\nConnection: " \
	"close\r\n\r\n"

static void start_receiver(const char *(*answer)(unsigned process, unsigned request))
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	receiver.answer = answer;
	receiver.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(receiver.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(receiver.fd, 16), 0);
	ck_assert_int_eq(getsockname(receiver.fd, (struct sockaddr *)&address, &size), 0);
	receiver.port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&receiver.thread, NULL, serve_all, NULL), 0);
}

static void stop_receiver(void)
{
	(void)shutdown(receiver.fd, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(receiver.thread, NULL), 0);
	(void)close(receiver.fd);
}

/* ---- heapwatchd around it: jobs wait until the test runs them ---- */

static struct {
	struct {
		void (*work)(void *data);
		void (*done)(void *data);
		void *data;
	} jobs[JOBS_MAX];
	size_t job_count;
	struct config *config;
	struct queue *queue;
	struct delivery *delivery;
} test;

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	ck_assert_uint_lt(test.job_count, JOBS_MAX);
	test.jobs[test.job_count].work = work;
	test.jobs[test.job_count].done = done;
	test.jobs[test.job_count++].data = data;
	return 0;
}

static const struct collector_host host = {.submit = host_submit};

static void run_one_job(void)
{
	void (*done)(void *data) = test.jobs[0].done;
	void *data = test.jobs[0].data;

	test.jobs[0].work(data);
	memmove(test.jobs, test.jobs + 1, --test.job_count * sizeof(test.jobs[0]));
	done(data);
}

static void run_jobs(void)
{
	while (test.job_count > 0)
		run_one_job();
}

/* A tick so late that nothing waits any more. */
static void tick_late(void)
{
	delivery_tick(test.delivery, clock_boottime_ns() + 2 * NS_PER_HOUR);
	run_jobs();
}

/* urls: of the receiver, before the one that answers. */
static void start_as(const char *type, const char *urls,
                     const char *(*answer)(unsigned process, unsigned request))
{
	static const char *const names[] = {"ops"};
	char message[CONFIG_MESSAGE_SIZE];
	char text[256];
	struct config_source source = {.name = "test", .text = text};

	start_receiver(answer);
	source.length = (size_t)snprintf(
	    text, sizeof(text), "receivers: [{ name: ops, type: %s, %s'http://127.0.0.1:%u/'%s }]",
	    type, urls, receiver.port, strchr(urls, '[') != NULL ? "]" : "");
	ck_assert_int_eq(config_parse(&source, NULL, NULL, &test.config, message), 0);
	test.queue = queue_open(NULL, &host);
	ck_assert_int_eq(queue_set_receivers(test.queue, names, 1), 0);
	test.delivery = delivery_new(test.config, test.queue, &host);
	ck_assert_ptr_nonnull(test.delivery);
}

static void start(const char *(*answer)(unsigned process, unsigned request))
{
	start_as("webhook", "url: ", answer);
}

static void end(void)
{
	stop_receiver();
	(void)delivery_free(test.delivery);
	(void)queue_close(test.queue);
	(void)config_free(test.config);
}

static uint64_t accept_alert(unsigned process, unsigned n, bool is_firing,
                             uint64_t accepted_boot_ns)
{
	char boot_id[] = "boot";
	char dedup_key[32];
	char body[64];
	uint64_t id = 0;
	const struct queued_alert alert = {
	    .key = {.pid = (pid_t)process, .start_ticks = 1},
	    .boot_id = boot_id,
	    .is_firing = is_firing,
	    .dedup_key = dedup_key,
	    .body = body,
	    .audience = 1,
	    .due = 1,
	    .accepted_unix_ns = 1,
	    .accepted_boot_ns = accepted_boot_ns,
	};

	(void)snprintf(dedup_key, sizeof(dedup_key), "%u/%u", process, n);
	(void)snprintf(body, sizeof(body), "{\"process\":%u,\"n\":%u}", process, n);
	ck_assert_int_eq(queue_add(test.queue, &alert, &id), 0);
	return id;
}

static void add(unsigned process, unsigned n)
{
	(void)accept_alert(process, n, false, clock_boottime_ns());
}

static uint64_t outcome(enum delivery_outcome outcome)
{
	return delivery_counts_of(test.delivery, 0).outcomes[outcome];
}

/* ---- tests ---- */

static const char *slow_and_sometimes_busy(unsigned process, unsigned request)
{
	const struct timespec time = {.tv_nsec = NS_PER_MS};

	(void)process;
	(void)nanosleep(&time, NULL); /* that is what the test is about: a slow receiver */
	return request % 50 == 49 ? BUSY : OK;
}

START_TEST(test_a_thousand_alerts_at_once_arrive_in_the_order_of_each_process)
{
	unsigned next[PROCESSES + 1] = {0};
	unsigned i;

	start(slow_and_sometimes_busy);
	for (i = 0; i < MANY; i++)
		add(1 + i % PROCESSES, i / PROCESSES);
	for (i = 0; i < MANY && queue_length(test.queue) > 0; i++)
		tick_late();
	ck_assert_uint_eq(queue_length(test.queue), 0);
	ck_assert_uint_lt(i, MANY / 40); /* one goes after another, a tick is for what failed */
	ck_assert_uint_eq(receiver.received_count, MANY);
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(receiver.received[i][1], next[receiver.received[i][0]]++);
	ck_assert_uint_eq(outcome(DELIVERY_SENT), MANY);
	ck_assert_uint_eq(outcome(DELIVERY_RETRIED), receiver.request_count - MANY);
	end();
}
END_TEST

static const char *never_the_first(unsigned process, unsigned request)
{
	(void)request;
	return process == 1 ? BUSY : OK;
}

START_TEST(test_one_that_fails_holds_up_its_process_alone)
{
	unsigned i;

	start(never_the_first);
	add(1, 0);
	add(1, 1);
	add(2, 0);
	add(3, 0);
	for (i = 0; i < 5; i++)
		tick_late();
	ck_assert_uint_eq(receiver.received_count, 2);
	ck_assert_uint_eq(receiver.received[0][0], 2);
	ck_assert_uint_eq(receiver.received[1][0], 3);
	ck_assert_uint_eq(queue_length(test.queue), 2);
	ck_assert_uint_ge(outcome(DELIVERY_RETRIED), 4);
	end();
}
END_TEST

static const char *in_turn(unsigned process, unsigned request)
{
	static const char *const answers[] = {CONTINUE, LATER, BUSY, REDIRECT, OK};

	(void)process;
	return answers[request % 5];
}

START_TEST(test_what_each_answer_means)
{
	unsigned i;

	start(in_turn);
	add(1, 0);
	add(1, 1);
	delivery_tick(test.delivery, clock_boottime_ns());
	run_jobs(); /* broke off after 100 */
	ck_assert_uint_eq(outcome(DELIVERY_RETRIED), 1);
	tick_late();
	ck_assert_uint_eq(outcome(DELIVERY_RETRIED), 2);
	delivery_tick(test.delivery, clock_boottime_ns() + 900 * NS_PER_SECOND);
	ck_assert_uint_eq(test.job_count, 0); /* as Retry-After asked */
	for (i = 0; i < 3; i++)
		tick_late();
	ck_assert_uint_eq(outcome(DELIVERY_RETRIED), 3);
	ck_assert_uint_eq(outcome(DELIVERY_REFUSED), 1);
	ck_assert_uint_eq(outcome(DELIVERY_SENT), 1);
	ck_assert_uint_eq(receiver.received[0][1], 1);
	ck_assert_uint_eq(queue_length(test.queue), 0);
	end();
}
END_TEST

static const char *always_busy(unsigned process, unsigned request)
{
	(void)process;
	(void)request;
	return BUSY;
}

/* Both were accepted in 1970 by the wall clock. */
START_TEST(test_the_deadline_is_not_that_of_a_clock_that_jumped)
{
	start(always_busy);
	(void)accept_alert(1, 0, false, clock_boottime_ns());
	tick_late();
	ck_assert_uint_eq(outcome(DELIVERY_EXPIRED), 0);
	(void)accept_alert(2, 0, false, 0); /* by another boot: there is no other clock */
	tick_late();
	ck_assert_uint_eq(outcome(DELIVERY_EXPIRED), 1);
	ck_assert_uint_eq(queue_length(test.queue), 1);
	end();
}
END_TEST

static const char *always_ok(unsigned process, unsigned request)
{
	(void)process;
	(void)request;
	return OK;
}

/* To each of its URLs, of which the first is away; again while the alert is open, then no more. */
START_TEST(test_alertmanagers_are_told_again_while_an_alert_fires)
{
	uint64_t now_ns;
	unsigned sent;

	start_as("alertmanager", "urls: ['http://127.0.0.1:1', ", always_ok);
	(void)accept_alert(1, 0, true, clock_boottime_ns());
	delivery_tick(test.delivery, clock_boottime_ns());
	run_jobs();
	sent = receiver.received_count;
	ck_assert_uint_ge(sent, 1);
	ck_assert_uint_eq(outcome(DELIVERY_SENT), sent);
	ck_assert_uint_eq(queue_length(test.queue), 0);
	now_ns = clock_boottime_ns();
	delivery_tick(test.delivery, now_ns + 30 * NS_PER_SECOND);
	ck_assert_uint_eq(test.job_count, 0);
	delivery_tick(test.delivery, now_ns + 61 * NS_PER_SECOND);
	ck_assert_uint_eq(test.job_count, 1);
	run_jobs();
	ck_assert_uint_gt(receiver.received_count, sent);
	(void)accept_alert(1, 0, false, clock_boottime_ns());
	tick_late();
	sent = receiver.received_count;
	tick_late();
	ck_assert_uint_eq(receiver.received_count, sent);
	ck_assert_uint_eq(outcome(DELIVERY_SENT), sent);
	ck_assert_ptr_null(queue_first(test.queue));
	end();
}
END_TEST

/* Between the steps of a request: it is not the former one's answer that counts. */
START_TEST(test_what_an_abort_keeps_from_being_sent_stays_due)
{
	start(always_ok);
	add(1, 0);
	tick_late();
	ck_assert_uint_eq(queue_length(test.queue), 0);
	add(1, 1);
	delivery_tick(test.delivery, clock_boottime_ns());
	ck_assert_uint_eq(test.job_count, 1);
	delivery_abort(test.delivery);
	run_jobs();
	ck_assert_uint_eq(queue_length(test.queue), 1);
	ck_assert_uint_eq(outcome(DELIVERY_SENT), 1);
	ck_assert_uint_eq(receiver.received_count, 1);
	end();
}
END_TEST

UNIT_MAIN("delivery", test_a_thousand_alerts_at_once_arrive_in_the_order_of_each_process,
          test_one_that_fails_holds_up_its_process_alone, test_what_each_answer_means,
          test_the_deadline_is_not_that_of_a_clock_that_jumped,
          test_alertmanagers_are_told_again_while_an_alert_fires,
          test_what_an_abort_keeps_from_being_sent_stays_due)
