// SPDX-License-Identifier: MIT
/* The body is complete and valid, whatever the names hold. */
#include "daemon/alerting/body.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "config/config.h"
#include "daemon/model/process.h"
#include "daemon/model/sites.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

static char evidence[1][EVIDENCE_TEXT_SIZE] = {"floor grows \"fast\"\n"};
static char app[] = "shop\xff/a";
static struct label_pair label = {.name = (char[]){"cluster"}, .value = (char[]){"eu-1\xff"}};

static const struct process process = {
    .shown_pid = 42,
    .app = app,
    .slot = 3,
    .verdict = {.score = 0.9,
                .confidence = 0.7,
                .state = LEAK_STATE_LEAK,
                .kind = LEAK_KIND_JS_HEAP,
                .growth_bytes_per_second = 1000,
                .exhaustion_p10_seconds = 60,
                .exhaustion_p50_seconds = 70,
                .exhaustion_p90_seconds = (double)INFINITY},
    .evidence_count = 1,
    .evidence = evidence,
};

static struct body_source source_of(void)
{
	return (struct body_source){
	    .condition = CONDITION_LEAK,
	    .severity = SEVERITY_WARNING,
	    .process = &process,
	    .host = "web\xfe",
	    .dedup_key = "key",
	    .labels = &label,
	    .label_count = 1,
	    .starts_unix_ns = 1700000000 * NS_PER_SECOND + 5 * NS_PER_MS,
	    .process_start_unix_ns = 1600000000 * NS_PER_SECOND,
	};
}

#define FIRING                                                                                    \
	"{\"version\":1,\"status\":\"firing\",\"condition\":\"leak\",\"severity\":\"warning\","   \
	"\"dedup_key\":\"key\",\"app\":\"shop\uFFFD/a\",\"slot\":3,\"pid\":42,"                   \
	"\"host\":\"web\uFFFD\",\"process_start\":\"2020-09-13T12:26:40.000Z\","                  \
	"\"starts_at\":\"2023-11-14T22:13:20.005Z\",\"ends_at\":null,\"resolved_reason\":null,"   \
	"\"score\":0.9,\"confidence\":0.7,\"state\":\"leak\",\"kind\":\"js-heap\","               \
	"\"growth_bytes_per_second\":1000,\"time_to_exhaustion_seconds\":{\"p10\":60,\"p50\":70," \
	"\"p90\":null},\"evidence\":[\"floor grows \\\"fast\\\"\\n\"],\"sites\":[],\"labels\":{"  \
	"\"cluster\":\"eu-1\uFFFD\"}}"

START_TEST(test_every_key_is_there)
{
	const struct body_source source = source_of();
	char *body = body_write(&source);

	ck_assert_str_eq(body, FIRING);
	free(body);
}
END_TEST

static const char *text_of(const cJSON *json, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, key));
}

/* Names are those that a script gave itself. */
START_TEST(test_sites_are_told_whatever_their_names_hold)
{
	static struct leak_sites sites = {
	    .count = 2,
	    .items = {{.function = "on\"Request\xff\n",
	               .script = "/srv/\\shop.js",
	               .line = 41,
	               .samples = 93,
	               .share = 0.75},
	              {.function = "(anonymous)", .share = (double)NAN, .samples = 15}},
	};
	struct process explained = process;
	struct body_source source = source_of();
	char *body;

	explained.sites = &sites;
	source.process = &explained;
	body = body_write(&source);
	ck_assert_ptr_nonnull(body);
	ck_assert_ptr_nonnull(strstr(
	    body,
	    "\"sites\":[{\"function\":\"on\\\"Request\uFFFD\\n\",\"script\":\"/srv/\\\\shop.js\","
	    "\"line\":41,\"share\":0.75,\"samples\":93},"
	    "{\"function\":\"(anonymous)\",\"script\":\"\",\"line\":0,\"share\":null,"
	    "\"samples\":15}],\"labels\""));
	free(body);
}
END_TEST

START_TEST(test_a_resolved_body_says_when_and_why)
{
	char *body = body_resolve(FIRING, 1700000060 * NS_PER_SECOND, RESOLUTION_OOM_KILL);
	cJSON *json = cJSON_Parse(body);

	ck_assert_str_eq(text_of(json, "status"), "resolved");
	ck_assert_str_eq(text_of(json, "ends_at"), "2023-11-14T22:14:20.000Z");
	ck_assert_str_eq(text_of(json, "resolved_reason"), "oom_kill");
	ck_assert_str_eq(text_of(json, "starts_at"), "2023-11-14T22:13:20.005Z");
	cJSON_Delete(json);
	free(body);
	body = body_resolve(FIRING, 0, RESOLUTION_NONE);
	json = cJSON_Parse(body);
	ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json, "resolved_reason")));
	/* The clock was set back meanwhile: it does not end before it began. */
	ck_assert_str_eq(text_of(json, "ends_at"), text_of(json, "starts_at"));
	cJSON_Delete(json);
	free(body);
	ck_assert_ptr_null(body_resolve("[]", 0, RESOLUTION_EXIT));
	ck_assert_ptr_null(body_resolve("{", 0, RESOLUTION_EXIT));
}
END_TEST

START_TEST(test_a_worse_alert_keeps_its_start)
{
	struct body_source source = source_of();
	char *body;

	source.starts_unix_ns = 0;
	source.former = FIRING;
	body = body_write(&source);
	ck_assert_str_eq(body, FIRING);
	free(body);
}
END_TEST

START_TEST(test_the_key_names_process_condition_and_episode)
{
	const struct body_source source = source_of();
	char *key = body_dedup_key(&source, 1700000001 * NS_PER_SECOND);

	ck_assert_str_eq(key, "web\uFFFD/shop\uFFFD/a/3/1600000000/leak/1700000001");
	free(key);
}
END_TEST

UNIT_MAIN("body", test_every_key_is_there, test_sites_are_told_whatever_their_names_hold,
          test_a_resolved_body_says_when_and_why, test_a_worse_alert_keeps_its_start,
          test_the_key_names_process_condition_and_episode)
