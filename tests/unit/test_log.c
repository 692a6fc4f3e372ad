// SPDX-License-Identifier: MIT
/*
 * What reaches stderr: one line per message, escaped, with the journal's prefix only where it
 * belongs. stderr is a pipe here.
 */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

static int reader = -1;
static char text[32768];

static void capture_stderr(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(close(ends[1]), 0);
	reader = ends[0];
}

/* What was written since the last call; the time stamps are replaced by "T". */
static const char *captured(void)
{
	ssize_t length = read(reader, text, sizeof(text) - 1);
	char *stamp;

	text[length > 0 ? length : 0] = '\0';
	stamp = strstr(text, "T");
	if (strncmp(text, "ts=20", 5) == 0 && stamp == text + 13) {
		ck_assert_uint_eq(strcspn(text, " "), strlen("ts=2026-01-02T03:04:05.678Z"));
		memmove(text + 3, stamp, 1);
		memmove(text + 4, stamp + 14, strlen(stamp + 14) + 1);
	}
	return text;
}

START_TEST(test_logfmt_line)
{
	capture_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	log_info("following a file pid=%d", 12);
	ck_assert_str_eq(captured(), "ts=T level=info msg=\"following a file pid=12\"\n");
	log_warn(-ENOENT, "cannot open it, skipping");
	ck_assert_str_eq(captured(), "ts=T level=warn msg=\"cannot open it, skipping\" "
	                             "error=\"No such file or directory\"\n");
	log_error(EPERM, "positive too");
	ck_assert_str_eq(captured(), "ts=T level=error msg=\"positive too\" "
	                             "error=\"Operation not permitted\"\n");
}
END_TEST

START_TEST(test_hostile_text_stays_one_line)
{
	static const struct {
		const char *message;
		const char *logfmt;
		const char *json;
	} rows[] = {
	    {"a\nlevel=error", "a\\nlevel=error", "a\\nlevel=error"},
	    {"say \"hi\" \\", "say \\\"hi\\\" \\\\", "say \\\"hi\\\" \\\\"},
	    {"\x1b[31m\x7f", "\\x1b[31m\\x7f", "\\u001b[31m\\u007f"},
	    {"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
	     "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
	     "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"\xc2\x85 C1", "\\xc2\\x85 C1", "\\ufffd\\ufffd C1"},
	    {"\xe2\x80\xae", "\\xe2\\x80\\xae", "\\ufffd\\ufffd\\ufffd"},
	    {"\xff\xc3", "\\xff\\xc3", "\\ufffd\\ufffd"},
	    {"\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf",
	     "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"},
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
	};
	char expected[256];
	size_t i;

	capture_stderr();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
		log_warnx("%s", rows[i].message);
		(void)snprintf(expected, sizeof(expected), "ts=T level=warn msg=\"%s\"\n",
		               rows[i].logfmt);
		ck_assert_str_eq(captured(), expected);
		log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
		log_warnx("%s", rows[i].message);
		(void)snprintf(expected, sizeof(expected), "\"level\":\"warn\",\"msg\":\"%s\"}\n",
		               rows[i].json);
		ck_assert_str_eq(strstr(captured(), "\"level\""), expected);
	}
}
END_TEST

START_TEST(test_json_line_has_every_field)
{
	const char *line;

	capture_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_error(-EACCES, "no");
	line = captured();
	ck_assert_int_eq(strncmp(line, "{\"ts\":\"20", 9), 0);
	ck_assert_str_eq(
	    strstr(line, "Z\","),
	    "Z\",\"level\":\"error\",\"msg\":\"no\",\"error\":\"Permission denied\"}\n");
}
END_TEST

START_TEST(test_level_silences_what_is_below)
{
	capture_stderr();
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
	log_debug("no");
	log_info("no");
	ck_assert_str_eq(captured(), "");
	log_errorx("yes");
	ck_assert_str_eq(captured(), "ts=T level=error msg=\"yes\"\n");
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	log_debug("yes");
	ck_assert_str_eq(captured(), "ts=T level=debug msg=\"yes\"\n");
}
END_TEST

