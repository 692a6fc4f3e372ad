// SPDX-License-Identifier: MIT
/*
 * What the configuration refuses, with the exact message: place, key, what was expected.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "lib/buf.h"
#include "tests/unit/unit.h"

#define TEXT_MAX (64 * 1024)

static int parse(const char *text, struct config **ret_config, char message[CONFIG_MESSAGE_SIZE])
{
	const struct config_source source = {"f", text, strlen(text)};

	message[0] = '\0';
	return config_parse(&source, NULL, NULL, ret_config, message);
}

START_TEST(test_messages_of_bad_files)
{
	static const struct {
		const char *name;
		const char *message; /* behind the path */
	} rows[] = {
	    {"alias-bomb.bad.yml",
	     "1:17: more than 50000 values, aliases counted as often as used"},
	    {"unknown-key.bad.yml", "3:3: unknown key \"sampling.bogus_key\"; expected one of "
	                            "interval, smaps_budget, smaps_max_rss"},
	    {"misspelled-key.bad.yml", "2:3: unknown key \"sampling.intervall\"; did you mean "
	                               "\"interval\"? expected one of interval, smaps_budget, "
	                               "smaps_max_rss"},
	    {"two-documents.bad.yml", "4:1: a second document; expected only one"},
	    {"indentation.bad.yml", "3:2: did not find expected key while parsing a block mapping"},
	    {"encoding.bad.yml", "2:14: invalid leading UTF-8 octet"},
	};
	const char *top = getenv("top_srcdir");
	size_t i;

	ck_assert_ptr_nonnull(top);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[4096], message[CONFIG_MESSAGE_SIZE] = "", *place;
		struct config *config = NULL;

		(void)snprintf(path, sizeof(path), "%s/tests/fixtures/config/%s", top,
		               rows[i].name);
		ck_assert_int_eq(config_load(path, NULL, NULL, &config, message), -EINVAL);
		ck_assert_ptr_null(config);
		place = strstr(message, ".yml:");
		ck_assert_ptr_nonnull(place);
		ck_assert_str_eq(place + 5, rows[i].message);
	}
}
END_TEST

START_TEST(test_file_that_cannot_be_read)
{
	char message[CONFIG_MESSAGE_SIZE];
	struct config *config = NULL;

	ck_assert_int_eq(config_load("/nonexistent/x.yml", NULL, NULL, &config, message), -ENOENT);
	ck_assert_str_eq(message, "/nonexistent/x.yml: cannot be read: No such file or directory");
	ck_assert_int_eq(config_load("/proc", NULL, NULL, &config, message), -EISDIR);
	ck_assert_str_eq(message, "/proc: cannot be read: Is a directory");
}
END_TEST

#define DURATION "expected a duration such as 500ms, 5s, 10m, 24h or 7d"
#define REGEX                                                                                \
	"expected a POSIX extended regular expression without back-references and with few " \
	"repetitions"
#define WEBHOOK "receivers: [{name: a, type: webhook, "

