// SPDX-License-Identifier: MIT
#include "collectors/inspector/sample_order.h"

#include <math.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/node_ids.h"
#include "lib/cjson.h"

/* The places in V8's order, counted from 1; 0: none. */
struct places {
	uint64_t mark;
	uint64_t last;
};

static uint64_t place_of(const cJSON *sample)
{
	uint64_t place;

	return cdp_u64(sample, "ordinal", &place) == 0 ? place : 0;
}

static struct places find_places(const cJSON *samples, const struct node_ids *ids,
                                 const bool *is_marking)
{
	struct places places = {0};
	const cJSON *sample;

	cJSON_ArrayForEach(sample, samples)
	{
		uint32_t node = node_ids_of_sample(ids, sample);
		uint64_t place = place_of(sample);

		if (node == NODE_IDS_NONE)
			continue;
		if (place > places.last)
			places.last = place;
		if (is_marking[node] && place > places.mark)
			places.mark = place;
	}
	return places;
}

static void add(struct sample_part *part, const cJSON *sample, const struct places *places)
{
	double size = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(sample, "size"));
	double bytes = size >= 0 && isfinite(size) ? size : 0;
	uint64_t place = place_of(sample);

	part->bytes += bytes;
	part->samples += 1;
	if (place < places->mark) {
		part->early_bytes += bytes;
		part->early_samples += 1;
	} else if (place > places->mark + ((places->last - places->mark) / 2)) {
		part->recent_bytes += bytes;
		part->recent_samples += 1;
	}
}

bool sample_order_part(const struct cJSON *samples, const struct node_ids *ids,
                       const bool *is_marking, struct sample_part *parts)
{
	struct places places = find_places(samples, ids, is_marking);
	const cJSON *sample;

	if (places.mark == 0)
		return false;
	cJSON_ArrayForEach(sample, samples)
	{
		uint32_t node = node_ids_of_sample(ids, sample);

		if (node != NODE_IDS_NONE && !is_marking[node])
			add(&parts[node], sample, &places);
	}
	return true;
}
