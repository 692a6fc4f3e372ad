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
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"
#include "daemon/model/picture.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/gzip.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define PROCESSES_DEFAULT 2000
#define RENDER_COUNT      20
#define REQUEST_COUNT     50
#define BODY_MAX          (256U << 20)
#define NOW_NS            (48 * NS_PER_HOUR)

struct bench {
	struct model *model;
	uint64_t generation;
	bool is_woken;
	struct collector_host host;
	void (*work)(void *data); /* submitted and not done */
	void (*done)(void *data);
	void *data;
};

/* ---- the model ---- */

/* Numbers of many digits, as real ones are; the same on every run. */
static double vary(size_t i)
{
	return 1 + (double)(i * 7919 % 104729) / 104729;
}

static void add_collections(struct model *model, const struct process_key *key, size_t i)
{
	const uint64_t used_bytes = (uint64_t)(50e6 * vary(i));
	size_t k;

	for (k = 0; k < 20; k++) {
		const struct gc_event event = {
		    .kind = k % 5 == 4 ? GC_MARK_COMPACT : GC_SCAVENGE,
		    .isolate = 0x1000,
		    .uptime_ns = (k + 1) * NS_PER_MINUTE,
		    .used_before_bytes = used_bytes + MIB,
		    .committed_before_bytes = 2 * used_bytes,
		    .used_after_bytes = used_bytes,
		    .committed_after_bytes = 2 * used_bytes,
		    .pause_ns = (uint64_t)(1.3e6 * vary(i + k)),
		    .average_mutator_utilization = 1 / vary(i),
		    .current_mutator_utilization = (double)NAN,
		};

		model_gc(model, key, NS_PER_HOUR + event.uptime_ns, &event);
	}
}

static void add_samples(struct model *model, const struct process_key *key, size_t i)
{
	const struct memory_sample memory = {
	    .at_ns = NOW_NS,
	    .rss_bytes = (uint64_t)(150e6 * vary(i)),
	    .rss_shared_bytes = 48 * MIB,
	    .user_cpu_ns = (uint64_t)(1e12 * vary(i)),
	    .system_cpu_ns = (uint64_t)(1e11 * vary(i + 1)),
	    .threads = 11,
	};
	const struct memory_detail detail = {
	    .at_ns = NOW_NS,
	    .rss_shmem_bytes = MIB,
	    .has_open_fds = true,
	    .open_fds = 20 + i % 100,
	    .limit_bytes = GIB,
	    .limit_is_cgroup = true,
	};
	const struct proportional_sample proportional = {
	    .at_ns = NOW_NS - (uint64_t)(30e9 * vary(i)), .pss_bytes = (uint64_t)(120e6 * vary(i))};

	model_memory(model, key, &memory);
	model_memory_detail(model, key, &detail);
	model_proportional(model, key, &proportional);
}

static void set_verdict(struct model *model, const struct process_key *key, size_t i)
{
	struct process *process = model_find(model, key);

	process->verdict = (struct verdict){
	    .score = 0.4 * vary(i),
	    .confidence = 0.5 * vary(i),
	    .state = LEAK_STATE_SUSPECTED,
	    .kind = LEAK_KIND_JS_HEAP,
	    .growth_bytes_per_second = 1e3 * vary(i),
	    .growth_lower_bytes_per_second = 0.5e3 * vary(i),
	    .growth_upper_bytes_per_second = 2e3 * vary(i),
	    .exhaustion_p10_seconds = 1e5 * vary(i),
	    .exhaustion_p50_seconds = 2e5 * vary(i),
	    .exhaustion_p90_seconds = (double)INFINITY,
	    .at_ns = NOW_NS,
	};
}

static int add_process(struct model *model, size_t i)
{
	char app[64];
	const struct process_facts facts = {
	    .key = {.pid = (pid_t)i + 1, .start_ticks = 100},
	    .start_ns = NS_PER_HOUR + i,
	    .app = app,
	    .script = "/srv/app/current/server.js",
	    .node_version = "20.20.2",
	    .container_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	    .pod_uid = "",
	    .unit = "",
	};
	int result;

	(void)snprintf(app, sizeof(app), "service-%zu-api", i / 4);
	result = model_process_found(model, NS_PER_HOUR, &facts);
	if (result < 0)
		return result;
	add_samples(model, &facts.key, i);
	add_collections(model, &facts.key, i);
	set_verdict(model, &facts.key, i);
	return 0;
}

static struct model *make_model(size_t count)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = count, .apps_max = count, .min_age_ns = 1, .time_scale = 1});
	size_t i;

	for (i = 0; i < count; i++)
		if (model == NULL || add_process(model, i) < 0)
			return model_free(model);
	model_advance(model, NOW_NS);
	return model;
}

/* ---- rendering ---- */

static const struct self_status self = {.version = "bench", .revision = "", .compiler = ""};

static void *take_picture(void *context)
{
	return picture_take(((const struct bench *)context)->model);
}

static void free_picture(void *picture)
{
	(void)picture_free(picture);
}

static void render_format(const struct picture *picture, enum text_format format, struct buf *out)
{
	metrics_write(&(struct metrics_source){picture, &self, NOW_NS}, format, out);
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
		struct picture *picture = picture_take(bench->model);

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
	bench.model = make_model(count);
	if (bench.model == NULL)
		return EXIT_FAILURE;
	(void)printf("processes=%" PRIu64 "\n", count);
	measure_rendering(&bench, TEXT_PROMETHEUS, "text");
	measure_rendering(&bench, TEXT_OPENMETRICS, "openmetrics");
	(void)fflush(stdout); /* before the fork */
	status = measure_scrapes(&bench, count);
	(void)model_free(bench.model);
	return status;
}
