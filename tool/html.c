// SPDX-License-Identifier: MIT
/*
 * The policy in the head lets a browser load nothing, whatever names in a snapshot try.
 */
#include "tool/html.h"

#include <inttypes.h>
#include <math.h>

#include "lib/markup.h"
#include "lib/units.h"

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";

static const char page_style[] =
    "</title>\n<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 90em; "
    "padding: 0 1em; }\n"
    "table { border-collapse: collapse; width: 100%; margin: 1em 0 2em; }\n"
    "caption { text-align: left; font-weight: bold; padding: .3em 0; }\n"
    "th, td { padding: .2em .6em; text-align: left; vertical-align: top; "
    "border-bottom: 1px solid #8884; overflow-wrap: anywhere; }\n"
    "th { cursor: pointer; white-space: nowrap; position: sticky; top: 0; "
    "background: Canvas; }\n"
    ".n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }\n"
    "small { display: block; opacity: .7; }\n"
    "input { font: inherit; width: 20em; }\n"
    "</style>\n</head>\n<body>\n<h1>";

static const char page_script[] =
    "<script>\n"
    "const rows = t => Array.from(t.tBodies[0].rows);\n"
    "const key = (r, i) => r.cells[i].dataset.v ?? r.cells[i].textContent;\n"
    "for (const t of document.querySelectorAll('table'))\n"
    "  Array.from(t.tHead.rows[0].cells).forEach((h, i) => h.onclick = () => {\n"
    "    const n = h.className === 'n', d = h.dataset.d = h.dataset.d === '-1' ? 1 : -1;\n"
    "    rows(t).map(r => [key(r, i), r])\n"
    "      .sort((a, b) => d * (n ? a[0] - b[0] : -a[0].localeCompare(b[0])))\n"
    "      .forEach(e => t.tBodies[0].append(e[1]));\n"
    "  });\n"
    "const find = document.createElement('input');\n"
    "find.placeholder = find.ariaLabel = 'Filter rows';\n"
    "find.oninput = () => { for (const t of document.querySelectorAll('table'))\n"
    "  for (const r of rows(t)) r.hidden = !r.textContent.toLowerCase()"
    ".includes(find.value.toLowerCase()); };\n"
    "document.querySelector('h1').after(find);\n"
    "</script>\n</body>\n</html>\n";

void html_begin(struct buf *out, const char *title)
{
	buf_append_string(out, page_head);
	markup_append(out, title);
	buf_append_string(out, page_style);
	markup_append(out, title);
	buf_append_string(out, "</h1>\n");
}

void html_end(struct buf *out)
{
	buf_append_string(out, page_script);
}

void html_paragraph(struct buf *out, const char *text)
{
	buf_append_string(out, "<p>");
	markup_append(out, text);
	buf_append_string(out, "</p>\n");
}

void html_table_begin(struct buf *out, const char *caption, const struct html_column *columns,
                      size_t count)
{
	size_t i;

	buf_append_string(out, "<table>\n<caption>");
	markup_append(out, caption);
	buf_append_string(out, "</caption>\n<thead><tr>");
	for (i = 0; i < count; i++)
		buf_printf(out, "<th%s>%s</th>", columns[i].is_number ? " class=\"n\"" : "",
		           columns[i].title);
	buf_append_string(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buf *out)
{
	buf_append_string(out, "</tbody>\n</table>\n");
}

void html_row_begin(struct buf *out)
{
	buf_append_string(out, "<tr>");
}

void html_row_end(struct buf *out)
{
	buf_append_string(out, "</tr>\n");
}

void html_text(struct buf *out, const char *text)
{
	html_text_below(out, text, "");
}

void html_text_below(struct buf *out, const char *text, const char *below)
{
	buf_append_string(out, "<td>");
	markup_append(out, text);
	if (*below != '\0') {
		buf_append_string(out, "<small>");
		markup_append(out, below);
		buf_append_string(out, "</small>");
	}
	buf_append_string(out, "</td>");
}

void html_count(struct buf *out, uint64_t count)
{
	buf_printf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">%" PRIu64 "</td>", count, count);
}

void html_bytes(struct buf *out, uint64_t bytes)
{
	char size[UNIT_TEXT_SIZE];

	buf_printf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", bytes,
	           size_format(size, (double)bytes));
}

void html_delta_count(struct buf *out, int64_t delta)
{
	buf_printf(out, "<td class=\"n\" data-v=\"%" PRId64 "\">%+" PRId64 "</td>", delta, delta);
}

void html_delta_bytes(struct buf *out, int64_t delta_bytes)
{
	char size[UNIT_TEXT_SIZE];

	buf_printf(out, "<td class=\"n\" data-v=\"%" PRId64 "\">%c%s</td>", delta_bytes,
	           delta_bytes < 0 ? '-' : '+', size_format(size, fabs((double)delta_bytes)));
}

void html_unknown(struct buf *out)
{
	buf_append_string(out, "<td class=\"n\" data-v=\"-1\">-</td>");
}
