// SPDX-License-Identifier: MIT
/*
 * The configuration: values of good files, exact messages of bad ones, warnings, dump.
 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define TEXT_MAX (64 * 1024)

DEFINE_CLEANUP(struct config, config_free)

/* Collects warnings, one a line. */
static void note_warning(void *context, const char *message)
{
	buf_printf(context, "%s\n", message);
}

static struct config *parse_good(const char *text)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	struct config *config = NULL;

	ck_assert_msg(config_parse("f", text, strlen(text), NULL, NULL, &config, message) == 0,
	              "%s: %s", text, message);
	return config;
}

static struct config *load_fixture(const char *name, int expected_result,
                                   char message[CONFIG_MESSAGE_SIZE])
{
	const char *top = getenv("top_srcdir");
	struct config *config = NULL;
	char path[4096];

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/config/%s", top, name);
	ck_assert_int_eq(config_load(path, NULL, NULL, &config, message), expected_result);
	return config;
}

START_TEST(test_defaults)
{
	_cleanup_(config_freep) struct config *config = config_new_default();

	ck_assert_uint_eq(config->sampling.interval_ns, 5 * NS_PER_SECOND);
	ck_assert_uint_eq(config->sampling.smaps_budget_ns, 2 * NS_PER_MS);
	ck_assert_uint_eq(config->sampling.smaps_max_rss_bytes, 512 * MIB);
	ck_assert_uint_eq(config->discovery.min_age_ns, 30 * NS_PER_SECOND);
	ck_assert_uint_eq(config->gc_log.paths.count, 0);
	ck_assert(config->gc_log.follow_stdout);
	ck_assert_int_eq(config->inspector.mode, INSPECTOR_OFF);
	ck_assert_double_eq(config->scoring.time_scale, 1);
	ck_assert_double_eq(config->alerting.threshold, 0.8);
	ck_assert_double_eq(config->alerting.clear, 0.5);
	ck_assert_uint_eq(config->alerting.min_uptime_ns, 10 * NS_PER_MINUTE);
	ck_assert_uint_eq(config->alerting.hold_ns, 2 * NS_PER_MINUTE);
	ck_assert_uint_eq(config->alerting.warning_ns, NS_PER_DAY);
	ck_assert_uint_eq(config->alerting.critical_ns, NS_PER_HOUR);
	ck_assert_uint_eq(config->limits.processes, 2048);
	ck_assert_uint_eq(config->limits.apps, 512);
	ck_assert_uint_eq(config->external_label_count, 0);
	ck_assert_uint_eq(config->app_count, 0);
	ck_assert_uint_eq(config->receiver_count, 0);
	ck_assert_ptr_null(config_free(NULL));
}
END_TEST

static void check_full_sections(const struct config *config)
{
	ck_assert_uint_eq(config->sampling.interval_ns, NS_PER_SECOND);
	ck_assert_uint_eq(config->sampling.smaps_budget_ns, 0);
	ck_assert_uint_eq(config->sampling.smaps_max_rss_bytes, 1536 * MIB);
	ck_assert_uint_eq(config->discovery.min_age_ns, 0);
	ck_assert_uint_eq(config->gc_log.paths.count, 2);
	ck_assert_str_eq(config->gc_log.paths.values[1], "/tmp/gc.log");
	ck_assert(!config->gc_log.follow_stdout);
	ck_assert_int_eq(config->inspector.mode, INSPECTOR_ATTACH);
	ck_assert_double_eq(config->scoring.time_scale, 60);
	ck_assert_double_eq(config->alerting.threshold, 0.9);
	ck_assert_uint_eq(config->limits.apps, 5);
	ck_assert_uint_eq(config->external_label_count, 2);
	ck_assert_str_eq(config->external_labels[0].name, "cluster");
	ck_assert_str_eq(config->external_labels[0].value, "eu-1");
	ck_assert_str_eq(config->external_labels[1].value, "5$ or $5");
}

