// SPDX-License-Identifier: MIT
/*
 * The JSON writer: commas where they belong, text that cannot break out, read back by cJSON.
 */
#include "daemon/exposition/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(test_nesting_and_commas)
{
	struct buf out = BUF_INIT(4096);
	struct json json = {.out = &out};

	json_begin_object(&json, NULL);
	json_begin_array(&json, "empty");
	json_end_array(&json);
	json_begin_array(&json, "list");
	json_u64(&json, NULL, 1);
	json_begin_object(&json, NULL);
	json_end_object(&json);
	json_string(&json, NULL, "x");
	json_end_array(&json);
	json_bool(&json, "yes", true);
	json_bool(&json, "no", false);
	json_end_object(&json);
	ck_assert_str_eq(buf_string(&out),
	                 "{\"empty\":[],\"list\":[1,{},\"x\"],\"yes\":true,\"no\":false}");
	buf_done(&out);
}
END_TEST

START_TEST(test_numbers_are_exact_and_others_null)
{
	struct buf out = BUF_INIT(4096);
	struct json json = {.out = &out};

	json_begin_array(&json, NULL);
	json_number(&json, NULL, 0.1);
	json_number(&json, NULL, -3);
	json_number(&json, NULL, 1e300);
	json_number(&json, NULL, (double)NAN);
	json_number(&json, NULL, (double)INFINITY);
	json_u64(&json, NULL, UINT64_MAX);
	json_end_array(&json);
	ck_assert_str_eq(buf_string(&out), "[0.1,-3,1e+300,null,null,18446744073709551615]");
	buf_done(&out);
}
END_TEST

struct string_case {
	const char *text;
	const char *expected;
};

static const struct string_case string_cases[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"a\"b\\c", "\"a\\\"b\\\\c\""},
    {"\n\r\t\x01\x1f\x7f", "\"\\u000a\\u000d\\u0009\\u0001\\u001f\\u007f\""},
    {"\xc2\x9b\xc2\xa0", "\"\\u009b\xc2\xa0\""},
    {"\xe2\x80\xae", "\"\\u202e\""},
    {"caf\xc3\xa9 \xf0\x9f\x94\xa5", "\"caf\xc3\xa9 \xf0\x9f\x94\xa5\""},
    {"\xff\xe2\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\""},
    {"</script>", "\"</script>\""},
};

START_TEST(test_text_is_escaped)
{
	size_t i;

	for (i = 0; i < sizeof(string_cases) / sizeof(string_cases[0]); i++) {
		struct buf out = BUF_INIT(4096);
		struct json json = {.out = &out};
		cJSON *read;

		json_string(&json, NULL, string_cases[i].text);
		ck_assert_str_eq(buf_string(&out), string_cases[i].expected);
		read = cJSON_Parse(buf_string(&out));
		ck_assert_ptr_nonnull(read);
		cJSON_Delete(read);
		buf_done(&out);
	}
}
END_TEST

UNIT_MAIN("json", test_nesting_and_commas, test_numbers_are_exact_and_others_null,
          test_text_is_escaped)
