// SPDX-License-Identifier: MIT
/*
 * The status page, for people: all processes, worst first, and one process with its charts. HTML
 * that needs neither script nor any asset but its own style; with the script it stays current. All
 * that processes say of themselves is escaped. Pure.
 *
 * Links are relative, so that the page may be below a path of a proxy.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_STATUS_H
#define HEAPWATCH_DAEMON_EXPOSITION_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"

struct picture;
struct process;

#define STATUS_HEADER_COUNT 3
extern const struct http_header status_headers[STATUS_HEADER_COUNT];

struct status_source {
	const struct self_status *self;
	const char *telemetry_path;
	uint64_t now_ns;
};

/* GET / */
void status_write_list(const struct status_source *source, const struct picture *picture,
                       struct buf *out);
/* GET /process/APP/SLOT; range: the name of a time span of the charts, NULL or another: chosen. */
void status_write_process(const struct status_source *source, const struct process *process,
                          const char *range, struct buf *out);
/* There is no such process, perhaps no longer. */
void status_write_missing(const struct status_source *source, struct buf *out);

#define STATUS_ASSET_HEADER_COUNT 1
extern const struct http_header status_asset_headers[STATUS_ASSET_HEADER_COUNT];

/* The files below daemon/exposition/assets, embedded by the build. */
struct status_asset {
	const char *name;
	const char *content_type;
	const unsigned char *bytes;
	size_t length;
};

/* GET /static/NAME; NULL: there is none. */
const struct status_asset *status_asset_find(const char *name);

#endif
