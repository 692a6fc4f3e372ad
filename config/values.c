// SPDX-License-Identifier: MIT
/*
 * Values of the key table's rows: defaults, reading with a message that says what was expected, and
 * writing. What a type is stands in types.c.
 */
#include "config/values.h"

#include <errno.h>
#include <string.h>

#include "config/document.h"
#include "config/lists.h"
#include "config/match.h"
#include "config/message.h"
#include "config/types.h"
#include "lib/buf.h"

#define EXPECTED_SIZE  512
#define GOT_LENGTH_MAX 64
#define LIST_MAX       64 /* elements */

static void *member_of(const struct config_bases *bases, const struct config_key *key)
{
	return (char *)bases->of[key->base] + key->offset;
}

int config_values_init(const struct config_table *table, const struct config_bases *bases,
                       enum config_base base)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];
		const struct config_key *inherited;
		int result;

		if (key->base != base)
			continue;
		if (key->inherits != NULL) {
			/* Only numbers and choices are inherited; eight bytes or one enum. */
			inherited = config_table_find(table, key->inherits);
			memcpy(member_of(bases, key), member_of(bases, inherited),
			       key->type == CONFIG_CHOICE ? sizeof(unsigned) : sizeof(uint64_t));
		}
		if (key->fallback == NULL || config_types[key->type].parse == NULL)
			continue;
		result = config_types[key->type].parse(key, key->fallback, member_of(bases, key));
		if (result < 0)
			return result;
	}
	return 0;
}

void config_values_done(const struct config_table *table, const struct config_bases *bases,
                        enum config_base base)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->keys[i].base == base &&
		    config_types[table->keys[i].type].release != NULL)
			config_types[table->keys[i].type].release(
			    member_of(bases, &table->keys[i]));
}

void config_values_keep(const struct config_table *table, const struct config_bases *bases,
                        const struct config_bases *from,
                        void (*told)(void *context, const struct config_key *key), void *context)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		/* Only numbers need a restart so far; texts would have to be copied. */
		if (key->base != BASE_CONFIG || key->is_reloadable ||
		    memcmp(member_of(bases, key), member_of(from, key), sizeof(uint64_t)) == 0)
			continue;
		memcpy(member_of(bases, key), member_of(from, key), sizeof(uint64_t));
		told(context, key);
	}
}

/* "expected …, from 1s to 10m, got …". */
int config_value_error(struct config_messages *messages, const struct config_key *key,
                       const struct node *node)
{
	const struct value_type *type = &config_types[key->type];
	struct buf text = BUF_INIT(EXPECTED_SIZE);
	size_t i;

	buf_printf(&text, "expected %s", type->expected);
	for (i = 0; key->choices != NULL && key->choices[i] != NULL; i++)
		buf_printf(&text, "%s %s", i > 0 ? "," : "", key->choices[i]);
	if (key->minimum != NULL)
		buf_printf(&text, ", from %s to %s", key->minimum, key->maximum);
	if (node->kind != NODE_SCALAR)
		buf_printf(&text, ", got %s", node_kind_name(node));
	else if (node_is_null(node))
		buf_append_string(&text, ", got nothing");
	else if (type->needs_plain && !node->is_plain)
		buf_append_string(&text, ", without quotes");
	else if (!type->is_secret && !key->is_secret)
		buf_printf(&text, ", got \"%.*s\"", GOT_LENGTH_MAX, node->text);
	(void)config_error(messages, node, "%s: %s", key->path, buf_string(&text));
	buf_done(&text);
	return -EINVAL;
}

static int read_scalar(struct config_messages *messages, const struct config_bases *bases,
                       const struct config_key *key, const struct node *node)
{
	const struct value_type *type = &config_types[key->type];
	int result;

	if (node->kind != NODE_SCALAR || node_is_null(node) ||
	    (type->needs_plain && !node->is_plain))
		return config_value_error(messages, key, node);
	result = type->parse(key, node->text, member_of(bases, key));
	if (result == -ENOMEM)
		return config_no_memory(messages);
	return result < 0 ? config_value_error(messages, key, node) : 0;
}

static int read_list(struct config_messages *messages, const struct config_bases *bases,
                     const struct config_key *key, const struct node *node)
{
	struct string_list *list = member_of(bases, key);
	size_t i;

	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_SEQUENCE)
		return config_value_error(messages, key, node);
	if (node->count > LIST_MAX)
		return config_error(messages, node, "%s: expected at most %d elements, got %zu",
		                    key->path, LIST_MAX, node->count);
	for (i = 0; i < node->count; i++) {
		const struct node *element = &node->children[i];

		if (element->kind != NODE_SCALAR || node_is_null(element) ||
		    !config_types[key->type].is_element(element->text))
			return config_value_error(messages, key, element);
		if (config_list_append(list, element->text) < 0)
			return config_no_memory(messages);
	}
	return 0;
}

static int read_pairs(struct config_messages *messages, const struct config_bases *bases,
                      const struct config_key *key, const struct node *node)
{
	struct pair_list *list = member_of(bases, key);
	size_t i;

	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_MAPPING)
		return config_value_error(messages, key, node);
	for (i = 0; i < node->count; i++) {
		if (node->children[i].kind != NODE_SCALAR)
			return config_value_error(messages, key, &node->children[i]);
		if (config_pairs_append(list, node->keys[i].text, node->children[i].text) < 0)
			return config_no_memory(messages);
	}
	return 0;
}

bool config_type_is_value(enum config_type type)
{
	return type == CONFIG_PAIRS || config_types[type].parse != NULL ||
	       config_types[type].is_element != NULL;
}

int config_value_read(struct config_messages *messages, const struct config_bases *bases,
                      const struct config_key *key, const struct node *node)
{
	const struct value_type *type = &config_types[key->type];

	if (key->type == CONFIG_PAIRS)
		return read_pairs(messages, bases, key, node);
	if (type->parse != NULL)
		return read_scalar(messages, bases, key, node);
	return read_list(messages, bases, key, node);
}

bool config_value_is_line(const struct config_bases *bases, const struct config_key *key)
{
	const void *member = member_of(bases, key);

	if (key->type == CONFIG_URL)
		return ((const struct string_list *)member)->count == 1;
	if (key->type == CONFIG_URLS)
		return ((const struct string_list *)member)->count > 1;
	if (key->type == CONFIG_REGEX)
		return ((const struct config_regex *)member)->text != NULL;
	if (config_types[key->type].parse != NULL && config_types[key->type].release != NULL)
		return *(char *const *)member != NULL;
	return config_types[key->type].write != NULL;
}

void config_value_write(const struct config_bases *bases, const struct config_key *key,
                        struct buf *out)
{
	config_types[key->type].write(key, member_of(bases, key), out);
}
