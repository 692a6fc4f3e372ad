// SPDX-License-Identifier: MIT
/* Apps and slots: the smallest free index, reservations, the other app, bounds. */
#include "daemon/model/slots.h"

#include "daemon/model/process.h"
#include "tests/unit/unit.h"

static struct process processes[8];

static unsigned take(struct app *app, int pid)
{
	unsigned slot;

	processes[pid].key = (struct process_key){.pid = pid, .start_ticks = 5};
	ck_assert_int_eq(app_take_slot(app, &processes[pid], &slot), 0);
	return slot;
}

START_TEST(test_the_smallest_free_slot_is_taken)
{
	struct app_table *table = app_table_new(10, 10);
	struct app *app = app_table_obtain(table, "shop");

	ck_assert_uint_eq(take(app, 0), 0);
	ck_assert_uint_eq(take(app, 1), 1);
	ck_assert_uint_eq(take(app, 2), 2);
	app_release_slot(table, app, 1);
	app_release_slot(table, app, 0);
	ck_assert_uint_eq(take(app, 3), 0);
	ck_assert_uint_eq(take(app, 4), 1);
	ck_assert_uint_eq(take(app, 5), 3);
	ck_assert_ptr_null(app_slot(app, 4));
	(void)app_table_free(table);
}
END_TEST

START_TEST(test_a_reserved_slot_waits_for_its_process)
{
	struct app_table *table = app_table_new(10, 10);
	struct app *app = app_table_obtain(table, "shop");

	app_reserve_slot(app, 1, &(struct process_key){.pid = 3, .start_ticks = 5});
	ck_assert_uint_eq(take(app, 0), 0);
	ck_assert_uint_eq(take(app, 2), 2);
	ck_assert_uint_eq(take(app, 3), 1);
	(void)app_table_free(table);
}
END_TEST

START_TEST(test_reservations_end)
{
	struct app_table *table = app_table_new(10, 10);
	struct app *app = app_table_obtain(table, "shop");

	app_reserve_slot(app, 0, &(struct process_key){.pid = 9, .start_ticks = 5});
	app_reserve_slot(app_table_obtain(table, "gone"), 0,
	                 &(struct process_key){.pid = 10, .start_ticks = 5});
	ck_assert_uint_eq(take(app, 1), 1);
	app_table_drop_reservations(table);
	ck_assert_uint_eq(take(app, 2), 0);
	ck_assert_ptr_null(app_table_find(table, "gone"));
	(void)app_table_free(table);
}
END_TEST

START_TEST(test_a_slot_out_of_bounds_is_not_reserved)
{
	struct app_table *table = app_table_new(10, 4);
	struct app *app = app_table_obtain(table, "shop");

	app_reserve_slot(app, 4, &(struct process_key){.pid = 3, .start_ticks = 5});
	ck_assert_ptr_null(app_slot(app, 4));
	(void)app_table_free(table);
}
END_TEST

START_TEST(test_apps_beyond_the_maximum_are_one)
{
	struct app_table *table = app_table_new(2, 10);

	ck_assert_str_eq(app_name(app_table_obtain(table, "b")), "b");
	ck_assert_str_eq(app_name(app_table_obtain(table, "a")), "a");
	ck_assert_str_eq(app_name(app_table_obtain(table, "c")), APP_OTHER);
	ck_assert_str_eq(app_name(app_table_obtain(table, "d")), APP_OTHER);
	ck_assert_str_eq(app_name(app_table_obtain(table, "a")), "a");
	ck_assert_uint_eq(app_table_count(table), 3);
	(void)app_table_free(table);
}
END_TEST

START_TEST(test_apps_come_by_name_and_stay_while_they_have_exits)
{
	struct app_table *table = app_table_new(10, 10);
	struct app *b = app_table_obtain(table, "b");
	struct app *a = app_table_obtain(table, "a");

	ck_assert_ptr_eq(app_table_next(table, NULL), a);
	ck_assert_ptr_eq(app_table_next(table, a), b);
	ck_assert_ptr_null(app_table_next(table, b));
	(void)take(a, 0);
	(void)take(b, 1);
	app_exits(b)[0]++;
	app_release_slot(table, a, 0);
	app_release_slot(table, b, 0);
	ck_assert_ptr_null(app_table_find(table, "a"));
	ck_assert_ptr_eq(app_table_find(table, "b"), b);
	(void)app_table_free(table);
}
END_TEST

UNIT_MAIN("slots", test_the_smallest_free_slot_is_taken, test_a_reserved_slot_waits_for_its_process,
          test_reservations_end, test_a_slot_out_of_bounds_is_not_reserved,
          test_apps_beyond_the_maximum_are_one,
          test_apps_come_by_name_and_stay_while_they_have_exits)
