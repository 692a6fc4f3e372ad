// SPDX-License-Identifier: MIT
/*
 * The model as JSON: a golden document, which tests/exposition/api_schema.py holds against the
 * schema, and what is null.
 */
#include "daemon/exposition/api.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/golden.h"
#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

static cJSON *parse(const struct buf *text)
{
	cJSON *document = cJSON_Parse(buf_string(text));

	ck_assert_msg(document != NULL, "%s", buf_string(text));
	return document;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);

	if (found == NULL)
		ck_abort_msg("no %s", key);
	return found;
}

static void write_all(struct buf *out)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	const struct heap_sample sample = {.isolate = 0x1000,
	                                   .part = HEAP_PART_OLD,
	                                   .used_bytes = 33 * MIB,
	                                   .committed_bytes = 40 * MIB};
	struct picture *picture;

	process->evidence = calloc(EVIDENCE_MAX, sizeof(*process->evidence));
	ck_assert_ptr_nonnull(process->evidence);
	memcpy(process->evidence[0], "the \"floor\" rises", sizeof("the \"floor\" rises"));
	process->evidence_count = 1;
	process->alerts[CONDITION_LEAK] =
	    (struct firing_alert){true, SEVERITY_CRITICAL, SAMPLE_NOW_NS - 30 * NS_PER_MINUTE};
	model_heap(model, &process->key, SAMPLE_NOW_NS, &sample);
	picture = picture_take(model, NULL);
	api_write_processes(picture, &sample_self, out);
	(void)picture_free(picture);
	(void)model_free(model);
}

START_TEST(test_document_is_the_golden_one)
{
	struct buf text = BUF_INIT(1U << 20);

	write_all(&text);
	ck_assert(!buf_failed(&text));
	golden_compare("processes.json", &text);
	buf_done(&text);
}
END_TEST

START_TEST(test_only_exported_processes_are_in_it_and_their_names_stay_whole)
{
	struct buf text = BUF_INIT(1U << 20);
	cJSON *document;
	const cJSON *processes;
	const cJSON *leaking;

	write_all(&text);
	document = parse(&text);
	processes = member(document, "processes");
	ck_assert_int_eq(cJSON_GetArraySize(processes), 3);
	leaking = cJSON_GetArrayItem(processes, 2);
	ck_assert_str_eq(member(leaking, "app")->valuestring,
	                 "shop\"} 1\nevil{a=\"\\<script>&'\xef\xbf\xbd");
	ck_assert_double_eq(member(member(leaking, "leak"), "score")->valuedouble, 0.9375);
	ck_assert_int_eq(cJSON_GetArraySize(member(leaking, "isolates")), 2);
	cJSON_Delete(document);
	buf_done(&text);
}
END_TEST

START_TEST(test_what_is_not_known_is_null)
{
	struct model *model = sample_model();
	const struct process *unread = model_find_slot(model, "auth", 1);
	struct buf text = BUF_INIT(1U << 20);
	cJSON *document;

	api_write_process(unread, sample_self.boot_realtime_offset_ns, &text);
	document = parse(&text);
	ck_assert(cJSON_IsNull(member(member(document, "memory"), "resident_bytes")));
	ck_assert(cJSON_IsNull(member(member(document, "memory"), "limit_bytes")));
	ck_assert(cJSON_IsNull(member(document, "open_fds")));
	ck_assert(cJSON_IsNull(member(member(document, "heap"), "live_bytes")));
	ck_assert(cJSON_IsNull(
	    member(member(member(member(document, "gc"), "scavenge"), "pause_ms"), "max")));
	ck_assert(cJSON_IsFalse(member(member(document, "leak"), "is_evaluated")));
	ck_assert(cJSON_IsNull(member(member(document, "leak"), "onset_time")));
	cJSON_Delete(document);
	buf_done(&text);
	(void)model_free(model);
}
END_TEST

START_TEST(test_heaps_add_up_and_series_are_pairs)
{
	struct buf text = BUF_INIT(1U << 20);
	cJSON *document;
	const cJSON *leaking;
	const cJSON *live;

	write_all(&text);
	document = parse(&text);
	leaking = cJSON_GetArrayItem(member(document, "processes"), 2);
	ck_assert_double_eq(member(member(member(leaking, "gc"), "scavenge"), "count")->valuedouble,
	                    3);
	ck_assert_double_eq(member(member(leaking, "heap"), "used_bytes")->valuedouble,
	                    (40 + 58) * 1048576.0);
	live = member(member(member(leaking, "series"), "live_bytes"), "main");
	ck_assert_int_eq(cJSON_GetArraySize(live), 1);
	ck_assert_double_eq(cJSON_GetArrayItem(cJSON_GetArrayItem(live, 0), 0)->valuedouble,
	                    1700003780.123);
	ck_assert_double_eq(cJSON_GetArrayItem(cJSON_GetArrayItem(live, 0), 1)->valuedouble,
	                    40 * 1048576.0);
	cJSON_Delete(document);
	buf_done(&text);
}
END_TEST

UNIT_MAIN("api", test_document_is_the_golden_one,
          test_only_exported_processes_are_in_it_and_their_names_stay_whole,
          test_what_is_not_known_is_null, test_heaps_add_up_and_series_are_pairs)
