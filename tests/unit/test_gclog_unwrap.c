// SPDX-License-Identifier: MIT
/*
 * Every wrapper around a line of an application is taken off, with its stamp and its channel; what
 * only looks like one stays as it is; what is torn or glued gives up its text.
 */
#include "collectors/gclog/unwrap.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

/* 2026-11-22 04:00:00 UTC */
#define THEN 1795320000

static struct unwrap new_unwrap(void)
{
	return (struct unwrap){.reference = {(THEN + 60) * NS_PER_SECOND, 0}};
}

/* Appends "text", marked as plain '=', of stderr '!', unfinished '~', and "@seconds.ms". */
static void describe(const struct unwrapped *piece, const char *text, char *out, size_t size)
{
	size_t used = strlen(out);

	used += (size_t)snprintf(
	    out + used, size - used, "%s%s%s<%s>", piece->is_wrapped ? "" : "=",
	    piece->channel == UNWRAP_STDERR ? "!" : "", piece->is_unfinished ? "~" : "", text);
	if (piece->wall_ns != 0)
		(void)snprintf(out + used, size - used, "@%lld.%03llu",
		               (long long)(piece->wall_ns / NS_PER_SECOND) - THEN,
		               (unsigned long long)(piece->wall_ns / NS_PER_MS % 1000));
}

/* All pieces of the line, each also freed of its inner wrappers. */
static void unwrap_all(struct unwrap *unwrap, const char *text, size_t length, char *out,
                       size_t size)
{
	struct unwrap_line line, inner;
	struct unwrapped piece;
	char copy[512];

	out[0] = '\0';
	line.rest = (struct cursor){text, text + length};
	line.is_part = false;
	while (unwrap_next(unwrap, &line, &piece)) {
		if (piece.is_wrapped && !piece.is_unfinished)
			unwrap_inner(unwrap, &inner, &piece);
		(void)snprintf(copy, sizeof(copy), "%.*s", (int)(piece.text.end - piece.text.at),
		               piece.text.at);
		describe(&piece, copy, out, size);
	}
}

struct row {
	const char *line;
	const char *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct unwrap unwrap = new_unwrap();
		char seen[1024];

		unwrap_all(&unwrap, rows[i].line, strlen(rows[i].line), seen, sizeof(seen));
		ck_assert_msg(strcmp(seen, rows[i].expected) == 0, "%s\nis\t%s\nnot\t%s",
		              rows[i].line, seen, rows[i].expected);
	}
}

#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

#define UTC "2026-11-22T04:00:00"

