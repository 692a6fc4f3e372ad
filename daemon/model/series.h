// SPDX-License-Identifier: MIT
/*
 * A bounded history of minima: the last minutes at one bucket width, what is older at widths that
 * double from level to level, so that a month takes the same memory as an hour and the resolution
 * is relative to the age. Minima, because a floor is what matters.
 *
 * Values are exact; a bucket remembers when its minimum was. With a finest width of a minute the
 * levels reach back 45 days; what is older is forgotten.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_SERIES_H
#define HEAPWATCH_DAEMON_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_LEVEL_COUNT  13
#define SERIES_LEVEL_POINTS 8
#define SERIES_POINTS_MAX   (SERIES_LEVEL_COUNT * SERIES_LEVEL_POINTS)

struct series_point {
	uint64_t at_ns;    /* of the minimum */
	uint64_t value;    /* bytes, or a count */
	uint64_t work;     /* done by then, see series_add_with_work() */
	uint64_t width_ns; /* of its bucket */
};

struct series; /* below: embedded, but its members are series.c's own */

struct series_entry {
	uint64_t at_ns;
	uint64_t value;
	uint64_t work;
};

struct series {
	uint64_t width_ns; /* of the finest bucket */
	struct series_entry levels[SERIES_LEVEL_COUNT][SERIES_LEVEL_POINTS];
	uint8_t counts[SERIES_LEVEL_COUNT];
	uint64_t last_ns; /* of the latest value */
	uint64_t added_count;
};

void series_init(struct series *series, uint64_t width_ns);
/*
 * Times do not go backwards; an older one is taken as the latest seen. True when the value opened
 * a new bucket, that is when the one before is complete.
 */
bool series_add(struct series *series, uint64_t at_ns, uint64_t value);
/*
 * Beside the value a counter of the work done so far (bytes allocated, CPU time), by which values
 * under different loads can be told apart later; 0 where there is none.
 */
bool series_add_with_work(struct series *series, uint64_t at_ns, uint64_t value, uint64_t work);
/* The last value was too high: where this one is lower it takes its place. */
void series_lower_last(struct series *series, uint64_t at_ns, uint64_t value, uint64_t work);
/* Oldest first; returns how many, at most SERIES_POINTS_MAX. */
size_t series_points(const struct series *series,
                     struct series_point ret_points[SERIES_POINTS_MAX]);

#endif
