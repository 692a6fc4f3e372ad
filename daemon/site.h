// SPDX-License-Identifier: MIT
/*
 * What is served over HTTP: the one table of endpoints, and what their pages are rendered from.
 */
#ifndef HEAPWATCH_DAEMON_SITE_H
#define HEAPWATCH_DAEMON_SITE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct collection;
struct explaining;
struct http_options;
struct model;
struct self_status;
struct site;

struct site_options {
	const char *telemetry_path;
	struct model *model;
	struct collection *collection;
	struct self_status *self;      /* measured anew for each picture */
	struct explaining *explaining; /* NULL: the admin API is not enabled */
};

/* NULL without memory. What options point to outlives it. */
struct site *site_new(const struct site_options *options);
/* After the server. */
struct site *site_free(struct site *site);

/* A pass is over, or a configuration read: what was rendered before is old. With news from between
 * two passes it is so by itself, after half a second. */
void site_advance(struct site *site);
/* The first pass is over. */
void site_ready(struct site *site);

/* Fills in endpoints, context, generation, picture and is_ready. */
void site_serve(struct site *site, struct http_options *options);

/* One exposition, at once: for --once. -ENOMEM. */
int site_print_metrics(struct site *site, struct buf *out) __attribute__((warn_unused_result));

#endif
