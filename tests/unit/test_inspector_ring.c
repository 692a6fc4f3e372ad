// SPDX-License-Identifier: MIT
/*
 * What a ring says, true and false; and how often it is asked.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "collectors/inspector/ring.h"
#include "collectors/inspector/talk.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define NOW_NS  (UINT64_C(1000) * NS_PER_SECOND)
#define ISOLATE (ISOLATE_INSPECTOR_MAIN + 3)
#define LEVELS  "\"used\":100,\"total\":200,\"now\":5000,\"major\":4,\"minor\":1"

static int read_text(const char *text, struct ring_drain *drain)
{
	cJSON *value = cJSON_Parse(text);
	int r;

	ck_assert_msg(value != NULL, "%s", text);
	r = ring_read(value, ISOLATE, NOW_NS, drain);
	cJSON_Delete(value);
	return r;
}

START_TEST(test_a_drain_as_node_says_it)
{
	struct ring_drain drain;

	ck_assert_int_eq(
	    read_text("{" LEVELS ",\"e\":[1,4000.5,2.25,1000,2000,4,4500,10,900,1900,"
	              "2,4600,1,800,1800,8,4700,0,800,1800,16,4800,0,800,1800],"
	              "\"lost\":3,\"limit\":4096,\"detached\":2,\"external\":77,\"buffers\":55,"
	              "\"idle\":3000,\"active\":1000,\"lag\":1.5,\"count\":4,\"handles\":7,"
	              "\"requests\":2,"
	              "\"resources\":{\"TCPSocketWrap\":3,\"Timeout\":1},"
	              "\"spaces\":[{\"space_name\":\"old_space\",\"space_size\":50,"
	              "\"space_used_size\":40,\"space_available_size\":9,"
	              "\"physical_space_size\":45},{\"space_name\":\"odd_space\","
	              "\"space_used_size\":1}]}",
	              &drain),
	    0);
	ck_assert_uint_eq(drain.gc_count, 3);
	ck_assert_int_eq(drain.gcs[0].event.kind, GC_SCAVENGE);
	ck_assert_int_eq(drain.gcs[1].event.kind, GC_MARK_COMPACT);
	ck_assert_int_eq(drain.gcs[2].event.kind, GC_MINOR_MARK_COMPACT);
	ck_assert_uint_eq(drain.gcs[0].event.pause_ns, 2250 * NS_PER_US);
	ck_assert_uint_eq(drain.gcs[0].event.used_after_bytes, 1000);
	ck_assert_uint_eq(drain.gcs[0].event.committed_after_bytes, 2000);
	ck_assert_uint_eq(drain.gcs[1].event.isolate, ISOLATE);
	/* It ended at 4510 ms of an isolate that is 5000 ms old now. */
	ck_assert_uint_eq(drain.gcs[1].at_ns, NOW_NS - 490 * NS_PER_MS);
	ck_assert_uint_eq(drain.gcs[1].event.uptime_ns, 4510 * NS_PER_MS);
	ck_assert_uint_eq(drain.lost_count, 3);
	ck_assert_uint_eq(drain.part_count, 2);
	ck_assert_int_eq(drain.parts[0].part, HEAP_PART_OLD);
	ck_assert_uint_eq(drain.parts[0].used_bytes, 40);
	ck_assert_uint_eq(drain.parts[0].available_bytes, 9);
	ck_assert_uint_eq(drain.parts[0].physical_bytes, 45);
	ck_assert_int_eq(drain.parts[1].part, HEAP_PART_BACKING_STORE);
	ck_assert_uint_eq(drain.parts[1].used_bytes, 77);
	ck_assert_uint_eq(drain.level.used_bytes, 100);
	ck_assert_uint_eq(drain.level.limit_bytes, 4096);
	ck_assert_uint_eq(drain.level.detached_contexts, 2);
	ck_assert_uint_eq(drain.level.array_buffer_bytes, 55);
	ck_assert_uint_eq(drain.level.uptime_ns, 5 * NS_PER_SECOND);
	ck_assert_uint_eq(drain.level.loop.lag_ns, 1500 * NS_PER_US);
	ck_assert_uint_eq(drain.level.loop.active_ns, NS_PER_SECOND);
	ck_assert_uint_eq(drain.level.loop.resource_total, 4);
	ck_assert(drain.level.loop.has_handles);
	ck_assert_uint_eq(drain.level.loop.handle_total, 7);
	ck_assert_uint_eq(drain.level.loop.request_total, 2);
	ck_assert_uint_eq(drain.level.loop.resource_count, 2);
	ck_assert_str_eq(drain.level.loop.resources[0].type, "TCPSocketWrap");
	ck_assert_uint_eq(drain.level.loop.resources[0].count, 3);
}
END_TEST

