// SPDX-License-Identifier: MIT
/*
 * What a scrape costs: rendering a model of N processes with one heap each, and sending the body
 * over loopback to a client in another process. CPU time of this process only.
 *
 *	scrape [PROCESSES]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/modelled.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"
#include "daemon/model/picture.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/gzip.h"
#include "lib/numbers.h"

#define PROCESSES_DEFAULT 2000
#define RENDER_COUNT      20
#define REQUEST_COUNT     50
#define BODY_MAX          (256U << 20)

struct bench {
	struct model *model;
	struct picture_memory memory;
	uint64_t generation;
	bool is_woken;
	struct collector_host host;
	void (*work)(void *data); /* submitted and not done */
	void (*done)(void *data);
	void *data;
};

/* ---- rendering ---- */

static const struct self_status self = {.version = "bench", .revision = "", .compiler = ""};

static void *take_picture(void *context)
{
	struct bench *bench = context;

	return picture_take(bench->model, &bench->memory);
}

static void free_picture(void *picture)
{
	(void)picture_free(picture);
}

static void render_format(const struct picture *picture, enum text_format format, struct buf *out)
{
	metrics_write(&(struct metrics_source){picture, &self, MODELLED_NOW_NS}, format, out);
}

static int render(const void *picture, struct buf *out)
{
	render_format(picture, TEXT_PROMETHEUS, out);
	return 0;
}

static uint64_t count_samples(const struct buf *body)
{
	uint64_t count = 0;
	const char *line;

	for (line = body->data; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		line += *line == '\n' ? 1 : 0;
		count += *line != '#' && *line != '\0';
	}
	return count;
}

struct cost {
	uint64_t total_ns;
	uint64_t best_ns;
};

static void add_cost(struct cost *cost, uint64_t before_ns)
{
	uint64_t spent_ns = clock_process_cpu_ns() - before_ns;

	cost->total_ns += spent_ns;
	if (cost->best_ns == 0 || spent_ns < cost->best_ns)
		cost->best_ns = spent_ns;
}

static double mean_ms(const struct cost *cost)
{
	return (double)cost->total_ns / RENDER_COUNT / 1e6;
}

/* The picture is what the loop pays, the rest the pool. */
static void measure_rendering(struct bench *bench, enum text_format format, const char *name)
{
	struct cost picture_cost = {0}, render_cost = {0}, gzip_cost = {0};
	struct buf body = BUF_INIT(BODY_MAX);
	struct buf packed = BUF_INIT(BODY_MAX);
	bool has_failed = false;
	size_t i;

	for (i = 0; i < RENDER_COUNT; i++) {
		uint64_t before_ns = clock_process_cpu_ns();
		struct picture *picture = picture_take(bench->model, &bench->memory);

		add_cost(&picture_cost, before_ns);
		buf_clear(&body);
		buf_clear(&packed);
		before_ns = clock_process_cpu_ns();
		render_format(picture, format, &body);
		add_cost(&render_cost, before_ns);
		before_ns = clock_process_cpu_ns();
		has_failed |= gzip_compress(body.data, body.length, &packed) < 0;
		add_cost(&gzip_cost, before_ns);
		(void)picture_free(picture);
	}
	(void)printf("%-11s samples=%" PRIu64 " bytes=%zu gzip_bytes=%zu cpu_ms picture=%.1f "
	             "render=%.1f (best %.1f, %.0f ns a sample) gzip=%.1f%s\n",
	             name, count_samples(&body), body.length, packed.length, mean_ms(&picture_cost),
	             mean_ms(&render_cost), (double)render_cost.best_ns / 1e6,
	             mean_ms(&render_cost) * 1e6 / (double)count_samples(&body),
	             mean_ms(&gzip_cost), has_failed || buf_failed(&body) ? " FAILED" : "");
	buf_done(&body);
	buf_done(&packed);
}

/* ---- scrapes ---- */

static uint64_t generation_of(void *context)
{
	return ((const struct bench *)context)->generation;
}

static int is_ready(void *context)
{
	(void)context;
	return 1;
}

