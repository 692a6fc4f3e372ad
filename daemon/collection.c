// SPDX-License-Identifier: MIT
/*
 * Facts go up: from the collectors through the sink into the model. Collectors are told of each
 * other's processes here, so that none knows another.
 */
#include "daemon/collection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/exposition/metrics.h"
#include "daemon/model/model.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/pack.h"
#include "lib/units.h"

#define COLLECTORS_MAX 8

struct collection {
	struct collector_sink sink;
	struct model *model;
	void *instances[COLLECTORS_MAX];
	uint64_t news_count;
	/* Of the pass under way: */
	bool is_unfinished[COLLECTORS_MAX];
	uint64_t spent_ns[COLLECTORS_MAX];
	struct collector_status status[COLLECTORS_MAX];
};

static void tell_collectors(struct collection *collection, const struct process_facts *facts)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (collector_registry[i]->process_seen != NULL)
			collector_registry[i]->process_seen(collection->instances[i], facts);
}

static void on_process_found(void *context, const struct process_facts *facts)
{
	struct collection *collection = context;
	int r = model_process_found(collection->model, clock_boottime_ns(), facts);

	if (r < 0) {
		log_debug("process is not followed pid=%d",
		          facts->key.pid); /* counted by the model */
		return;
	}
	log_debug("found pid=%d app=\"%s\" node=%s", facts->key.pid, facts->app,
	          facts->node_version);
	tell_collectors(collection, facts);
}

static void on_process_changed(void *context, const struct process_facts *facts)
{
	struct collection *collection = context;

	if (model_process_changed(collection->model, facts) == 0)
		tell_collectors(collection, facts);
}

static void on_process_exited(void *context, const struct process_key *key,
                              const struct process_exit *exit)
{
	struct collection *collection = context;
	size_t i;

	log_debug("gone pid=%d", key->pid);
	/* First, so that the last lines of its log are still counted for it. */
	for (i = 0; i < collector_registry_count; i++)
		if (collector_registry[i]->process_gone != NULL)
			collector_registry[i]->process_gone(collection->instances[i], key);
	model_process_exited(collection->model, key, exit);
}

static void on_process_dropped(void *context, enum drop_reason reason)
{
	struct collection *collection = context;

	model_dropped(collection->model, reason);
}

static void on_memory(void *context, const struct process_key *key,
                      const struct memory_sample *sample)
{
	struct collection *collection = context;

	model_memory(collection->model, key, sample);
}

static void on_memory_detail(void *context, const struct process_key *key,
                             const struct memory_detail *detail)
{
	struct collection *collection = context;

	model_memory_detail(collection->model, key, detail);
}

static void on_proportional(void *context, const struct process_key *key,
                            const struct proportional_sample *sample)
{
	struct collection *collection = context;

	model_proportional(collection->model, key, sample);
}

static void on_memory_map(void *context, const struct process_key *key,
                          const struct memory_map *map)
{
	struct collection *collection = context;

	model_memory_map(collection->model, key, map);
}

static void on_gc(void *context, const struct process_key *key, uint64_t at_ns,
                  const struct gc_event *event)
{
	struct collection *collection = context;

	collection->news_count++;
	model_gc(collection->model, key, at_ns, event);
}

static void on_incident(void *context, const struct process_key *key, uint64_t isolate,
                        uint64_t at_ns, enum heap_incident incident)
{
	struct collection *collection = context;

	collection->news_count++;
	model_incident(collection->model, key, isolate, at_ns, incident);
}

static void on_heap(void *context, const struct process_key *key, uint64_t at_ns,
                    const struct heap_sample *sample)
{
	struct collection *collection = context;

	collection->news_count++;
	model_heap(collection->model, key, at_ns, sample);
}

static void on_lacks(void *context, const struct process_key *key, enum process_fact fact,
                     enum process_need need)
{
	const struct collection *collection = context;
	struct process *process = model_find(collection->model, key);

	if (process != NULL)
		process->needs[fact] = (uint8_t)need;
}

static void on_heap_level(void *context, const struct process_key *key, uint64_t at_ns,
                          const struct heap_level *level)
{
	struct collection *collection = context;

	model_heap_level(collection->model, key, at_ns, level);
}

static void on_error(void *context, const char *collector, enum collector_error error)
{
	struct collection *collection = context;
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (strcmp(collector_registry[i]->name, collector) == 0)
			collection->status[i].errors[error]++;
}

