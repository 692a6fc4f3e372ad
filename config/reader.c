// SPDX-License-Identifier: MIT
/*
 * The walk over a document by the key table. The first error ends it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/document.h"
#include "config/internal.h"
#include "lib/buf.h"

#define EXPECTED_SIZE  512
#define GOT_LENGTH_MAX 64

/* Messages quote the file; a control character in it shall not reach a terminal. */
static void disarm(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

__attribute__((format(printf, 4, 0))) static void format_message(const struct config_reader *reader,
                                                                 const struct node *node, char *out,
                                                                 const char *format,
                                                                 va_list arguments)
{
	int length = snprintf(out, CONFIG_MESSAGE_SIZE, "%s:%zu:%zu: ", reader->name, node->line,
	                      node->column);

	if (length >= 0 && length < CONFIG_MESSAGE_SIZE)
		(void)vsnprintf(out + length, CONFIG_MESSAGE_SIZE - (size_t)length, format,
		                arguments);
	disarm(out);
}

int config_error(struct config_reader *reader, const struct node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_message(reader, node, reader->message, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int config_no_memory(struct config_reader *reader)
{
	(void)snprintf(reader->message, CONFIG_MESSAGE_SIZE, "%s: out of memory", reader->name);
	return -ENOMEM;
}

void config_warning(struct config_reader *reader, const struct node *node, const char *format, ...)
{
	char message[CONFIG_MESSAGE_SIZE];
	va_list arguments;

	if (reader->warn == NULL)
		return;
	va_start(arguments, format);
	format_message(reader, node, message, format, arguments);
	va_end(arguments);
	reader->warn(reader->warn_context, message);
}

const struct node *config_child(const struct node *mapping, const char *name)
{
	size_t i;

	if (mapping == NULL || mapping->kind != NODE_MAPPING)
		return NULL;
	for (i = 0; i < mapping->count; i++)
		if (strcmp(mapping->keys[i].text, name) == 0)
			return &mapping->children[i];
	return NULL;
}

/* True for a member of a list that has no effect itself: one warning for the list is enough. */
static bool is_below_silenced(const struct config_key *key)
{
	const char *bracket = strchr(key->path, '[');
	char parent[CONFIG_PATH_MAX];
	const struct config_key *list;

	if (bracket == NULL)
		return false;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(bracket - key->path), key->path);
	list = config_key_find(parent);
	return list != NULL && list->effect == EFFECT_NONE;
}

static void warn_of_no_effect(struct config_reader *reader, const struct config_key *key,
                              const struct node *key_node, const struct node *value)
{
	uint64_t bit = UINT64_C(1) << (key - config_keys);

	if (key->effect == EFFECT_FULL || (reader->warned_mask & bit) != 0 ||
	    is_below_silenced(key))
		return;
	if (key->effect == EFFECT_DEFAULT_ONLY && strcmp(value->text, key->fallback) == 0)
		return;
	reader->warned_mask |= bit;
	if (key->effect == EFFECT_DEFAULT_ONLY)
		config_warning(reader, key_node, "%s: %s is accepted but has no effect yet",
		               key->path, value->text);
	else
		config_warning(reader, key_node, "%s is accepted but has no effect yet", key->path);
}

static int unknown_key(struct config_reader *reader, const char *prefix, const struct node *key)
{
	struct buf names = BUF_INIT(EXPECTED_SIZE);

	config_key_list(prefix, &names);
	(void)config_error(reader, key, "unknown key \"%s%.*s\"; expected one of %s", prefix,
	                   GOT_LENGTH_MAX, key->text, buf_string(&names));
	buf_done(&names);
	return -EINVAL;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than the paths of the key table */

static int read_key(struct config_reader *reader, const char *prefix, const struct node *key_node,
                    const struct node *value)
{
	char path[CONFIG_PATH_MAX];
	const struct config_key *key;
	int length, result;

	length = snprintf(path, sizeof(path) - 1, "%s%s", prefix, key_node->text);
	if (length < 0 || (size_t)length >= sizeof(path) - 1 ||
	    strpbrk(key_node->text, ".[]") != NULL)
		return unknown_key(reader, prefix, key_node);
	key = config_key_find(path);
	if (key != NULL) {
		result = config_value_read(reader, key, value);
		if (result == 0)
			warn_of_no_effect(reader, key, key_node, value);
		return result;
	}
	if (key_node->text[0] == '\0' || !config_key_is_section(path))
		return unknown_key(reader, prefix, key_node);
	path[length] = '.';
	path[length + 1] = '\0';
	return config_read_mapping(reader, path, value);
}

int config_read_mapping(struct config_reader *reader, const char *prefix, const struct node *node)
{
	static const char top[] = "configuration";
	int name_length = (int)strlen(prefix); /* with the dot */
	size_t i;

	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_MAPPING)
		return config_error(reader, node, "%.*s: expected a mapping, got %s",
		                    name_length > 0 ? name_length - 1 : (int)strlen(top),
		                    name_length > 0 ? prefix : top, node_kind_name(node));
	for (i = 0; i < node->count; i++) {
		int result = read_key(reader, prefix, &node->keys[i], &node->children[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

int config_check_alerting(struct config_reader *reader, const struct alerting_config *alerting,
                          const char *prefix, const struct node *node)
{
	if (alerting->clear >= alerting->threshold)
		return config_error(reader, node,
		                    "%sclear: expected less than %sthreshold (%g), got %g", prefix,
		                    prefix, alerting->threshold, alerting->clear);
	if (alerting->critical_ns >= alerting->warning_ns)
		return config_error(reader, node, "%scritical: expected less than %swarning",
		                    prefix, prefix);
	return 0;
}
