// SPDX-License-Identifier: MIT
/* Processes by key, apps and slots over restarts, exits by cause, limits. */
#include "daemon/model/model.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

static struct model *new_model(size_t processes_max, size_t apps_max)
{
	struct model *model = model_new(&(struct model_options){
	    .processes_max = processes_max,
	    .apps_max = apps_max,
	    .min_age_ns = 30 * NS_PER_SECOND,
	    .time_scale = 1,
	});

	ck_assert_ptr_nonnull(model);
	return model;
}

static struct process_facts facts_of(pid_t pid, const char *app)
{
	return (struct process_facts){
	    .key = {.pid = pid, .start_ticks = 100},
	    .start_ns = NS_PER_HOUR,
	    .app = app,
	    .script = "",
	    .node_version = "20.20.2",
	    .container_id = "",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "",
	};
}

static void found(struct model *model, pid_t pid, const char *app)
{
	struct process_facts facts = facts_of(pid, app);

	ck_assert_int_eq(model_process_found(model, NS_PER_HOUR, &facts), 0);
}

static void exited(struct model *model, pid_t pid, enum exit_cause cause)
{
	struct process_key key = {.pid = pid, .start_ticks = 100};
	struct process_exit exit = {.at_ns = 2 * NS_PER_HOUR, .cause = cause};

	model_process_exited(model, &key, &exit);
}

static struct process *process_of(const struct model *model, pid_t pid)
{
	return model_find(model, &(struct process_key){.pid = pid, .start_ticks = 100});
}

START_TEST(test_processes_come_by_app_and_slot)
{
	struct model *model = new_model(10, 10);
	struct process *const *processes;

	found(model, 3, "shop");
	found(model, 1, "shop");
	found(model, 2, "auth");
	ck_assert_uint_eq(model_processes(model, &processes), 3);
	ck_assert_int_eq(processes[0]->key.pid, 2);
	ck_assert_int_eq(processes[1]->key.pid, 3);
	ck_assert_int_eq(processes[2]->key.pid, 1);
	ck_assert_ptr_eq(model_find_slot(model, "shop", 1), processes[2]);
	ck_assert_ptr_null(model_find_slot(model, "shop", 2));
	ck_assert_ptr_null(model_find_slot(model, "nobody", 0));
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_reused_pid_is_another_process)
{
	struct model *model = new_model(10, 10);
	struct process_facts facts = facts_of(5, "shop");

	found(model, 5, "shop");
	facts.key.start_ticks = 200;
	ck_assert_int_eq(model_process_found(model, NS_PER_HOUR, &facts), 0);
	ck_assert_uint_eq(model_find(model, &facts.key)->slot, 1);
	ck_assert_uint_eq(process_of(model, 5)->slot, 0);
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_restarted_process_takes_the_slot_of_its_predecessor)
{
	struct model *model = new_model(10, 10);

	found(model, 1, "shop");
	found(model, 2, "shop");
	exited(model, 1, EXIT_CAUSE_EXIT);
	exited(model, 1, EXIT_CAUSE_EXIT); /* unknown by now */
	found(model, 3, "shop");
	ck_assert_uint_eq(process_of(model, 3)->slot, 0);
	ck_assert_ptr_null(process_of(model, 1));
	(void)model_free(model);
}
END_TEST

START_TEST(test_processes_beyond_the_maximum_are_dropped_and_counted)
{
	struct model *model = new_model(1, 10);
	struct process_facts facts = facts_of(2, "shop");

	found(model, 1, "shop");
	ck_assert_int_eq(model_process_found(model, NS_PER_HOUR, &facts), -ENOSPC);
	ck_assert_uint_eq(model_dropped_count(model, DROP_PROCESS_LIMIT), 1);
	model_dropped(model, DROP_FD_LIMIT);
	ck_assert_uint_eq(model_dropped_count(model, DROP_FD_LIMIT), 1);
	found(model, 1, "shop"); /* known: no place is needed */
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_changed_app_gives_another_slot)
{
	struct model *model = new_model(10, 10);
	struct process_facts facts = facts_of(2, "auth");

	ck_assert_int_eq(model_process_changed(model, &facts), -ENOENT);
	found(model, 1, "auth");
	found(model, 2, "shop");
	facts.script = "auth.js";
	ck_assert_int_eq(model_process_changed(model, &facts), 0);
	ck_assert_str_eq(process_of(model, 2)->app, "auth");
	ck_assert_str_eq(process_of(model, 2)->script, "auth.js");
	ck_assert_uint_eq(process_of(model, 2)->slot, 1);
	ck_assert_ptr_null(model_find_slot(model, "shop", 0));
	(void)model_free(model);
}
END_TEST