START_TEST(test_docker_json)
{
	static const struct row rows[] = {
	    {"{\"log\":\"a -\\u003e b; \\n\",\"stream\":\"stdout\",\"time\":\"" UTC ".5Z\"}",
	     "<a -> b; >@0.500"},
	    {"{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"}{\\\"\",\"n\":[1,{}]},"
	     "\"time\":\"" UTC "Z\"}",
	     "!<x>@0.000"},
	    {"{\"log\":\"half\",\"stream\":\"stdout\",\"time\":\"" UTC "Z\"}", "~<half>@0.000"},
	    {"{\"log\":\"\\n\",\"stream\":\"stdout\",\"time\":\"" UTC "Z\"}", "<>@0.000"},
	    {"{ \"log\" : \"a\\n\" , \"stream\" : \"stdout\", \"time\":\"" UTC "Z\" }  ",
	     "<a>@0.000"},
	    {"{\"log\":\"\\\"q\\\" \\\\ \\/ "
	     "\\t\\r\\b\\f\\u00e9\\u20ac\\ud83d\\ude00\\n\",\"time\":0}",
	     "<\"q\" \\ / \t\r\b\f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80>"},
	    {"{\"log\":\"\\ud83d \\ude00 \\u12 \\x\\n\",\"time\":0}",
	     "<\xef\xbf\xbd \xef\xbf\xbd ?12 x>"},
	    {"{\"log\":\"ends in \\\\\\\\\\n\",\"stream\":\"stdout\"}", "<ends in \\\\>"},
	    /* PM2's stamp inside; Docker's counts */
	    {"{\"log\":\"2020-01-01T00:00:00: x\\n\",\"stream\":\"stdout\",\"time\":\"" UTC "Z\"}",
	     "<x>@0.000"},
	};

	CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_torn_and_glued_json)
{
	static const struct row rows[] = {
	    {"{\"log\":\"torn -\\u003e he", "<torn -> he>"},
	    {"{\"log\":\"torn{\"log\":\"next\\n\",\"stream\":\"stdout\",\"time\":\"" UTC "Z\"}",
	     "<torn><next>@0.000"},
	    {"{\"log\":\"one\\n\",\"stream\":\"std{\"log\":\"two\\n\",\"time\":\"" UTC "Z\"}",
	     "<one><two>@0.000"},
	    {"{\"log\":\"one\\n\",\"time\":\"" UTC "Z\"}{\"log\":\"two\\n\",\"time\":\"" UTC "Z\"}",
	     "<one>@0.000<two>@0.000"},
	    {"{\"log\":\"one\\n\",\"time\":\"" UTC "Z\"} rest", "<one>@0.000=<rest>"},
	    {"{\"log\":\"one\\n\" lies", "<one>=<lies>"},
	    {"{\"log\":\"one\\n\",\"stream\":[1,{\"a\":\"]\"",
	     "<one>=<,\"stream\":[1,{\"a\":\"]\">"},
	    {"{\"log\":\"cut in an escape \\u00", "<cut in an escape ?00>"},
	    {"{\"log\":\"cut in an escape \\", "<cut in an escape >"},
	    {"{\"log\":5,\"time\":0}", "~<5>"},
	    {"{\"log\":{\"a\":1},\"time\":0}", "~<{\"a\":1}>"},
	    {"{\"log\":", "=<{\"log\":>"},
	    {"{\"log\"", "=<{\"log\">"},
	    {"{", "=<{>"},
	    {"{}", "=<{}>"},
	    {"{\"level\":30,\"time\":1,\"msg\":\"pino\"}",
	     "=<{\"level\":30,\"time\":1,\"msg\":\"pino\"}>"},
	    {"{\"log\":\"an app's own\"}", "=<{\"log\":\"an app's own\"}>"},
	};

	CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_json_of_others)
{
	static const struct row rows[] = {
	    {"{\"__REALTIME_TIMESTAMP\":\"1795320000250000\",\"_PID\":\"7\",\"MESSAGE\":\"x y\"}",
	     "<x y>@0.250"},
	    {"{\"MESSAGE\":[27,91,51, 49 ,109,120],\"__REALTIME_TIMESTAMP\":\"1795320000250000\"}",
	     "<\x1b[31mx>@0.250"},
	    {"{\"MESSAGE\":null,\"__REALTIME_TIMESTAMP\":\"1795320000250000\"}", "<null>@0.250"},
	    {"{\"MESSAGE\":[300],\"__REALTIME_TIMESTAMP\":\"99999999999999999999\"}", "<>"},
	    {"{\"message\":\"x\\n\",\"timestamp\":\"" UTC "\",\"type\":\"out\",\"process_id\":0,"
	     "\"app_name\":\"a\"}",
	     "<x>@0.000"},
	    {"{\"message\":\"x\",\"timestamp\":\"" UTC "+01:00\",\"type\":\"err\"}",
	     "!<x>@-3600.000"},
	    {"{\"log\":\"{\\\"message\\\":\\\"a -\\\\u003e b\\\\n\\\",\\\"timestamp\\\":\\\"" UTC
	     "\\\"}\\n\",\"stream\":\"stderr\",\"time\":\"" UTC ".5Z\"}",
	     "!<a -> b>@0.500"},
	};

	CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_newlines_left_out_by_others_than_docker)
{
	static const char line[] = "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":0}";
	static const char whole[] = "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":0}";
	struct unwrap unwrap = new_unwrap();
	char seen[64];
	int i;

	unwrap_all(&unwrap, line, strlen(line), seen, sizeof(seen));
	ck_assert_str_eq(seen, "~<x>");
	for (i = 0; i < 100; i++)
		unwrap_all(&unwrap, line, strlen(line), seen, sizeof(seen));
	ck_assert_str_eq(seen, "<x>");
	unwrap_all(&unwrap, whole, strlen(whole), seen, sizeof(seen));
	unwrap_all(&unwrap, line, strlen(line), seen, sizeof(seen));
	ck_assert_str_eq(seen, "~<x>");
}
END_TEST

