// SPDX-License-Identifier: MIT
/* Reloading: one reading at a time, everyone is answered once, nothing is lost without a pool. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/collector.h"
#include "daemon/reload.h"
#include "tests/unit/unit.h"

static struct {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
	bool is_full;
	unsigned submitted_count;
	int load_result;
	unsigned loaded_count;
	bool has_config;
	char message[CONFIG_MESSAGE_SIZE];
	unsigned answered_count;
	char answer[CONFIG_MESSAGE_SIZE];
} test;

static int submit(void *context, void (*work)(void *data), void (*done)(void *data), void *data)
{
	(void)context;
	if (test.is_full)
		return -EAGAIN;
	ck_assert_ptr_null(test.work); /* one at a time */
	test.work = work;
	test.done = done;
	test.data = data;
	test.submitted_count++;
	return 0;
}

static void run_job(void)
{
	void (*done)(void *data) = test.done;

	ck_assert_ptr_nonnull(test.work);
	test.work(test.data);
	test.work = NULL;
	done(test.data);
}

static int load(void *context, struct config **ret_config, char reterr_message[CONFIG_MESSAGE_SIZE])
{
	(void)context;
	if (test.load_result < 0)
		(void)snprintf(reterr_message, CONFIG_MESSAGE_SIZE, "f:1:1: wrong");
	else
		*ret_config = config_new_default();
	return test.load_result;
}

static void loaded(void *context, struct config *config, const char *message)
{
	(void)context;
	test.loaded_count++;
	test.has_config = config != NULL;
	(void)snprintf(test.message, sizeof(test.message), "%s", message);
	config_free(config);
}

static void answer(void *data, const char *message)
{
	ck_assert_ptr_eq(data, &test);
	test.answered_count++;
	(void)snprintf(test.answer, sizeof(test.answer), "%s", message != NULL ? message : "fine");
}

static const struct collector_host host = {.submit = submit};

static struct reload *new_reload(void)
{
	const struct reload_options options = {.host = &host, .load = load, .loaded = loaded};
	struct reload *reload;

	memset(&test, 0, sizeof(test));
	reload = reload_new(&options);
	ck_assert_ptr_nonnull(reload);
	return reload;
}

START_TEST(test_good_configuration_is_handed_over_and_answered)
{
	struct reload *reload = new_reload();

	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	ck_assert_uint_eq(test.loaded_count, 0);
	run_job();
	ck_assert_uint_eq(test.loaded_count, 1);
	ck_assert(test.has_config);
	ck_assert_uint_eq(test.answered_count, 1);
	ck_assert_str_eq(test.answer, "fine");
	ck_assert_int_eq(reload_request(reload, NULL, NULL), 0);
	run_job();
	ck_assert_uint_eq(test.loaded_count, 2);
	(void)reload_free(reload);
}
END_TEST

START_TEST(test_wrong_configuration_is_answered_with_the_reason)
{
	struct reload *reload = new_reload();

	test.load_result = -EINVAL;
	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	run_job();
	ck_assert_uint_eq(test.loaded_count, 1);
	ck_assert(!test.has_config);
	ck_assert_str_eq(test.message, "f:1:1: wrong");
	ck_assert_str_eq(test.answer, "f:1:1: wrong");
	(void)reload_free(reload);
}
END_TEST

START_TEST(test_requests_during_a_reading_share_the_next_one)
{
	struct reload *reload = new_reload();

	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	ck_assert_uint_eq(test.submitted_count, 1);
	run_job();
	ck_assert_uint_eq(test.answered_count, 1);
	ck_assert_uint_eq(test.submitted_count, 2);
	run_job();
	ck_assert_uint_eq(test.answered_count, 3);
	ck_assert_uint_eq(test.loaded_count, 2);
	(void)reload_free(reload);
}
END_TEST

START_TEST(test_full_pool_refuses_at_once_or_answers_those_who_wait)
{
	struct reload *reload = new_reload();

	test.is_full = true;
	ck_assert_int_eq(reload_request(reload, answer, &test), -EAGAIN);
	test.is_full = false;
	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	ck_assert_int_eq(reload_request(reload, answer, &test), 0);
	test.is_full = true;
	run_job();
	ck_assert_uint_eq(test.answered_count, 2);
	ck_assert_ptr_nonnull(strstr(test.answer, "busy"));
	(void)reload_free(reload);
}
END_TEST

UNIT_MAIN("reload", test_good_configuration_is_handed_over_and_answered,
          test_wrong_configuration_is_answered_with_the_reason,
          test_requests_during_a_reading_share_the_next_one,
          test_full_pool_refuses_at_once_or_answers_those_who_wait)