static void check_full_rules(const struct config *config)
{
	const struct app_rule *rule = &config->apps[0];

	ck_assert_uint_eq(config->app_count, 2);
	ck_assert_str_eq(rule->name, "checkout-api");
	ck_assert(rule->ignore);
	ck_assert_int_eq(rule->inspector_mode, INSPECTOR_SIGNAL);
	ck_assert_int_eq(rule->explain, EXPLAIN_ON_ALERT);
	ck_assert_double_eq(rule->alerting.clear, 0.65);
	ck_assert_uint_eq(rule->alerting.min_uptime_ns, NS_PER_HOUR);
	ck_assert_uint_eq(rule->receivers.count, 2);
	ck_assert_str_eq(rule->receivers.values[1], "pager");
	/* The second one inherits, though the sections stand below it. */
	rule = &config->apps[1];
	ck_assert_ptr_null(rule->name);
	ck_assert(!rule->ignore);
	ck_assert_int_eq(rule->inspector_mode, INSPECTOR_ATTACH);
	ck_assert_int_eq(rule->explain, EXPLAIN_NEVER);
	ck_assert_double_eq(rule->alerting.threshold, 0.9);
	ck_assert_uint_eq(rule->alerting.critical_ns, 30 * NS_PER_MINUTE);
	ck_assert_uint_eq(rule->receivers.count, 0);
}

static void check_full_receivers(const struct config *config)
{
	const struct receiver_config *receivers = config->receivers;

	ck_assert_uint_eq(config->receiver_count, 4);
	ck_assert_str_eq(receivers[0].name, "ops");
	ck_assert_int_eq(receivers[0].type, RECEIVER_WEBHOOK);
	ck_assert_str_eq(receivers[0].urls.values[0],
	                 "https://user:pass@hook.example.com:8443/x?y#z");
	ck_assert_str_eq(receivers[0].secret_file, "/run/secrets/hook");
	ck_assert_str_eq(receivers[0].ca_file, "/ca");
	ck_assert_str_eq(receivers[0].cert_file, "/cert");
	ck_assert_str_eq(receivers[0].key_file, "/key");
	ck_assert_int_eq(receivers[1].type, RECEIVER_ALERTMANAGER);
	ck_assert_uint_eq(receivers[1].urls.count, 2);
	ck_assert_int_eq(receivers[2].type, RECEIVER_PAGERDUTY);
	ck_assert_str_eq(receivers[2].routing_key_file, "/run/key");
	ck_assert_int_eq(receivers[3].type, RECEIVER_SLACK);
	ck_assert_str_eq(receivers[3].url_file, "/run/url");
}

START_TEST(test_every_key_is_read)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	_cleanup_(config_freep) struct config *config = load_fixture("full.good.yml", 0, message);

	check_full_sections(config);
	check_full_rules(config);
	check_full_receivers(config);
}
END_TEST

START_TEST(test_good_files)
{
	static const char *const names[] = {"empty-sections.good.yml", "anchors.good.yml"};
	char message[CONFIG_MESSAGE_SIZE] = "";
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		config_free(load_fixture(names[i], 0, message));
}
END_TEST

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
	    {"two-documents.bad.yml", "4:1: a second document; expected only one"},
	    {"indentation.bad.yml", "3:2: did not find expected key while parsing a block mapping"},
	    {"encoding.bad.yml", "2:14: invalid leading UTF-8 octet"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[CONFIG_MESSAGE_SIZE] = "", *place;

		ck_assert_ptr_null(load_fixture(rows[i].name, -EINVAL, message));
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
		int result = config_parse("f", rows[i].text, strlen(rows[i].text), NULL, NULL,
		                          &config, message);

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
		ck_assert_int_eq(
		    config_parse("f", text.data, text.length, NULL, NULL, &config, message),
		    -EINVAL);
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
	ck_assert_int_eq(config_parse("f", text.data, text.length, NULL, NULL, &config, message),
	                 -EINVAL);
	ck_assert_str_eq(message, "f:2:3: external_labels: expected at most 32 labels, got 33");
	buf_clear(&text);
	buf_printf(&text, "external_labels: {a: %05000d}", 0);
	ck_assert_int_eq(config_parse("f", text.data, text.length, NULL, NULL, &config, message),
	                 -EINVAL);
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
		result = config_parse("f", text, strlen(text), NULL, NULL, &config, message);
		ck_assert_msg(result == (rows[i].is_valid ? 0 : -EINVAL), "%s", rows[i].url);
		config_free(config);
	}
}
END_TEST