START_TEST(test_journal_prefix_only_when_stderr_is_the_journal)
{
	char stream[64];
	struct stat status;

	capture_stderr();
	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
	               (unsigned long long)status.st_ino);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	log_errorx("a");
	ck_assert_str_eq(captured(), "<3>level=error msg=\"a\"\n");
	log_warnx("a");
	ck_assert_str_eq(captured(), "<4>level=warn msg=\"a\"\n");
	log_info("a");
	ck_assert_str_eq(captured(), "<6>level=info msg=\"a\"\n");
	log_debug("a");
	ck_assert_str_eq(captured(), "<7>level=debug msg=\"a\"\n");
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
	log_debug("a");
	ck_assert_str_eq(captured(), "<7>{\"level\":\"debug\",\"msg\":\"a\"}\n");
	ck_assert_int_eq(setenv("JOURNAL_STREAM", "1:1", 1), 0);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	log_debug("a");
	ck_assert_str_eq(captured(), "ts=T level=debug msg=\"a\"\n");
}
END_TEST

START_TEST(test_overlong_message_is_cut_but_still_a_line)
{
	char message[9000];
	const char *line;

	memset(message, '\x01', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	capture_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_warn(-EIO, "%s", message);
	line = captured();
	ck_assert_uint_lt(strlen(line), 6 * 2048 + 256);
	ck_assert_str_eq(strstr(line, "\",\"error\""), "\",\"error\":\"Input/output error\"}\n");
}
END_TEST

START_TEST(test_errno_survives_and_a_closed_stderr_is_harmless)
{
	ck_assert_int_eq(close(STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	errno = EXDEV;
	log_info("nobody listens");
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(test_names_of_levels_and_formats)
{
	enum log_level level = LOG_LEVEL_INFO;
	enum log_format format = LOG_FORMAT_LOGFMT;

	ck_assert_int_eq(log_level_parse("debug", &level), 0);
	ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(log_level_parse("error", &level), 0);
	ck_assert_int_eq(level, LOG_LEVEL_ERROR);
	ck_assert_int_eq(log_level_parse("loud", &level), -EINVAL);
	ck_assert_int_eq(level, LOG_LEVEL_ERROR);
	ck_assert_int_eq(log_format_parse("json", &format), 0);
	ck_assert_int_eq(format, LOG_FORMAT_JSON);
	ck_assert_int_eq(log_format_parse("xml", &format), -EINVAL);
	ck_assert_int_eq(format, LOG_FORMAT_JSON);
}
END_TEST

START_TEST(test_limit_allows_five_a_minute_and_counts_the_rest)
{
	struct log_limit limit = {0};
	uint64_t now_ns = 5 * NS_PER_SECOND; /* within the first minute after boot */
	unsigned i;

	for (i = 0; i < 5; i++)
		ck_assert(log_limit_allows(&limit, now_ns));
	for (i = 0; i < 3; i++)
		ck_assert(!log_limit_allows(&limit, now_ns + NS_PER_SECOND));
	now_ns += 2 * NS_PER_MINUTE;
	ck_assert(log_limit_allows(&limit, now_ns));
	ck_assert_uint_eq(limit.suppressed_count, 3);
	ck_assert(log_limit_allows(&limit, now_ns));
	ck_assert_uint_eq(limit.suppressed_count, 0);
}
END_TEST

UNIT_MAIN("log", test_logfmt_line, test_hostile_text_stays_one_line, test_json_line_has_every_field,
          test_level_silences_what_is_below, test_journal_prefix_only_when_stderr_is_the_journal,
          test_overlong_message_is_cut_but_still_a_line,
          test_errno_survives_and_a_closed_stderr_is_harmless, test_names_of_levels_and_formats,
          test_limit_allows_five_a_minute_and_counts_the_rest)
