// SPDX-License-Identifier: MIT
/*
 * A short queue in an array. At the limit a quarter goes at once, so that a file full of lines of
 * unknown processes does not move the whole queue for each of them.
 */
#include "collectors/gclog/held.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN ((size_t)64)

static bool held_grow(struct held *held)
{
	size_t capacity = held->capacity == 0 ? CAPACITY_MIN : held->capacity * 2;
	struct held_record *records = reallocarray(held->records, capacity, sizeof(*records));

	if (records == NULL)
		return false;
	held->records = records;
	held->capacity = capacity;
	return true;
}

static void held_drop_first(struct held *held, size_t count)
{
	held->count -= count;
	memmove(held->records, held->records + count, held->count * sizeof(*held->records));
}

size_t held_push(struct held *held, const struct held_record *record)
{
	size_t lost_count = 0;

	if (held->count == HELD_MAX) {
		lost_count = HELD_MAX / 4;
		held_drop_first(held, lost_count);
	} else if (held->count == held->capacity && !held_grow(held)) {
		return 1;
	}
	held->records[held->count] = *record;
	held->records[held->count].passes = 0;
	held->count++;
	return lost_count;
}

void held_offer(struct held *held, bool (*deliver)(void *context, const struct held_record *record),
                void *context)
{
	size_t kept_count = 0;
	size_t i;

	for (i = 0; i < held->count; i++)
		if (!deliver(context, &held->records[i]))
			held->records[kept_count++] = held->records[i];
	held->count = kept_count;
	if (kept_count == 0)
		held_done(held);
}

void held_visit_last(const struct held *held,
                     void (*visit)(void *context, const struct held_record *record), void *context)
{
	size_t i;

	for (i = 0; i < held->count; i++)
		if (held->records[i].passes + 1 >= HELD_PASSES)
			visit(context, &held->records[i]);
}

size_t held_pass(struct held *held)
{
	size_t expired_count = 0;
	size_t i;

	for (i = 0; i < held->count; i++)
		if (++held->records[i].passes >= HELD_PASSES)
			expired_count = i + 1; /* oldest first: all before it are as old */
	if (expired_count > 0)
		held_drop_first(held, expired_count);
	return expired_count;
}

void held_done(struct held *held)
{
	free(held->records);
	*held = (struct held){NULL, 0, 0};
}
