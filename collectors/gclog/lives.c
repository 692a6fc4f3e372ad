// SPDX-License-Identifier: MIT
/*
 * A list of lives, newest first, each with its isolates: few of either, mostly one.
 */
#include "collectors/gclog/lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/clock.h"
#include "lib/units.h"

/* Lines of one isolate stand in order; a log collector may swap two that were close. */
#define SWAPPED_NS (20 * NS_PER_MS)

/*
 * Where glibc on Linux puts what the main thread allocates: behind a program at a fixed address,
 * or, position-independent, at 0x55… or 0x56…. A worker's thread has an arena of its own, at 0x7f….
 */
#define LOW_HEAP_END    (4 * GIB)
#define HIGH_HEAP_SHIFT 40
#define HIGH_HEAP_FIRST 0x55
#define HIGH_HEAP_LAST  0x56

static bool is_of_main_thread(uint64_t address)
{
	uint64_t high = address >> HIGH_HEAP_SHIFT;

	return address != 0 &&
	       (address < LOW_HEAP_END || (high >= HIGH_HEAP_FIRST && high <= HIGH_HEAP_LAST));
}

/* Up to Node 10.3 (family E) there is one isolate in a process. */
static bool is_before_workers(char family)
{
	return family >= 'A' && family <= 'E';
}

/*
 * From Node 12 on a worker makes its isolate itself, so that two isolates of main threads are two
 * processes. Family F reaches from 10.4, where the main thread makes it, to 17: there only pid 1,
 * which every container has, decides for two.
 */
static bool parts_main_threads(const struct life_line *line)
{
	return line->family >= 'G' || line->pid == 1;
}

static struct life_isolate *find_isolate(const struct life *life, uint64_t address)
{
	size_t i;

	for (i = 0; i < life->isolate_count; i++)
		if (life->isolates[i].address == address)
			return &life->isolates[i];
	return NULL;
}

/* The isolate of the main thread as far as its address tells, else the first one. */
static const struct life_isolate *main_isolate(const struct life *life)
{
	size_t i;

	for (i = 0; i < life->isolate_count; i++)
		if (is_of_main_thread(life->isolates[i].address))
			return &life->isolates[i];
	return life->isolates;
}

static struct life *newest_of(const struct life_table *lives, pid_t pid)
{
	struct life *life;

	for (life = lives->newest; life != NULL; life = life->next)
		if (life->pid == pid)
			return life;
	return NULL;
}

struct life *life_table_find(const struct life_table *lives, pid_t pid, uint64_t isolate)
{
	struct life *life;

	for (life = lives->newest; life != NULL; life = life->next)
		if (life->pid == pid && (isolate == 0 || find_isolate(life, isolate) != NULL))
			return life;
	return NULL;
}

uint64_t life_uptime_ns(const struct life *life)
{
	uint64_t uptime_ns = 0;
	size_t i;

	for (i = 0; i < life->isolate_count; i++)
		if (life->isolates[i].last_uptime_ns > uptime_ns)
			uptime_ns = life->isolates[i].last_uptime_ns;
	return uptime_ns;
}

size_t life_table_after(const struct life_table *lives, const struct life *life)
{
	const struct life *other;
	size_t count = 0;

	for (other = lives->newest; other != NULL && other->number > life->number;
	     other = other->next)
		if (other->pid == life->pid)
			count++;
	return count;
}

/* ---- growing ---- */

static void life_remove(struct life_table *lives, struct life *life)
{
	DL_DELETE(lives->newest, life);
	lives->count--;
	free(life->isolates);
	free(life);
}

static void forget_most_silent(struct life_table *lives)
{
	struct life *silent = lives->newest;
	struct life *life;

	for (life = lives->newest; life != NULL; life = life->next)
		if (life->last_line < silent->last_line)
			silent = life;
	life_remove(lives, silent);
}

struct life *life_table_add(struct life_table *lives, pid_t pid, uint64_t number)
{
	struct life *life = calloc(1, sizeof(*life));

	if (life == NULL)
		return NULL;
	if (lives->count >= LIVES_MAX)
		forget_most_silent(lives);
	life->number = number;
	life->pid = pid;
	life->first_line = lives->line_count;
	life->last_line = lives->line_count;
	if (number > lives->latest_number)
		lives->latest_number = number;
	DL_PREPEND(lives->newest, life);
	lives->count++;
	return life;
}

/* At the limit the place of the most silent one, but never the first's. */
static struct life_isolate *isolate_place(struct life *life)
{
	struct life_isolate *isolates;
	struct life_isolate *silent;
	size_t i;

