// SPDX-License-Identifier: MIT
/*
 * All that is known: processes by key, apps and their slots, and counters that outlive a process.
 * Time is an argument; the model neither reads nor writes anything outside itself.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_MODEL_H
#define HEAPWATCH_DAEMON_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/process.h"

struct model_options {
	size_t processes_max; /* limits.processes */
	size_t apps_max;      /* limits.apps; further apps are named "other" */
	uint64_t min_age_ns;  /* discovery.min_age, already scaled */
	double time_scale;    /* scoring.time_scale */
};

/* Why a process ended, as exported; the order of struct app_totals.exits. */
enum process_end {
	PROCESS_END_EXIT,
	PROCESS_END_SIGNAL,
	PROCESS_END_OOM_KILL,
	PROCESS_END_HEAP_OOM,
	PROCESS_END_COUNT
};

const char *process_end_name(enum process_end end);

struct app_totals {
	const char *app;
	uint64_t exits[PROCESS_END_COUNT];
};

struct model;

/* Told of each process that is gone or left alone from now on, before it is forgotten. */
struct model_observer {
	void *context;
	void (*exited)(void *context, const struct process *process, enum process_end end);
};

struct model *model_new(const struct model_options *options);
struct model *model_free(struct model *model);
/*
 * Other limits and another min_age, from now on: what is beyond a lower limit stays. time_scale
 * does not change.
 */
void model_reconfigure(struct model *model, const struct model_options *options);

/* One observer, from now on. */
void model_observe(struct model *model, const struct model_observer *observer);

/* -ENOSPC: over limits.processes (counted as dropped); -ENOMEM. Strings are copied. */
int model_process_found(struct model *model, uint64_t now_ns, const struct process_facts *facts)
    __attribute__((warn_unused_result));
/* Another app name gives another slot; -ENOENT when the key is not known. */
int model_process_changed(struct model *model, const struct process_facts *facts)
    __attribute__((warn_unused_result));
void model_process_exited(struct model *model, const struct process_key *key,
                          const struct process_exit *exit);
void model_memory(struct model *model, const struct process_key *key,
                  const struct memory_sample *sample);
void model_memory_detail(struct model *model, const struct process_key *key,
                         const struct memory_detail *detail);
void model_proportional(struct model *model, const struct process_key *key,
                        const struct proportional_sample *sample);
void model_memory_map(struct model *model, const struct process_key *key,
                      const struct memory_map *map);
void model_gc(struct model *model, const struct process_key *key, uint64_t at_ns,
              const struct gc_event *event);
void model_incident(struct model *model, const struct process_key *key, uint64_t isolate,
                    uint64_t at_ns, enum heap_incident incident);
void model_heap(struct model *model, const struct process_key *key, uint64_t at_ns,
                const struct heap_sample *sample);
void model_heap_level(struct model *model, const struct process_key *key, uint64_t at_ns,
                      const struct heap_level *level);
void model_dropped(struct model *model, enum drop_reason reason);

/* Marks processes as exported once they are old enough. Call once per pass. */
void model_advance(struct model *model, uint64_t now_ns);

struct process *model_find(const struct model *model, const struct process_key *key);
struct process *model_find_slot(const struct model *model, const char *app, unsigned slot);
/* By app, then slot; the array is the model's and valid until the next change. */
size_t model_processes(struct model *model, struct process *const **ret_processes);
/* Apps that exist or have had exits; likewise. */
size_t model_apps(struct model *model, const struct app_totals **ret_apps);
uint64_t model_dropped_count(const struct model *model, enum drop_reason reason);

/*
 * Slots survive a restart of heapwatchd: the caller keeps this text (one line per live process)
 * and gives it back before the first process is found. Unknown or malformed lines are ignored.
 */
struct buf;
void model_slots_save(struct model *model, struct buf *out);
void model_slots_restore(struct model *model, const char *text, size_t length);
/* Changes whenever the text would. */
uint64_t model_slots_generation(const struct model *model);

/*
 * So does what processes have shown (history.h): each gets its own back when it is found. -EBADMSG:
 * nothing of it can be used; -ENOMEM.
 */
void model_histories_save(const struct model *model, struct buf *out);
int model_histories_restore(struct model *model, const char *bytes, size_t length)
    __attribute__((warn_unused_result));

#endif
