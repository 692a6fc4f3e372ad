// SPDX-License-Identifier: MIT
/*
 * Lives of a pid: one after another, at once, with workers that come and go. Each case is a list of
 * lines and the life and incarnation that each belongs to.
 */
#include "collectors/gclog/lives.h"

#include "lib/clock.h"
#include "tests/unit/unit.h"

#define LINES_MAX 12
#define MAIN_A    UINT64_C(0x25512cf0)
#define MAIN_B    UINT64_C(0x36fbdcf0)
#define PIE       UINT64_C(0x5581c0de0000)
#define WORKER    UINT64_C(0x7f6704000f00)
#define WORKER_B  UINT64_C(0x7f6708000f00)

struct expected {
	pid_t pid;
	char family;
	uint64_t isolate;
	uint64_t uptime_ms;
	uint64_t life;
	unsigned incarnation;
};

struct sequence {
	const char *name;
	struct expected lines[LINES_MAX];
};

static const struct sequence sequences[] = {
    {"one process",
     {{7, 'H', MAIN_A, 30, 1, 0}, {7, 'H', MAIN_A, 30, 1, 0}, {7, 'H', MAIN_A, 90, 1, 0}}},
    {"one process after another",
     {{7, 'H', MAIN_A, 900, 1, 0}, {8, 'H', MAIN_A, 30, 2, 0}, {7, 'H', MAIN_A, 950, 1, 0}}},
    {"a clock that goes backwards",
     {{1, 'H', MAIN_A, 900, 1, 0},
      {1, 'H', MAIN_A, 30, 2, 0},
      {1, 'H', MAIN_A, 950, 2, 0},
      {1, 'H', MAIN_A, 40, 3, 0}}},
    {"no isolate is printed",
     {{1, 'B', 0, 900, 1, 0}, {1, 'B', 0, 30, 2, 0}, {1, 'B', 0, 2000, 2, 0}}},
    {"two lines that were swapped",
     {{7, 'H', MAIN_A, 900, 1, 0}, {7, 'H', MAIN_A, 890, 1, 0}, {7, 'H', MAIN_A, 880, 1, 0}}},
    {"two containers at once",
     {{1, 'H', MAIN_A, 30, 1, 0},
      {1, 'H', MAIN_B, 31, 2, 0},
      {1, 'H', MAIN_A, 60, 1, 0},
      {1, 'H', MAIN_B, 59, 2, 0}}},
    {"a container that starts again at another address",
     {{7, 'H', PIE, 99000, 1, 0}, {7, 'H', PIE + 4096, 40, 2, 0}, {7, 'H', PIE + 4096, 50, 2, 0}}},
    {"workers",
     {{7, 'H', MAIN_A, 100, 1, 0},
      {7, 'H', WORKER, 20, 1, 0},
      {7, 'H', WORKER_B, 20, 1, 0},
      {7, 'H', MAIN_A, 200, 1, 0}}},
    {"a worker that speaks before its main thread",
     {{7, 'H', WORKER, 20, 1, 0}, {7, 'H', MAIN_A, 200, 1, 0}, {7, 'H', WORKER, 30, 1, 0}}},
    {"a worker in the place of one that ended",
     {{7, 'H', MAIN_A, 100, 1, 0},
      {7, 'H', WORKER, 900, 1, 0},
      {7, 'H', WORKER, 200, 1, 1},
      {7, 'H', WORKER, 210, 1, 1},
      {7, 'H', MAIN_A, 1200, 1, 0},
      {7, 'H', WORKER, 10, 1, 2}}},
    {"workers of Node 10, made by the main thread",
     {{7, 'F', MAIN_A, 100, 1, 0}, {7, 'F', MAIN_B, 20, 1, 0}, {7, 'F', MAIN_B, 30, 1, 0}}},
    {"containers of Node 10 to 17",
     {{1, 'F', MAIN_A, 100, 1, 0}, {1, 'F', MAIN_B, 120, 2, 0}, {1, 'F', MAIN_A, 130, 1, 0}}},
    {"before there were workers",
     {{7, 'C', MAIN_A, 100, 1, 0}, {7, 'C', WORKER, 120, 2, 0}, {7, 'C', WORKER, 130, 2, 0}}},
    {"addresses of another system's heap are workers",
     {{7, 'H', UINT64_C(0x1f2a0000000), 100, 1, 0}, {7, 'H', UINT64_C(0x1f2b0000000), 20, 1, 0}}},
};

