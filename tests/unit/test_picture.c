// SPDX-License-Identifier: MIT
/*
 * A picture stays as it was while the model goes on, and owns all that it shows.
 */
#include "daemon/model/picture.h"

#include <string.h>

#include "tests/unit/sample_model.h"
#include "tests/unit/unit.h"

static const struct process *find(const struct picture *picture, pid_t pid)
{
	size_t i;

	for (i = 0; i < picture->process_count; i++)
		if (picture->processes[i]->key.pid == pid)
			return picture->processes[i];
	ck_abort_msg("no process %d", (int)pid);
}

START_TEST(test_a_picture_outlives_its_model)
{
	struct model *model = sample_model();
	struct picture *picture;
	const struct process *process;

	picture = picture_take(model, NULL);
	ck_assert_ptr_nonnull(picture);
	(void)model_free(model);
	process = find(picture, 4711);
	ck_assert_str_eq(process->app, SAMPLE_HOSTILE_APP);
	ck_assert_str_eq(process->unit, "shop.service");
	ck_assert_str_eq(process->node_version, "20.20.2");
	ck_assert_uint_eq(process->isolate_count, 2);
	ck_assert_str_eq(process->isolates[0]->name, "main");
	ck_assert_uint_eq(process->isolates[0]->live_bytes, 40 * MIB);
	ck_assert_double_eq(process->verdict.score, 0.9375);
	(void)picture_free(picture);
}
END_TEST

START_TEST(test_what_happens_later_is_not_in_it)
{
	struct model *model = sample_model();
	struct picture *picture = picture_take(model, NULL);
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	uint64_t count = find(picture, 4711)->isolates[0]->totals[GC_GENERATION_YOUNG].count;
	const struct process_exit ended = {.at_ns = SAMPLE_NOW_NS};

	sample_gc(model, process, GC_SCAVENGE, 0x1000, SAMPLE_NOW_NS);
	ck_assert_uint_eq(find(picture, 4711)->isolates[0]->totals[GC_GENERATION_YOUNG].count,
	                  count);
	model_process_exited(model, &process->key, &ended);
	model_dropped(model, DROP_FD_LIMIT);
	(void)find(picture, 4711);
	ck_assert_uint_eq(picture->process_count, 4);
	ck_assert_uint_eq(picture->dropped[DROP_FD_LIMIT], 1);
	(void)model_free(model);
	(void)picture_free(picture);
}
END_TEST

START_TEST(test_order_and_totals_are_the_model_s)
{
	struct model *model = sample_model();
	struct picture *picture = picture_take(model, NULL);
	struct process *const *processes;
	const struct app_totals *apps;
	size_t i;

	ck_assert_uint_eq(picture->process_count, model_processes(model, &processes));
	for (i = 0; i < picture->process_count; i++)
		ck_assert_int_eq(picture->processes[i]->key.pid, processes[i]->key.pid);
	ck_assert_uint_eq(picture->app_count, model_apps(model, &apps));
	for (i = 0; i < picture->app_count; i++) {
		ck_assert_str_eq(picture->apps[i].app, apps[i].app);
		ck_assert_mem_eq(picture->apps[i].exits, apps[i].exits, sizeof(apps[i].exits));
	}
	(void)picture_free(picture);
	(void)model_free(model);
}
END_TEST

START_TEST(test_evidence_is_copied)
{
	struct model *model = sample_model();
	struct process *process = model_find_slot(model, SAMPLE_HOSTILE_APP, 0);
	struct picture *picture;

	process->evidence = calloc(EVIDENCE_MAX, sizeof(*process->evidence));
	ck_assert_ptr_nonnull(process->evidence);
	memcpy(process->evidence[1], "the floor rises", sizeof("the floor rises"));
	process->evidence_count = 2;
	picture = picture_take(model, NULL);
	(void)model_free(model);
	ck_assert_str_eq(find(picture, 4711)->evidence[1], "the floor rises");
	(void)picture_free(picture);
}
END_TEST

START_TEST(test_memory_goes_from_one_picture_to_the_next)
{
	struct model *model = sample_model();
	struct picture_memory memory = {.chunks = NULL};
	struct picture *first = picture_take(model, &memory);
	struct picture *second = picture_take(model, &memory);

	ck_assert_uint_eq(memory.count, 0);
	ck_assert_uint_gt(memory.count_max, 0);
	(void)picture_free(first);
	(void)picture_free(second); /* what two needed is not kept, only what one does */
	ck_assert_uint_eq(memory.count, memory.count_max);
	first = picture_take(model, &memory);
	ck_assert_uint_eq(memory.count, 0);
	ck_assert_str_eq(find(first, 4711)->app, SAMPLE_HOSTILE_APP);
	(void)picture_free(first);
	picture_memory_done(&memory);
	ck_assert_uint_eq(memory.count, 0);
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_model_without_processes)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = 1, .apps_max = 1, .min_age_ns = 1, .time_scale = 1});
	struct picture *picture = picture_take(model, NULL);

	ck_assert_ptr_nonnull(picture);
	ck_assert_uint_eq(picture->process_count, 0);
	ck_assert_uint_eq(picture->app_count, 0);
	(void)picture_free(picture);
	(void)picture_free(NULL);
	(void)model_free(model);
}
END_TEST

UNIT_MAIN("picture", test_a_picture_outlives_its_model, test_what_happens_later_is_not_in_it,
          test_order_and_totals_are_the_model_s, test_evidence_is_copied,
          test_memory_goes_from_one_picture_to_the_next, test_a_model_without_processes)
