// SPDX-License-Identifier: MIT
/*
 * The configuration as an immutable object: read from YAML by the key tables (keys.c), validated as
 * a whole, freed as a whole. heapwatchd.yml shows every key with its default.
 *
 * Errors are texts for the user: "file:line:column: message", naming the key and what was expected.
 */
#ifndef HEAPWATCH_CONFIG_CONFIG_H
#define HEAPWATCH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MESSAGE_SIZE 1024

enum inspector_mode { INSPECTOR_OFF, INSPECTOR_ATTACH, INSPECTOR_SIGNAL };
enum explain_mode { EXPLAIN_NEVER, EXPLAIN_ON_ALERT };
enum receiver_type { RECEIVER_WEBHOOK, RECEIVER_ALERTMANAGER, RECEIVER_PAGERDUTY, RECEIVER_SLACK };

struct string_list {
	char **values; /* owned */
	size_t count;
};

struct label_pair {
	char *name;
	char *value; /* ${ENV} expanded */
};

struct pair_list {
	struct label_pair *pairs; /* owned */
	size_t count;
};

struct alerting_config {
	double threshold;
	double clear;
	uint64_t min_uptime_ns;
	uint64_t hold_ns;
	uint64_t warning_ns; /* time to exhaustion */
	uint64_t critical_ns;
};

struct app_match; /* compiled: glob of script, regex of argv, unit, container */

struct app_rule {
	struct app_match *match;
	char *name; /* NULL: the name is found as usual */
	bool ignore;
	enum inspector_mode inspector_mode; /* the global one unless given */
	enum explain_mode explain;
	struct alerting_config alerting; /* likewise */
	struct string_list receivers;    /* empty: all */
};

struct receiver_config {
	char *name;
	enum receiver_type type;
	struct string_list urls;
	char *url_file;
	char *secret_file;
	char *routing_key_file;
	char *ca_file;
	char *cert_file;
	char *key_file;
	char *text; /* a valid template (template.h); NULL: the usual text */
};

struct config {
	struct {
		uint64_t interval_ns;
		uint64_t smaps_budget_ns; /* CPU per second for smaps_rollup and maps; 0: never */
		uint64_t smaps_max_rss_bytes; /* larger processes are not asked */
	} sampling;
	struct {
		uint64_t min_age_ns;
	} discovery;
	struct {
		struct string_list paths; /* globs */
		bool follow_stdout;
	} gc_log;
	struct {
		enum inspector_mode mode;
	} inspector;
	struct {
		double time_scale;
	} scoring;
	struct alerting_config alerting;
	struct {
		uint64_t processes;
		uint64_t apps;
	} limits;
	struct label_pair *external_labels;
	size_t external_label_count;
	struct app_rule *apps;
	size_t app_count;
	struct receiver_config *receivers;
	size_t receiver_count;
};

/* What rules are matched against; "" when unknown. argv: arguments joined by blanks. */
struct app_subject {
	const char *script;
	const char *argv;
	const char *unit;
	const char *container;
};

/* Told of each key that is accepted but has no effect yet. */
typedef void (*config_warn)(void *context, const char *message);

/* All defaults; NULL without memory. */
struct config *config_new_default(void);
/* -EINVAL with the message; -ENOENT and other errno of open(2) likewise with a message. */
int config_load(const char *path, config_warn warn, void *warn_context, struct config **ret_config,
                char reterr_message[CONFIG_MESSAGE_SIZE]) __attribute__((warn_unused_result));

struct config_source {
	const char *name; /* stands for the file in messages */
	const char *text;
	size_t length;
};

/* The same from a text. */
int config_parse(const struct config_source *source, config_warn warn, void *warn_context,
                 struct config **ret_config, char reterr_message[CONFIG_MESSAGE_SIZE])
    __attribute__((warn_unused_result));
struct config *config_free(struct config *config);
/*
 * Gives config the values of running where a change needs a restart; warn is told of each that
 * differs.
 */
void config_keep_unreloadable(struct config *config, const struct config *running, config_warn warn,
                              void *warn_context);

/* The first rule that matches, or NULL. */
const struct app_rule *config_app_rule(const struct config *config,
                                       const struct app_subject *subject);

int inspector_mode_parse(const char *text, enum inspector_mode *ret_mode)
    __attribute__((warn_unused_result));

/* Writes the configuration as YAML with all keys (--config.dump). */
struct buf;
void config_dump(const struct config *config, struct buf *out);

#endif
