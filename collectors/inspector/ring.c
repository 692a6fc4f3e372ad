// SPDX-License-Identifier: MIT
/*
 * Times of the observed process are those of its performance.now(), milliseconds since its isolate
 * began; "now" of the same drain ties them to our clock.
 */
#include "collectors/inspector/ring.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/cdp.h"
#include "lib/clock.h"

#define GC_MINOR_MARK_SWEEP 2 /* v8::GCType, since 18, when MAJOR became 4 */
#define PAUSE_MAX_MS        3.6e6
#define UPTIME_MAX_MS       3.2e12 /* a century */

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static uint64_t ms_to_ns(double ms)
{
	return (uint64_t)(ms * (double)NS_PER_MS);
}

static uint64_t bytes_or_0(const cJSON *object, const char *name)
{
	uint64_t bytes;

	return cdp_u64(object, name, &bytes) < 0 ? 0 : bytes;
}

/* ---- collections ---- */

/* False: no pause of a collection (incremental marking, weak callbacks). */
static bool kind_of(double kind, const cJSON *value, enum gc_kind *ret_kind)
{
	double major = number(value, "major");

	if (kind == major)
		*ret_kind = GC_MARK_COMPACT;
	else if (kind == number(value, "minor"))
		*ret_kind = GC_SCAVENGE;
	else if (kind == GC_MINOR_MARK_SWEEP && major > GC_MINOR_MARK_SWEEP)
		*ret_kind = GC_MINOR_MARK_COMPACT;
	else
		return false;
	return true;
}

static bool is_within(double value, double max)
{
	return value >= 0 && value <= max; /* false for NAN, too */
}

static bool read_gc(const double fields[EXPRESSION_GC_FIELDS], double now_ms, uint64_t now_ns,
                    struct ring_gc *gc)
{
	double end_ms = fields[1] + fields[2];
	uint64_t age_ns;

	if (!is_within(fields[1], UPTIME_MAX_MS) || !is_within(fields[2], PAUSE_MAX_MS) ||
	    !is_within(fields[3], CDP_INTEGER_MAX) || !is_within(fields[4], CDP_INTEGER_MAX))
		return false;
	age_ns = end_ms < now_ms ? ms_to_ns(now_ms - end_ms) : 0;
	gc->at_ns = age_ns < now_ns ? now_ns - age_ns : 0;
	gc->event.uptime_ns = ms_to_ns(end_ms);
	gc->event.pause_ns = ms_to_ns(fields[2]);
	gc->event.used_after_bytes = (uint64_t)fields[3];
	gc->event.used_before_bytes = gc->event.used_after_bytes;
	gc->event.committed_after_bytes = (uint64_t)fields[4];
	return true;
}

static void read_gcs(const cJSON *value, uint64_t isolate, uint64_t now_ns,
                     struct ring_drain *drain)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(value, "e");
	double now_ms = number(value, "now");
	double fields[EXPRESSION_GC_FIELDS];
	const cJSON *item;
	size_t count = 0;

	if (!is_within(now_ms, UPTIME_MAX_MS))
		return;
	cJSON_ArrayForEach(item, array)
	{
		struct ring_gc gc = {.event = {.isolate = isolate,
		                               .average_mutator_utilization = (double)NAN,
		                               .current_mutator_utilization = (double)NAN}};

		fields[count++] = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
		if (count < EXPRESSION_GC_FIELDS)
			continue;
		count = 0;
		if (drain->gc_count == EXPRESSION_RING_MAX)
			return;
		if (kind_of(fields[0], value, &gc.event.kind) &&
		    read_gc(fields, now_ms, now_ns, &gc))
			drain->gcs[drain->gc_count++] = gc;
	}
}

/* ---- levels ---- */

static bool find_space(const char *name, enum heap_part *ret_part)
{
	enum heap_part part;

	for (part = 0; part < HEAP_PART_SPACE_COUNT; part++)
		if (strcmp(heap_space_name(part), name) == 0) {
			*ret_part = part;
			return true;
		}
	return false;
}