START_TEST(test_messages_of_bad_texts)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
	    {"bogus: 1", "f:1:1: unknown key \"bogus\"; expected one of sampling, discovery, "
	                 "gc_log, inspector, "
	                 "scoring, alerting, limits, external_labels, apps, receivers"},
	    {"sampling.interval: 5s",
	     "f:1:1: unknown key \"sampling.interval\"; expected one of sampling, discovery, "
	     "gc_log, "
	     "inspector, scoring, alerting, limits, external_labels, apps, receivers"},
	    {"[]", "f:1:1: configuration: expected a mapping, got a list"},
	    {"sampling: 5", "f:1:11: sampling: expected a mapping, got a scalar"},
	    {"sampling: {interval: }",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got nothing"},
	    {"sampling: {interval: 5}",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got \"5\""},
	    {"sampling: {interval: [5s]}",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got a list"},
	    {"sampling: {interval: 99ms}",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got \"99ms\""},
	    {"sampling: {interval: 601s}",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got \"601s\""},
	    {"sampling: {interval: \"\\e[31m\"}",
	     "f:1:22: sampling.interval: " DURATION ", from 100ms to 10m, got \"?[31m\""},
	    {"sampling: {smaps_budget: 1s}",
	     "f:1:26: sampling.smaps_budget: " DURATION ", from 0 to 500ms, got \"1s\""},
	    {"sampling: {smaps_max_rss: 5MB}",
	     "f:1:27: sampling.smaps_max_rss: expected a size such as 64MiB or 1GiB, from 0 to "
	     "1024TiB, got \"5MB\""},
	    {"discovery: {min_age: 2d}",
	     "f:1:22: discovery.min_age: " DURATION ", from 0 to 24h, got \"2d\""},
	    {"gc_log: {paths: /var/log/x}",
	     "f:1:17: gc_log.paths: expected a list of absolute paths, got \"/var/log/x\""},
	    {"gc_log: {paths: [x.log]}",
	     "f:1:18: gc_log.paths: expected a list of absolute paths, got \"x.log\""},
	    {"gc_log: {paths: [/a, [/b]]}",
	     "f:1:22: gc_log.paths: expected a list of absolute paths, got a list"},
	    {"gc_log: {follow_stdout: yes}",
	     "f:1:25: gc_log.follow_stdout: expected true or false, got \"yes\""},
	    {"gc_log: {follow_stdout: \"true\"}",
	     "f:1:25: gc_log.follow_stdout: expected true or false, without quotes"},
	    {"inspector: {mode: on}",
	     "f:1:19: inspector.mode: expected one of off, attach, signal, got \"on\""},
	    {"scoring: {time_scale: 0}",
	     "f:1:23: scoring.time_scale: expected a number, from 0.1 to 10000, got \"0\""},
	    {"scoring: {time_scale: 1x}",
	     "f:1:23: scoring.time_scale: expected a number, from 0.1 to 10000, got \"1x\""},
	    {"alerting: {threshold: 1.01}",
	     "f:1:23: alerting.threshold: expected a number, from 0 to 1, got \"1.01\""},
	    {"alerting: {clear: 0.8}", "f:1:11: alerting.clear: expected less than "
	                               "alerting.threshold (0.8), got 0.8"},
	    {"alerting: {warning: 1h}",
	     "f:1:11: alerting.critical: expected less than alerting.warning"},
	    {"limits: {processes: 0}",
	     "f:1:21: limits.processes: expected a whole number, from 1 to 65536, got \"0\""},
	    {"limits: {apps: 1.5}",
	     "f:1:16: limits.apps: expected a whole number, from 1 to 65536, got \"1.5\""},
	    {"external_labels: [a]",
	     "f:1:18: external_labels: expected a mapping of label names to "
	     "values, got a list"},
	    {"external_labels: {1a: x}",
	     "f:1:19: external_labels: expected a label name (letters, digits and _, no digit "
	     "first, not __ first), got \"1a\""},
	    {"external_labels: {__a: x}",
	     "f:1:19: external_labels: expected a label name (letters, digits and _, no digit "
	     "first, not __ first), got \"__a\""},
	    {"external_labels: {a-b: x}",
	     "f:1:19: external_labels: expected a label name (letters, digits and _, no digit "
	     "first, not __ first), got \"a-b\""},
	    {"external_labels: {app: x}",
	     "f:1:19: external_labels: expected another name than app, "
	     "which every notification has"},
	    {"external_labels: {a: [x]}", "f:1:22: external_labels: expected a value, got a list"},
	    {"external_labels: {a: \"${X\"}", "f:1:22: external_labels: expected ${NAME} with the "
	                                      "name of an environment variable, or "
	                                      "$$ for a dollar"},
	    {"apps: {a: b}", "f:1:7: apps: expected a list of rules, got a mapping"},
	    {"apps: [a]", "f:1:8: apps[]: expected a mapping, got a scalar"},
	    {"apps: [{name: a}]",
	     "f:1:8: apps[].match: expected at least one of script, argv, unit, container"},
	    {"apps: [{match: {}}]",
	     "f:1:8: apps[].match: expected at least one of script, argv, unit, container"},
	    {"apps: [{match: {pid: 1}}]",
	     "f:1:17: unknown key \"apps[].match.pid\"; expected one of "
	     "script, argv, unit, container"},
	    {"apps: [{x: 1}]",
	     "f:1:9: unknown key \"apps[].x\"; expected one of match, name, ignore, "
	     "inspector, alerting, receivers"},
	    {"apps: [{match: {argv: \"(\"}}]", "f:1:23: apps[].match.argv: " REGEX ", got \"(\""},
	    {"apps: [{match: {argv: '(a)\\1'}}]",
	     "f:1:23: apps[].match.argv: " REGEX ", got \"(a)\\1\""},
	    {"apps: [{match: {argv: \"(a{255}){255}\"}}]",
	     "f:1:23: apps[].match.argv: " REGEX ", got \"(a{255}){255}\""},
	    {"apps: [{match: {argv: \"a{99999999999999999999}\"}}]",
	     "f:1:23: apps[].match.argv: " REGEX ", got \"a{99999999999999999999}\""},
	    {"apps: [{match: {unit: \"\"}}]",
	     "f:1:23: apps[].match.unit: expected a glob, got \"\""},
	    {"apps: [{match: {unit: x}, alerting: {threshold: 0.4}}]",
	     "f:1:37: apps[].alerting.clear: expected less than apps[].alerting.threshold (0.4), "
	     "got "
	     "0.5"},
	    {"apps: [{match: {unit: x}, inspector: {explain: maybe}}]",
	     "f:1:48: apps[].inspector.explain: expected one of never, on_alert, got \"maybe\""},
	    {"apps: [{match: {unit: x}, receivers: [ops]}]",
	     "f:1:39: apps[].receivers: expected the name of a receiver, got \"ops\""},
	    {"receivers: [{type: slack}]", "f:1:13: receivers[].name: expected a name"},
	    {"receivers: [{name: a}]", "f:1:13: receivers[].type: expected one of webhook, "
	                               "alertmanager, pagerduty, slack"},
	    {"receivers: [{name: a, type: email}]", "f:1:29: receivers[].type: expected one of "
	                                            "webhook, alertmanager, pagerduty, slack, got "
	                                            "\"email\""},
	    {WEBHOOK "}]", "f:1:13: receivers[]: type webhook needs url or url_file, exactly one"},
	    {WEBHOOK "url: \"http://x\", url_file: /x}]",
	     "f:1:13: receivers[]: type webhook needs url or url_file, exactly one"},
	    {WEBHOOK "urls: [\"http://x\"]}]",
	     "f:1:38: receivers[].urls: not a key of type webhook"},
	    {WEBHOOK "url: \"ftp://secret\"}]",
	     "f:1:43: receivers[].url: expected an http or https URL"},
	    {WEBHOOK "url_file: x}]",
	     "f:1:48: receivers[].url_file: expected an absolute path, got \"x\""},
	    {WEBHOOK "url: \"http://x\", cert_file: /x}]",
	     "f:1:13: receivers[]: expected both cert_file and key_file, or none"},
	    {WEBHOOK "url: \"http://x\", text: \"{{app}} {{bogus}}\"}]",
	     "f:1:61: receivers[].text: unknown key in \"{{bogus}}\"; expected one of summary, "
	     "evidence, sites, status, severity, condition, app, slot, pid, host, kind, state, "
	     "score, "
	     "confidence, growth_bytes_per_second, time_to_exhaustion, starts_at, ends_at, "
	     "resolved_reason, dedup_key"},
	    {"receivers: [{name: a, type: alertmanager, url: \"http://x\", text: x}]",
	     "f:1:60: receivers[].text: not a key of type alertmanager"},
	    {"receivers: [{name: a, type: alertmanager, urls: []}]",
	     "f:1:49: receivers[].urls: expected at least one URL"},
	    {"receivers: [{name: a, type: alertmanager, urls: [x]}]",
	     "f:1:50: receivers[].urls: expected a list of http or https URLs"},
	    {"receivers: [{name: a, type: pagerduty, url: \"http://x\"}]",
	     "f:1:13: receivers[]: type pagerduty needs routing_key_file, exactly one"},
	    {"receivers: [{name: a, type: slack, url_file: /x}, {name: a, type: slack, url_file: "
	     "/x}]",
	     "f:1:58: receivers[].name: expected a unique name, got \"a\" again"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[CONFIG_MESSAGE_SIZE] = "";
		struct config *config = NULL;
		int result = parse(rows[i].text, &config, message);

		ck_assert_msg(result == -EINVAL, "%s: %d", rows[i].text, result);
		ck_assert_str_eq(message, rows[i].message);
		ck_assert_ptr_null(config);
	}
}
END_TEST

START_TEST(test_long_lists_are_refused)
{
	static const struct {
		const char *start, *element, *end;
		size_t count;
		const char *message;
	} rows[] = {
	    {"gc_log: {paths: [", "/a, ", "]}", 65,
	     "f:1:17: gc_log.paths: expected at most 64 elements, got 65"},
	    {"receivers: [", "{}, ", "]", 65,
	     "f:1:12: receivers: expected at most 64 receivers, got 65"},
	    {"apps: [", "{}, ", "]", 1025, "f:1:7: apps: expected at most 1024 rules, got 1025"},
	};
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[CONFIG_MESSAGE_SIZE] = "";
		struct config *config = NULL;
		struct buf text = BUF_INIT(TEXT_MAX);

		buf_append_string(&text, rows[i].start);
		for (j = 0; j < rows[i].count; j++)
			buf_append_string(&text, rows[i].element);
		buf_append_string(&text, rows[i].end);
		ck_assert_int_eq(parse(buf_string(&text), &config, message), -EINVAL);
		ck_assert_str_eq(message, rows[i].message);
		buf_done(&text);
	}
}
END_TEST

