// SPDX-License-Identifier: MIT
/*
 * Endpoints and their renderers. To serve something else is to add a row to fill_endpoints().
 */
#include "daemon/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collection.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/landing.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/negotiate.h"
#include "daemon/model/picture.h"
#include "daemon/self.h"
#include "lib/buf.h"
#include "lib/clock.h"

#define ENDPOINTS_MAX 8

struct site {
	struct site_options options;
	uint64_t generation;
	bool is_ready;
	size_t endpoint_count;
	struct http_endpoint endpoints[ENDPOINTS_MAX];
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
	view->picture = picture_take(site->options.model);
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

static int render_landing(const void *picture, struct buf *out)
{
	const struct view *view = picture;

	landing_write(view->picture, &view->self, view->telemetry_path, out);
	return buf_failed(out) ? -ENOMEM : 0;
}

/* ---- the table ---- */

static void add_endpoint(struct site *site, struct http_endpoint endpoint)
{
	site->endpoints[site->endpoint_count++] = endpoint;
}

static void fill_endpoints(struct site *site)
{
	add_endpoint(site,
	             (struct http_endpoint){
	                 .path = site->options.telemetry_path,
	                 .formats = {[TEXT_PROMETHEUS] = {text_content_type(TEXT_PROMETHEUS),
	                                                  render_prometheus},
	                             [TEXT_OPENMETRICS] = {text_content_type(TEXT_OPENMETRICS),
	                                                   render_openmetrics}},
	                 .choose = choose_metrics});
	add_endpoint(
	    site, (struct http_endpoint){.path = "/",
	                                 .formats = {{"text/html; charset=utf-8", render_landing}},
	                                 .headers = landing_headers,
	                                 .header_count = LANDING_HEADER_COUNT});
}

/* ---- the site ---- */

struct site *site_new(const struct site_options *options)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return NULL;
	site->options = *options;
	fill_endpoints(site);
	return site;
}

struct site *site_free(struct site *site)
{
	free(site);
	return NULL;
}

void site_advance(struct site *site)
{
	site->generation++;
}

void site_ready(struct site *site)
{
	site->is_ready = true;
}

static uint64_t generation(void *context)
{
	return ((const struct site *)context)->generation;
}

static int is_ready(void *context)
{
	return ((const struct site *)context)->is_ready;
}

void site_serve(struct site *site, struct http_options *options)
{
	options->endpoints = site->endpoints;
	options->endpoint_count = site->endpoint_count;
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