START_TEST(test_cri)
{
	static const struct row rows[] = {
	    {UTC ".25Z stdout F [1:0x5] 7 ms: x", "<[1:0x5] 7 ms: x>@0.250"},
	    {UTC ".25+01:00 stderr P half", "!~<half>@-3600.250"},
	    {UTC "Z stdout P:tag:tag half", "~<half>@0.000"},
	    {UTC "Z stdout F ", "<>@0.000"},
	    {UTC "Z stdout F", "<>@0.000"},
	    {UTC "Z stdout F  indented", "< indented>@0.000"},
	    {UTC "Z stdlog F x", "<stdlog F x>@0.000"},
	    {UTC "Z stdout Fx", "<stdout Fx>@0.000"},
	    {UTC "Z stdout F 2026-11-22 03:00:00.5: x", "<x>@0.000"},
	};

	CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_syslog)
{
	static const struct row rows[] = {
	    {"Nov 22 04:00:00 host1 app[1423]: [7:0x5]  7 ms: x", "<[7:0x5]  7 ms: x>@0.000"},
	    {"Nov 22 04:00:00 host app: <--- Last few GCs --->", "<<--- Last few GCs --->>@0.000"},
	    {"Nov 22 04:00:00.5 host node[123]: x", "<x>@0.500"},
	    {"<30>Nov 22 04:00:00 host node[123]: x", "<x>@0.000"},
	    {"<30>x", "<x>"},
	    {UTC ".5+00:00 host node[123]: x", "<x>@0.500"},
	    {UTC "+0000 host node[123]: x", "<x>@0.000"},
	    {"Sun 2026-11-22 04:00:00 UTC host node[123]: x", "<x>@0.000"},
	    {"Sun 2026-11-22 04:00:00 CET host node[123]: x", "<x>@0.000"},
	    {"1795320000.500000 host node[123]: x", "<x>@0.500"},
	    {"<30>1 " UTC ".5Z host app 123 - - x", "<x>@0.500"},
	    {"<30>1 - host app 123 ID [a@1 b=\"\\]c\"][d] \xef\xbb\xbfx", "<x>"},
	    {"<30>1 " UTC "Z host app - - -", "<>@0.000"},
	    /* V8's own words are no host and no tag */
	    {"Nov 22 04:00:00 FATAL ERROR: out of memory", "<FATAL ERROR: out of memory>@0.000"},
	    {"Nov 22 04:00:00 100 ms: Scavenge", "<100 ms: Scavenge>@0.000"},
	    {UTC "Z FATAL ERROR: out of memory", "<FATAL ERROR: out of memory>@0.000"},
	    {UTC "Z [7] Speed up: x", "<[7] Speed up: x>@0.000"},
	    {"Nov 22 04:00:00 <--- Last: x", "<<--- Last: x>@0.000"},
	    /* almost */
	    {"<3000>x", "=<<3000>x>"},
	    {"<30x", "=<<30x>"},
	    {"<--- Last few GCs --->", "=<<--- Last few GCs --->>"},
	    {"<30>1 - host app 123 ID [a", "<1 - host app 123 ID [a>"},
	    {"<30>1 - host", "<1 - host>"},
	    {"1795320000.500000 host no tag", "=<1795320000.500000 host no tag>"},
	    {"Sun 2026-11-22 04:00:00 x", "=<Sun 2026-11-22 04:00:00 x>"},
	    {"Nov 22 04:00:00x", "=<Nov 22 04:00:00x>"},
	};

	CHECK_ROWS(rows);
}
END_TEST