START_TEST(test_apps_beyond_the_maximum_share_other)
{
	struct model *model = new_model(10, 1);
	struct process_facts facts = facts_of(3, "third");

	found(model, 1, "first");
	found(model, 2, "second");
	found(model, 3, "second-too");
	ck_assert_str_eq(process_of(model, 2)->app, "other");
	ck_assert_uint_eq(process_of(model, 3)->slot, 1);
	ck_assert_int_eq(model_process_changed(model, &facts), 0);
	ck_assert_str_eq(process_of(model, 3)->app, "other");
	ck_assert_uint_eq(process_of(model, 3)->slot, 1);
	(void)model_free(model);
}
END_TEST

START_TEST(test_exits_are_counted_by_cause)
{
	struct model *model = new_model(10, 10);
	const struct app_totals *apps;
	pid_t pid;

	for (pid = 1; pid <= 5; pid++)
		found(model, pid, "shop");
	model_incident(model, &process_of(model, 4)->key, 0, NS_PER_HOUR, HEAP_INCIDENT_FATAL_OOM);
	model_incident(model, &process_of(model, 5)->key, 0, NS_PER_HOUR, HEAP_INCIDENT_FATAL_OOM);
	exited(model, 1, EXIT_CAUSE_EXIT);
	exited(model, 2, EXIT_CAUSE_SIGNAL);
	exited(model, 3, EXIT_CAUSE_OOM_KILL);
	exited(model, 4, EXIT_CAUSE_SIGNAL);
	exited(model, 5, EXIT_CAUSE_EXIT);
	ck_assert_uint_eq(model_apps(model, &apps), 1);
	ck_assert_str_eq(apps[0].app, "shop");
	ck_assert_uint_eq(apps[0].exits[PROCESS_END_EXIT], 1);
	ck_assert_uint_eq(apps[0].exits[PROCESS_END_SIGNAL], 1);
	ck_assert_uint_eq(apps[0].exits[PROCESS_END_OOM_KILL], 1);
	ck_assert_uint_eq(apps[0].exits[PROCESS_END_HEAP_OOM], 2);
	ck_assert_str_eq(process_end_name(PROCESS_END_HEAP_OOM), "heap_oom");
	(void)model_free(model);
}
END_TEST

START_TEST(test_young_processes_are_not_exported)
{
	struct model *model = new_model(10, 10);

	found(model, 1, "shop");
	model_advance(model, NS_PER_HOUR + 29 * NS_PER_SECOND);
	ck_assert(!process_of(model, 1)->is_exported);
	model_advance(model, NS_PER_HOUR + 30 * NS_PER_SECOND);
	ck_assert(process_of(model, 1)->is_exported);
	(void)model_free(model);
}
END_TEST

START_TEST(test_facts_reach_their_process_only)
{
	struct model *model = new_model(10, 10);
	struct process_key nobody = {.pid = 9, .start_ticks = 9};
	struct memory_sample sample = {.at_ns = NS_PER_HOUR, .rss_bytes = 90 * MIB};
	struct memory_detail detail = {.limit_bytes = 8 * GIB};
	struct proportional_sample proportional = {.pss_bytes = 70 * MIB};
	struct memory_map map = {.v8_page_bytes = 20 * MIB};
	struct gc_event event = {.kind = GC_SCAVENGE, .average_mutator_utilization = (double)NAN};
	struct process *process;

	found(model, 1, "shop");
	process = process_of(model, 1);
	model_memory(model, &nobody, &sample);
	model_memory_detail(model, &nobody, &detail);
	model_proportional(model, &nobody, &proportional);
	model_memory_map(model, &nobody, &map);
	model_gc(model, &nobody, NS_PER_HOUR, &event);
	model_incident(model, &nobody, 0, NS_PER_HOUR, HEAP_INCIDENT_FATAL_OOM);
	ck_assert(!process->has_memory && !process->has_detail && !process->has_proportional);
	ck_assert_uint_eq(process->sources, 1U << SOURCE_PROC);
	model_memory(model, &process->key, &sample);
	model_memory_detail(model, &process->key, &detail);
	model_proportional(model, &process->key, &proportional);
	ck_assert(!process->has_map);
	model_memory_map(model, &process->key, &map);
	ck_assert(process->has_map);
	model_gc(model, &process->key, NS_PER_HOUR, &event);
	ck_assert(process->has_memory && process->has_detail && process->has_proportional);
	ck_assert_uint_eq(process->sources, 1U << SOURCE_PROC | 1U << SOURCE_GCLOG);
	ck_assert_uint_eq(process->isolate_count, 1);
	(void)model_free(model);
}
END_TEST

