// SPDX-License-Identifier: MIT
/*
 * The rows. A section's keys stand together, in the order in which they are dumped and documented.
 */
#include "config/keys.h"

#include "config/config.h"
#include "config/match.h"
#include "config/reader.h"

static const char *const inspector_modes[] = {"off", "attach", "signal", NULL};
static const char *const explain_modes[] = {"never", "on_alert", NULL};
static const char *const receiver_types[] = {"webhook", "alertmanager", "pagerduty", "slack", NULL};

#define IN_CONFIG(member) .base = BASE_CONFIG, .offset = offsetof(struct config, member)
#define IN_RULE(member)   .base = BASE_RULE, .offset = offsetof(struct app_rule, member)
#define IN_MATCH(member)  .base = BASE_MATCH, .offset = offsetof(struct app_match, member)
#define IN_RECEIVER(member) \
	.base = BASE_RECEIVER, .offset = offsetof(struct receiver_config, member)

/* The rows of alerting.* and, inherited, of apps[].alerting.*. */
#define ALERTING_ROW(name, value_type, member, low, high, ...)                              \
	{                                                                                   \
		.path = "alerting." name, .type = (value_type), IN_CONFIG(alerting.member), \
		.minimum = (low), .maximum = (high), .is_reloadable = true, __VA_ARGS__     \
	}
#define RULE_ALERTING_ROW(name, value_type, member, low, high, text)                             \
	{                                                                                        \
		.path = "apps[].alerting." name, .type = (value_type), IN_RULE(alerting.member), \
		.inherits = "alerting." name, .minimum = (low), .maximum = (high),               \
		.is_reloadable = true, .help = (text)                                            \
	}
#define RECEIVER_ROW(name, value_type, member, text)                                    \
	{                                                                               \
		.path = "receivers[]." name, .type = (value_type), IN_RECEIVER(member), \
		.is_reloadable = true, .help = (text)                                   \
	}

