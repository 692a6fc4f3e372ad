// SPDX-License-Identifier: MIT
/*
 * Serves a made-up model on the daemon's own loop, and says how late the loop was meanwhile.
 *
 *	serve [PROCESSES [SECONDS]]
 *
 * Every five seconds there is a pass: each process collects once more, so that what was rendered is
 * old. A timer of 10 ms sees how long each callback kept the loop.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/modelled.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/negotiate.h"
#include "daemon/loop.h"
#include "daemon/model/picture.h"
#include "daemon/web.h"
#include "lib/numbers.h"

#define TICK_MS       10
#define PASS_MS       5000
#define LAGS_MAX      60000
#define COLLECT_SLICE 200 /* processes between two turns, as a pass is cut in slices */

struct serve {
	struct model *model;
	struct picture_memory memory;
	struct loop *loop;
	struct loop_timer *tick, *pass, *slice, *end;
	uint64_t generation;
	uint64_t last_ns;
	size_t collected;
	uint64_t lags_ns[LAGS_MAX];
	size_t lag_count;
};

static const struct self_status self = {.version = "bench", .revision = "", .compiler = ""};

/* ---- what is served ---- */

static void *take_picture(void *context)
{
	struct serve *serve = context;

	return picture_take(serve->model, &serve->memory);
}

static void free_picture(void *picture)
{
	(void)picture_free(picture);
}

static int render_text(const void *picture, struct buf *out)
{
	metrics_write(&(struct metrics_source){picture, &self, MODELLED_NOW_NS}, TEXT_PROMETHEUS,
	              out);
	return 0;
}

static int render_openmetrics(const void *picture, struct buf *out)
{
	metrics_write(&(struct metrics_source){picture, &self, MODELLED_NOW_NS}, TEXT_OPENMETRICS,
	              out);
	return 0;
}

static size_t choose(const char *accept)
{
	return negotiate_format(accept);
}

static uint64_t generation_of(void *context)
{
	return ((const struct serve *)context)->generation;
}

static int is_ready(void *context)
{
	(void)context;
	return 1;
}

/* ---- the loop ---- */

static void on_tick(void *data)
{
	struct serve *serve = data;
	uint64_t now_ns = clock_boottime_ns();
	uint64_t wanted_ns = serve->last_ns + TICK_MS * NS_PER_MS;

	if (serve->last_ns > 0 && serve->lag_count < LAGS_MAX)
		serve->lags_ns[serve->lag_count++] = u64_subtract_floor(now_ns, wanted_ns);
	serve->last_ns = now_ns;
	loop_timer_start(serve->tick, TICK_MS, 0);
}

static void on_slice(void *data)
{
	struct serve *serve = data;
	struct process *const *processes;
	size_t count = model_processes(serve->model, &processes);
	size_t end = serve->collected + COLLECT_SLICE;

	for (; serve->collected < count && serve->collected < end; serve->collected++)
		modelled_collect(serve->model, &processes[serve->collected]->key, serve->collected);
	if (serve->collected < count)
		loop_timer_start(serve->slice, 0, 0);
	else
		serve->generation++;
}

static void on_pass(void *data)
{
	struct serve *serve = data;

	serve->collected = 0;
	on_slice(serve);
}

static void on_end(void *data)
{
	loop_stop(((const struct serve *)data)->loop);
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void print_lags(struct serve *serve)
{
	size_t count = serve->lag_count;

	if (count == 0)
		return;
	qsort(serve->lags_ns, count, sizeof(serve->lags_ns[0]), compare);
	(void)printf("loop: lag_ms p50=%.2f p99=%.2f max=%.2f of %zu ticks\n",
	             (double)serve->lags_ns[count / 2] / 1e6,
	             (double)serve->lags_ns[count * 99 / 100] / 1e6,
	             (double)serve->lags_ns[count - 1] / 1e6, count);
}

static int run(struct serve *serve, uint64_t seconds)
{
	static const char *const addresses[] = {"127.0.0.1:0"};
	static const struct http_endpoint endpoint = {
	    .path = "/metrics",
	    .formats = {{"text/plain; version=0.0.4", render_text},
	                {"application/openmetrics-text; version=1.0.0", render_openmetrics}},
	    .choose = choose};
	const struct collector_host host = loop_host(serve->loop);
	const struct http_options options = {.listen_addresses = addresses,
	                                     .listen_count = 1,
	                                     .endpoints = &endpoint,
	                                     .endpoint_count = 1,
	                                     .context = serve,
	                                     .host = &host,
	                                     .requests_max = 1000,
	                                     .picture_take = take_picture,
	                                     .picture_free = free_picture,
	                                     .generation = generation_of,
	                                     .is_ready = is_ready};
	struct web *web = web_start(&(struct web_options){.http = options}, serve->loop,
	                            &host); /* logs the port */

	if (web == NULL)
		return EXIT_FAILURE;
	loop_timer_start(serve->tick, TICK_MS, 0);
	loop_timer_start(serve->pass, PASS_MS, PASS_MS);
	loop_timer_start(serve->end, seconds * 1000, 0);
	loop_run(serve->loop);
	loop_drain(serve->loop);
	(void)web_stop(web);
	print_lags(serve);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct serve serve = {.generation = 1};
	uint64_t count = 2000, seconds = 70;
	int status;

	if ((argc > 1 && number_parse_u64(argv[1], strlen(argv[1]), &count) < 0) ||
	    (argc > 2 && number_parse_u64(argv[2], strlen(argv[2]), &seconds) < 0))
		return 2;
	serve.model = modelled_new(count);
	serve.loop = loop_new();
	if (serve.model == NULL || serve.loop == NULL)
		return EXIT_FAILURE;
	serve.tick = loop_timer_new(serve.loop, on_tick, &serve);
	serve.pass = loop_timer_new(serve.loop, on_pass, &serve);
	serve.slice = loop_timer_new(serve.loop, on_slice, &serve);
	serve.end = loop_timer_new(serve.loop, on_end, &serve);
	if (serve.tick == NULL || serve.pass == NULL || serve.slice == NULL || serve.end == NULL)
		return EXIT_FAILURE;
	status = run(&serve, seconds);
	(void)loop_free(serve.loop);
	picture_memory_done(&serve.memory);
	(void)model_free(serve.model);
	return status;
}
