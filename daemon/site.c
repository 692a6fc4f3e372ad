// SPDX-License-Identifier: MIT
/*
 * Endpoints and their renderers. To serve something else is to add a row to the table.
 */
#include "daemon/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collection.h"
#include "daemon/explaining.h"
#include "daemon/exposition/api.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/negotiate.h"
#include "daemon/exposition/probe.h"
#include "daemon/exposition/status.h"
#include "daemon/exposition/target.h"
#include "daemon/model/picture.h"
#include "daemon/self.h"
#include "lib/buf.h"
#include "lib/clock.h"

#define ENDPOINT_COUNT 8
#define JSON_TYPE      "application/json"
#define HTML_TYPE      "text/html; charset=utf-8"
/* So long a page may lack collections that are known: it is not rendered for each one. */
#define NEWS_AGE_NS (500 * NS_PER_MS)

struct site {
	struct site_options options;
	uint64_t generation;
	uint64_t advanced_ns; /* when it changed */
	uint64_t news_count;  /* as of then */
	bool is_ready;
	struct picture_memory picture_memory;
	struct http_endpoint endpoints[ENDPOINT_COUNT];
};

/* ---- what pages are rendered from ---- */

/* The daemon at one moment; nothing in it changes, so that the pool may read it. */
struct view {
	const char *telemetry_path;
	struct picture *picture;
	struct self_status self;
	struct collector_status *collectors;
	uint64_t now_ns;
};

static void view_free(void *data)
{
	struct view *view = data;

	if (view == NULL)
		return;
	(void)picture_free(view->picture);
	free(view->collectors);
	free(view);
}

static int copy_collectors(struct view *view)
{
	size_t size = view->self.collector_count * sizeof(*view->collectors);

	if (size == 0)
		return 0;
	view->collectors = malloc(size);
	if (view->collectors == NULL)
		return -ENOMEM;
	memcpy(view->collectors, view->self.collectors, size);
	view->self.collectors = view->collectors;
	return 0;
}

static void *view_take(void *context)
{
	struct site *site = context;
	struct self_status *self = site->options.self;
	struct view *view = calloc(1, sizeof(*view));

	if (view == NULL)
		return NULL;
	self_measure(self);
	self->collector_count = collection_status(site->options.collection, &self->collectors);
	view->telemetry_path = site->options.telemetry_path;
	view->self = *self;
	view->now_ns = clock_boottime_ns();
	view->picture = picture_take(site->options.model, &site->picture_memory);
	if (view->picture == NULL || copy_collectors(view) < 0) {
		view_free(view);
		return NULL;
	}
	return view;
}

/* ---- pages ---- */

