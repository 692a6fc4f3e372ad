// SPDX-License-Identifier: MIT
/*
 * One message is one write(2), so that lines of several threads do not mix and a full pipe costs a
 * line rather than half of one. Lines are built in a bounded buffer on the stack: logging never
 * allocates, and an over-long message is cut.
 */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/units.h"
#include "lib/utf8.h"

#define LOG_MESSAGE_SIZE      2048
#define LOG_ESCAPE_SIZE       8 /* holds the longest escape of one byte, \uXXXX, and its NUL */
#define LOG_LINE_SIZE         (LOG_ESCAPE_SIZE * LOG_MESSAGE_SIZE + 512)
#define LOG_LIMIT_PERIOD_NS   NS_PER_MINUTE
#define LOG_LIMIT_BURST_COUNT 5

struct level_row {
	const char *name;
	char priority; /* of syslog(3), as sd-daemon(3) wants it */
};

static const struct level_row levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3'},
    [LOG_LEVEL_WARN] = {"warn", '4'},
    [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
};
_Static_assert(sizeof(levels) / sizeof(levels[0]) == LOG_LEVEL_DEBUG + 1, "one row per level");

static const char *const formats[] = {
    [LOG_FORMAT_LOGFMT] = "logfmt",
    [LOG_FORMAT_JSON] = "json",
};
_Static_assert(sizeof(formats) / sizeof(formats[0]) == LOG_FORMAT_JSON + 1, "one name per format");

/* The one mutable global of the program: how much is logged, and how. */
static struct {
	enum log_level level;
	enum log_format format;
	bool is_journal;
} setup = {.level = LOG_LEVEL_INFO};

struct line {
	char text[LOG_LINE_SIZE];
	size_t length;
};

/* JOURNAL_STREAM names the socket that systemd connected; stderr may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char expected[64];
	struct stat status;

	if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
		return false;
	(void)snprintf(expected, sizeof(expected), "%llu:%llu", (unsigned long long)status.st_dev,
	               (unsigned long long)status.st_ino);
	return strcmp(stream, expected) == 0;
}

void log_setup(enum log_level level, enum log_format format)
{
	setup.level = level;
	setup.format = format;
	setup.is_journal = stderr_is_journal();
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

int log_format_parse(const char *text, enum log_format *ret_format)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(text, formats[i]) == 0) {
			*ret_format = (enum log_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

static void line_append(struct line *line, const char *text, size_t length)
{
	if (length > sizeof(line->text) - line->length)
		return;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void line_append_string(struct line *line, const char *text)
{
	line_append(line, text, strlen(text));
}

/* Number of bytes of the character at text, 0 when its first byte must be escaped. */
static size_t plain_length(const char *text)
{
	size_t length = utf8_sequence_length(text);

	return *text != '"' && *text != '\\' && utf8_may_show(text, length) ? length : 0;
}

static void escape_byte(char out[LOG_ESCAPE_SIZE], unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		(void)snprintf(out, LOG_ESCAPE_SIZE, "\\%c", byte);
	else if (byte == '\n')
		(void)snprintf(out, LOG_ESCAPE_SIZE, "\\n");
	else if (setup.format == LOG_FORMAT_JSON)
		(void)snprintf(out, LOG_ESCAPE_SIZE, "\\u%04x", byte < 0x80 ? byte : 0xfffdU);
	else
		(void)snprintf(out, LOG_ESCAPE_SIZE, "\\x%02x", byte);
}

static void line_append_quoted(struct line *line, const char *text)
{
	line_append(line, "\"", 1);
	while (*text != '\0') {
		size_t length = plain_length(text);
		char escape[LOG_ESCAPE_SIZE];

		if (length > 0) {
			line_append(line, text, length);
			text += length;
			continue;
		}
		escape_byte(escape, (unsigned char)*text++);
		line_append_string(line, escape);
	}
	line_append(line, "\"", 1);
}

static void format_time(char *out, size_t size)
{
	uint64_t now_ns = clock_realtime_ns();
	time_t seconds = (time_t)(now_ns / NS_PER_SECOND);
	struct tm utc;
	char day[32];

	if (gmtime_r(&seconds, &utc) == NULL)
		utc = (struct tm){.tm_mday = 1, .tm_year = 70};
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(out, size, "%s.%03uZ", day, (unsigned)(now_ns % NS_PER_SECOND / NS_PER_MS));
}

static void line_append_field(struct line *line, const char *key, const char *value)
{
	bool is_json = setup.format == LOG_FORMAT_JSON;

	line_append_string(line, is_json ? "\"" : "");
	line_append_string(line, key);
	line_append_string(line, is_json ? "\":" : "=");
	if (is_json || strpbrk(value, " =\"\\") != NULL || strcmp(key, "msg") == 0)
		line_append_quoted(line, value);
	else
		line_append_string(line, value);
}

static void line_build(struct line *line, enum log_level level, int error, const char *message)
{
	bool is_json = setup.format == LOG_FORMAT_JSON;
	const char *separator = is_json ? "," : " ";
	char time_text[48], error_text[128];

	if (setup.is_journal) {
		const char prefix[] = {'<', levels[level].priority, '>'};

		line_append(line, prefix, sizeof(prefix));
	}
	line_append_string(line, is_json ? "{" : "");
	if (!setup.is_journal) { /* which has a time of its own */
		format_time(time_text, sizeof(time_text));
		line_append_field(line, "ts", time_text);
		line_append_string(line, separator);
	}
	line_append_field(line, "level", levels[level].name);
	line_append_string(line, separator);
	line_append_field(line, "msg", message);
	if (error != 0) {
		line_append_string(line, separator);
		line_append_field(
		    line, "error",
		    strerror_r(error < 0 ? -error : error, error_text, sizeof(error_text)));
	}
	line_append_string(line, is_json ? "}\n" : "\n");
}

void log_write(enum log_level level, int error, const char *format, ...)
{
	int saved_errno = errno;
	char message[LOG_MESSAGE_SIZE];
	struct line line;
	va_list arguments;

	if (level > setup.level)
		return;
	va_start(arguments, format);
	if (vsnprintf(message, sizeof(message), format, arguments) < 0)
		message[0] = '\0';
	va_end(arguments);
	line.length = 0;
	line_build(&line, level, error, message);
	if (write(STDERR_FILENO, line.text, line.length) < 0) {
		/* Nowhere is left to say so. */
	}
	errno = saved_errno;
}

bool log_limit_allows(struct log_limit *limit, uint64_t now_ns)
{
	if (u64_subtract_floor(now_ns, limit->window_start_ns) >= LOG_LIMIT_PERIOD_NS) {
		limit->window_start_ns = now_ns;
		limit->written_count = 0;
	} else if (limit->written_count > 0 && limit->written_count < LOG_LIMIT_BURST_COUNT) {
		limit->suppressed_count = 0;
	}
	if (limit->written_count >= LOG_LIMIT_BURST_COUNT) {
		limit->suppressed_count++;
		return false;
	}
	limit->written_count++;
	return true;
}
