// SPDX-License-Identifier: MIT
/*
 * The frame of both pages and the files that belong to them.
 */
#include "daemon/exposition/status.h"

#include <string.h>

#include "daemon/exposition/status_assets.h"
#include "daemon/exposition/status_parts.h"
#include "lib/markup.h"

/* Nothing but our own style and script; the script asks us alone. */
const struct http_header status_headers[STATUS_HEADER_COUNT] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
     "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-cache"},
};

/* Their addresses name the version, so that another one is never read with an older style. */
const struct http_header status_asset_headers[STATUS_ASSET_HEADER_COUNT] = {
    {"Cache-Control", "max-age=86400"},
};

static const struct status_asset assets[] = {
    {"icon.svg", "image/svg+xml", status_asset_icon_svg, sizeof(status_asset_icon_svg)},
    {"page.css", "text/css; charset=utf-8", status_asset_page_css, sizeof(status_asset_page_css)},
    {"page.js", "text/javascript; charset=utf-8", status_asset_page_js,
     sizeof(status_asset_page_js)},
};

const struct status_asset *status_asset_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	return NULL;
}

static void append_asset(struct buf *out, const struct status_source *source, const char *before,
                         const char *root, const char *name)
{
	buf_printf(out, "%s%sstatic/%s?v=", before, root, name);
	markup_append(out, source->self->version);
	buf_append_char(out, '-');
	markup_append(out, source->self->revision);
	buf_append_char(out, '"');
}

void status_begin(struct buf *out, const struct status_source *source, const char *root,
                  const char *title)
{
	buf_append_string(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	                       "<meta charset=\"utf-8\">\n"
	                       "<meta name=\"viewport\" content=\"width=device-width\">\n"
	                       "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	markup_append(out, title);
	buf_append_string(out, "</title>\n");
	append_asset(out, source, "<link rel=\"icon\" href=\"", root, "icon.svg");
	append_asset(out, source, ">\n<link rel=\"stylesheet\" href=\"", root, "page.css");
	append_asset(out, source, ">\n<script defer src=\"", root, "page.js");
	buf_printf(
	    out,
	    "></script>\n</head>\n<body>\n<a class=\"skip\" href=\"#live\">To the content</a>\n"
	    "<header class=\"top\"><a class=\"home\" href=\"%s\">"
	    "<span class=\"mark\" aria-hidden=\"true\"></span>heapwatch</a>\n"
	    "<div class=\"tools\" hidden><span id=\"news\" role=\"status\"></span>"
	    "<button type=\"button\" id=\"pause\" aria-pressed=\"false\">Pause</button></div>"
	    "</header>\n<main id=\"live\" tabindex=\"-1\">\n",
	    root[0] != '\0' ? root : "./");
}

void status_end(struct buf *out, const struct status_source *source, const char *root)
{
	buf_append_string(out, "</main>\n<footer>heapwatch ");
	markup_append(out, source->self->version);
	buf_append_string(out, " &middot; as of ");
	status_time(out, source, source->now_ns);
	buf_printf(out, " &middot; <a href=\"%s", root[0] != '\0' ? root : "./");
	markup_append(out, source->telemetry_path + strspn(source->telemetry_path, "/"));
	buf_printf(out,
	           "\">Metrics</a> &middot; <a href=\"%sapi/v1/processes\">API</a></footer>\n"
	           "</body>\n</html>\n",
	           root);
}

void status_write_missing(const struct status_source *source, struct buf *out)
{
	status_begin(out, source, "../../", "No such process \xe2\x80\x93 heapwatch");
	buf_append_string(out, "<h1>No such process</h1>\n<p>It has ended, or is too young to be "
	                       "shown. <a href=\"../../\">All processes</a></p>\n");
	status_end(out, source, "../../");
}