START_TEST(test_warnings_of_keys_without_effect_come_once)
{
	static const struct {
		const char *text;
		const char *warnings;
	} rows[] = {
	    {"sampling: {interval: 1s}\ninspector: {mode: off}", ""},
	    {"apps: [{match: {unit: x}, name: y, ignore: true}]", ""},
	    {"inspector:\n  mode: signal",
	     "f:2:3: inspector.mode: signal is accepted but has no effect yet\n"},
	    {"alerting: {threshold: 0.8, hold: 1m}",
	     "f:1:12: alerting.threshold is accepted but has no effect yet\n"
	     "f:1:28: alerting.hold is accepted but has no effect yet\n"},
	    {"external_labels: {a: b}",
	     "f:1:1: external_labels is accepted but has no effect yet\n"},
	    {"receivers:\n- {name: a, type: slack, url_file: /x}\n- {name: b, type: slack, "
	     "url_file: "
	     "/x}",
	     "f:1:1: receivers is accepted but has no effect yet\n"},
	    {"apps:\n- {match: {unit: x}, inspector: {mode: off}}\n"
	     "- {match: {unit: y}, inspector: {mode: attach}}",
	     "f:2:34: apps[].inspector.mode is accepted but has no effect yet\n"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[CONFIG_MESSAGE_SIZE] = "";
		struct buf warnings = BUF_INIT(TEXT_MAX);
		struct config *config = NULL;

		ck_assert_msg(config_parse("f", rows[i].text, strlen(rows[i].text), note_warning,
		                           &warnings, &config, message) == 0,
		              "%s", message);
		ck_assert_str_eq(buf_string(&warnings), rows[i].warnings);
		config_free(config);
		buf_done(&warnings);
	}
}
END_TEST

START_TEST(test_environment_is_expanded_in_labels)
{
	static const char text[] = "external_labels: {pod: \"${T_POD}/${T_POD}$${T_NONE}\", "
	                           "none: \"${T_NONE}\"}";
	char message[CONFIG_MESSAGE_SIZE] = "";
	struct buf warnings = BUF_INIT(TEXT_MAX);
	_cleanup_(config_freep) struct config *config = NULL;

	ck_assert_int_eq(setenv("T_POD", "web-1", 1), 0);
	ck_assert_int_eq(unsetenv("T_NONE"), 0);
	ck_assert_int_eq(
	    config_parse("f", text, strlen(text), note_warning, &warnings, &config, message), 0);
	ck_assert_str_eq(config->external_labels[0].value, "web-1/web-1${T_NONE}");
	ck_assert_str_eq(config->external_labels[1].value, "");
	ck_assert_str_eq(buf_string(&warnings),
	                 "f:1:61: external_labels: environment variable T_NONE is not set, taking "
	                 "it as empty\n"
	                 "f:1:1: external_labels is accepted but has no effect yet\n");
	buf_done(&warnings);
}
END_TEST

START_TEST(test_first_rule_all_of_whose_patterns_match_counts)
{
	static const char text[] =
	    "apps:\n"
	    "- { name: '0', match: { script: '*/checkout/*.js', argv: 'port=80[0-9]+( |$)' } }\n"
	    "- { name: '1', match: { script: '*/checkout/*.js' } }\n"
	    "- { name: '2', match: { unit: 'a\\x2db*.service' } }\n"
	    "- { name: '3', match: { container: '[ab]?' } }\n"
	    "- { name: '4', match: { script: '*', unit: '*' } }\n";
	static const struct {
		struct app_subject subject;
		const char *name;
	} rows[] = {
	    {{"/srv/checkout/a/b.js", "node --port=8080 x", "", ""}, "0"},
	    {{"/srv/checkout/a/b.js", "node --port=80", "", ""}, "1"},
	    {{"/srv/checkout/a/b.js", "", "", ""}, "1"},
	    {{"", "", "a\\x2dbc.service", ""}, "2"},
	    {{"/x", "", "a-bc.service", "b1"}, "3"},
	    {{"/x", "", "a-bc.service", "b12"}, "4"},
	    {{"/x", "", "", ""}, NULL},
	    {{"", "", "", ""}, NULL},
	};
	_cleanup_(config_freep) struct config *config = parse_good(text);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct app_rule *rule = config_app_rule(config, &rows[i].subject);

		if (rows[i].name == NULL) {
			ck_assert_ptr_null(rule);
			continue;
		}
		ck_assert_ptr_nonnull(rule);
		ck_assert_str_eq(rule->name, rows[i].name);
	}
}
END_TEST

