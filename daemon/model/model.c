// SPDX-License-Identifier: MIT
/*
 * The model: a hash of processes by key, the table of apps, and the views that others iterate.
 */
#include "daemon/model/model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/history.h"
#include "daemon/model/slots.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

/* A life that ended with this score says something of the next one in its slot. */
#define CARRY_SCORE_MIN 0.8
/* After a restart of heapwatch: how long the slots of processes that did not return are kept. */
#define RESERVATION_NS NS_PER_MINUTE

struct entry {
	uint64_t key[2]; /* pid, start_ticks: struct process_key has padding */
	struct process *process;
	UT_hash_handle hh;
};

struct model {
	struct model_options options;
	struct model_observer observer; /* exited NULL: none */
	struct entry *entries;
	struct process *speaker; /* whose fact came last; NULL: nobody's, or it has exited */
	struct app_table *apps;
	uint64_t dropped[DROP_REASON_COUNT];
	uint64_t slots_generation;
	bool has_reservations;
	struct histories histories; /* of processes not found again yet; as long as reservations */
	uint64_t reservations_end_ns; /* 0: counted from the next pass */
	struct process **view;        /* sorted; view_count valid unless is_view_old */
	size_t view_count;
	size_t view_capacity;
	bool is_view_old;
	struct app_totals *app_view;
	size_t app_view_capacity;
};

DEFINE_CLEANUP(struct model, model_free)

struct model *model_new(const struct model_options *options)
{
	_cleanup_(model_freep) struct model *model = calloc(1, sizeof(*model));

	assert(options->time_scale > 0);
	if (model == NULL)
		return NULL;
	model->options = *options;
	model->apps = app_table_new(options->apps_max, options->processes_max);
	if (model->apps == NULL)
		return NULL;
	return TAKE_PTR(model);
}

struct model *model_free(struct model *model)
{
	struct entry *entry;
	struct entry *next;

	if (model == NULL)
		return NULL;
	HASH_ITER(hh, model->entries, entry, next)
	{
		HASH_DEL(model->entries, entry);
		(void)process_free(entry->process);
		free(entry);
	}
	(void)app_table_free(model->apps);
	histories_done(&model->histories);
	free(model->view);
	free(model->app_view);
	free(model);
	return NULL;
}

void model_reconfigure(struct model *model, const struct model_options *options)
{
	assert(options->time_scale == model->options.time_scale);
	model->options = *options;
	app_table_set_limits(model->apps, options->apps_max, options->processes_max);
}

void model_observe(struct model *model, const struct model_observer *observer)
{
	model->observer = *observer;
}

static struct entry *find_entry(const struct model *model, const struct process_key *key)
{
	const uint64_t wanted[2] = {(uint64_t)key->pid, key->start_ticks};
	struct entry *entry;

	HASH_FIND(hh, model->entries, wanted, sizeof(wanted), entry);
	return entry;
}

struct process *model_find(const struct model *model, const struct process_key *key)
{
	struct entry *entry = find_entry(model, key);

	return entry != NULL ? entry->process : NULL;
}

struct process *model_find_slot(const struct model *model, const char *app_text, unsigned slot)
{
	struct app *app = app_table_find(model->apps, app_text);
	struct slot *found = app != NULL ? app_slot(app, slot) : NULL;

	return found != NULL ? found->process : NULL;
}

/* ---- coming and going ---- */

static void mark_changed(struct model *model)
{
	model->is_view_old = true;
	model->slots_generation++;
}

/* Gives the process its app, slot, and what the slot's last life left behind. */
static int enter_app(struct model *model, struct process *process, struct app *app)
{
	unsigned index;

	if (app_take_slot(app, process, &index) < 0)
		return -ENOMEM;
	if (process_set_app(process, app_name(app)) < 0) {
		app_release_slot(model->apps, app, index);
		return -ENOMEM;
	}
	app_hand_over(app, index, process);
	mark_changed(model);
	return 0;
}

static void leave_app(struct model *model, struct app *app, unsigned slot)
{
	app_release_slot(model->apps, app, slot);
	mark_changed(model);
}

