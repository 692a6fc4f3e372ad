// SPDX-License-Identifier: MIT
/*
 * Three hash tables over one list, so that thousands of alerts at once cost no more each than a
 * few. An alert that is taken off the list stays until no picture holds it.
 */
#include "daemon/alerting/queue_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>
#include <utlist.h>

#include "lib/cleanup.h"

struct queue_process {
	uint64_t hash_key[2]; /* pid, start_ticks: struct process_key has padding */
	size_t alert_count;
	uint64_t walk; /* the last that met an alert of it that is due */
	UT_hash_handle hh;
};

struct queue_entry {
	struct queued_alert alert; /* first: an alert of the list is its entry */
	bool is_newest;
	unsigned picture_count;
	bool is_off; /* the list: it goes with the last picture */
	struct queue_process *process;
	UT_hash_handle by_id;
	UT_hash_handle by_key;
};

static struct queue_entry *entry_of(struct queued_alert *alert)
{
	return (struct queue_entry *)alert;
}

static struct queue_entry *entry_free(struct queue_entry *entry)
{
	if (entry == NULL)
		return NULL;
	free(entry->alert.boot_id);
	free(entry->alert.dedup_key);
	free(entry->alert.body);
	free(entry);
	return NULL;
}

DEFINE_CLEANUP(struct queue_entry, entry_free)

static struct queue_entry *copy(const struct queued_alert *source)
{
	_cleanup_(entry_freep) struct queue_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->alert = *source;
	entry->alert.boot_id = strdup(source->boot_id);
	entry->alert.dedup_key = strdup(source->dedup_key);
	entry->alert.body = strdup(source->body);
	if (entry->alert.boot_id == NULL || entry->alert.dedup_key == NULL ||
	    entry->alert.body == NULL)
		return NULL;
	return TAKE_PTR(entry);
}

static struct queue_entry *find_newest(const struct queue_list *list, const char *dedup_key)
{
	struct queue_entry *entry;

	HASH_FIND(by_key, list->by_key, dedup_key, strlen(dedup_key), entry);
	return entry;
}

static void be_newest_no_more(struct queue_list *list, struct queue_entry *entry)
{
	HASH_DELETE(by_key, list->by_key, entry);
	entry->is_newest = false;
}

static bool be_newest(struct queue_list *list, struct queue_entry *entry)
{
	const char *key = entry->alert.dedup_key;

	HASH_ADD_KEYPTR(by_key, list->by_key, key, strlen(key), entry);
	entry->is_newest = find_newest(list, key) == entry;
	return entry->is_newest;
}

/* ---- processes ---- */

static struct queue_process *find_process(const struct queue_list *list, const uint64_t key[2])
{
	struct queue_process *process;

	HASH_FIND(hh, list->by_process, key, 2 * sizeof(*key), process);
	return process;
}

/* The one of the alert, made when it is the first; NULL without memory. */
static struct queue_process *join_process(struct queue_list *list, const struct process_key *key)
{
	const uint64_t wanted[2] = {(uint64_t)key->pid, key->start_ticks};
	struct queue_process *process = find_process(list, wanted);

	if (process == NULL) {
		process = calloc(1, sizeof(*process));
		if (process == NULL)
			return NULL;
		memcpy(process->hash_key, wanted, sizeof(wanted));
		HASH_ADD(hh, list->by_process, hash_key, sizeof(wanted), process);
		if (find_process(list, wanted) == NULL) {
			free(process);
			return NULL;
		}
	}
	process->alert_count++;
	return process;
}

static void leave_process(struct queue_list *list, struct queue_process *process)
{
	if (process == NULL || --process->alert_count > 0)
		return;
	HASH_DELETE(hh, list->by_process, process);
	free(process);
}

/* ---- the list ---- */

/* Into the tables; false without memory, and then nothing has changed. */
static bool add_to_tables(struct queue_list *list, struct queue_entry *entry,
                          struct queue_entry *former)
{
	entry->process = join_process(list, &entry->alert.key);
	if (entry->process == NULL)
		return false;
	HASH_ADD(by_id, list->by_id, alert.id, sizeof(entry->alert.id), entry);
	if (queue_list_find(list, entry->alert.id) == NULL) {
		leave_process(list, entry->process);
		return false;
	}
	if (former != NULL)
		be_newest_no_more(list, former);
	if (be_newest(list, entry))
		return true;
	HASH_DELETE(by_id, list->by_id, entry);
	leave_process(list, entry->process);
	if (former != NULL)
		(void)be_newest(list, former); /* else it is only sent, not repeated */
	return false;
}

