// SPDX-License-Identifier: MIT
/*
 * The codec of the DevTools protocol, fed with what an inspector says and with what none would.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/inspector/cdp.h"
#include "tests/unit/unit.h"

START_TEST(test_request_carries_id_method_and_params)
{
	cJSON *params = cJSON_Parse("{\"a\":[1,\"x\\\"y\"]}");
	char *text = cdp_request(7, "Runtime.evaluate", params);

	ck_assert_str_eq(text, "{\"params\":{\"a\":[1,\"x\\\"y\"]},\"id\":7,"
	                       "\"method\":\"Runtime.evaluate\"}");
	cdp_text_free(text);
	text = cdp_request(4294967295U, "A.b", NULL);
	ck_assert_str_eq(text, "{\"params\":{},\"id\":4294967295,\"method\":\"A.b\"}");
	cdp_text_free(text);
	cJSON_Delete(params);
}
END_TEST

START_TEST(test_replies_and_events_are_told_apart)
{
	static const struct {
		const char *text;
		int expected;
		bool is_reply;
		uint32_t id;
		bool has_result;
		const char *said; /* error of a reply, method of an event */
	} rows[] = {
	    {"{\"id\":1,\"result\":{}}", 0, true, 1, true, ""},
	    {" {\"result\":{\"a\":1},\"id\":4294967295}\n", 0, true, UINT32_MAX, true, ""},
	    {"{\"error\":{\"code\":-32601,\"message\":\"no\"},\"id\":2}", 0, true, 2, false, "no"},
	    {"{\"error\":true,\"id\":2,\"result\":{}}", 0, true, 2, false, ""},
	    {"{\"id\":2,\"result\":[]}", 0, true, 2, false, ""},
	    {"{\"id\":3}", 0, true, 3, false, ""},
	    {"{\"method\":\"A.b\",\"params\":{}}", 0, false, 0, false, "A.b"},
	    {"{\"method\":\"A.b\"}", 0, false, 0, false, "A.b"},
	    {"{\"id\":-1,\"result\":{}}", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1.5,\"result\":{}}", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":4294967296,\"result\":{}}", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1e400,\"result\":{}}", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":\"1\",\"result\":{}}", -EBADMSG, false, 0, false, NULL},
	    {"{\"method\":7}", -EBADMSG, false, 0, false, NULL},
	    {"{}", -EBADMSG, false, 0, false, NULL},
	    {"[]", -EBADMSG, false, 0, false, NULL},
	    {"", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1,\"result\":{}} x", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1,\"result\":{}", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1,\"result\":{\"a\":\"", -EBADMSG, false, 0, false, NULL},
	    {"{\"id\":1,\"result\":{\"a\":\"\\", -EBADMSG, false, 0, false, NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cdp_message message;
		int r = cdp_parse(rows[i].text, strlen(rows[i].text), &message);

		ck_assert_msg(r == rows[i].expected, "row %zu: %d", i, r);
		if (r < 0)
			continue;
		ck_assert_int_eq(message.is_reply, rows[i].is_reply);
		ck_assert_str_eq(message.is_reply ? message.error : message.method, rows[i].said);
		if (message.is_reply) {
			ck_assert_uint_eq(message.id, rows[i].id);
			ck_assert_int_eq(message.result != NULL, rows[i].has_result);
		}
		cdp_message_done(&message);
	}
}
END_TEST

static int parse_nested(size_t depth)
{
	char *text = malloc(2 * depth + 32);
	struct cdp_message message = {.document = NULL};
	size_t at = (size_t)snprintf(text, 32, "{\"id\":1,\"result\":{\"a\":");
	int r;

	memset(text + at, '[', depth);
	memset(text + at + depth, ']', depth);
	at += 2 * depth;
	memcpy(text + at, "}}", 2);
	r = cdp_parse(text, at + 2, &message);
	cdp_message_done(&message);
	free(text);
	return r;
}

START_TEST(test_depth_is_bounded)
{
	ck_assert_int_eq(parse_nested(CDP_DEPTH_MAX - 2), 0);
	ck_assert_int_eq(parse_nested(CDP_DEPTH_MAX - 1), -EMSGSIZE);
	ck_assert_int_eq(parse_nested(1000000), -EMSGSIZE);
}
END_TEST

START_TEST(test_number_of_values_is_bounded)
{
	size_t length = 2 * CDP_VALUES_MAX + 2;
	char *text = malloc(length);
	int error = 0;
	size_t i;

	for (i = 0; i < length; i++)
		text[i] = i % 2 == 0 ? ',' : '0';
	text[0] = '[';
	text[length - 1] = ']';
	ck_assert_ptr_null(cdp_parse_document(text, length, &error));
	ck_assert_int_eq(error, -EMSGSIZE);
	memset(text, ',', length); /* commas inside a string are none */
	text[0] = '"';
	text[length - 1] = '"';
	{
		cJSON *document = cdp_parse_document(text, length, &error);

		ck_assert_ptr_nonnull(document);
		cJSON_Delete(document);
	}
	free(text);
}
END_TEST

START_TEST(test_members_may_be_anything)
{
	static const struct {
		const char *text;
		int expected;
		uint64_t value;
	} rows[] = {
	    {"{\"n\":0}", 0, 0},
	    {"{\"n\":9007199254740992}", 0, UINT64_C(9007199254740992)},
	    {"{\"n\":9007199254740994}", -EBADMSG, 0},
	    {"{\"n\":-0.5}", -EBADMSG, 0},
	    {"{\"n\":0.5}", -EBADMSG, 0},
	    {"{\"n\":true}", -EBADMSG, 0},
	    {"{\"n\":null}", -EBADMSG, 0},
	    {"{\"m\":1}", -EBADMSG, 0},
	    {"[1]", -EBADMSG, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *document = cJSON_Parse(rows[i].text);
		uint64_t value = 0;

		ck_assert_msg(cdp_u64(document, "n", &value) == rows[i].expected, "row %zu", i);
		ck_assert_uint_eq(value, rows[i].value);
		ck_assert_str_eq(cdp_string(document, "n"), "");
		cJSON_Delete(document);
	}
	ck_assert_str_eq(cdp_string(NULL, "n"), "");
}
END_TEST

UNIT_MAIN("inspector_cdp", test_request_carries_id_method_and_params,
          test_replies_and_events_are_told_apart, test_depth_is_bounded,
          test_number_of_values_is_bounded, test_members_may_be_anything)