START_TEST(test_a_life_that_ended_leaking_is_remembered_by_its_slot)
{
	struct model *model = new_model(10, 10);

	found(model, 1, "shop");
	process_of(model, 1)->verdict.score = 0.95;
	exited(model, 1, EXIT_CAUSE_SIGNAL);
	found(model, 2, "shop");
	ck_assert_double_eq(process_of(model, 2)->score_memory.carried, 0.95);
	ck_assert_uint_eq(process_of(model, 2)->score_memory.carried_at_ns, 2 * NS_PER_HOUR);
	(void)model_free(model);
}
END_TEST

START_TEST(test_slots_survive_a_restart_of_heapwatch)
{
	struct model *model = new_model(10, 10);
	struct buf text;
	uint64_t generation;

	buf_init(&text, 4096);
	found(model, 1, "a\nb %");
	found(model, 2, "shop");
	found(model, 3, "shop");
	exited(model, 2, EXIT_CAUSE_EXIT);
	generation = model_slots_generation(model);
	model_slots_save(model, &text);
	ck_assert_uint_eq(model_slots_generation(model), generation);
	(void)model_free(model);

	model = new_model(10, 10);
	model_slots_restore(model, text.data, text.length);
	found(model, 4, "shop"); /* comes first, but slot 1 is of process 3 */
	found(model, 5, "shop");
	found(model, 3, "shop");
	found(model, 1, "a\nb %");
	ck_assert_uint_eq(process_of(model, 3)->slot, 1);
	ck_assert_uint_eq(process_of(model, 4)->slot, 0);
	ck_assert_uint_eq(process_of(model, 5)->slot, 2);
	ck_assert_uint_eq(process_of(model, 1)->slot, 0);
	(void)model_free(model);
	buf_done(&text);
}
END_TEST

START_TEST(test_slots_of_those_who_never_return_are_given_away)
{
	static const char text[] = "0 77 100 shop\n";
	struct model *model = new_model(10, 10);

	model_slots_restore(model, text, strlen(text));
	found(model, 1, "shop");
	ck_assert_uint_eq(process_of(model, 1)->slot, 1);
	model_advance(model, NS_PER_HOUR);
	model_advance(model, NS_PER_HOUR + 2 * NS_PER_MINUTE);
	found(model, 2, "shop");
	ck_assert_uint_eq(process_of(model, 2)->slot, 0);
	(void)model_free(model);
}
END_TEST

START_TEST(test_damaged_slot_lines_are_ignored)
{
	static const char text[] = "x 1 100 shop\n"
	                           "1 99999999999 100 shop\n"
	                           "99 1 100 shop\n"
	                           "1 1 100 \n"
	                           "1 1 100 %Z1\n"
	                           "1 1 100 %0\n"
	                           "1 1 100 a%00b\n"
	                           "\n"
	                           "1 1\n"
	                           "1 1 100 torn";
	struct model *model = new_model(10, 10);
	struct process *const *processes;

	model_slots_restore(model, text, strlen(text));
	found(model, 1, "shop");
	ck_assert_uint_eq(process_of(model, 1)->slot, 0);
	ck_assert_uint_eq(model_processes(model, &processes), 1);
	(void)model_free(model);
}
END_TEST

START_TEST(test_states_and_kinds_are_named_as_exported)
{
	static const char *const states[LEAK_STATE_COUNT] = {"warmup",    "insufficient", "stable",
	                                                     "filling",   "step",         "load",
	                                                     "suspected", "leak",         "thrash"};
	static const char *const kinds[LEAK_KIND_COUNT] = {
	    "none", "js-heap",       "large-object", "external", "native",
	    "code", "fragmentation", "threads",      "unknown"};
	size_t i;

	for (i = 0; i < LEAK_STATE_COUNT; i++)
		ck_assert_str_eq(leak_state_name((enum leak_state)i), states[i]);
	for (i = 0; i < LEAK_KIND_COUNT; i++)
		ck_assert_str_eq(leak_kind_name((enum leak_kind)i), kinds[i]);
}
END_TEST

UNIT_MAIN("model", test_states_and_kinds_are_named_as_exported, test_processes_come_by_app_and_slot,
          test_a_reused_pid_is_another_process,
          test_a_restarted_process_takes_the_slot_of_its_predecessor,
          test_processes_beyond_the_maximum_are_dropped_and_counted,
          test_a_changed_app_gives_another_slot, test_apps_beyond_the_maximum_share_other,
          test_exits_are_counted_by_cause, test_young_processes_are_not_exported,
          test_facts_reach_their_process_only,
          test_a_life_that_ended_leaking_is_remembered_by_its_slot,
          test_slots_survive_a_restart_of_heapwatch,
          test_slots_of_those_who_never_return_are_given_away, test_damaged_slot_lines_are_ignored)