START_TEST(test_stamps_and_names)
{
	static const struct row rows[] = {
	    {UTC ": [7:0x5]  7 ms: x", "<[7:0x5]  7 ms: x>@0.000"},
	    {UTC ".123Z\tx", "<x>@0.123"},
	    {"[" UTC ".123Z] x", "<x>@0.123"},
	    {"[2026-11-22 04:00:00,123] x", "<x>@0.123"},
	    {"2026-11-22 04:00 +00:00: x", "<x>@0.000"},
	    {"Nov 22 04:00:00 [7:0x5]  7 ms: x", "<[7:0x5]  7 ms: x>@0.000"},
	    {UTC "Z", "<>@0.000"},
	    {"0|app      | x", "<x>"},
	    {"12|my-app.js  | " UTC ": x", "<x>@0.000"},
	    {"app-1  | x", "<x>"},
	    {"app-1  | ", "<>"},
	    {"app-1  |", "<>"},
	    {"\x1b[36mapp-1  | \x1b[0mx", "<x>"},
	    {"\x1b[1;36mapp-1  |\x1b[0m x", "<x>"},
	    {"Nov 22 04:00:00 host docker[9]: app-1  | 0|a  | " UTC ": x", "<x>@0.000"},
	    /* almost */
	    {UTC "Zx", "=<" UTC "Zx>"},
	    {"[" UTC ".123Z x", "=<[" UTC ".123Z x>"},
	    {"[23670:0x275dfcf0]      232 ms: x", "=<[23670:0x275dfcf0]      232 ms: x>"},
	    {"    232 ms: x", "=<    232 ms: x>"},
	    {"name without a bar", "=<name without a bar>"},
	    {"a|b|c | x", "=<a|b|c | x>"},
	    {"a |x", "=<a |x>"},
	    {"\x1b[36", "=<\x1b[36>"},
	    {"", "=<>"},
	};

	CHECK_ROWS(rows);
}
END_TEST

/* The pieces of all lines of a file. */
static void unwrap_file(const char *text, size_t length, char *out, size_t size)
{
	struct unwrap unwrap = new_unwrap();
	const char *end = text + length;

	out[0] = '\0';
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		char seen[512];

		ck_assert_ptr_nonnull(newline);
		unwrap_all(&unwrap, text, (size_t)(newline - text), seen, sizeof(seen));
		ck_assert_uint_lt(strlen(out) + strlen(seen), size);
		(void)snprintf(out + strlen(out), size - strlen(out), "%s", seen);
		text = newline + 1;
	}
}

#define ENTRY "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795320000250000\n_PID=7\n"

START_TEST(test_journal_export)
{
	static const struct {
		const char *text;
		size_t length;
		const char *expected;
	} rows[] = {
	    {LITERAL(ENTRY "MESSAGE=x y\n_COMM=node\n\n" ENTRY "MESSAGE=z\n\nplain\n"),
	     "<x y>@0.250<z>@0.250=<plain>"},
	    {LITERAL(ENTRY "MESSAGE\n\x05\0\0\0\0\0\0\0\x1b[31m\n_COMM=node\n\n"),
	     "<\x1b[31m>@0.250"},
	    {LITERAL(ENTRY "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n\n"), "<a>@0.250<b>@0.250"},
	    {LITERAL(ENTRY "MESSAGE\n\x02\0\0\0\0\0\0\0a\n\n_COMM=node\n\nplain\n"),
	     "<a>@0.250=<plain>"},
	    /* ten bytes: the length itself is a newline */
	    {LITERAL(ENTRY "MESSAGE\n\x0a\0\0\0\0\0\0\0"
	                   "0123456789\n\nplain\n"),
	     "<0123456789>@0.250=<plain>"},
	    {LITERAL(ENTRY "OTHER\n\x0a\0\0\0\0\0\0\0"
	                   "01\nMESSAG\n\nMESSAGE=x\n\n"),
	     "<x>@0.250"},
	    {LITERAL(ENTRY "OTHER\n\0\0\0\0\0\0\0\0\nMESSAGE=x\n\n"), "<x>@0.250"},
	    /* lies */
	    {LITERAL(ENTRY "OTHER\n\x02\0\0\0\0\0\0\0abc\nplain\n" ENTRY "MESSAGE=x\n"),
	     "=<abc>=<plain><x>@0.250"},
	    {LITERAL(ENTRY "OTHER\n\0\0\0\0\0\0\0\x7f"
	                   "abc\nplain\n" ENTRY "MESSAGE=x\n"),
	     "=<plain><x>@0.250"},
	    {LITERAL(ENTRY "no field\n"), "=<no field>"},
	    {LITERAL(ENTRY "1=2\n"), "=<1=2>"},
	    {LITERAL("MESSAGE=x\n"), "=<MESSAGE=x>"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char seen[1024];

		unwrap_file(rows[i].text, rows[i].length, seen, sizeof(seen));
		ck_assert_msg(strcmp(seen, rows[i].expected) == 0, "%zu: %s", i, seen);
	}
}
END_TEST

UNIT_MAIN("gclog_unwrap", test_docker_json, test_torn_and_glued_json, test_json_of_others,
          test_newlines_left_out_by_others_than_docker, test_cri, test_syslog,
          test_stamps_and_names, test_journal_export)