/* A pool of this thread: the job is done after the server's turn. */
static int submit(void *context, void (*work)(void *data), void (*done)(void *data), void *data)
{
	struct bench *bench = context;

	if (bench->work != NULL)
		return -EAGAIN;
	bench->work = work;
	bench->done = done;
	bench->data = data;
	return 0;
}

static void wake(void *data)
{
	((struct bench *)data)->is_woken = true;
}

static void run_job(struct bench *bench)
{
	void (*work)(void *data) = bench->work;

	if (work == NULL)
		return;
	bench->work = NULL;
	work(bench->data);
	bench->done(bench->data);
}

/* One request after the other, each on a connection of its own. */
static int run_client(unsigned port)
{
	static const char request[] =
	    "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	static char bytes[1 << 20];
	const struct sockaddr_in address = {.sin_family = AF_INET,
	                                    .sin_port = htons((uint16_t)port),
	                                    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	size_t i;

	for (i = 0; i < REQUEST_COUNT; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
			return EXIT_FAILURE;
		while (recv(fd, bytes, sizeof(bytes), 0) > 0)
			;
		(void)close(fd);
	}
	return EXIT_SUCCESS;
}

static void serve_until_exit(struct bench *bench, struct http_server *server, pid_t client)
{
	struct pollfd fd = {.events = POLLIN};
	int status;

	(void)http_server_fds(server, &fd.fd, 1);
	while (waitpid(client, &status, WNOHANG) == 0) {
		int64_t timeout_ms = bench->is_woken ? 0 : http_server_timeout_ms(server);

		bench->is_woken = false;
		(void)poll(&fd, 1, timeout_ms >= 0 && timeout_ms < 10 ? (int)timeout_ms : 10);
		http_server_run(server);
		run_job(bench);
	}
}

static int measure_scrapes(struct bench *bench, size_t count)
{
	static const char *const addresses[] = {"127.0.0.1:0"};
	static const struct http_endpoint endpoint = {
	    .path = "/metrics", .formats = {{"text/plain; version=0.0.4", render}}};
	const struct http_options options = {.listen_addresses = addresses,
	                                     .listen_count = 1,
	                                     .endpoints = &endpoint,
	                                     .endpoint_count = 1,
	                                     .context = bench,
	                                     .host = &bench->host,
	                                     .picture_take = take_picture,
	                                     .picture_free = free_picture,
	                                     .generation = generation_of,
	                                     .wake = wake,
	                                     .wake_data = bench,
	                                     .is_ready = is_ready};
	struct http_server *server = NULL;
	char message[256];
	uint64_t before_ns;
	pid_t client;

	if (http_server_new(&options, &server, message, sizeof(message)) < 0) {
		(void)fprintf(stderr, "%s\n", message);
		return EXIT_FAILURE;
	}
	bench->host = (struct collector_host){.context = bench, .submit = submit};
	client = fork();
	if (client == 0)
		_exit(run_client(http_server_port(server)));
	before_ns = clock_process_cpu_ns();
	serve_until_exit(bench, server, client);
	(void)printf("scrape  processes=%zu requests=%d of one rendered body: cpu_ms_per_request="
	             "%.3f\n",
	             count, REQUEST_COUNT,
	             (double)(clock_process_cpu_ns() - before_ns) / REQUEST_COUNT / 1e6);
	(void)http_server_free(server);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct bench bench = {.generation = 1};
	uint64_t count = PROCESSES_DEFAULT;
	int status;

	if (argc > 1 && number_parse_u64(argv[1], strlen(argv[1]), &count) < 0)
		return 2;
	bench.model = modelled_new(count);
	if (bench.model == NULL)
		return EXIT_FAILURE;
	(void)printf("processes=%" PRIu64 "\n", count);
	measure_rendering(&bench, TEXT_PROMETHEUS, "text");
	measure_rendering(&bench, TEXT_OPENMETRICS, "openmetrics");
	(void)fflush(stdout); /* before the fork */
	status = measure_scrapes(&bench, count);
	picture_memory_done(&bench.memory);
	(void)model_free(bench.model);
	return status;
}