const struct config_key config_keys[] = {
    {.path = "sampling.interval",
     .type = CONFIG_DURATION,
     IN_CONFIG(sampling.interval_ns),
     .fallback = "5s",
     .minimum = "100ms",
     .maximum = "10m",
     .is_reloadable = true,
     .help = "Time between two passes over /proc."},
    {.path = "sampling.smaps_budget",
     .type = CONFIG_DURATION,
     IN_CONFIG(sampling.smaps_budget_ns),
     .fallback = "2ms",
     .minimum = "0",
     .maximum = "500ms",
     .is_reloadable = true,
     .help = "CPU time per second that reading smaps_rollup and maps may take in all; 0 = never."},
    {.path = "sampling.smaps_max_rss",
     .type = CONFIG_SIZE,
     IN_CONFIG(sampling.smaps_max_rss_bytes),
     .fallback = "512MiB",
     .minimum = "0",
     .maximum = "1024TiB",
     .is_reloadable = true,
     .help = "smaps_rollup of a process larger than this is not read."},
    {.path = "discovery.min_age",
     .type = CONFIG_DURATION,
     IN_CONFIG(discovery.min_age_ns),
     .fallback = "30s",
     .minimum = "0",
     .maximum = "24h",
     .is_reloadable = true,
     .help = "Younger processes are counted, not exported; scoring.time_scale shrinks it."},
    {.path = "gc_log.paths",
     .type = CONFIG_PATHS,
     IN_CONFIG(gc_log.paths),
     .fallback = "[]",
     .is_reloadable = true,
     .help = "Globs of files with GC trace lines to follow."},
    {.path = "gc_log.follow_stdout",
     .type = CONFIG_BOOL,
     IN_CONFIG(gc_log.follow_stdout),
     .fallback = "true",
     .is_reloadable = true,
     .help = "Follow a process's stdout: its file, the journal, or its container's log."},
    {.path = "inspector.mode",
     .type = CONFIG_CHOICE,
     IN_CONFIG(inspector.mode),
     .fallback = "off",
     .choices = inspector_modes,
     .is_reloadable = true,
     .help = "off; attach to inspectors that are open on loopback; signal: SIGUSR1 to open one."},
    {.path = "scoring.time_scale",
     .type = CONFIG_NUMBER,
     IN_CONFIG(scoring.time_scale),
     .fallback = "1",
     .minimum = "0.1",
     .maximum = "10000",
     .help = "60 = a minute stands for an hour: scoring, alerting and min_age shrink by it."},
    ALERTING_ROW("threshold", CONFIG_NUMBER, threshold, "0", "1", .fallback = "0.8",
                 .help = "Score from which a leak is alerted."),
    ALERTING_ROW("clear", CONFIG_NUMBER, clear, "0", "1", .fallback = "0.5",
                 .help = "Score below which an alert is resolved; below the threshold."),
    ALERTING_ROW("min_uptime", CONFIG_DURATION, min_uptime_ns, "0", "7d", .fallback = "10m",
                 .help = "Younger processes are not alerted about; they are scored."),
    ALERTING_ROW("hold", CONFIG_DURATION, hold_ns, "0", "24h", .fallback = "2m",
                 .help = "How long the score must stay above the threshold."),
    ALERTING_ROW("warning", CONFIG_DURATION, warning_ns, "0", "365d", .fallback = "24h",
                 .help = "Time to exhaustion below which an alert is a warning."),
    ALERTING_ROW("critical", CONFIG_DURATION, critical_ns, "0", "365d", .fallback = "1h",
                 .help = "Time to exhaustion below which it is critical; below warning."),
    {.path = "limits.processes",
     .type = CONFIG_COUNT,
     IN_CONFIG(limits.processes),
     .fallback = "2048",
     .minimum = "1",
     .maximum = "65536",
     .is_reloadable = true,
     .help = "Processes beyond it are counted as dropped."},
    {.path = "limits.apps",
     .type = CONFIG_COUNT,
     IN_CONFIG(limits.apps),
     .fallback = "512",
     .minimum = "1",
     .maximum = "65536",
     .is_reloadable = true,
     .help = "Apps beyond it are counted under the app \"other\"."},
    {.path = "external_labels",
     .type = CONFIG_LABELS,
     IN_CONFIG(external_labels),
     .fallback = "{}",
     .is_reloadable = true,
     .help = "Labels added to notifications; ${NAME} is an environment variable, $$ a dollar."},
    {.path = "apps",
     .type = CONFIG_RULES,
     IN_CONFIG(apps),
     .fallback = "[]",
     .is_reloadable = true,
     .help = "Rules for programs; the first one that matches counts."},
    {.path = "apps[].match.script",
     .type = CONFIG_GLOB,
     IN_MATCH(script),
     .is_reloadable = true,
     .help = "Glob of the script's path; * also matches slashes."},
    {.path = "apps[].match.argv",
     .type = CONFIG_REGEX,
     IN_MATCH(argv),
     .is_reloadable = true,
     .help =
         "POSIX extended regular expression, found anywhere in the arguments joined by blanks."},
    {.path = "apps[].match.unit",
     .type = CONFIG_GLOB,
     IN_MATCH(unit),
     .is_reloadable = true,
     .help = "Glob of the systemd unit."},
    {.path = "apps[].match.container",
     .type = CONFIG_GLOB,
     IN_MATCH(container),
     .is_reloadable = true,
     .help = "Glob of the container's name."},
    {.path = "apps[].name",
     .type = CONFIG_STRING,
     IN_RULE(name),
     .is_reloadable = true,
     .help = "Name of the app; without it the name is found as usual."},
    {.path = "apps[].ignore",
     .type = CONFIG_BOOL,
     IN_RULE(ignore),
     .fallback = "false",
     .is_reloadable = true,
     .help = "Leave these processes alone altogether."},
    {.path = "apps[].inspector.mode",
     .type = CONFIG_CHOICE,
     IN_RULE(inspector_mode),
     .inherits = "inspector.mode",
     .choices = inspector_modes,
     .is_reloadable = true,
     .help = "As inspector.mode, for this app."},
    {.path = "apps[].inspector.explain",
     .type = CONFIG_CHOICE,
     IN_RULE(explain),
     .fallback = "never",
     .choices = explain_modes,
     .is_reloadable = true,
     .help =
         "on_alert: once per alert, through the inspector, name the code that holds the growth."},
    RULE_ALERTING_ROW("threshold", CONFIG_NUMBER, threshold, "0", "1", "For this app."),
    RULE_ALERTING_ROW("clear", CONFIG_NUMBER, clear, "0", "1", "For this app."),
    RULE_ALERTING_ROW("min_uptime", CONFIG_DURATION, min_uptime_ns, "0", "7d", "For this app."),
    RULE_ALERTING_ROW("hold", CONFIG_DURATION, hold_ns, "0", "24h", "For this app."),
    RULE_ALERTING_ROW("warning", CONFIG_DURATION, warning_ns, "0", "365d", "For this app."),
    RULE_ALERTING_ROW("critical", CONFIG_DURATION, critical_ns, "0", "365d", "For this app."),
    {.path = "apps[].receivers",
     .type = CONFIG_STRINGS,
     IN_RULE(receivers),
     .fallback = "[]",
     .is_reloadable = true,
     .help = "Names of the receivers that are notified; empty = all."},
    {.path = "receivers",
     .type = CONFIG_RECEIVERS,
     IN_CONFIG(receivers),
     .fallback = "[]",
     .is_reloadable = true,
     .help = "Where notifications go."},
    RECEIVER_ROW("name", CONFIG_STRING, name, "Name of the receiver, required and unique."),
    {.path = "receivers[].type",
     .type = CONFIG_CHOICE,
     IN_RECEIVER(type),
     .choices = receiver_types,
     .is_reloadable = true,
     .help = "Kind of receiver, required; it decides which of the keys below are expected."},
    RECEIVER_ROW("url", CONFIG_URL, urls, "http or https URL."),
    RECEIVER_ROW("urls", CONFIG_URLS, urls, "The same for several (alertmanager)."),
    RECEIVER_ROW("url_file", CONFIG_PATH, url_file, "File with the URL, where it is a secret."),
    RECEIVER_ROW("secret_file", CONFIG_PATH, secret_file,
                 "File with the key that signs the body (webhook)."),
    RECEIVER_ROW("routing_key_file", CONFIG_PATH, routing_key_file,
                 "File with the integration key (pagerduty)."),
    RECEIVER_ROW("ca_file", CONFIG_PATH, ca_file, "CA certificates instead of the system's."),
    RECEIVER_ROW("cert_file", CONFIG_PATH, cert_file, "Client certificate; needs key_file."),
    RECEIVER_ROW("key_file", CONFIG_PATH, key_file, "Key of the client certificate."),
    RECEIVER_ROW("text", CONFIG_STRING, text,
                 "Text with {{keys}} of the alert (webhook, pagerduty, slack)."),
};
const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);
_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEY_MAX,
               "the reader keeps one bit per key");

const struct config_key *config_key_find(const char *path)
{
	const struct config_table table = {.keys = config_keys, .count = config_key_count};

	return config_table_find(&table, path);
}
