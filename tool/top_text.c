// SPDX-License-Identifier: MIT
/*
 * Widths without the locale's tables, which would have to be set for the whole program.
 */
#include "tool/top_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "lib/utf8.h"

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_YEAR (365.0 * 86400)

/* ---- numbers ---- */

void top_size(char *out, size_t size, double bytes)
{
	char text[UNIT_TEXT_SIZE];

	(void)snprintf(out, size, "%s", isfinite(bytes) ? size_format(text, bytes) : "-");
}

void top_growth(char *out, size_t size, double bytes_per_second)
{
	char text[UNIT_TEXT_SIZE];

	if (!isfinite(bytes_per_second)) {
		(void)snprintf(out, size, "-");
		return;
	}
	(void)snprintf(out, size, "%s%s/h", bytes_per_second > 0 ? "+" : "",
	               size_format(text, bytes_per_second * SECONDS_PER_HOUR));
}

void top_duration(char *out, size_t size, double seconds)
{
	char text[UNIT_TEXT_SIZE];

	if (!isfinite(seconds))
		(void)snprintf(out, size, "-");
	else if (seconds > SECONDS_PER_YEAR)
		(void)snprintf(out, size, "> 1y");
	else
		(void)snprintf(out, size, "%s",
		               duration_format(text, (uint64_t)(fmax(seconds, 0) * NS_PER_SECOND)));
}

/* ---- widths ---- */

/* The blocks of Unicode's EastAsianWidth W and F, by and large; marks that combine take none. */
static size_t character_columns(uint32_t code)
{
	static const struct {
		uint32_t first;
		uint32_t last;
		size_t columns;
	} blocks[] = {
	    {0x0300, 0x036f, 0},   {0x1100, 0x115f, 2}, {0x200c, 0x200d, 0}, {0x20d0, 0x20ff, 0},
	    {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},
	    {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2},
	    {0x20000, 0x3fffd, 2},
	};
	size_t i;

	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (code >= blocks[i].first && code <= blocks[i].last)
			return blocks[i].columns;
	return 1;
}

/* The next character's bytes; of what is no character one. */
static size_t next_length(const char *text)
{
	size_t length = utf8_sequence_length(text);

	return length > 0 ? length : 1;
}

static size_t next_columns(const char *text, size_t length)
{
	return character_columns(utf8_code_point(text, length));
}

size_t top_columns(const char *text)
{
	size_t columns = 0;

	while (*text != '\0') {
		size_t length = next_length(text);

		columns += next_columns(text, length);
		text += length;
	}
	return columns;
}

/* ---- cells ---- */

/* As much as fits into width columns; returns how many it took. */
static size_t append_cut(struct buf *out, const struct terminal *terminal, const char *text,
                         size_t width)
{
	size_t columns = 0;

	while (*text != '\0') {
		size_t length = next_length(text);
		size_t taken = terminal->is_utf8 ? next_columns(text, length) : 1;

		if (columns + taken > width)
			break;
		if (length == 1 || terminal->is_utf8)
			buf_append(out, text, length);
		else
			buf_append_char(out, '?');
		columns += taken;
		text += length;
	}
	return columns;
}

void top_append_cell(struct buf *out, const struct terminal *terminal, const char *text,
                     size_t width, bool is_right)
{
	size_t whole = top_columns(text);
	size_t taken;

	if (whole > width && width > 0) {
		taken = append_cut(out, terminal, text, width - 1);
		buf_append_char(out, '~');
		buf_printf(out, "%*s", (int)(width - 1 - taken), "");
		return;
	}
	if (is_right)
		buf_printf(out, "%*s", (int)(width - whole), "");
	taken = append_cut(out, terminal, text, width);
	if (!is_right)
		buf_printf(out, "%*s", (int)(width - taken), "");
}

void top_append_toned(struct buf *out, const struct terminal *terminal, enum tone tone,
                      const char *text, size_t width)
{
	struct buf cut = BUF_INIT((size_t)16 * KIB);

	(void)append_cut(&cut, terminal, text, width);
	terminal_append(out, terminal, tone, buf_string(&cut));
	buf_done(&cut);
}
