// SPDX-License-Identifier: MIT
/*
 * One process as heapwatch knows it: identity, memory, heaps, verdict. No I/O, no clock.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_PROCESS_H
#define HEAPWATCH_DAEMON_MODEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/alert.h"
#include "daemon/model/experience.h"
#include "daemon/model/inspected.h"
#include "daemon/model/isolate.h"
#include "daemon/model/map_course.h"
#include "daemon/model/outside.h"
#include "daemon/model/series.h"
#include "daemon/model/sites.h"
#include "daemon/model/trail.h"
#include "daemon/model/verdict.h"

/*
 * A new isolate takes the place, name and totals of one that is gone; beyond the maximum, further
 * ones are counted into the last one's totals.
 */
#define ISOLATES_MAX 64

/* The sources that gave facts: bits of struct process.sources. */
enum source { SOURCE_PROC, SOURCE_GCLOG, SOURCE_INSPECTOR, SOURCE_COUNT };

/* What scoring remembers from one evaluation to the next. */
struct score_memory {
	double level;   /* the score, smoothed */
	double carried; /* of the life before in this slot, when that ended leaking */
	uint64_t carried_at_ns;
	uint64_t high_since_ns; /* the score that calls a leak was reached, and held; 0: not */
	/* The episode: a leak was called and not yet revoked. */
	uint64_t episode_peak_ns;    /* when its level was last the highest; 0: none */
	double episode_start;        /* level at its onset: bytes or threads */
	double episode_peak;         /* the highest floor since */
	double episode_rise_seconds; /* how long it had risen when it was called, of production */
	uint64_t episode_signal;     /* which signal rose: scoring's own number for it */
};

/* What a pointer in here or in struct isolate owns, picture.c copies. */
struct process {
	struct process_key key;
	pid_t shown_pid; /* the key's, but of a process known from its log the printed one */
	uint64_t start_ns;
	uint64_t first_seen_ns;
	char *app; /* owned, as all strings here; "" when unknown */
	char *script;
	char *node_version;
	char *container_id;
	char *pod_uid;
	char *container_name;
	char *unit;
	uint64_t max_old_space_bytes; /* from flags; 0: not given */
	uint64_t max_semi_space_bytes;
	uint64_t bucket_width_ns; /* of the series, scaled */
	unsigned slot;
	unsigned sources;   /* 1 << enum source */
	unsigned rule;      /* of the facts */
	bool is_exported;   /* older than discovery.min_age */
	bool is_alerting;   /* one of its alerts is firing */
	bool needs_scoring; /* a floor or a bucket arrived since the last evaluation */
	/* Which of the four below were told. */
	bool has_memory;
	bool has_detail;
	bool has_proportional;
	bool has_map;
	uint8_t needs[PROCESS_FACT_COUNT]; /* enum process_need: for what may not be read of it */
	uint8_t evidence_count;

	struct firing_alert alerts[CONDITION_LIVING_COUNT];

	struct memory_sample memory;
	struct memory_detail detail;
	struct proportional_sample proportional;
	struct memory_map map;
	struct map_course map_course;

	struct isolate **isolates; /* owned, in order of first sight */
	size_t isolate_count;

	struct inspected inspected;

	struct outside_level outside_level;
	struct series outside; /* the levels */
	struct series threads;
	struct trail trail;

	uint64_t scored_ns;
	struct score_memory score_memory;
	struct experience *experience; /* of its app, borrowed; NULL: none */
	struct verdict verdict;
	struct leak_sites *sites;             /* owned; NULL: not explained */
	char (*evidence)[EVIDENCE_TEXT_SIZE]; /* owned; NULL until something is said */
};

/* Takes ownership of nothing; strings are copied. NULL without memory. */
struct process *process_new(const struct process_facts *facts, uint64_t now_ns, double time_scale);
struct process *process_free(struct process *process);
/* Strings, limits and node version; not the app, which the model decides. -ENOMEM. */
int process_set_facts(struct process *process, const struct process_facts *facts)
    __attribute__((warn_unused_result));
/* -ENOMEM. */
int process_set_app(struct process *process, const char *app) __attribute__((warn_unused_result));
/* Copied; NULL: none. Without memory there are none, either. */
void process_set_sites(struct process *process, const struct leak_sites *sites);
void process_add_memory(struct process *process, const struct memory_sample *sample);
void process_add_detail(struct process *process, const struct memory_detail *detail);
void process_add_map(struct process *process, const struct memory_map *map);
void process_add_gc(struct process *process, uint64_t at_ns, const struct gc_event *event);
/* Without memory the incident is lost. An address of 0 means the isolate that spoke last. */
void process_add_incident(struct process *process, uint64_t address, uint64_t at_ns,
                          enum heap_incident incident);
/* Without memory it is lost; an address of 0 as above. */
void process_add_heap(struct process *process, uint64_t at_ns, const struct heap_sample *sample);
/* True after a fatal out-of-memory line of any of its isolates. */
bool process_has_fatal_oom(const struct process *process);

/* Over the heaps that live; committed is at least used where a trace does not print it (nvp up to
 * Node 23). */
uint64_t process_used_bytes(const struct process *process);
uint64_t process_committed_bytes(const struct process *process);
/* Takes the process as it is now into its trail; event: a collection that was just added, or NULL.
 */
void process_record(struct process *process, uint64_t at_ns, const struct gc_event *event);

uint64_t process_rss_anon_bytes(const struct process *process);
uint64_t process_rss_file_bytes(const struct process *process);
uint64_t process_rss_shmem_bytes(const struct process *process);

#endif
