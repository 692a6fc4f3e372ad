// SPDX-License-Identifier: MIT
/*
 * The walk over a document by the key table. The first error ends it.
 */
#include "config/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/document.h"
#include "config/suggest.h"
#include "config/values.h"
#include "lib/buf.h"

#define EXPECTED_SIZE  512
#define GOT_LENGTH_MAX 64

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
static bool is_below_silenced(const struct config_table *table, const struct config_key *key)
{
	const char *bracket = strchr(key->path, '[');
	char parent[CONFIG_PATH_MAX];
	const struct config_key *list;

	if (bracket == NULL)
		return false;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(bracket - key->path), key->path);
	list = config_table_find(table, parent);
	return list != NULL && list->effect == EFFECT_NONE;
}

static void warn_of_no_effect(struct config_reader *reader, const struct config_key *key,
                              const struct node *key_node, const struct node *value)
{
	uint64_t bit = UINT64_C(1) << (key - reader->table->keys);

	if (key->effect == EFFECT_FULL || (reader->warned_mask & bit) != 0 ||
	    is_below_silenced(reader->table, key))
		return;
	if (key->effect == EFFECT_DEFAULT_ONLY && strcmp(value->text, key->fallback) == 0)
		return;
	reader->warned_mask |= bit;
	if (key->effect == EFFECT_DEFAULT_ONLY)
		config_warning(&reader->messages, key_node,
		               "%s: %s is accepted but has no effect yet", key->path, value->text);
	else
		config_warning(&reader->messages, key_node, "%s is accepted but has no effect yet",
		               key->path);
}

static int unknown_key(struct config_reader *reader, const char *prefix, const struct node *key)
{
	struct buf text = BUF_INIT(EXPECTED_SIZE);
	struct suggestion nearest = suggestion_for(key->text);
	char name[CONFIG_NAME_SIZE];
	size_t i;

	for (i = 0; config_table_name(reader->table, prefix, i, name); i++)
		suggestion_offer(&nearest, name);
	if (nearest.name[0] != '\0')
		buf_printf(&text, "did you mean \"%s\"? ", nearest.name);
	buf_append_string(&text, "expected one of ");
	for (i = 0; config_table_name(reader->table, prefix, i, name); i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", name);
	(void)config_error(&reader->messages, key, "unknown key \"%s%.*s\"; %s", prefix,
	                   GOT_LENGTH_MAX, key->text, buf_string(&text));
	buf_done(&text);
	return -EINVAL;
}

/* A value of the table's row: by its type, or by the table's own reader. */
static int read_value(struct config_reader *reader, const struct config_key *key,
                      const struct node *value)
{
	if (config_type_is_value(key->type))
		return config_value_read(&reader->messages, &reader->bases, key, value);
	if (node_is_null(value))
		return 0;
	if (value->kind != (key->type == CONFIG_LABELS ? NODE_MAPPING : NODE_SEQUENCE))
		return config_value_error(&reader->messages, key, value);
	return reader->table->read_part(reader, key, value);
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
	key = config_table_find(reader->table, path);
	if (key != NULL) {
		result = read_value(reader, key, value);
		if (result == 0)
			warn_of_no_effect(reader, key, key_node, value);
		return result;
	}
	if (key_node->text[0] == '\0' || !config_table_has_section(reader->table, path))
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
		return config_error(&reader->messages, node, "%.*s: expected a mapping, got %s",
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