static int render_metrics(const struct view *view, enum text_format format, struct buf *out)
{
	const struct metrics_source source = {
	    .picture = view->picture, .self = &view->self, .now_ns = view->now_ns};

	metrics_write(&source, format, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

static int render_prometheus(const void *picture, struct buf *out)
{
	return render_metrics(picture, TEXT_PROMETHEUS, out);
}

static int render_openmetrics(const void *picture, struct buf *out)
{
	return render_metrics(picture, TEXT_OPENMETRICS, out);
}

static size_t choose_metrics(const char *accept)
{
	return negotiate_format(accept);
}

static int render_status(const void *picture, struct buf *out)
{
	const struct view *view = picture;
	const struct status_source source = {&view->self, view->telemetry_path, view->now_ns};

	status_write_list(&source, view->picture, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

static int render_processes(const void *picture, struct buf *out)
{
	const struct view *view = picture;

	api_write_processes(view->picture, &view->self, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

/* ---- of one process, or of no more than their names: on the loop ---- */

static void refuse(struct http_answer *answer, unsigned status, const char *text)
{
	answer->status = status;
	buf_append_string(&answer->body, text);
}

static void refuse_target(struct http_answer *answer, int result)
{
	if (result == -EINVAL)
		refuse(answer, 400, "400 target: expected APP/SLOT or pid:N\n");
	else if (result == -ENOENT)
		refuse(answer, 404, "404 no such process\n");
	else
		refuse(answer, 500, "500 no memory\n");
}

static void respond_probe(void *context, const struct http_request *request,
                          struct http_answer *answer)
{
	struct site *site = context;
	const char *target = http_request_argument(request, "target");
	const struct probe_format *format =
	    probe_format_find(http_request_argument(request, "format"));
	const struct process *process = NULL;
	int result;

	if (format == NULL) {
		refuse(answer, 400, "400 format: expected prom-client or otel\n");
		return;
	}
	result = target == NULL ? -EINVAL : target_find(site->options.model, target, &process);
	if (result < 0) {
		refuse_target(answer, result);
		return;
	}
	answer->content_type = text_content_type(TEXT_PROMETHEUS);
	probe_write(format, process, site->options.self->boot_realtime_offset_ns, &answer->body);
}

static void respond_targets(void *context, const struct http_request *request,
                            struct http_answer *answer)
{
	struct site *site = context;
	const char *host = http_request_header(request, "Host");

	if (host == NULL || !target_host_is_valid(host)) {
		refuse(answer, 400, "400 Host: expected a host name or address and a port\n");
		return;
	}
	answer->content_type = JSON_TYPE;
	target_write_list(site->options.model, host, &answer->body);
}

/* ---- explanations: APP/SLOT/explain ---- */

#define EXPLAIN_SUFFIX "/explain"

static void start_explanation(struct site *site, const struct process *process,
                              struct http_answer *answer)
{
	int result = explaining_start(site->options.explaining, process);

	if (result == -EBUSY)
		refuse(answer, 409, "409 an explanation is under way\n");
	else if (result == -ESRCH)
		refuse(answer, 404, "404 the process is known from its log alone\n");
	else if (result < 0)
		refuse(answer, 503, "503 too much is under way\n");
	else
		refuse(answer, 202, "202 started\n");
}

static void show_explanation(const struct site *site, const struct process *process,
                             struct http_answer *answer)
{
	answer->content_type = JSON_TYPE;
	if (explaining_write(site->options.explaining, process, &answer->body) == 0)
		return;
	answer->content_type = NULL;
	refuse(answer, 404, "404 not explained yet: POST starts it\n");
}

static void respond_explain(struct site *site, const struct http_request *request,
                            const char *target, struct http_answer *answer)
{
	const struct process *process = NULL;

	if (site->options.explaining == NULL)
		refuse(answer, 403, "403 needs --web.enable-admin-api\n");
	else if (target_find_slot(site->options.model, target, &process) < 0)
		refuse_target(answer, -ENOENT);
	else if (http_request_method(request) == HTTP_POST)
		start_explanation(site, process, answer);
	else
		show_explanation(site, process, answer);
}

/* False: the path does not end so. */
static bool try_explain(struct site *site, const struct http_request *request,
                        struct http_answer *answer)
{
	const char *rest = http_request_rest(request);
	size_t length = strlen(rest), suffix = strlen(EXPLAIN_SUFFIX);
	char *target;

	if (length < suffix || strcmp(rest + length - suffix, EXPLAIN_SUFFIX) != 0)
		return false;
	target = strndup(rest, length - suffix);
	if (target == NULL)
		refuse_target(answer, -ENOMEM);
	else
		respond_explain(site, request, target, answer);
	free(target);
	return true;
}

static void respond_process(void *context, const struct http_request *request,
                            struct http_answer *answer)
{
	struct site *site = context;
	const struct process *process = NULL;
	int result;

	if (try_explain(site, request, answer))
		return;
	if (http_request_method(request) != HTTP_GET) {
		refuse(answer, 405, "405 only GET\n");
		return;
	}
	result = target_find_slot(site->options.model, http_request_rest(request), &process);
	if (result < 0) {
		refuse_target(answer, result == -EINVAL ? -ENOENT : result);
		return;
	}
	answer->content_type = JSON_TYPE;
	api_write_process(process, site->options.self->boot_realtime_offset_ns, &answer->body);
}

static void respond_status(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
	struct site *site = context;
	const struct status_source source = {site->options.self, site->options.telemetry_path,
	                                     clock_boottime_ns()};
	const struct process *process = NULL;
	int result = target_find_slot(site->options.model, http_request_rest(request), &process);

	answer->content_type = HTML_TYPE;
	if (result == 0) {
		status_write_process(&source, process, http_request_argument(request, "range"),
		                     &answer->body);
		return;
	}
	answer->status = 404;
	status_write_missing(&source, &answer->body);
}

static void respond_asset(void *context, const struct http_request *request,
                          struct http_answer *answer)
{
	const struct status_asset *asset = status_asset_find(http_request_rest(request));

	(void)context;
	if (asset == NULL) {
		refuse(answer, 404, "404 no such file\n");
		return;
	}
	answer->content_type = asset->content_type;
	buf_append(&answer->body, asset->bytes, asset->length);
}

/* ---- the table ---- */

/* The first is at --web.telemetry-path. */
static const struct http_endpoint rows[] = {
    {.formats = {[TEXT_PROMETHEUS] = {"text/plain; version=0.0.4; charset=utf-8",
                                      render_prometheus},
                 [TEXT_OPENMETRICS] = {"application/openmetrics-text; version=1.0.0; charset=utf-8",
                                       render_openmetrics}},
     .choose = choose_metrics},
    {.path = "/",
     .formats = {{HTML_TYPE, render_status}},
     .headers = status_headers,
     .header_count = STATUS_HEADER_COUNT},
    {.path = "/process/",
     .is_prefix = true,
     .respond = respond_status,
     .headers = status_headers,
     .header_count = STATUS_HEADER_COUNT},
    {.path = "/static/",
     .is_prefix = true,
     .respond = respond_asset,
     .headers = status_asset_headers,
     .header_count = STATUS_ASSET_HEADER_COUNT},
    {.path = "/probe", .respond = respond_probe},
    {.path = "/sd", .respond = respond_targets},
    {.path = "/api/v1/processes", .formats = {{JSON_TYPE, render_processes}}},
    {.path = "/api/v1/processes/",
     .is_prefix = true,
     .methods = HTTP_GET | HTTP_POST,
     .respond = respond_process},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == ENDPOINT_COUNT, "a place for each");

/* ---- the site ---- */

struct site *site_new(const struct site_options *options)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return NULL;
	site->options = *options;
	memcpy(site->endpoints, rows, sizeof(rows));
	site->endpoints[0].path = options->telemetry_path;
	self_measure(
	    options->self); /* the offset of its clocks is wanted before the first scrape */
	return site;
}

struct site *site_free(struct site *site)
{
	if (site == NULL)
		return NULL;
	picture_memory_done(&site->picture_memory);
	free(site);
	return NULL;
}

void site_advance(struct site *site)
{
	site->generation++;
	site->advanced_ns = clock_boottime_ns();
	site->news_count = collection_news_count(site->options.collection);
}

void site_ready(struct site *site)
{
	site->is_ready = true;
}

/* Logs are read between passes, too; what came that way need not wait for the next one. */
static uint64_t generation(void *context)
{
	struct site *site = context;

	if (collection_news_count(site->options.collection) != site->news_count &&
	    clock_boottime_ns() - site->advanced_ns >= NEWS_AGE_NS)
		site_advance(site);
	return site->generation;
}

static int is_ready(void *context)
{
	return ((const struct site *)context)->is_ready;
}

void site_serve(struct site *site, struct http_options *options)
{
	options->endpoints = site->endpoints;
	options->endpoint_count = ENDPOINT_COUNT;
	options->context = site;
	options->generation = generation;
	options->picture_take = view_take;
	options->picture_free = view_free;
	options->is_ready = is_ready;
}

int site_print_metrics(struct site *site, struct buf *out)
{
	struct view *view = view_take(site);
	int result;

	if (view == NULL)
		return -ENOMEM;
	result = render_prometheus(view, out);
	view_free(view);
	return result;
}