START_TEST(test_inspector_modes)
{
	enum inspector_mode mode = INSPECTOR_OFF;

	ck_assert_int_eq(inspector_mode_parse("signal", &mode), 0);
	ck_assert_int_eq(mode, INSPECTOR_SIGNAL);
	ck_assert_int_eq(inspector_mode_parse("attach", &mode), 0);
	ck_assert_int_eq(mode, INSPECTOR_ATTACH);
	ck_assert_int_eq(inspector_mode_parse("on", &mode), -EINVAL);
	ck_assert_int_eq(mode, INSPECTOR_ATTACH);
}
END_TEST

static void check_dump_round_trip(const struct config *config)
{
	_cleanup_(config_freep) struct config *again = NULL;
	struct buf first = BUF_INIT(TEXT_MAX), second = BUF_INIT(TEXT_MAX);

	config_dump(config, &first);
	again = parse_good(buf_string(&first));
	config_dump(again, &second);
	ck_assert_str_eq(buf_string(&first), buf_string(&second));
	buf_done(&first);
	buf_done(&second);
}

START_TEST(test_dump_reads_back_as_the_same)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	_cleanup_(config_freep) struct config *full = load_fixture("full.good.yml", 0, message);
	_cleanup_(config_freep) struct config *defaults = config_new_default();
	_cleanup_(config_freep) struct config *odd =
	    parse_good("sampling: {interval: 1500.0001ms, smaps_max_rss: 1025}\n"
	               "scoring: {time_scale: 0.30000000000000004}\n"
	               "external_labels: {a: \"q\\\" b\\\\ n\\n \\x7f \xc3\xa4 $\", b: \"\"}\n");
	struct config *all[] = {full, defaults, odd};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_dump_round_trip(all[i]);
}
END_TEST

START_TEST(test_dump_is_yaml_with_every_key)
{
	static const char expected[] =
	    "sampling:\n  interval: 5s\n  smaps_budget: 2ms\n  smaps_max_rss: 512MiB\n"
	    "discovery:\n  min_age: 30s\n"
	    "gc_log:\n  paths: []\n  follow_stdout: true\n"
	    "inspector:\n  mode: off\n"
	    "scoring:\n  time_scale: 1\n"
	    "alerting:\n  threshold: 0.8\n  clear: 0.5\n  min_uptime: 10m\n  hold: 2m\n"
	    "  warning: 1d\n  critical: 1h\n"
	    "limits:\n  processes: 2048\n  apps: 512\n"
	    "external_labels: {}\n"
	    "apps:\n"
	    "  - match:\n      argv: \"a b\"\n"
	    "    ignore: false\n"
	    "    inspector:\n      mode: off\n      explain: never\n"
	    "    alerting:\n      threshold: 0.8\n      clear: 0.5\n      min_uptime: 10m\n"
	    "      hold: 2m\n      warning: 1d\n      critical: 1h\n"
	    "    receivers: []\n"
	    "receivers:\n"
	    "  - name: \"x\"\n    type: slack\n    url: \"http://h\"\n";
	_cleanup_(config_freep) struct config *config =
	    parse_good("apps: [{match: {argv: a b}}]\n"
	               "receivers: [{name: x, type: slack, url: \"http://h\"}]");
	struct buf out = BUF_INIT(TEXT_MAX);

	config_dump(config, &out);
	ck_assert_str_eq(buf_string(&out), expected);
	buf_done(&out);
}
END_TEST

UNIT_MAIN("config", test_defaults, test_every_key_is_read, test_good_files,
          test_messages_of_bad_files, test_file_that_cannot_be_read, test_messages_of_bad_texts,
          test_long_lists_are_refused, test_too_many_or_too_long_labels_are_refused, test_urls,
          test_warnings_of_keys_without_effect_come_once, test_environment_is_expanded_in_labels,
          test_first_rule_all_of_whose_patterns_match_counts, test_inspector_modes,
          test_dump_reads_back_as_the_same, test_dump_is_yaml_with_every_key)
