// SPDX-License-Identifier: MIT
/*
 * Values of the key table's rows: defaults, reading with a message that says what was expected, and
 * writing. What a type is stands in types.c.
 */
#include <errno.h>
#include <string.h>

#include "config/document.h"
#include "config/internal.h"
#include "config/types.h"
#include "lib/buf.h"

#define EXPECTED_SIZE  512
#define GOT_LENGTH_MAX 64

static void *member_of(const struct config_bases *bases, const struct config_key *key)
{
	return (char *)bases->of[key->base] + key->offset;
}

int config_values_init(const struct config_bases *bases, enum config_base base)
{
	size_t i;

	for (i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const struct config_key *inherited;
		int result;

		if (key->base != base)
			continue;
		if (key->inherits != NULL) {
			/* Only numbers and choices are inherited; eight bytes or one enum. */
			inherited = config_key_find(key->inherits);
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

void config_values_done(const struct config_bases *bases, enum config_base base)
{
	size_t i;

	for (i = 0; i < config_key_count; i++)
		if (config_keys[i].base == base &&
		    config_types[config_keys[i].type].release != NULL)
			config_types[config_keys[i].type].release(
			    member_of(bases, &config_keys[i]));
}

void config_values_keep(const struct config_bases *bases, const struct config_bases *from,
                        void (*told)(void *context, const struct config_key *key), void *context)
{
	size_t i;

	for (i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		/* Only numbers need a restart so far; texts would have to be copied. */
		if (key->base != BASE_CONFIG || key->is_reloadable ||
		    memcmp(member_of(bases, key), member_of(from, key), sizeof(uint64_t)) == 0)
			continue;
		memcpy(member_of(bases, key), member_of(from, key), sizeof(uint64_t));
		told(context, key);
	}
}

/* "expected …, from 1s to 10m, got …". */
static int value_error(struct config_reader *reader, const struct config_key *key,
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
	else if (!type->is_secret)
		buf_printf(&text, ", got \"%.*s\"", GOT_LENGTH_MAX, node->text);
	(void)config_error(reader, node, "%s: %s", key->path, buf_string(&text));
	buf_done(&text);
	return -EINVAL;
}

static int read_scalar(struct config_reader *reader, const struct config_key *key,
                       const struct node *node)
{
	const struct value_type *type = &config_types[key->type];
	int result;

	if (node->kind != NODE_SCALAR || node_is_null(node) ||
	    (type->needs_plain && !node->is_plain))
		return value_error(reader, key, node);
	result = type->parse(key, node->text, member_of(&reader->bases, key));
	if (result == -ENOMEM)
		return config_no_memory(reader);
	return result < 0 ? value_error(reader, key, node) : 0;
}

static int read_list(struct config_reader *reader, const struct config_key *key,
                     const struct node *node)
{
	struct string_list *list = member_of(&reader->bases, key);
	size_t i;

	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_SEQUENCE)
		return value_error(reader, key, node);
	if (node->count > CONFIG_LIST_MAX)
		return config_error(reader, node, "%s: expected at most %d elements, got %zu",
		                    key->path, CONFIG_LIST_MAX, node->count);
	for (i = 0; i < node->count; i++) {
		const struct node *element = &node->children[i];

		if (element->kind != NODE_SCALAR || node_is_null(element) ||
		    !config_types[key->type].is_element(element->text))
			return value_error(reader, key, element);
		if (config_list_append(list, element->text) < 0)
			return config_no_memory(reader);
	}
	return 0;
}

int config_value_read(struct config_reader *reader, const struct config_key *key,
                      const struct node *node)
{
	const struct value_type *type = &config_types[key->type];

	if (type->parse != NULL)
		return read_scalar(reader, key, node);
	if (type->is_element != NULL)
		return read_list(reader, key, node);
	if (node_is_null(node))
		return 0;
	if (node->kind != (key->type == CONFIG_LABELS ? NODE_MAPPING : NODE_SEQUENCE))
		return value_error(reader, key, node);
	return type->read(reader, node);
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