	if (life->isolate_count < LIFE_ISOLATES_MAX) {
		isolates = reallocarray(life->isolates, life->isolate_count + 1, sizeof(*isolates));
		if (isolates == NULL)
			return NULL;
		life->isolates = isolates;
		return &isolates[life->isolate_count++];
	}
	silent = &life->isolates[1];
	for (i = 2; i < life->isolate_count; i++)
		if (life->isolates[i].last_line < silent->last_line)
			silent = &life->isolates[i];
	return silent;
}

struct life_isolate *life_isolate_at(struct life_table *lives, struct life *life, uint64_t address)
{
	struct life_isolate *isolate = find_isolate(life, address);

	if (isolate != NULL)
		return isolate;
	isolate = isolate_place(life);
	if (isolate != NULL)
		*isolate =
		    (struct life_isolate){.address = address, .last_line = lives->line_count};
	return isolate;
}

/* ---- placing ---- */

/* A line of an isolate that was never seen in any life of its pid. */
static bool begins_life(const struct life *newest, const struct life_line *line)
{
	if (newest == NULL || newest->isolate_count == 0 || is_before_workers(line->family))
		return true;
	return is_of_main_thread(line->isolate) && parts_main_threads(line) &&
	       is_of_main_thread(main_isolate(newest)->address);
}

static bool is_backwards(const struct life_isolate *isolate, const struct life_line *line)
{
	return line->uptime_ns + SWAPPED_NS < isolate->last_uptime_ns;
}

/* The life that goes on with this line, NULL when it is the first line of one. */
static struct life *continued(const struct life_table *lives, const struct life_line *line)
{
	struct life *life = newest_of(lives, line->pid);
	const struct life_isolate *isolate;
	struct life *known;

	/* an isolate of 0 is none of the others, so life_table_find() is no help there */
	for (known = lives->newest; known != NULL; known = known->next) {
		isolate = known->pid == line->pid ? find_isolate(known, line->isolate) : NULL;
		if (isolate != NULL)
			return is_backwards(isolate, line) && isolate == main_isolate(known)
			           ? NULL
			           : known;
	}
	return begins_life(life, line) ? NULL : life;
}

struct life *life_table_place(struct life_table *lives, const struct life_line *line,
                              const struct life_isolate **ret_isolate)
{
	struct life *life = continued(lives, line);
	struct life_isolate *isolate;

	lives->line_count++;
	if (life == NULL)
		life = life_table_add(lives, line->pid, lives->latest_number + 1);
	if (life == NULL)
		return NULL;
	isolate = life_isolate_at(lives, life, line->isolate);
	if (isolate == NULL) {
		if (life->isolate_count == 0)
			life_remove(lives, life);
		return NULL;
	}
	if (is_backwards(isolate, line)) {
		isolate->incarnation++; /* its worker ended and another took the place */
		isolate->last_uptime_ns = line->uptime_ns;
	} else if (line->uptime_ns > isolate->last_uptime_ns) {
		isolate->last_uptime_ns = line->uptime_ns;
	}
	isolate->last_line = lives->line_count;
	life->last_line = lives->line_count;
	*ret_isolate = isolate;
	return life;
}

/* ---- copies ---- */

static int copy_life(struct life_table *copy, const struct life *life)
{
	struct life *added = life_table_add(copy, life->pid, life->number);

	if (added == NULL)
		return -ENOMEM;
	added->first_line = life->first_line;
	added->last_line = life->last_line;
	added->isolates = calloc(life->isolate_count + 1, sizeof(*added->isolates));
	if (added->isolates == NULL)
		return -ENOMEM;
	memcpy(added->isolates, life->isolates, life->isolate_count * sizeof(*added->isolates));
	added->isolate_count = life->isolate_count;
	return 0;
}

int life_table_copy(struct life_table *ret_copy, const struct life_table *lives)
{
	struct life_table copy = {.latest_number = lives->latest_number,
	                          .line_count = lives->line_count};
	const struct life *last = lives->newest != NULL ? lives->newest->prev : NULL;

	/* utlist: the head's prev is the tail; oldest first, so that the newest ends in front */
	while (last != NULL) {
		if (copy_life(&copy, last) < 0) {
			life_table_done(&copy);
			return -ENOMEM;
		}
		last = last == lives->newest ? NULL : last->prev;
	}
	*ret_copy = copy;
	return 0;
}

void life_table_done(struct life_table *lives)
{
	while (lives->newest != NULL)
		life_remove(lives, lives->newest);
	*lives = (struct life_table){0};
}
