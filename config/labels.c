// SPDX-License-Identifier: MIT
/*
 * external_labels: names by the rules of Prometheus, values with environment variables expanded.
 */
#include "config/labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/reader.h"
#include "lib/buf.h"
#include "lib/cleanup.h"

#define LABEL_COUNT_MAX    32
#define LABEL_VALUE_MAX    4096
#define VARIABLE_NAME_SIZE 128
#define LETTERS            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS             "0123456789"

/* Notifications have these of their own. */
static const char *const reserved_names[] = {"alertname", "app", "slot", "host"};

static int check_name(struct config_reader *reader, const struct node *key)
{
	size_t i;

	if (strspn(key->text, LETTERS) == 0 ||
	    strspn(key->text, LETTERS DIGITS) != strlen(key->text) ||
	    strncmp(key->text, "__", 2) == 0)
		return config_error(&reader->messages, key,
		                    "external_labels: expected a label name (letters, digits and "
		                    "_, no digit first, not __ first), got \"%.64s\"",
		                    key->text);
	for (i = 0; i < sizeof(reserved_names) / sizeof(reserved_names[0]); i++)
		if (strcmp(key->text, reserved_names[i]) == 0)
			return config_error(&reader->messages, key,
			                    "external_labels: expected another name than %s, which "
			                    "every notification has",
			                    key->text);
	return 0;
}

/* Expands the ${NAME} at *text and moves behind it. */
static int expand_variable(struct config_reader *reader, const struct node *node, const char **text,
                           struct buf *out)
{
	const char *start = *text + 2, *value;
	size_t length = strspn(start, LETTERS DIGITS);
	char name[VARIABLE_NAME_SIZE];

	if (length == 0 || start[length] != '}' || length >= sizeof(name))
		return config_error(&reader->messages, node,
		                    "external_labels: expected ${NAME} with the name of an "
		                    "environment variable, or $$ for a dollar");
	memcpy(name, start, length);
	name[length] = '\0';
	value = getenv(name);
	if (value == NULL)
		config_warning(&reader->messages, node,
		               "external_labels: environment variable %s is not set, taking it as "
		               "empty",
		               name);
	else
		buf_append_string(out, value);
	*text = start + length + 1;
	return 0;
}

static int expand(struct config_reader *reader, const struct node *node, struct buf *out)
{
	const char *text = node->text;

	while (*text != '\0') {
		size_t length = strcspn(text, "$");
		int result;

		buf_append(out, text, length);
		text += length;
		if (text[0] == '$' && text[1] == '{') {
			result = expand_variable(reader, node, &text, out);
			if (result < 0)
				return result;
		} else if (text[0] == '$') {
			buf_append_char(out, '$');
			text += text[1] == '$' ? 2 : 1;
		}
	}
	if (buf_failed(out))
		return config_error(&reader->messages, node,
		                    "external_labels: expected at most %d bytes", LABEL_VALUE_MAX);
	return 0;
}

static int read_label(struct config_reader *reader, const struct node *key,
                      const struct node *value)
{
	struct config *config = reader->config;
	struct label_pair *pair = &config->external_labels[config->external_label_count];
	struct buf text = BUF_INIT(LABEL_VALUE_MAX);
	int result = check_name(reader, key);

	if (result < 0)
		return result;
	if (value->kind != NODE_SCALAR)
		return config_error(&reader->messages, value,
		                    "external_labels: expected a value, got %s",
		                    node_kind_name(value));
	result = expand(reader, value, &text);
	if (result == 0) {
		pair->name = strdup(key->text);
		pair->value = strdup(buf_string(&text));
		config->external_label_count++;
		if (pair->name == NULL || pair->value == NULL)
			result = config_no_memory(&reader->messages);
	}
	buf_done(&text);
	return result;
}

int config_read_labels(struct config_reader *reader, const struct node *node)
{
	size_t i;

	if (node->count > LABEL_COUNT_MAX)
		return config_error(&reader->messages, node,
		                    "external_labels: expected at most %d labels, got %zu",
		                    LABEL_COUNT_MAX, node->count);
	reader->config->external_labels =
	    calloc(node->count + 1, sizeof(*reader->config->external_labels));
	if (reader->config->external_labels == NULL)
		return config_no_memory(&reader->messages);
	for (i = 0; i < node->count; i++) {
		int result = read_label(reader, &node->keys[i], &node->children[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

void config_labels_done(struct config *config)
{
	size_t i;

	for (i = 0; i < config->external_label_count; i++) {
		free(config->external_labels[i].name);
		free(config->external_labels[i].value);
	}
	free(config->external_labels);
}
