// SPDX-License-Identifier: MIT
/* What lives of an app have shown comes back as it was written, and nothing that cannot be right.
 */
#include "daemon/model/experience.h"

#include <math.h>

#include "daemon/model/process.h"
#include "daemon/model/slots.h"
#include "lib/clock.h"
#include "lib/pack.h"
#include "tests/unit/unit.h"

static const struct plateau plateau = {
    .level = 9e7, .age_seconds = 1200, .seen_ns = 3 * NS_PER_HOUR};

static struct app_table *apps;
static struct app_table *read_apps;
static struct buf out;

static void setup(const struct plateau *of_shop)
{
	struct app *app;

	apps = app_table_new(4, 4);
	read_apps = app_table_new(4, 4);
	buf_init(&out, 4096);
	app = app_table_obtain(apps, "shop");
	app_experience(app)->plateaus[EXPERIENCE_THREADS] = *of_shop;
	(void)app_table_obtain(apps, "nothing shown");
	app = app_table_obtain(apps, "till");
	app_experience(app)->plateaus[EXPERIENCE_MAIN_HEAP] = plateau;
	experiences_pack(apps, &out);
}

static void read_back(size_t length)
{
	struct unpack in = {out.data, out.data + length, false};

	experiences_unpack(read_apps, &in);
}

static void teardown(void)
{
	buf_done(&out);
	(void)app_table_free(apps);
	(void)app_table_free(read_apps);
}

START_TEST(test_experience_comes_back)
{
	struct app *shop;

	setup(&plateau);
	read_back(out.length);
	ck_assert_uint_eq(app_table_count(read_apps), 2);
	shop = app_table_find(read_apps, "shop");
	ck_assert_mem_eq(&app_experience(shop)->plateaus[EXPERIENCE_THREADS], &plateau,
	                 sizeof(plateau));
	ck_assert_double_eq(app_experience(shop)->plateaus[EXPERIENCE_OUTSIDE].level, 0);
	teardown();
}
END_TEST

START_TEST(test_what_cannot_be_right_is_left_out)
{
	const struct plateau wrong[] = {
	    {.level = (double)INFINITY, .age_seconds = 1},
	    {.level = 5, .age_seconds = (double)NAN},
	    {.level = 5, .age_seconds = -1},
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setup(&wrong[i]);
		read_back(out.length);
		ck_assert_ptr_null(app_table_find(read_apps, "shop"));
		ck_assert_ptr_nonnull(app_table_find(read_apps, "till"));
		teardown();
	}
}
END_TEST

START_TEST(test_what_is_cut_short_is_read_as_far_as_it_goes)
{
	size_t length;

	setup(&plateau);
	for (length = out.length - 1; length > 0; length--) {
		read_back(length);
		ck_assert_ptr_null(app_table_find(read_apps, "till"));
	}
	teardown();
}
END_TEST

START_TEST(test_another_version_is_not_read)
{
	setup(&plateau);
	buf_clear(&out);
	pack_string(&out, "shop");
	pack_bytes(&out, &plateau, sizeof(plateau));
	read_back(out.length);
	ck_assert_uint_eq(app_table_count(read_apps), 0);
	teardown();
}
END_TEST

START_TEST(test_strangers_share_no_experience)
{
	static struct process processes[2];
	struct app *app;
	unsigned slot;
	size_t i;

	setup(&plateau);
	for (i = 0; i < 2; i++) {
		app = app_table_obtain(apps, i == 0 ? "shop" : APP_OTHER);
		ck_assert_int_eq(app_take_slot(app, &processes[i], &slot), 0);
		app_hand_over(app, slot, &processes[i]);
	}
	ck_assert_ptr_eq(processes[0].experience, app_experience(app_table_find(apps, "shop")));
	ck_assert_ptr_null(processes[1].experience);
	teardown();
}
END_TEST

UNIT_MAIN("experience", test_experience_comes_back, test_what_cannot_be_right_is_left_out,
          test_what_is_cut_short_is_read_as_far_as_it_goes, test_another_version_is_not_read,
          test_strangers_share_no_experience)
