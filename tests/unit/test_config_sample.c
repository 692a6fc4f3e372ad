// SPDX-License-Identifier: MIT
/*
 * The commented sample says what the key table says: its commented keys are the defaults, its
 * examples are valid, and no key is missing.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/keys.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/unit/unit.h"

#define TEXT_MAX (64 * 1024)

DEFINE_CLEANUP(struct config, config_free)

typedef void (*line_taker)(const char *line, struct buf *out);

static void take_line(const char *line, struct buf *out)
{
	buf_append_string(out, line);
}

/* "  #key: value" becomes "  key: value"; prose has a blank behind the #. */
static void take_enabled(const char *line, struct buf *out)
{
	size_t indent = strspn(line, " ");

	if (line[indent] != '#')
		buf_append_string(out, line);
	else if (islower((unsigned char)line[indent + 1]) != 0)
		buf_printf(out, "%*s%s", (int)indent, "", line + indent + 1);
	else
		buf_append_char(out, '\n');
}

/* Only the examples: "#   key: value" becomes "key: value". */
static void take_examples(const char *line, struct buf *out)
{
	if (strncmp(line, "#   ", 4) == 0)
		buf_append_string(out, line + 4);
}

static struct config *read_sample(line_taker take, struct buf *ret_text)
{
	const char *top = getenv("top_srcdir");
	char path[4096], line[512], message[CONFIG_MESSAGE_SIZE] = "";
	struct config_source source;
	struct config *config = NULL;
	FILE *file;

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/config/heapwatchd.yml", top);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		take(line, ret_text);
	ck_assert_int_eq(fclose(file), 0);
	source = (struct config_source){"sample", ret_text->data, ret_text->length};
	ck_assert_msg(config_parse(&source, NULL, NULL, &config, message) == 0, "%s", message);
	return config;
}

START_TEST(test_commented_keys_are_the_defaults)
{
	struct buf text = BUF_INIT(TEXT_MAX), expected = BUF_INIT(TEXT_MAX),
	           actual = BUF_INIT(TEXT_MAX);
	_cleanup_(config_freep) struct config *sample = read_sample(take_enabled, &text);
	_cleanup_(config_freep) struct config *defaults = config_new_default();
	size_t i;

	config_dump(defaults, &expected);
	config_dump(sample, &actual);
	ck_assert_str_eq(buf_string(&actual), buf_string(&expected));
	for (i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *name = strrchr(key->path, '.');
		char row[256];

		if (strchr(key->path, '[') != NULL)
			continue;
		(void)snprintf(row, sizeof(row), "\n%s%s: %s\n", name != NULL ? "  " : "",
		               name != NULL ? name + 1 : key->path, key->fallback);
		ck_assert_msg(strstr(buf_string(&text), row) != NULL, "%s", key->path);
	}
	buf_done(&text);
	buf_done(&expected);
	buf_done(&actual);
}
END_TEST

START_TEST(test_untouched_sample_is_the_defaults)
{
	struct buf text = BUF_INIT(TEXT_MAX), expected = BUF_INIT(TEXT_MAX),
	           actual = BUF_INIT(TEXT_MAX);
	_cleanup_(config_freep) struct config *sample = read_sample(take_line, &text);
	_cleanup_(config_freep) struct config *defaults = config_new_default();

	config_dump(defaults, &expected);
	config_dump(sample, &actual);
	ck_assert_str_eq(buf_string(&actual), buf_string(&expected));
	buf_done(&text);
	buf_done(&expected);
	buf_done(&actual);
}
END_TEST

START_TEST(test_examples_are_valid_and_show_every_key_of_lists)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	_cleanup_(config_freep) struct config *examples = read_sample(take_examples, &text);
	size_t i;

	ck_assert_uint_eq(examples->app_count, 1);
	ck_assert_uint_eq(examples->receiver_count, 4);
	ck_assert_uint_eq(examples->external_label_count, 2);
	for (i = 0; i < config_key_count; i++) {
		const char *name = strrchr(config_keys[i].path, '.');
		char row[128];

		if (strchr(config_keys[i].path, '[') == NULL)
			continue;
		(void)snprintf(row, sizeof(row), " %s: ", name + 1);
		ck_assert_msg(strstr(buf_string(&text), row) != NULL, "%s", config_keys[i].path);
	}
	buf_done(&text);
}
END_TEST

START_TEST(test_rows_are_complete)
{
	const struct config_table table = {.keys = config_keys, .count = config_key_count};
	size_t i, j;

	for (i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		ck_assert_uint_gt(strlen(key->help), 10);
		ck_assert_int_eq(key->help[strlen(key->help) - 1], '.');
		ck_assert_ptr_nonnull(config_type_name(key->type));
		ck_assert_ptr_nonnull(config_type_expected(key->type));
		ck_assert_int_eq(key->minimum == NULL, key->maximum == NULL);
		ck_assert_int_eq(key->choices != NULL, key->type == CONFIG_CHOICE);
		ck_assert(!config_table_has_section(&table, key->path));
		if (key->inherits != NULL)
			ck_assert_int_eq(config_key_find(key->inherits)->type, key->type);
		for (j = 0; j < i; j++)
			ck_assert_str_ne(key->path, config_keys[j].path);
	}
	ck_assert(config_table_has_section(&table, "sampling"));
	ck_assert(config_table_has_section(&table, "apps[].match"));
	ck_assert(!config_table_has_section(&table, "samp"));
}
END_TEST

UNIT_MAIN("config_sample", test_commented_keys_are_the_defaults,
          test_untouched_sample_is_the_defaults,
          test_examples_are_valid_and_show_every_key_of_lists, test_rows_are_complete)
