// SPDX-License-Identifier: MIT
/*
 * receivers: which keys each type takes and which it needs.
 */
#include "config/receivers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/reader.h"
#include "config/template.h"
#include "lib/buf.h"

#define RECEIVER_COUNT_MAX 64
#define TYPE_KEY_MAX       5

struct receiver_rule {
	const char *keys[TYPE_KEY_MAX];     /* beside the common ones; ends with NULL */
	const char *required[TYPE_KEY_MAX]; /* exactly one of these; ends with NULL */
	const char *required_text;
};

static const struct receiver_rule receiver_rules[] = {
    [RECEIVER_WEBHOOK] = {.keys = {"url", "url_file", "secret_file", "text"},
                          .required = {"url", "url_file"},
                          .required_text = "url or url_file"},
    [RECEIVER_ALERTMANAGER] = {.keys = {"url", "urls"},
                               .required = {"url", "urls"},
                               .required_text = "url or urls"},
    [RECEIVER_PAGERDUTY] = {.keys = {"url", "routing_key_file", "text"},
                            .required = {"routing_key_file"},
                            .required_text = "routing_key_file"},
    [RECEIVER_SLACK] = {.keys = {"url", "url_file", "text"},
                        .required = {"url", "url_file"},
                        .required_text = "url or url_file"},
};
_Static_assert(sizeof(receiver_rules) / sizeof(receiver_rules[0]) == RECEIVER_SLACK + 1,
               "one row per type");

static const char *const common_keys[] = {"name", "type", "ca_file", "cert_file", "key_file", NULL};

static bool is_among(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

static int check_keys(struct config_reader *reader, const struct receiver_rule *rule,
                      const char *type, const struct node *node)
{
	size_t i, required_count = 0;

	for (i = 0; i < node->count; i++) {
		const char *key = node->keys[i].text;

		if (!is_among(key, common_keys) && !is_among(key, rule->keys))
			return config_error(&reader->messages, &node->keys[i],
			                    "receivers[].%s: not a key of type %s", key, type);
		required_count += is_among(key, rule->required);
	}
	if (required_count != 1)
		return config_error(&reader->messages, node,
		                    "receivers[]: type %s needs %s, exactly one", type,
		                    rule->required_text);
	return 0;
}

/* The keys are told, since none can be guessed. */
static int check_text(struct config_reader *reader, const struct receiver_config *receiver,
                      const struct node *node)
{
	struct buf known = BUF_INIT(CONFIG_MESSAGE_SIZE);
	const char *const *key;
	const char *at;
	size_t length;
	int result;

	if (receiver->text == NULL || template_is_valid(receiver->text, &at, &length))
		return 0;
	for (key = template_keys; *key != NULL; key++)
		buf_printf(&known, "%s%s", key == template_keys ? "" : ", ", *key);
	result = config_error(&reader->messages, config_child(node, "text"),
	                      "receivers[].text: unknown key in \"%.*s\"; expected one of %s",
	                      length < 64 ? (int)length : 64, at, buf_string(&known));
	buf_done(&known);
	return result;
}

static int check_unique(struct config_reader *reader, const struct receiver_config *receiver,
                        const struct node *node)
{
	const struct receiver_config *other = reader->config->receivers;

	for (; other < receiver; other++)
		if (strcmp(other->name, receiver->name) == 0)
			return config_error(&reader->messages, config_child(node, "name"),
			                    "receivers[].name: expected a unique name, got "
			                    "\"%.64s\" again",
			                    receiver->name);
	return 0;
}

static int check_receiver(struct config_reader *reader, const struct receiver_config *receiver,
                          const struct node *node)
{
	const struct node *type = config_child(node, "type");
	const struct node *urls = config_child(node, "urls");
	int result;

	if (receiver->name == NULL)
		return config_error(&reader->messages, node, "receivers[].name: expected a name");
	if (type == NULL)
		return config_error(&reader->messages, node,
		                    "receivers[].type: expected one of webhook, alertmanager, "
		                    "pagerduty, slack");
	result = check_keys(reader, &receiver_rules[receiver->type], type->text, node);
	if (result < 0)
		return result;
	if (urls != NULL && receiver->urls.count == 0)
		return config_error(&reader->messages, urls,
		                    "receivers[].urls: expected at least one URL");
	if ((receiver->cert_file == NULL) != (receiver->key_file == NULL))
		return config_error(&reader->messages, node,
		                    "receivers[]: expected both cert_file and key_file, or none");
	result = check_text(reader, receiver, node);
	if (result < 0)
		return result;
	return check_unique(reader, receiver, node);
}

static int read_receiver(struct config_reader *reader, struct receiver_config *receiver,
                         const struct node *node)
{
	int result;

	reader->bases.of[BASE_RECEIVER] = receiver;
	result = config_read_mapping(reader, "receivers[].", node);
	if (result < 0)
		return result;
	return check_receiver(reader, receiver, node);
}

int config_read_receivers(struct config_reader *reader, const struct node *node)
{
	struct config *config = reader->config;
	size_t i;

	if (node->count > RECEIVER_COUNT_MAX)
		return config_error(&reader->messages, node,
		                    "receivers: expected at most %d receivers, got %zu",
		                    RECEIVER_COUNT_MAX, node->count);
	config->receivers = calloc(node->count + 1, sizeof(*config->receivers));
	if (config->receivers == NULL)
		return config_no_memory(&reader->messages);
	for (i = 0; i < node->count; i++) {
		int result = read_receiver(reader, &config->receivers[config->receiver_count++],
		                           &node->children[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

void config_receivers_done(const struct config_table *table, struct config *config)
{
	struct config_bases bases = {0};
	size_t i;

	for (i = 0; i < config->receiver_count; i++) {
		bases.of[BASE_RECEIVER] = &config->receivers[i];
		config_values_done(table, &bases, BASE_RECEIVER);
	}
	free(config->receivers);
}
