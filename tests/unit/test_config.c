// SPDX-License-Identifier: MIT
/*
 * The configuration: values of good files, warnings, rules, dump. Bad ones: test_config_errors.c.
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

static int parse(const char *text, struct buf *warnings, struct config **ret_config,
                 char message[CONFIG_MESSAGE_SIZE])
{
	const struct config_source source = {"f", text, strlen(text)};

	message[0] = '\0';
	return config_parse(&source, warnings != NULL ? note_warning : NULL, warnings, ret_config,
	                    message);
}

static struct config *parse_good(const char *text)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	struct config *config = NULL;

	ck_assert_msg(parse(text, NULL, &config, message) == 0, "%s: %s", text, message);
	return config;
}

static struct config *load_fixture(const char *name)
{
	char message[CONFIG_MESSAGE_SIZE] = "";
	const char *top = getenv("top_srcdir");
	struct config *config = NULL;
	char path[4096];

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/config/%s", top, name);
	ck_assert_msg(config_load(path, NULL, NULL, &config, message) == 0, "%s", message);
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
	ck_assert_str_eq(receivers[3].text, "{{app}} {leaks}");
}

START_TEST(test_every_key_is_read)
{
	_cleanup_(config_freep) struct config *config = load_fixture("full.good.yml");

	check_full_sections(config);
	check_full_rules(config);
	check_full_receivers(config);
}
END_TEST

START_TEST(test_good_files)
{
	static const char *const names[] = {"empty-sections.good.yml", "anchors.good.yml"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		config_free(load_fixture(names[i]));
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
	    {"alerting: {threshold: 0.8, hold: 1m}", ""},
	    {"external_labels: {a: b}", ""},
	    {"receivers:\n- {name: a, type: slack, url_file: /x}\n- {name: b, type: slack, "
	     "url_file: "
	     "/x}",
	     ""},
	    {"apps:\n- {match: {unit: x}, inspector: {explain: never}}\n"
	     "- {match: {unit: y}, inspector: {explain: on_alert}}",
	     ""},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[CONFIG_MESSAGE_SIZE] = "";
		struct buf warnings = BUF_INIT(TEXT_MAX);
		struct config *config = NULL;

		ck_assert_msg(parse(rows[i].text, &warnings, &config, message) == 0, "%s", message);
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
	ck_assert_int_eq(parse(text, &warnings, &config, message), 0);
	ck_assert_str_eq(config->external_labels[0].value, "web-1/web-1${T_NONE}");
	ck_assert_str_eq(config->external_labels[1].value, "");
	ck_assert_str_eq(buf_string(&warnings),
	                 "f:1:61: external_labels: environment variable T_NONE is not set, taking "
	                 "it as empty\n");
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
	_cleanup_(config_freep) struct config *full = load_fixture("full.good.yml");
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

/* Addresses of receivers hold passwords and tokens; the files of other secrets are only named. */
START_TEST(test_dump_has_no_secrets)
{
	_cleanup_(config_freep) struct config *config = parse_good(
	    "receivers:\n"
	    "  - {name: a, type: slack, url: \"https://hooks.example/services/SECRET\"}\n"
	    "  - {name: b, type: webhook, url: \"https://u:SECRET@h:8/SECRET?t=SECRET#SECRET\","
	    " secret_file: /run/b}\n"
	    "  - {name: c, type: alertmanager, urls: [\"http://SECRET@am:9093/prefix?SECRET\", "
	    "\"http://am2\"]}\n");
	struct buf out = BUF_INIT(TEXT_MAX);

	config_dump(config, &out);
	ck_assert_ptr_null(strstr(buf_string(&out), "SECRET"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "\"https://hooks.example/<redacted>\""));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "secret_file: \"/run/b\""));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "@am:9093/prefix?<redacted>"));
	buf_done(&out);
	check_dump_round_trip(config);
}
END_TEST

UNIT_MAIN("config", test_defaults, test_every_key_is_read, test_good_files,
          test_warnings_of_keys_without_effect_come_once, test_environment_is_expanded_in_labels,
          test_first_rule_all_of_whose_patterns_match_counts, test_inspector_modes,
          test_dump_reads_back_as_the_same, test_dump_is_yaml_with_every_key,
          test_dump_has_no_secrets)
