// SPDX-License-Identifier: MIT
/* What a request needs is read before it is sent, and what cannot be read is named. */
#include "daemon/alerting/errand.h"

#include <stdio.h>

#include "config/config.h"
#include "tests/unit/unit.h"

static struct config *config;
static struct errand errand;

/* Prepares a request to a receiver with these keys beside its name, type and URL. */
static void prepare(const char *keys)
{
	char message[CONFIG_MESSAGE_SIZE];
	char text[256];
	struct config_source source = {.name = "test", .text = text};

	source.length = (size_t)snprintf(
	    text, sizeof(text),
	    "receivers: [{ name: ops, type: webhook, url: 'https://127.0.0.1:9/'%s }]", keys);
	ck_assert_int_eq(config_parse(&source, NULL, NULL, &config, message), 0);
	errand = (struct errand){.config = &config->receivers[0]};
	ck_assert_int_eq(errand_add(&errand, "{}"), 0);
	errand_prepare(&errand);
}

static void done(void)
{
	errand_done(&errand);
	(void)config_free(config);
}

START_TEST(test_a_file_that_cannot_be_read_is_named_before_anything_is_sent)
{
	static const struct {
		const char *keys;
		const char *error;
	} rows[] = {
	    {", ca_file: /nowhere", "cannot read ca_file"},
	    {", cert_file: /nowhere, key_file: /dev/null", "cannot read cert_file"},
	    {", cert_file: /dev/null, key_file: /nowhere", "cannot read key_file"},
	    {", secret_file: /nowhere", "cannot read the file with its secret"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		prepare(rows[i].keys);
		ck_assert_uint_eq(errand.post_count, 0);
		ck_assert_int_eq(errand.result.outcome, POST_RETRY);
		ck_assert_str_eq(errand.result.error, rows[i].error);
		done();
	}
}
END_TEST

START_TEST(test_files_that_can_be_read_are_for_whoever_connects)
{
	prepare(", ca_file: /dev/null");
	ck_assert_uint_eq(errand.post_count, 1);
	ck_assert_str_eq(errand.posts[0].ca_file, "/dev/null");
	done();
}
END_TEST

UNIT_MAIN("errand", test_a_file_that_cannot_be_read_is_named_before_anything_is_sent,
          test_files_that_can_be_read_are_for_whoever_connects)
