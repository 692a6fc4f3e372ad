// SPDX-License-Identifier: MIT
/*
 * libyaml composes the document with its aliases as shared nodes, which is small whatever the text
 * says; the copy into a tree is what can explode, and it is what counts. Recursion is bounded by
 * DOCUMENT_DEPTH_MAX. The only file that sees libyaml.
 */
#include "config/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct copier {
	yaml_document_t *source;
	struct node *root; /* owned until document_parse hands it out */
	const char *name;
	const char *text;
	size_t length;
	size_t node_count;
	char *message;
	size_t message_size;
};

static int node_copy(struct copier *copier, int index, unsigned depth, struct node *node);

__attribute__((format(printf, 4, 5))) static int
copier_error(const struct copier *copier, size_t line, size_t column, const char *format, ...)
{
	va_list arguments;
	int length = snprintf(copier->message, copier->message_size, "%s:%zu:%zu: ", copier->name,
	                      line, column);

	if (length < 0 || (size_t)length >= copier->message_size)
		return -EINVAL;
	va_start(arguments, format);
	(void)vsnprintf(copier->message + length, copier->message_size - (size_t)length, format,
	                arguments);
	va_end(arguments);
	return -EINVAL;
}

static int copier_no_memory(const struct copier *copier)
{
	(void)snprintf(copier->message, copier->message_size, "%s: out of memory", copier->name);
	return -ENOMEM;
}

