// SPDX-License-Identifier: MIT
/*
 * Which process a request means, and the list for http_sd.
 */
#include "daemon/exposition/target.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

struct target_case {
	const char *target;
	int result;
	pid_t pid;
};

static const struct target_case target_cases[] = {
    {"auth/0", 0, 42},
    {"auth/1", 0, 43},
    {SAMPLE_HOSTILE_APP "/0", 0, 4711},
    {"pid:4711", 0, 4711},
    {"auth/2", -ENOENT, 0}, /* too young */
    {"pid:44", -ENOENT, 0}, /* the same one */
    {"auth/3", -ENOENT, 0},
    {"auth/4294967295", -ENOENT, 0},
    {"Auth/0", -ENOENT, 0},
    {"a/b/c/0", -ENOENT, 0},
    {"pid:5/0", -ENOENT, 0}, /* an app of this name */
    {"pid:1", -ENOENT, 0},
    {"auth", -EINVAL, 0},
    {"auth/", -EINVAL, 0},
    {"/0", -EINVAL, 0},
    {"", -EINVAL, 0},
    {"auth/-1", -EINVAL, 0},
    {"auth/4294967296", -EINVAL, 0},
    {"auth/0x0", -EINVAL, 0},
    {"auth/0 ", -EINVAL, 0},
    {"pid:", -EINVAL, 0},
    {"pid:0", -EINVAL, 0},
    {"pid:-4711", -EINVAL, 0},
    {"pid:4294971007", -EINVAL, 0}, /* 4711 in 32 bits */
};

START_TEST(test_targets)
{
	struct model *model = sample_model();
	size_t i;

	for (i = 0; i < sizeof(target_cases) / sizeof(target_cases[0]); i++) {
		const struct process *process = NULL;
		int result = target_find(model, target_cases[i].target, &process);

		ck_assert_msg(result == target_cases[i].result, "%s: %d", target_cases[i].target,
		              result);
		ck_assert((process != NULL) == (result == 0));
		if (process != NULL)
			ck_assert_int_eq(process->key.pid, target_cases[i].pid);
	}
	(void)model_free(model);
}
END_TEST

struct host_case {
	const char *host;
	bool is_valid;
};

static const struct host_case host_cases[] = {
    {"localhost", true},
    {"heapwatch.example.org:10765", true},
    {"10.0.0.1:80", true},
    {"[::1]:10765", true},
    {"[fe80::1]", true},
    {"under_score-1", true},
    {"", false},
    {":80", false},
    {"host:", false},
    {"host:65536", false},
    {"host:80:80", false},
    {"host name", false},
    {"host\"", false},
    {"host/path", false},
    {"user@host", false},
    {"host\n", false},
    {"h\xc3\xb6st", false},
    {"[::1", false},
    {"[]", false},
    {"[::1]x", false},
    {"[host]", false},
};

START_TEST(test_hosts)
{
	char longest[300];
	size_t i;

	for (i = 0; i < sizeof(host_cases) / sizeof(host_cases[0]); i++)
		ck_assert_msg(target_host_is_valid(host_cases[i].host) == host_cases[i].is_valid,
		              "%s", host_cases[i].host);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!target_host_is_valid(longest));
	longest[255] = '\0';
	ck_assert(target_host_is_valid(longest));
}
END_TEST

START_TEST(test_list_is_http_sd_and_leads_back)
{
	struct model *model = sample_model();
	struct buf text = BUF_INIT(1U << 20);
	cJSON *list;
	const cJSON *item;
	int count = 0;

	target_write_list(model, "example.org:10765", &text);
	ck_assert_ptr_nonnull(strstr(
	    buf_string(&text),
	    "{\"targets\":[\"example.org:10765\"],\"labels\":{\"__metrics_path__\":\"/probe\","
	    "\"__param_target\":\"auth/0\",\"app\":\"auth\",\"slot\":\"0\"}}"));
	list = cJSON_Parse(buf_string(&text));
	ck_assert_ptr_nonnull(list);
	cJSON_ArrayForEach(item, list)
	{
		const cJSON *labels = cJSON_GetObjectItem(item, "labels");
		const char *target = cJSON_GetObjectItem(labels, "__param_target")->valuestring;
		const struct process *process = NULL;

		/* The hostile one holds a byte that is no UTF-8, and no name that is found does. */
		if (strchr(target, '<') == NULL)
			ck_assert_int_eq(target_find(model, target, &process), 0);
		count++;
	}
	ck_assert_int_eq(count, 3);
	cJSON_Delete(list);
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

UNIT_MAIN("target", test_targets, test_hosts, test_list_is_http_sd_and_leads_back)
