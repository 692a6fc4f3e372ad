// SPDX-License-Identifier: MIT
/*
 * How a heap and its collections went, for comparisons of then and now: sums and levels as they
 * were after full collections, few points whose distances are in proportion to their age. Sums, so
 * that what lies between two points is exact however many points between them were dropped.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_COURSE_H
#define HEAPWATCH_DAEMON_MODEL_COURSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct isolate;

#define COURSE_POINTS_MAX 20
/* What V8 says or shows when a heap runs full; names are those of enum heap_event. */
#define COURSE_EVENTS_MAX 8

#define COURSE_UNKNOWN_KIB UINT32_MAX

struct course_point {
	uint64_t at_ns; /* the first member, see course_thin() */
	/* Sums over the life of the heap, as far as it was seen. */
	uint64_t young_pause_ns;
	uint64_t full_pause_ns;
	uint64_t full_before_kib; /* in use before full collections */
	uint64_t full_freed_kib;
	uint64_t allocated_bytes;
	uint32_t young_count;
	uint32_t full_count;
	uint16_t events[COURSE_EVENTS_MAX];
	/* Levels. */
	uint32_t used_kib;
	uint32_t committed_kib; /* unknown where not printed */
	uint32_t large_kib;     /* large objects, unknown without a source that tells of spaces */
	uint32_t code_kib;      /* machine code, and the trusted space of Node 22 on (bytecode) */
	double mutator_utilization; /* V8's average; NAN: unknown */
};

/* Embedded; zero-initialised. */
struct course {
	struct course_point points[COURSE_POINTS_MAX]; /* oldest first */
	uint8_t count;
	bool is_open; /* spaces that are told now are those after the last full collection */
};

/* After a full collection, which isolate has taken in, that had before_bytes in use. */
void course_add(struct course *course, const struct isolate *isolate, uint64_t at_ns,
                uint64_t before_bytes);
/* The spaces of isolate are told anew; without effect once another collection came. */
void course_set_spaces(struct course *course, const struct isolate *isolate);
/* Committed and not in use; COURSE_UNKNOWN_KIB where that is not known. */
uint32_t course_unused_kib(const struct course_point *point);
/* The latest point that is not after at_ns, else the oldest; NULL: there is none. */
const struct course_point *course_at(const struct course *course, uint64_t at_ns);

/*
 * Of count points, oldest first, that begin with their time and are stride bytes apart: the one to
 * drop so that distances stay in proportion to the age. Never the first or one of the last two;
 * there are at least four.
 */
size_t course_thin(const void *points, size_t stride, size_t count);

#endif
