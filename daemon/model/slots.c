// SPDX-License-Identifier: MIT
/*
 * A hash of apps (uthash), each with a growing array of slots.
 */
#include "daemon/model/slots.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/model.h"
#include "daemon/model/process.h"
#include "lib/cleanup.h"

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

struct app {
	char *name; /* owned */
	struct slot *slots;
	size_t slot_count;
	size_t slots_max;
	size_t used_count; /* taken or reserved */
	uint64_t exits[PROCESS_END_COUNT];
	struct experience experience;
	UT_hash_handle hh;
};

struct app_table {
	struct app *apps;
	size_t apps_max;
	size_t slots_max;
};

struct app_table *app_table_new(size_t apps_max, size_t slots_max)
{
	struct app_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->apps_max = apps_max;
	table->slots_max = slots_max;
	return table;
}

static struct app *app_free(struct app *app)
{
	free(app->name);
	free(app->slots);
	free(app);
	return NULL;
}

DEFINE_CLEANUP(struct app, app_free)

struct app_table *app_table_free(struct app_table *table)
{
	struct app *app;
	struct app *next;

	if (table == NULL)
		return NULL;
	HASH_ITER(hh, table->apps, app, next)
	{
		HASH_DEL(table->apps, app);
		(void)app_free(app);
	}
	free(table);
	return NULL;
}

void app_table_set_limits(struct app_table *table, size_t apps_max, size_t slots_max)
{
	struct app *app;

	table->apps_max = apps_max;
	table->slots_max = slots_max;
	for (app = table->apps; app != NULL; app = app->hh.next)
		app->slots_max = slots_max;
}

struct app *app_table_find(const struct app_table *table, const char *name)
{
	struct app *app;

	HASH_FIND_STR(table->apps, name, app);
	return app;
}

static int compare_names(const struct app *a, const struct app *b)
{
	return strcmp(a->name, b->name);
}

static struct app *add_app(struct app_table *table, const char *name)
{
	_cleanup_(app_freep) struct app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return NULL;
	app->name = strdup(name);
	app->slots_max = table->slots_max;
	if (app->name == NULL)
		return NULL;
	HASH_ADD_KEYPTR_INORDER(hh, table->apps, app->name, strlen(app->name), app, compare_names);
	if (app_table_find(table, name) == NULL)
		return NULL;
	return TAKE_PTR(app);
}

struct app *app_table_obtain(struct app_table *table, const char *name)
{
	struct app *app = app_table_find(table, name);

	if (app == NULL && app_table_count(table) >= table->apps_max) {
		name = APP_OTHER;
		app = app_table_find(table, name);
	}
	return app != NULL ? app : add_app(table, name);
}

const char *app_name(const struct app *app)
{
	return app->name;
}

uint64_t *app_exits(struct app *app)
{
	return app->exits;
}

struct experience *app_experience(struct app *app)
{
	return &app->experience;
}

static bool is_free(const struct slot *slot)
{
	return slot->process == NULL && !slot->is_reserved;
}

static int grow_to(struct app *app, size_t count)
{
	struct slot *slots;

	if (count <= app->slot_count)
		return 0;
	slots = reallocarray(app->slots, count, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	memset(slots + app->slot_count, 0, (count - app->slot_count) * sizeof(*slots));
	app->slots = slots;
	app->slot_count = count;
	return 0;
}

/* slot_count when none is free. */
static size_t choose_slot(const struct app *app, const struct process_key *key)
{
	size_t i;
	size_t free_index = app->slot_count;

	for (i = app->slot_count; i-- > 0;) {
		const struct slot *slot = &app->slots[i];

		if (slot->is_reserved && process_key_equal(&slot->reserved_for, key))
			return i;
		if (is_free(slot))
			free_index = i;
	}
	return free_index;
}

int app_take_slot(struct app *app, struct process *process, unsigned *ret_slot)
{
	size_t index = choose_slot(app, &process->key);
	struct slot *slot;

	if (grow_to(app, index + 1) < 0)
		return -ENOMEM;
	slot = &app->slots[index];
	if (!slot->is_reserved)
		app->used_count++;
	slot->is_reserved = false;
	slot->process = process;
	*ret_slot = (unsigned)index;
	return 0;
}

void app_hand_over(struct app *app, unsigned slot, struct process *process)
{
	process->slot = slot;
	process->score_memory.carried = app->slots[slot].carried_score;
	process->score_memory.carried_at_ns = app->slots[slot].carried_at_ns;
	/* Those beyond the maximum have no more in common than that. */
	process->experience = strcmp(app->name, APP_OTHER) != 0 ? &app->experience : NULL;
}

static void remove_if_unused(struct app_table *table, struct app *app)
{
	uint64_t exits = 0;
	size_t i;

	for (i = 0; i < PROCESS_END_COUNT; i++)
		exits += app->exits[i];
	if (app->used_count > 0 || exits > 0)
		return;
	HASH_DEL(table->apps, app);
	(void)app_free(app);
}

void app_release_slot(struct app_table *table, struct app *app, unsigned slot)
{
	assert(slot < app->slot_count && app->slots[slot].process != NULL);
	app->slots[slot].process = NULL;
	app->used_count--;
	remove_if_unused(table, app);
}

struct slot *app_slot(const struct app *app, unsigned slot)
{
	return slot < app->slot_count ? &app->slots[slot] : NULL;
}

void app_reserve_slot(struct app *app, unsigned slot, const struct process_key *key)
{
	if (slot >= app->slots_max || grow_to(app, (size_t)slot + 1) < 0 ||
	    !is_free(&app->slots[slot]))
		return;
	app->slots[slot].is_reserved = true;
	app->slots[slot].reserved_for = *key;
	app->used_count++;
}

void app_table_drop_reservations(struct app_table *table)
{
	struct app *app;
	struct app *next;
	size_t i;

	HASH_ITER(hh, table->apps, app, next)
	{
		for (i = 0; i < app->slot_count; i++) {
			if (app->slots[i].is_reserved) {
				app->slots[i].is_reserved = false;
				app->used_count--;
			}
		}
		remove_if_unused(table, app);
	}
}

struct app *app_table_next(struct app_table *table, const struct app *app)
{
	return app == NULL ? table->apps : app->hh.next;
}

size_t app_table_count(const struct app_table *table)
{
	return HASH_COUNT(table->apps);
}
