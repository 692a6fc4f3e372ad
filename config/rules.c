// SPDX-License-Identifier: MIT
/*
 * apps: the rules and their matching. A rule starts with the global values and is read last, so
 * that the order of sections in the file does not matter.
 */
#include "config/rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/match.h"
#include "config/reader.h"

#define RULE_COUNT_MAX 1024

static bool match_is_empty(const struct app_match *match)
{
	return match->script == NULL && match->argv.text == NULL && match->unit == NULL &&
	       match->container == NULL;
}

static bool receiver_exists(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->receiver_count; i++)
		if (strcmp(config->receivers[i].name, name) == 0)
			return true;
	return false;
}

static int check_receivers(struct config_reader *reader, const struct app_rule *rule,
                           const struct node *node)
{
	const struct node *names = config_child(node, "receivers");
	size_t i;

	for (i = 0; i < rule->receivers.count; i++)
		if (!receiver_exists(reader->config, rule->receivers.values[i]))
			return config_error(&reader->messages, &names->children[i],
			                    "apps[].receivers: expected the name of a receiver, "
			                    "got \"%.64s\"",
			                    rule->receivers.values[i]);
	return 0;
}

int config_check_alerting(struct config_reader *reader, const struct alerting_config *alerting,
                          const char *prefix, const struct node *node)
{
	if (alerting->clear >= alerting->threshold)
		return config_error(&reader->messages, node,
		                    "%sclear: expected less than %sthreshold (%g), got %g", prefix,
		                    prefix, alerting->threshold, alerting->clear);
	if (alerting->critical_ns >= alerting->warning_ns)
		return config_error(&reader->messages, node,
		                    "%scritical: expected less than %swarning", prefix, prefix);
	return 0;
}

static int check_rule(struct config_reader *reader, const struct app_rule *rule,
                      const struct node *node)
{
	const struct node *alerting = config_child(node, "alerting");
	int result;

	if (match_is_empty(rule->match))
		return config_error(&reader->messages, node,
		                    "apps[].match: expected at least one of script, argv, unit, "
		                    "container");
	if (alerting != NULL) {
		result =
		    config_check_alerting(reader, &rule->alerting, "apps[].alerting.", alerting);
		if (result < 0)
			return result;
	}
	return check_receivers(reader, rule, node);
}

static int read_rule(struct config_reader *reader, struct app_rule *rule, const struct node *node)
{
	int result;

	rule->match = calloc(1, sizeof(*rule->match));
	if (rule->match == NULL)
		return config_no_memory(&reader->messages);
	reader->bases.of[BASE_RULE] = rule;
	reader->bases.of[BASE_MATCH] = rule->match;
	if (config_values_init(reader->table, &reader->bases, BASE_RULE) < 0)
		return config_no_memory(&reader->messages);
	result = config_read_mapping(reader, "apps[].", node);
	if (result < 0)
		return result;
	return check_rule(reader, rule, node);
}

int config_read_rules(struct config_reader *reader, const struct node *node)
{
	struct config *config = reader->config;
	size_t i;

	if (node->count > RULE_COUNT_MAX)
		return config_error(&reader->messages, node,
		                    "apps: expected at most %d rules, got %zu", RULE_COUNT_MAX,
		                    node->count);
	config->apps = calloc(node->count + 1, sizeof(*config->apps));
	if (config->apps == NULL)
		return config_no_memory(&reader->messages);
	for (i = 0; i < node->count; i++) {
		int result =
		    read_rule(reader, &config->apps[config->app_count++], &node->children[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

void config_rules_done(const struct config_table *table, struct config *config)
{
	struct config_bases bases = {0};
	size_t i;

	for (i = 0; i < config->app_count; i++) {
		bases.of[BASE_RULE] = &config->apps[i];
		bases.of[BASE_MATCH] = config->apps[i].match;
		config_values_done(table, &bases, BASE_RULE);
		if (config->apps[i].match != NULL)
			config_values_done(table, &bases, BASE_MATCH);
		free(config->apps[i].match);
	}
	free(config->apps);
}

/* What is not known ("") matches no pattern, not even "*". Backslashes occur in unit names. */
static bool glob_matches(const char *pattern, const char *text)
{
	return pattern == NULL || (text[0] != '\0' && fnmatch(pattern, text, FNM_NOESCAPE) == 0);
}

static bool regex_matches(const struct config_regex *regex, const char *text)
{
	return regex->text == NULL ||
	       (text[0] != '\0' && regexec(&regex->compiled, text, 0, NULL, 0) == 0);
}

const struct app_rule *config_app_rule(const struct config *config,
                                       const struct app_subject *subject)
{
	size_t i;

	for (i = 0; i < config->app_count; i++) {
		const struct app_match *match = config->apps[i].match;

		if (glob_matches(match->script, subject->script) &&
		    glob_matches(match->unit, subject->unit) &&
		    glob_matches(match->container, subject->container) &&
		    regex_matches(&match->argv, subject->argv))
			return &config->apps[i];
	}
	return NULL;
}
