// SPDX-License-Identifier: MIT
/*
 * Two hash tables over one list, so that thousands of alerts at once cost no more each than a few.
 */
#include "daemon/alerting/queue_list.h"

#include <stdlib.h>
#include <string.h>

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>
#include <utlist.h>

#include "lib/cleanup.h"

struct queue_entry {
	struct queued_alert alert; /* first: an alert of the list is its entry */
	bool is_newest;
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

struct queued_alert *queue_list_append(struct queue_list *list, const struct queued_alert *source,
                                       struct queued_alert **ret_former)
{
	_cleanup_(entry_freep) struct queue_entry *entry = copy(source);
	struct queue_entry *former;

	if (entry == NULL || queue_list_find(list, entry->alert.id) != NULL)
		return NULL;
	HASH_ADD(by_id, list->by_id, alert.id, sizeof(entry->alert.id), entry);
	if (queue_list_find(list, entry->alert.id) == NULL)
		return NULL;
	former = find_newest(list, entry->alert.dedup_key);
	if (former != NULL)
		be_newest_no_more(list, former);
	if (!be_newest(list, entry)) {
		HASH_DELETE(by_id, list->by_id, entry);
		if (former != NULL)
			(void)be_newest(list, former); /* else it is only sent, not repeated */
		return NULL;
	}
	DL_APPEND2(list->first, &entry->alert, previous, next);
	list->count++;
	*ret_former = former != NULL ? &former->alert : NULL;
	return &TAKE_PTR(entry)->alert;
}

void queue_list_remove(struct queue_list *list, struct queued_alert *alert)
{
	struct queue_entry *entry = entry_of(alert);

	if (entry->is_newest)
		be_newest_no_more(list, entry);
	HASH_DELETE(by_id, list->by_id, entry);
	DL_DELETE2(list->first, alert, previous, next);
	list->count--;
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

void queue_list_done(struct queue_list *list)
{
	struct queued_alert *alert;
	struct queued_alert *next;

	HASH_CLEAR(by_key, list->by_key);
	HASH_CLEAR(by_id, list->by_id);
	DL_FOREACH_SAFE2(list->first, alert, next, next)
	{
		(void)entry_free(entry_of(alert));
	}
	list->first = NULL;
	list->count = 0;
}