/* The parser's own complaint. An error of decoding knows its offset in the text only. */
static int parser_error(const struct copier *copier, const yaml_parser_t *parser)
{
	const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
	size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1, i;

	if (parser->error == YAML_MEMORY_ERROR)
		return copier_no_memory(copier);
	if (parser->error == YAML_READER_ERROR) {
		line = column = 1;
		for (i = 0; i < parser->problem_offset && i < copier->length; i++) {
			column = copier->text[i] == '\n' ? 1 : column + 1;
			line += copier->text[i] == '\n';
		}
	}
	if (parser->context != NULL)
		return copier_error(copier, line, column, "%s %s", problem, parser->context);
	return copier_error(copier, line, column, "%s", problem);
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than DOCUMENT_DEPTH_MAX, checked by node_copy */

static void node_done(struct node *node)
{
	size_t i;

	for (i = 0; i < node->count; i++) {
		node_done(&node->children[i]);
		if (node->keys != NULL)
			node_done(&node->keys[i]);
	}
	free(node->children);
	free(node->keys);
	free(node->text);
}

static int copy_scalar(struct copier *copier, const yaml_node_t *source, struct node *node)
{
	const char *value = (const char *)source->data.scalar.value;

	if (memchr(value, '\0', source->data.scalar.length) != NULL)
		return copier_error(copier, node->line, node->column, "a NUL in a value");
	node->is_plain = source->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup(value);
	return node->text != NULL ? 0 : copier_no_memory(copier);
}

static int copy_sequence(struct copier *copier, const yaml_node_t *source, unsigned depth,
                         struct node *node)
{
	const yaml_node_item_t *items = source->data.sequence.items.start;
	size_t i, count = (size_t)(source->data.sequence.items.top - items);
	int result;

	node->children = calloc(count + 1, sizeof(*node->children));
	if (node->children == NULL)
		return copier_no_memory(copier);
	node->count = count;
	for (i = 0; i < count; i++) {
		result = node_copy(copier, items[i], depth + 1, &node->children[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

/* The key at the index is a scalar that no key before it repeats. */
static int check_key(const struct copier *copier, const struct node *mapping, size_t index)
{
	const struct node *key = &mapping->keys[index];
	size_t i;

	if (key->kind != NODE_SCALAR)
		return copier_error(copier, key->line, key->column, "expected a key, got %s",
		                    node_kind_name(key));
	for (i = 0; i < index; i++)
		if (strcmp(mapping->keys[i].text, key->text) == 0)
			return copier_error(copier, key->line, key->column,
			                    "duplicate key \"%.64s\", first at line %zu", key->text,
			                    mapping->keys[i].line);
	return 0;
}

static int copy_mapping(struct copier *copier, const yaml_node_t *source, unsigned depth,
                        struct node *node)
{
	const yaml_node_pair_t *pairs = source->data.mapping.pairs.start;
	size_t i, count = (size_t)(source->data.mapping.pairs.top - pairs);
	int result;

	if (count > DOCUMENT_MAPPING_MAX)
		return copier_error(copier, node->line, node->column,
		                    "more than %d keys in one mapping", DOCUMENT_MAPPING_MAX);
	node->keys = calloc(count + 1, sizeof(*node->keys));
	node->children = calloc(count + 1, sizeof(*node->children));
	if (node->keys == NULL || node->children == NULL)
		return copier_no_memory(copier);
	node->count = count;
	for (i = 0; i < count; i++) {
		result = node_copy(copier, pairs[i].key, depth + 1, &node->keys[i]);
		if (result < 0)
			return result;
		result = check_key(copier, node, i);
		if (result < 0)
			return result;
		result = node_copy(copier, pairs[i].value, depth + 1, &node->children[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

/* libyaml fills in the default tag of each kind where none was written. */
static bool has_foreign_tag(const yaml_node_t *source)
{
	static const char *const defaults[] = {
	    [YAML_SCALAR_NODE] = YAML_DEFAULT_SCALAR_TAG,
	    [YAML_SEQUENCE_NODE] = YAML_DEFAULT_SEQUENCE_TAG,
	    [YAML_MAPPING_NODE] = YAML_DEFAULT_MAPPING_TAG,
	};

	return source->tag != NULL &&
	       strcmp((const char *)source->tag, defaults[source->type]) != 0;
}

static int node_copy(struct copier *copier, int index, unsigned depth, struct node *node)
{
	const yaml_node_t *source = yaml_document_get_node(copier->source, index);

	if (source == NULL || source->type == YAML_NO_NODE)
		return copier_error(copier, 1, 1, "cannot be read");
	node->line = source->start_mark.line + 1;
	node->column = source->start_mark.column + 1;
	if (depth > DOCUMENT_DEPTH_MAX)
		return copier_error(copier, node->line, node->column,
		                    "nested deeper than %d levels", DOCUMENT_DEPTH_MAX);
	if (++copier->node_count > DOCUMENT_NODE_MAX)
		return copier_error(copier, node->line, node->column,
		                    "more than %d values, aliases counted as often as used",
		                    DOCUMENT_NODE_MAX);
	if (has_foreign_tag(source))
		return copier_error(copier, node->line, node->column, "tags are not supported");
	if (source->type == YAML_SCALAR_NODE)
		return copy_scalar(copier, source, node);
	if (source->type == YAML_SEQUENCE_NODE) {
		node->kind = NODE_SEQUENCE;
		return copy_sequence(copier, source, depth, node);
	}
	node->kind = NODE_MAPPING;
	return copy_mapping(copier, source, depth, node);
}

/* NOLINTEND(misc-no-recursion) */

/* The tree of the composed document; there is none for an empty one. */
static int copy_root(struct copier *copier)
{
	if (yaml_document_get_root_node(copier->source) == NULL)
		return 0;
	copier->root = calloc(1, sizeof(*copier->root));
	if (copier->root == NULL)
		return copier_no_memory(copier);
	return node_copy(copier, 1, 1, copier->root);
}

static int expect_end(const struct copier *copier, yaml_parser_t *parser)
{
	yaml_document_t next;
	const yaml_node_t *root;
	int result = 0;

	if (yaml_parser_load(parser, &next) == 0)
		return parser_error(copier, parser);
	root = yaml_document_get_root_node(&next);
	if (root != NULL)
		result =
		    copier_error(copier, root->start_mark.line + 1, root->start_mark.column + 1,
		                 "a second document; expected only one");
	yaml_document_delete(&next);
	return result;
}

static int parse_with(yaml_parser_t *parser, struct copier *copier)
{
	yaml_document_t source;
	int result;

	if (yaml_parser_load(parser, &source) == 0)
		return parser_error(copier, parser);
	copier->source = &source;
	result = copy_root(copier);
	copier->source = NULL;
	/* After an empty stream there is nothing left that could be loaded. */
	if (result == 0 && copier->root != NULL)
		result = expect_end(copier, parser);
	yaml_document_delete(&source);
	return result;
}

int document_parse(const char *name, const char *text, size_t length, struct node **ret_root,
                   char *reterr_message, size_t message_size)
{
	struct copier copier = {
	    .name = name,
	    .text = text,
	    .length = length,
	    .message = reterr_message,
	    .message_size = message_size,
	};
	yaml_parser_t parser;
	int result;

	if (length > DOCUMENT_SIZE_MAX)
		return copier_error(&copier, 1, 1, "larger than %zu bytes", DOCUMENT_SIZE_MAX);
	if (yaml_parser_initialize(&parser) == 0)
		return copier_no_memory(&copier);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	result = parse_with(&parser, &copier);
	yaml_parser_delete(&parser);
	if (result < 0) {
		(void)document_free(copier.root);
		return result;
	}
	*ret_root = copier.root;
	return 0;
}

struct node *document_free(struct node *root)
{
	if (root != NULL)
		node_done(root);
	free(root);
	return NULL;
}

bool node_is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->is_plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
	        strcmp(node->text, "null") == 0);
}

const char *node_kind_name(const struct node *node)
{
	static const char *const names[] = {
	    [NODE_SCALAR] = "a scalar",
	    [NODE_SEQUENCE] = "a list",
	    [NODE_MAPPING] = "a mapping",
	};

	return names[node->kind];
}