START_TEST(test_lines_are_placed)
{
	size_t i;
	size_t j;

	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		struct life_table lives = {0};

		for (j = 0; j < LINES_MAX && sequences[i].lines[j].life > 0; j++) {
			const struct expected *line = &sequences[i].lines[j];
			const struct life_line given = {line->pid, line->family, line->isolate,
			                                line->uptime_ms * NS_PER_MS};
			const struct life_isolate *isolate = NULL;
			const struct life *life = life_table_place(&lives, &given, &isolate);

			ck_assert_ptr_nonnull(life);
			ck_assert_msg(
			    life->number == line->life && isolate->incarnation == line->incarnation,
			    "%s: line %zu is in life %d as incarnation %u", sequences[i].name,
			    j + 1, (int)life->number, isolate->incarnation);
			ck_assert_int_eq(life->pid, line->pid);
			ck_assert_uint_eq(isolate->address, line->isolate);
		}
		life_table_done(&lives);
	}
}
END_TEST

static struct life *put(struct life_table *lives, pid_t pid, uint64_t address, uint64_t uptime_ms)
{
	const struct life_line line = {pid, 'H', address, uptime_ms * NS_PER_MS};
	const struct life_isolate *isolate;

	return life_table_place(lives, &line, &isolate);
}

START_TEST(test_lives_are_found)
{
	struct life_table lives = {0};
	const struct life *first = put(&lives, 1, MAIN_A, 5000);
	const struct life *second;

	ck_assert_ptr_eq(put(&lives, 1, WORKER, 6000), first);
	second = put(&lives, 1, MAIN_B, 30);
	ck_assert_ptr_eq(life_table_find(&lives, 1, 0), second);
	ck_assert_ptr_eq(life_table_find(&lives, 1, WORKER), first);
	ck_assert_ptr_null(life_table_find(&lives, 1, WORKER_B));
	ck_assert_ptr_null(life_table_find(&lives, 2, 0));
	ck_assert_uint_eq(life_table_after(&lives, first), 1);
	ck_assert_uint_eq(life_table_after(&lives, second), 0);
	ck_assert_uint_eq(life_uptime_ns(first), 6000 * NS_PER_MS);
	life_table_done(&lives);
	ck_assert_ptr_null(lives.newest);
}
END_TEST

START_TEST(test_copy_goes_its_own_way)
{
	struct life_table lives = {0};
	struct life_table copy;

	put(&lives, 1, MAIN_A, 5000);
	put(&lives, 2, MAIN_A, 5000);
	put(&lives, 2, WORKER, 100);
	ck_assert_int_eq(life_table_copy(&copy, &lives), 0);
	ck_assert_uint_eq(put(&lives, 1, MAIN_A, 30)->number, 3);
	ck_assert_uint_eq(put(&copy, 1, MAIN_A, 5001)->number, 1);
	ck_assert_uint_eq(put(&copy, 2, WORKER, 101)->number, 2);
	ck_assert_uint_eq(put(&copy, 2, MAIN_A, 30)->number, 3);
	ck_assert_uint_eq(copy.count, 3);
	life_table_done(&lives);
	life_table_done(&copy);
	ck_assert_int_eq(life_table_copy(&copy, &lives), 0);
	ck_assert_uint_eq(copy.count, 0);
}
END_TEST

START_TEST(test_lives_and_isolates_are_bounded)
{
	struct life_table lives = {0};
	uint64_t i;

	for (i = 1; i <= LIVES_MAX; i++)
		put(&lives, (pid_t)i, MAIN_A, 30);
	put(&lives, 1, MAIN_A, 60); /* not the most silent one any more */
	put(&lives, 10000, MAIN_A, 30);
	ck_assert_uint_eq(lives.count, LIVES_MAX);
	ck_assert_uint_eq(put(&lives, 1, MAIN_A, 90)->number, 1);
	ck_assert_ptr_null(life_table_find(&lives, 2, 0));
	for (i = 0; i < 2 * LIFE_ISOLATES_MAX; i++)
		ck_assert_uint_eq(put(&lives, 1, WORKER + i * 4096, 30)->number, 1);
	ck_assert_uint_eq(life_table_find(&lives, 1, 0)->isolate_count, LIFE_ISOLATES_MAX);
	ck_assert_uint_eq(put(&lives, 1, MAIN_A, 91)->number, 1);
	ck_assert_uint_eq(put(&lives, 1, MAIN_A, 30)->number, LIVES_MAX + 2); /* still the main */
	life_table_done(&lives);
}
END_TEST

UNIT_MAIN("gclog_lives", test_lines_are_placed, test_lives_are_found, test_copy_goes_its_own_way,
          test_lives_and_isolates_are_bounded)