static void read_space(const cJSON *space, uint64_t isolate, struct ring_drain *drain)
{
	struct heap_sample sample = {.isolate = isolate};

	if (drain->part_count == HEAP_PART_COUNT ||
	    !find_space(cdp_string(space, "space_name"), &sample.part) ||
	    cdp_u64(space, "space_used_size", &sample.used_bytes) < 0)
		return;
	sample.committed_bytes = bytes_or_0(space, "space_size");
	sample.has_available = cdp_u64(space, "space_available_size", &sample.available_bytes) == 0;
	sample.physical_bytes = bytes_or_0(space, "physical_space_size");
	drain->parts[drain->part_count++] = sample;
}

static void read_parts(const cJSON *value, uint64_t isolate, struct ring_drain *drain)
{
	struct heap_sample external = {.isolate = isolate, .part = HEAP_PART_BACKING_STORE};
	const cJSON *spaces = cJSON_GetObjectItemCaseSensitive(value, "spaces");
	const cJSON *space;

	cJSON_ArrayForEach(space, spaces)
	{
		read_space(space, isolate, drain);
	}
	if (drain->part_count < HEAP_PART_COUNT &&
	    cdp_u64(value, "external", &external.used_bytes) == 0)
		drain->parts[drain->part_count++] = external;
}

static int read_level(const cJSON *value, uint64_t isolate, struct heap_level *level)
{
	*level = (struct heap_level){.isolate = isolate};
	if (cdp_u64(value, "used", &level->used_bytes) < 0 ||
	    cdp_u64(value, "total", &level->committed_bytes) < 0)
		return -EBADMSG;
	level->limit_bytes = bytes_or_0(value, "limit");
	level->has_detached_contexts = cdp_u64(value, "detached", &level->detached_contexts) == 0;
	level->has_array_buffers = cdp_u64(value, "buffers", &level->array_buffer_bytes) == 0;
	if (is_within(number(value, "now"), UPTIME_MAX_MS))
		level->uptime_ns = ms_to_ns(number(value, "now"));
	return 0;
}

/* ---- the event loop ---- */

static void read_resources(const cJSON *value, struct event_loop_sample *loop)
{
	const cJSON *resources = cJSON_GetObjectItemCaseSensitive(value, "resources");
	const cJSON *item;

	loop->has_resources = cdp_u64(value, "count", &loop->resource_total) == 0;
	cJSON_ArrayForEach(item, resources)
	{
		struct loop_resource *row = &loop->resources[loop->resource_count];

		if (loop->resource_count == LOOP_RESOURCES_MAX)
			return;
		if (item->string == NULL || item->string[0] == '\0' ||
		    strlen(item->string) >= sizeof(row->type) ||
		    cdp_item_u64(item, &row->count) < 0)
			continue;
		memcpy(row->type, item->string, strlen(item->string) + 1);
		loop->resource_count++;
	}
}

static void read_loop(const cJSON *value, struct event_loop_sample *loop)
{
	double lag_ms = number(value, "lag");
	double idle_ms = number(value, "idle");
	double active_ms = number(value, "active");

	loop->has_lag = is_within(lag_ms, UPTIME_MAX_MS);
	loop->lag_ns = loop->has_lag ? ms_to_ns(lag_ms) : 0;
	loop->has_utilization =
	    is_within(idle_ms, UPTIME_MAX_MS) && is_within(active_ms, UPTIME_MAX_MS);
	loop->idle_ns = loop->has_utilization ? ms_to_ns(idle_ms) : 0;
	loop->active_ns = loop->has_utilization ? ms_to_ns(active_ms) : 0;
	loop->has_handles = cdp_u64(value, "handles", &loop->handle_total) == 0 &&
	                    cdp_u64(value, "requests", &loop->request_total) == 0;
	read_resources(value, loop);
}

int ring_read(const struct cJSON *value, uint64_t isolate, uint64_t now_ns,
              struct ring_drain *ret_drain)
{
	int r;

	memset(ret_drain, 0, sizeof(*ret_drain));
	r = read_level(value, isolate, &ret_drain->level);
	if (r < 0)
		return r;
	ret_drain->lost_count = bytes_or_0(value, "lost");
	read_gcs(value, isolate, now_ns, ret_drain);
	read_parts(value, isolate, ret_drain);
	read_loop(value, &ret_drain->level.loop);
	return 0;
}