START_TEST(test_node_8_says_less)
{
	struct ring_drain drain;

	ck_assert_int_eq(read_text("{\"used\":1,\"total\":2,\"now\":10,\"major\":2,\"minor\":1,"
	                           "\"e\":[2,1,1,5,6,4,2,1,5,6],\"external\":9,\"lag\":-1}",
	                           &drain),
	                 0);
	ck_assert_uint_eq(drain.gc_count, 1); /* 4 was incremental marking */
	ck_assert_int_eq(drain.gcs[0].event.kind, GC_MARK_COMPACT);
	ck_assert(!drain.level.has_detached_contexts && !drain.level.has_array_buffers);
	ck_assert(!drain.level.loop.has_lag && !drain.level.loop.has_utilization);
	ck_assert(!drain.level.loop.has_resources);
	ck_assert(!drain.level.loop.has_handles);
}
END_TEST

START_TEST(test_lies_are_left_out)
{
	static const struct {
		const char *text;
		int expected;
		size_t gc_count;
	} rows[] = {
	    {"{}", -EBADMSG, 0},
	    {"[]", -EBADMSG, 0},
	    {"null", -EBADMSG, 0},
	    {"{\"used\":-1,\"total\":2}", -EBADMSG, 0},
	    {"{\"used\":\"1\",\"total\":2}", -EBADMSG, 0},
	    {"{" LEVELS "}", 0, 0},
	    {"{" LEVELS ",\"e\":7,\"spaces\":7,\"resources\":7,\"count\":-1}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,4000,1,1000]}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,4000,1,-5,6]}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,1e300,1,5,6]}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,4000,1e300,5,6]}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,4000,1,1e300,6]}", 0, 0},
	    {"{" LEVELS ",\"e\":[\"1\",4000,1,5,6,1,4000,null,5,6,{},4000,1,5,6]}", 0, 0},
	    {"{" LEVELS ",\"e\":[1,9000,1,5,6]}", 0, 1}, /* from the future: taken as now */
	    {"{\"used\":1,\"total\":1,\"now\":-4,\"major\":4,\"e\":[4,1,1,1,1]}", 0, 0},
	};
	struct ring_drain drain;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(read_text(rows[i].text, &drain) == rows[i].expected, "row %zu", i);
		if (rows[i].expected < 0)
			continue;
		ck_assert_msg(drain.gc_count == rows[i].gc_count, "row %zu: %zu", i,
		              drain.gc_count);
		if (drain.gc_count > 0)
			ck_assert_uint_le(drain.gcs[0].at_ns, NOW_NS);
	}
}
END_TEST

/* {LEVELS,"KEY":OPEN ITEM,ITEM,… CLOSE} with count items. */
static cJSON *many(const char *key, bool is_object, size_t count)
{
	cJSON *value = cJSON_Parse("{" LEVELS "}");
	cJSON *list = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
	char name[32];
	size_t i;

	for (i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "Type%zu", i);
		if (is_object)
			cJSON_AddNumberToObject(list, name, 1);
		else
			cJSON_AddItemToArray(list, cJSON_CreateNumber(1));
	}
	cJSON_AddItemToObject(value, key, list);
	return value;
}

START_TEST(test_more_than_was_asked_for_is_cut)
{
	cJSON *gcs = many("e", false, (size_t)EXPRESSION_GC_FIELDS * (EXPRESSION_RING_MAX + 5));
	cJSON *resources = many("resources", true, 100);
	struct ring_drain drain;

	ck_assert_int_eq(ring_read(gcs, ISOLATE, NOW_NS, &drain), 0);
	ck_assert_uint_eq(drain.gc_count, EXPRESSION_RING_MAX);
	ck_assert_int_eq(ring_read(resources, ISOLATE, NOW_NS, &drain), 0);
	ck_assert_uint_eq(drain.level.loop.resource_count, LOOP_RESOURCES_MAX);
	cJSON_Delete(gcs);
	cJSON_Delete(resources);
}
END_TEST

START_TEST(test_types_that_are_too_long_are_left_out)
{
	struct ring_drain drain;

	ck_assert_int_eq(read_text("{" LEVELS ",\"count\":2,\"resources\":{\"\":1,"
	                           "\"A123456789012345678901234567890123\":1,\"Ok\":2,"
	                           "\"Odd\":\"x\"}}",
	                           &drain),
	                 0);
	ck_assert_uint_eq(drain.level.loop.resource_count, 1);
	ck_assert_str_eq(drain.level.loop.resources[0].type, "Ok");
}
END_TEST

START_TEST(test_polls_follow_the_collections)
{
	ck_assert_uint_eq(talk_next_period_ns(4 * NS_PER_SECOND, 0), 8 * NS_PER_SECOND);
	ck_assert_uint_eq(talk_next_period_ns(8 * NS_PER_SECOND, 0), 15 * NS_PER_SECOND);
	ck_assert_uint_eq(talk_next_period_ns(4 * NS_PER_SECOND, 20), 4 * NS_PER_SECOND);
	ck_assert_uint_eq(talk_next_period_ns(4 * NS_PER_SECOND, 200), 2 * NS_PER_SECOND);
	ck_assert_uint_eq(talk_next_period_ns(1 * NS_PER_SECOND, 500), 1 * NS_PER_SECOND);
}
END_TEST

UNIT_MAIN("inspector_ring", test_a_drain_as_node_says_it, test_node_8_says_less,
          test_lies_are_left_out, test_more_than_was_asked_for_is_cut,
          test_types_that_are_too_long_are_left_out, test_polls_follow_the_collections)
