// SPDX-License-Identifier: MIT
/*
 * The locale is read from the environment and not set: numbers stay as they are everywhere.
 */
#include "tool/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/numbers.h"
#include "lib/utf8.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN     60
#define WIDTH_MAX     120

static const char *const tones[] = {
    [TONE_PLAIN] = "",        [TONE_BOLD] = "\033[1m",     [TONE_DIM] = "\033[2m",
    [TONE_GOOD] = "\033[32m", [TONE_WARNING] = "\033[33m", [TONE_BAD] = "\033[1;31m",
};

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = environment(names[i]);

		if (*value != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

static size_t width_of(int fd, bool is_tty)
{
	const char *columns = environment("COLUMNS");
	struct winsize size = {0};
	uint64_t width = WIDTH_DEFAULT;

	if (number_parse_u64(columns, strlen(columns), &width) < 0 && is_tty &&
	    ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	if (width < WIDTH_MIN)
		return WIDTH_MIN;
	return width < WIDTH_MAX ? (size_t)width : WIDTH_MAX;
}

struct terminal terminal_of(int fd)
{
	struct terminal terminal = {.is_tty = isatty(fd) == 1, .is_utf8 = is_utf8_locale()};

	terminal.width = width_of(fd, terminal.is_tty);
	terminal.has_colour = terminal.is_tty && *environment("NO_COLOR") == '\0' &&
	                      strcmp(environment("TERM"), "dumb") != 0;
	return terminal;
}

/* The next character, or a blank for it; returns its bytes. */
static size_t append_character(struct buf *out, const char *text)
{
	size_t length = utf8_sequence_length(text);

	if (utf8_may_show(text, length))
		buf_append(out, text, length);
	else
		buf_append_char(out, ' ');
	return length > 0 ? length : 1;
}

void terminal_append_clean(struct buf *out, const char *text, size_t maximum)
{
	for (; *text != '\0' && maximum > 0; maximum--)
		text += append_character(out, text);
	buf_append_string(out, *text != '\0' ? "..." : "");
}

void terminal_append(struct buf *out, const struct terminal *terminal, enum tone tone,
                     const char *text)
{
	bool is_toned = terminal->has_colour && tone != TONE_PLAIN;

	if (is_toned)
		buf_append_string(out, tones[tone]);
	buf_append_string(out, text);
	if (is_toned)
		buf_append_string(out, "\033[0m");
}

size_t terminal_columns(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static size_t word_columns(const char *word, size_t length)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < length; i++)
		count += (word[i] & 0xc0) != 0x80;
	return count;
}

void terminal_wrap(struct buf *out, const struct terminal *terminal, const char *first,
                   const char *text)
{
	size_t indent = terminal_columns(first);
	size_t column = indent;
	bool is_line_start = true;

	buf_append_string(out, first);
	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		size_t columns = word_columns(text, length);
		const char *end;

		if (!is_line_start && column + 1 + columns > terminal->width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
			is_line_start = true;
		}
		if (!is_line_start)
			buf_append_char(out, ' ');
		for (end = text + length; text < end;)
			text += append_character(out, text);
		column += columns + !is_line_start;
		is_line_start = false;
		text += strspn(text, " ");
	}
	buf_append_char(out, '\n');
}
