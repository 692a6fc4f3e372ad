// SPDX-License-Identifier: MIT
/*
 * YAML as a tree: positions, anchors, and everything that is refused.
 */
#include "config/document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/unit.h"

#define MESSAGE_SIZE 256

static struct node *parse_good(const char *text)
{
	char message[MESSAGE_SIZE] = "";
	struct node *root = NULL;

	ck_assert_msg(document_parse("f", text, strlen(text), &root, message, sizeof(message)) == 0,
	              "%s", message);
	return root;
}

static void check_bad(const char *text, size_t length, const char *expected)
{
	char message[MESSAGE_SIZE] = "";
	struct node *root = NULL;

	ck_assert_int_eq(document_parse("f", text, length, &root, message, sizeof(message)),
	                 -EINVAL);
	ck_assert_str_eq(message, expected);
	ck_assert_ptr_null(root);
}

START_TEST(test_tree_remembers_kinds_and_places)
{
	_cleanup_(document_freep) struct node *root =
	    parse_good("a: 1\nlist:\n  - \"x\"\n  - {b: ~}\n");
	const struct node *list;

	ck_assert_int_eq(root->kind, NODE_MAPPING);
	ck_assert_str_eq(node_kind_name(root), "a mapping");
	ck_assert_uint_eq(root->count, 2);
	ck_assert_str_eq(root->keys[0].text, "a");
	ck_assert_str_eq(root->children[0].text, "1");
	ck_assert(root->children[0].is_plain);
	ck_assert_str_eq(node_kind_name(&root->children[0]), "a scalar");
	list = &root->children[1];
	ck_assert_str_eq(node_kind_name(list), "a list");
	ck_assert_uint_eq(list->count, 2);
	ck_assert(!list->children[0].is_plain);
	ck_assert_uint_eq(list->children[0].line, 3);
	ck_assert_uint_eq(list->children[0].column, 5);
	ck_assert(node_is_null(&list->children[1].children[0]));
	ck_assert(!node_is_null(list));
}
END_TEST

START_TEST(test_column_counts_characters)
{
	_cleanup_(document_freep) struct node *root = parse_good("{\"\xc3\xa4\xe2\x82\xac\": x}");

	ck_assert_uint_eq(root->children[0].column, 8);
}
END_TEST

START_TEST(test_nothing_is_an_empty_document)
{
	static const char *const texts[] = {"", "# only a comment\n", "\n\n"};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_ptr_null(parse_good(texts[i]));
	ck_assert_ptr_null(document_free(NULL));
}
END_TEST

START_TEST(test_alias_is_a_copy)
{
	_cleanup_(document_freep) struct node *root = parse_good("a: &x [1, 2]\nb: *x\n");

	ck_assert_uint_eq(root->children[1].count, 2);
	ck_assert_str_eq(root->children[1].children[1].text, "2");
	ck_assert_ptr_ne(root->children[0].children, root->children[1].children);
}
END_TEST

START_TEST(test_refusals)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
	    {"a: 1\nb: 2\na: 3\n", "f:3:1: duplicate key \"a\", first at line 1"},
	    {"a: 1\n---\nb: 1\n", "f:3:1: a second document; expected only one"},
	    {"a: 1\n---\n", "f:3:1: a second document; expected only one"},
	    {"[a]: 1\n", "f:1:1: expected a key, got a list"},
	    {"a: !foo 1\n", "f:1:4: tags are not supported"},
	    {"a: !!int 1\n", "f:1:4: tags are not supported"},
	    {"a: \"x\\0y\"\n", "f:1:4: a NUL in a value"},
	    {"a: *x\n", "f:1:4: found undefined alias"},
	    {"a: &x [*x]\n", "f:1:4: nested deeper than 32 levels"},
	    {"a: [1\n", "f:2:1: did not find expected ',' or ']' while parsing a flow sequence"},
	    {"a: 1\n b: 2\n", "f:2:3: mapping values are not allowed in this context"},
	    {"a: 1\nb: \"\xff\"\n", "f:2:5: invalid leading UTF-8 octet"},
	    {"a: \x01\n", "f:1:4: control characters are not allowed"},
	    {"a: 1\n...\n\x01", "f:3:1: control characters are not allowed"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_bad(rows[i].text, strlen(rows[i].text), rows[i].message);
}
END_TEST

START_TEST(test_depth_is_limited)
{
	char text[2 * DOCUMENT_DEPTH_MAX + 3];

	memset(text, '[', DOCUMENT_DEPTH_MAX);
	memset(text + DOCUMENT_DEPTH_MAX, ']', DOCUMENT_DEPTH_MAX);
	text[2 * DOCUMENT_DEPTH_MAX] = '\0';
	document_free(parse_good(text));
	memset(text, '[', DOCUMENT_DEPTH_MAX + 1);
	memset(text + DOCUMENT_DEPTH_MAX + 1, ']', DOCUMENT_DEPTH_MAX + 1);
	check_bad(text, sizeof(text) - 1, "f:1:33: nested deeper than 32 levels");
}
END_TEST

START_TEST(test_size_and_counts_are_limited)
{
	struct buf text = BUF_INIT(2 * DOCUMENT_SIZE_MAX);
	size_t i;

	while (text.length < DOCUMENT_SIZE_MAX)
		buf_append_char(&text, '#');
	ck_assert_ptr_null(parse_good(buf_string(&text)));
	buf_append_char(&text, '#');
	check_bad(text.data, text.length, "f:1:1: larger than 1048576 bytes");

	buf_clear(&text);
	for (i = 0; i <= DOCUMENT_MAPPING_MAX; i++)
		buf_printf(&text, "k%zu: x\n", i);
	check_bad(text.data, text.length, "f:1:1: more than 256 keys in one mapping");

	buf_clear(&text);
	for (i = 0; i < DOCUMENT_NODE_MAX; i++)
		buf_append_string(&text, "- x\n");
	check_bad(text.data, text.length,
	          "f:50000:3: more than 50000 values, aliases counted as often as used");
	buf_done(&text);
}
END_TEST

UNIT_MAIN("document", test_tree_remembers_kinds_and_places, test_column_counts_characters,
          test_nothing_is_an_empty_document, test_alias_is_a_copy, test_refusals,
          test_depth_is_limited, test_size_and_counts_are_limited)
