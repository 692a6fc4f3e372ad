// SPDX-License-Identifier: MIT
/*
 * One plateau per app and signal: the highest. It is forgotten when no life has come near it for
 * long, for releases change.
 */
#include "daemon/scoring/lives.h"

#include <math.h>

#include "daemon/scoring/statistics.h"
#include "lib/clock.h"
#include "lib/units.h"

/* The level now is the lowest of this share of the life: one measurement may hold garbage. */
#define NOW_SHARE 0.15
/* A life that kept this share of the known level has come near it. */
#define NEAR_SHARE 0.8
/* Another life may take so much longer to get there, at night, on a slower machine. */
#define SLOWER_FACTOR 2.0

static double level_now(const struct samples *samples)
{
	size_t i = samples->count - 1;
	double end = samples->at_seconds[i];
	double since = end - NOW_SHARE * (end - samples->at_seconds[0]);
	double lowest = samples->value[i];

	while (i > 0 && samples->at_seconds[i - 1] >= since)
		lowest = fmin(lowest, samples->value[--i]);
	return lowest;
}

/* From where on it was never lower than this. */
static size_t kept_from(const struct samples *samples, double level)
{
	size_t i = samples->count;

	while (i > 0 && samples->value[i - 1] >= level)
		i--;
	return i;
}

bool lives_plateau(const struct samples *samples, const struct demand *demand,
                   struct plateau *ret_plateau)
{
	double kept[SAMPLES_MAX];
	size_t last = samples->count - 1;
	double level;
	size_t from;
	size_t i;

	if (samples->count < 2)
		return false;
	level = level_now(samples);
	from = kept_from(samples, level - fmax(demand->size_min, demand->size_share * level));
	if (from > last ||
	    samples->at_seconds[last] - samples->at_seconds[from] <
	        fmax(samples->at_seconds[from], scoring_times.rise) ||
	    samples->work[last] < 2 * samples->work[from])
		return false;
	for (i = from; i <= last; i++)
		kept[i - from] = samples->value[i];
	*ret_plateau = (struct plateau){
	    .level = statistics_median(kept, last + 1 - from),
	    .age_seconds = samples->at_seconds[from],
	};
	return true;
}

static bool is_forgotten(const struct plateau *known, uint64_t now_ns, double time_scale)
{
	return ns_to_seconds(u64_subtract_floor(now_ns, known->seen_ns)) * time_scale >
	       scoring_times.experience;
}

void lives_learn(struct plateau *known, const struct plateau *seen, double time_scale)
{
	if (seen->level > known->level || is_forgotten(known, seen->seen_ns, time_scale)) {
		*known = *seen;
	} else if (seen->level >= NEAR_SHARE * known->level) {
		known->age_seconds = fmax(known->age_seconds, seen->age_seconds);
		known->seen_ns = seen->seen_ns;
	}
}

double lives_known_level(const struct plateau *known, double age_seconds, uint64_t now_ns,
                         double time_scale)
{
	if (is_forgotten(known, now_ns, time_scale) ||
	    age_seconds > SLOWER_FACTOR * known->age_seconds)
		return 0;
	return known->level;
}