START_TEST(test_too_many_or_too_long_labels_are_refused)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	struct config *config = NULL;
	struct buf text = BUF_INIT(TEXT_MAX);
	size_t i;

	buf_append_string(&text, "external_labels:\n");
	for (i = 0; i < 33; i++)
		buf_printf(&text, "  l%zu: x\n", i);
	ck_assert_int_eq(parse(buf_string(&text), &config, message), -EINVAL);
	ck_assert_str_eq(message, "f:2:3: external_labels: expected at most 32 labels, got 33");
	buf_clear(&text);
	buf_printf(&text, "external_labels: {a: %05000d}", 0);
	ck_assert_int_eq(parse(buf_string(&text), &config, message), -EINVAL);
	ck_assert_str_eq(message, "f:1:22: external_labels: expected at most 4096 bytes");
	buf_done(&text);
}
END_TEST

START_TEST(test_urls)
{
	static const struct {
		const char *url;
		bool is_valid;
	} rows[] = {
	    {"http://a", true},        {"https://a.b:1/c?d#e", true},
	    {"http://[::1]:80", true}, {"http://u:p@h:65535/", true},
	    {"https://h?x=a@b", true}, {"http://", false},
	    {"http:///x", false},      {"http://:80", false},
	    {"http://h:0", false},     {"http://h:65536", false},
	    {"http://h:x", false},     {"http://h:", false},
	    {"http://[::1", false},    {"http://[]", false},
	    {"http://[::1]x", false},  {"http://u@", false},
	    {"ftp://h", false},        {"h", false},
	    {"http://h/a b", false},   {"http://h/\xc3\xa4", false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256], message[CONFIG_MESSAGE_SIZE];
		struct config *config = NULL;
		int result;

		(void)snprintf(text, sizeof(text), WEBHOOK "url: \"%s\"}]", rows[i].url);
		result = parse(text, &config, message);
		ck_assert_msg(result == (rows[i].is_valid ? 0 : -EINVAL), "%s", rows[i].url);
		config_free(config);
	}
}
END_TEST

UNIT_MAIN("config_errors", test_messages_of_bad_files, test_file_that_cannot_be_read,
          test_messages_of_bad_texts, test_long_lists_are_refused,
          test_too_many_or_too_long_labels_are_refused, test_urls)