struct queued_alert *queue_list_append(struct queue_list *list, const struct queued_alert *source,
                                       struct queued_alert **ret_former)
{
	_cleanup_(entry_freep) struct queue_entry *entry = copy(source);
	struct queue_entry *former;

	if (entry == NULL || queue_list_find(list, entry->alert.id) != NULL)
		return NULL;
	former = find_newest(list, entry->alert.dedup_key);
	if (!add_to_tables(list, entry, former))
		return NULL;
	DL_APPEND2(list->first, &entry->alert, previous, next);
	list->count++;
	if (entry->alert.id > list->last_id)
		list->last_id = entry->alert.id;
	*ret_former = former != NULL ? &former->alert : NULL;
	return &TAKE_PTR(entry)->alert;
}

void queue_list_remove(struct queue_list *list, struct queued_alert *alert)
{
	struct queue_entry *entry = entry_of(alert);

	if (entry->is_newest)
		be_newest_no_more(list, entry);
	HASH_DELETE(by_id, list->by_id, entry);
	leave_process(list, entry->process);
	DL_DELETE2(list->first, alert, previous, next);
	list->count--;
	entry->is_off = true;
	if (entry->picture_count == 0)
		(void)entry_free(entry);
}

struct queued_alert *queue_list_find(const struct queue_list *list, uint64_t id)
{
	struct queue_entry *entry;

	HASH_FIND(by_id, list->by_id, &id, sizeof(id), entry);
	return entry != NULL ? &entry->alert : NULL;
}

bool queue_list_is_newest(const struct queued_alert *alert)
{
	return ((const struct queue_entry *)alert)->is_newest;
}

struct queued_alert *queue_list_find_due(struct queue_list *list, unsigned receiver,
                                         uint64_t last_id, uint64_t after_id)
{
	struct queued_alert *first = NULL;
	struct queued_alert *alert;

	list->walk++;
	for (alert = list->first; alert != NULL && alert->id <= last_id; alert = alert->next) {
		struct queue_process *process = entry_of(alert)->process;

		if ((alert->due >> receiver & 1) == 0 || process->walk == list->walk)
			continue;
		process->walk = list->walk;
		if (alert->id > after_id)
			return alert;
		if (first == NULL)
			first = alert;
	}
	return first;
}

void queue_list_drop_names(struct queue_list *list)
{
	while (list->name_count > 0)
		free(list->names[--list->name_count]);
}

void queue_list_done(struct queue_list *list)
{
	struct queued_alert *alert;
	struct queued_alert *next;
	struct queue_process *process;
	struct queue_process *next_process;

	HASH_CLEAR(by_key, list->by_key);
	HASH_CLEAR(by_id, list->by_id);
	DL_FOREACH_SAFE2(list->first, alert, next, next)
	{
		(void)entry_free(entry_of(alert));
	}
	list->first = NULL;
	list->count = 0;
	process = list->by_process; /* linked, too */
	HASH_CLEAR(hh, list->by_process);
	for (; process != NULL; process = next_process) {
		next_process = process->hh.next;
		free(process);
	}
	queue_list_drop_names(list);
}

/* ---- pictures ---- */

static bool copy_names(const struct queue_list *list, struct queue_picture *picture)
{
	for (; picture->name_count < list->name_count; picture->name_count++) {
		picture->names[picture->name_count] = strdup(list->names[picture->name_count]);
		if (picture->names[picture->name_count] == NULL)
			return false;
	}
	return true;
}

int queue_list_take(const struct queue_list *list, struct queue_picture *ret_picture)
{
	struct queue_picture picture = {.count = 0};
	struct queued_alert *alert;

	picture.alerts = calloc(list->count + 1, sizeof(*picture.alerts));
	picture.entries = calloc(list->count + 1, sizeof(struct queue_entry *));
	if (picture.alerts == NULL || picture.entries == NULL || !copy_names(list, &picture)) {
		queue_picture_release(&picture);
		return -ENOMEM;
	}
	DL_FOREACH2(list->first, alert, next)
	{
		entry_of(alert)->picture_count++;
		picture.alerts[picture.count] = *alert;
		picture.entries[picture.count++] = entry_of(alert);
	}
	*ret_picture = picture;
	return 0;
}

void queue_picture_release(struct queue_picture *picture)
{
	while (picture->count > 0) {
		struct queue_entry *entry = picture->entries[--picture->count];

		entry->picture_count--;
		if (entry->is_off && entry->picture_count == 0)
			(void)entry_free(entry);
	}
	while (picture->name_count > 0)
		free(picture->names[--picture->name_count]);
	free(picture->alerts);
	free(picture->entries);
	*picture = (struct queue_picture){.alerts = NULL};
}