static int add_entry(struct model *model, struct process *process)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	entry->key[0] = (uint64_t)process->key.pid;
	entry->key[1] = process->key.start_ticks;
	entry->process = process;
	HASH_ADD(hh, model->entries, key, sizeof(entry->key), entry);
	if (find_entry(model, &process->key) == NULL) {
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

DEFINE_CLEANUP(struct process, process_free)

/* With the history that it had; one that cannot be right is left out. */
static struct process *make_process(struct model *model, uint64_t now_ns,
                                    const struct process_facts *facts)
{
	struct process *process = process_new(facts, now_ns, model->options.time_scale);

	if (process == NULL || histories_give(&model->histories, process) == 0)
		return process;
	(void)process_free(process);
	return process_new(facts, now_ns, model->options.time_scale);
}

int model_process_found(struct model *model, uint64_t now_ns, const struct process_facts *facts)
{
	_cleanup_(process_freep) struct process *process = NULL;
	struct app *app;

	if (model_find(model, &facts->key) != NULL)
		return model_process_changed(model, facts);
	if (HASH_COUNT(model->entries) >= model->options.processes_max) {
		model_dropped(model, DROP_PROCESS_LIMIT);
		return -ENOSPC;
	}
	process = make_process(model, now_ns, facts);
	app = app_table_obtain(model->apps, facts->app);
	if (process == NULL || app == NULL || enter_app(model, process, app) < 0)
		return -ENOMEM;
	if (add_entry(model, process) < 0) {
		leave_app(model, app, process->slot);
		return -ENOMEM;
	}
	(void)TAKE_PTR(process);
	return 0;
}

int model_process_changed(struct model *model, const struct process_facts *facts)
{
	struct process *process = model_find(model, &facts->key);
	struct app *old_app;
	struct app *app;
	unsigned old_slot;

	if (process == NULL)
		return -ENOENT;
	if (process_set_facts(process, facts) < 0)
		return -ENOMEM;
	if (strcmp(process->app, facts->app) == 0)
		return 0;
	old_app = app_table_find(model->apps, process->app);
	old_slot = process->slot;
	app = app_table_obtain(model->apps, facts->app);
	if (app == old_app)
		return 0; /* one of the others before and after */
	if (app == NULL || enter_app(model, process, app) < 0)
		return -ENOMEM;
	leave_app(model, old_app, old_slot);
	return 0;
}

static enum process_end end_of(const struct process *process, const struct process_exit *exit)
{
	if (exit->cause == EXIT_CAUSE_OOM_KILL)
		return PROCESS_END_OOM_KILL;
	if (process_has_fatal_oom(process))
		return PROCESS_END_HEAP_OOM;
	return exit->cause == EXIT_CAUSE_SIGNAL ? PROCESS_END_SIGNAL : PROCESS_END_EXIT;
}

void model_process_exited(struct model *model, const struct process_key *key,
                          const struct process_exit *exit)
{
	struct entry *entry = find_entry(model, key);
	struct process *process;
	struct app *app;
	struct slot *slot;

	if (entry == NULL)
		return;
	process = entry->process;
	app = app_table_find(model->apps, process->app);
	slot = app_slot(app, process->slot);
	if (!exit->is_ignored)
		app_exits(app)[end_of(process, exit)]++;
	if (model->observer.exited != NULL)
		model->observer.exited(model->observer.context, process, end_of(process, exit));
	if (process->verdict.score >= CARRY_SCORE_MIN) {
		slot->carried_score = process->verdict.score;
		slot->carried_at_ns = exit->at_ns;
	}
	leave_app(model, app, process->slot);
	if (model->speaker == process)
		model->speaker = NULL;
	HASH_DEL(model->entries, entry);
	(void)process_free(process);
	free(entry);
}

void model_advance(struct model *model, uint64_t now_ns)
{
	struct entry *entry;

	for (entry = model->entries; entry != NULL; entry = entry->hh.next) {
		struct process *process = entry->process;

		if (!process->is_exported &&
		    now_ns >= process->start_ns + model->options.min_age_ns)
			process->is_exported = true;
	}
	if (!model->has_reservations)
		return;
	if (model->reservations_end_ns == 0)
		model->reservations_end_ns = now_ns + RESERVATION_NS;
	if (now_ns < model->reservations_end_ns)
		return;
	app_table_drop_reservations(model->apps);
	histories_done(&model->histories);
	model->has_reservations = false;
	model->slots_generation++;
}

/* ---- facts ---- */

void model_memory(struct model *model, const struct process_key *key,
                  const struct memory_sample *sample)
{
	struct process *process = model_find(model, key);

	if (process != NULL)
		process_add_memory(process, sample);
}

void model_memory_detail(struct model *model, const struct process_key *key,
                         const struct memory_detail *detail)
{
	struct process *process = model_find(model, key);

	if (process != NULL)
		process_add_detail(process, detail);
}

void model_proportional(struct model *model, const struct process_key *key,
                        const struct proportional_sample *sample)
{
	struct process *process = model_find(model, key);

	if (process == NULL)
		return;
	process->proportional = *sample;
	process->has_proportional = true;
}

void model_memory_map(struct model *model, const struct process_key *key,
                      const struct memory_map *map)
{
	struct process *process = model_find(model, key);

	if (process != NULL)
		process_add_map(process, map);
}

/* Facts of one process come in rows, as the lines of its log do. */
static struct process *find_speaker(struct model *model, const struct process_key *key)
{
	if (model->speaker == NULL || !process_key_equal(&model->speaker->key, key))
		model->speaker = model_find(model, key);
	return model->speaker;
}

void model_gc(struct model *model, const struct process_key *key, uint64_t at_ns,
              const struct gc_event *event)
{
	struct process *process = find_speaker(model, key);

	if (process != NULL)
		process_add_gc(process, at_ns, event);
}

void model_incident(struct model *model, const struct process_key *key, uint64_t isolate,
                    uint64_t at_ns, enum heap_incident incident)
{
	struct process *process = find_speaker(model, key);

	if (process != NULL)
		process_add_incident(process, isolate, at_ns, incident);
}

void model_heap(struct model *model, const struct process_key *key, uint64_t at_ns,
                const struct heap_sample *sample)
{
	struct process *process = find_speaker(model, key);

	if (process != NULL)
		process_add_heap(process, at_ns, sample);
}

void model_heap_level(struct model *model, const struct process_key *key, uint64_t at_ns,
                      const struct heap_level *level)
{
	struct process *process = find_speaker(model, key);

	if (process != NULL)
		process_add_level(process, at_ns, level);
}

void model_dropped(struct model *model, enum drop_reason reason)
{
	assert(reason < DROP_REASON_COUNT);
	model->dropped[reason]++;
}

uint64_t model_dropped_count(const struct model *model, enum drop_reason reason)
{
	assert(reason < DROP_REASON_COUNT);
	return model->dropped[reason];
}

/* ---- views ---- */

static int reserve_view(struct model *model, size_t count)
{
	struct process **view;

	if (count <= model->view_capacity)
		return 0;
	view = reallocarray(model->view, count + count / 2, sizeof(struct process *));
	if (view == NULL)
		return -ENOMEM;
	model->view = view;
	model->view_capacity = count + count / 2;
	return 0;
}

/* Apps come sorted by name and slots by index, so that nothing is left to sort. */
static int renew_view(struct model *model)
{
	struct app *app = NULL;
	unsigned slot;

	if (reserve_view(model, HASH_COUNT(model->entries)) < 0)
		return -ENOMEM;
	model->view_count = 0;
	while ((app = app_table_next(model->apps, app)) != NULL) {
		for (slot = 0; app_slot(app, slot) != NULL; slot++) {
			if (app_slot(app, slot)->process != NULL)
				model->view[model->view_count++] = app_slot(app, slot)->process;
		}
	}
	model->is_view_old = false;
	return 0;
}

size_t model_processes(struct model *model, struct process *const **ret_processes)
{
	if (model->is_view_old && renew_view(model) < 0) {
		*ret_processes = NULL;
		return 0;
	}
	*ret_processes = model->view;
	return model->view_count;
}

size_t model_apps(struct model *model, const struct app_totals **ret_apps)
{
	size_t count = app_table_count(model->apps);
	struct app *app = NULL;
	struct app_totals *totals = model->app_view;
	size_t i = 0;

	if (count > model->app_view_capacity) {
		totals = reallocarray(model->app_view, count, sizeof(*totals));
		if (totals == NULL)
			return 0;
		model->app_view = totals;
		model->app_view_capacity = count;
	}
	while ((app = app_table_next(model->apps, app)) != NULL) {
		totals[i].app = app_name(app);
		memcpy(totals[i].exits, app_exits(app), sizeof(totals[i].exits));
		i++;
	}
	*ret_apps = totals;
	return i;
}

/* ---- slots across restarts ---- */

void model_slots_save(struct model *model, struct buf *out)
{
	slots_write(model->apps, out);
}

void model_slots_restore(struct model *model, const char *text, size_t length)
{
	slots_read(model->apps, text, length);
	model->has_reservations = true;
}

uint64_t model_slots_generation(const struct model *model)
{
	return model->slots_generation;
}

void model_histories_save(const struct model *model, struct buf *out)
{
	const struct entry *entry;

	histories_begin(out);
	for (entry = model->entries; entry != NULL; entry = entry->hh.next)
		histories_add(entry->process, out);
	histories_add_waiting(&model->histories, out);
	histories_add_apps(model->apps, out);
}

int model_histories_restore(struct model *model, const char *bytes, size_t length)
{
	int result = histories_read(&model->histories, bytes, length);

	if (result < 0)
		return result;
	histories_give_apps(&model->histories, model->apps);
	model->has_reservations = true;
	return 0;
}