static struct collector_sink make_sink(struct collection *collection)
{
	return (struct collector_sink){
	    .context = collection,
	    .process_found = on_process_found,
	    .process_changed = on_process_changed,
	    .process_exited = on_process_exited,
	    .process_dropped = on_process_dropped,
	    .memory = on_memory,
	    .memory_detail = on_memory_detail,
	    .proportional = on_proportional,
	    .memory_map = on_memory_map,
	    .gc = on_gc,
	    .incident = on_incident,
	    .heap = on_heap,
	    .lacks = on_lacks,
	    .heap_level = on_heap_level,
	    .error = on_error,
	};
}

DEFINE_CLEANUP(struct collection, collection_free)

struct collection *collection_new(const struct collector_options *options,
                                  const struct collector_host *host, struct model *model)
{
	_cleanup_(collection_freep) struct collection *collection = calloc(1, sizeof(*collection));
	size_t i;

	if (collection == NULL || collector_registry_count > COLLECTORS_MAX)
		return NULL;
	collection->model = model;
	collection->sink = make_sink(collection);
	for (i = 0; i < collector_registry_count; i++) {
		collection->status[i].name = collector_registry[i]->name;
		collection->instances[i] =
		    collector_registry[i]->create(options, host, &collection->sink);
		if (collection->instances[i] == NULL)
			return NULL;
	}
	return TAKE_PTR(collection);
}

struct collection *collection_free(struct collection *collection)
{
	size_t i;

	if (collection == NULL)
		return NULL;
	for (i = collector_registry_count; i-- > 0;)
		if (collection->instances[i] != NULL)
			collector_registry[i]->destroy(collection->instances[i]);
	free(collection);
	return NULL;
}

void collection_reconfigure(struct collection *collection, const struct config *config)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (collector_registry[i]->reconfigure != NULL)
			collector_registry[i]->reconfigure(collection->instances[i], config);
}

/* Takes the result of a pass, or of a part of it, that began at start_ns. */
static void note(struct collection *collection, size_t i, int result, uint64_t start_ns)
{
	collection->is_unfinished[i] = result > 0;
	collection->spent_ns[i] += clock_boottime_ns() - start_ns;
	if (result > 0)
		return;
	collection->status[i].is_success = result == 0;
	collection->status[i].duration_seconds = ns_to_seconds(collection->spent_ns[i]);
}

static bool is_finished(const struct collection *collection)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (collection->is_unfinished[i])
			return false;
	return true;
}

bool collection_pass(struct collection *collection)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++) {
		uint64_t start_ns = clock_boottime_ns();

		collection->spent_ns[i] = 0;
		note(collection, i, collector_registry[i]->pass(collection->instances[i], start_ns),
		     start_ns);
	}
	return is_finished(collection);
}

bool collection_resume(struct collection *collection)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++) {
		uint64_t start_ns = clock_boottime_ns();

		if (collection->is_unfinished[i])
			note(collection, i,
			     collector_registry[i]->resume(collection->instances[i], start_ns),
			     start_ns);
	}
	return is_finished(collection);
}

uint64_t collection_news_count(const struct collection *collection)
{
	return collection->news_count;
}

int collection_save(const struct collection *collection, struct buf *out)
{
	int result = 0;
	size_t at;
	size_t i;

	for (i = 0; i < collector_registry_count; i++) {
		if (collector_registry[i]->save == NULL)
			continue;
		pack_string(out, collector_registry[i]->name);
		at = pack_begin(out);
		if (collector_registry[i]->save(collection->instances[i], out) < 0)
			result = -EAGAIN;
		pack_end(out, at);
	}
	return result;
}

static void restore_one(struct collection *collection, const char *name, const char *bytes,
                        size_t length)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (collector_registry[i]->restore != NULL &&
		    strcmp(collector_registry[i]->name, name) == 0)
			collector_registry[i]->restore(collection->instances[i], bytes, length);
}

void collection_restore(struct collection *collection, struct unpack *in)
{
	char name[32];
	const char *bytes;
	size_t length;

	while (!in->has_failed && in->at < in->end) {
		unpack_string(in, name, sizeof(name));
		bytes = unpack_bytes(in, &length);
		if (!in->has_failed)
			restore_one(collection, name, bytes, length);
	}
}

size_t collection_status(struct collection *collection, const struct collector_status **ret_status)
{
	size_t i;

	for (i = 0; i < collector_registry_count; i++)
		if (collector_registry[i]->counters != NULL)
			collection->status[i].counter_count = collector_registry[i]->counters(
			    collection->instances[i], collection->status[i].counters);
	*ret_status = collection->status;
	return collector_registry_count;
}
