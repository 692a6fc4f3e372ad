// SPDX-License-Identifier: MIT
/*
 * The contract between where facts come from and who uses them.
 *
 * A collector turns /proc, logs or the inspector into neutral values (below) and hands them to a
 * struct collector_sink, which the daemon provides and tests fake. What it needs of the event loop
 * it takes from a struct collector_host. It never includes daemon/, never blocks, and gets time as
 * an argument; everything runs on the loop's thread except the work of a host job.
 *
 * Times are CLOCK_BOOTTIME nanoseconds, sizes bytes. Pointers inside values are borrowed for the
 * call only.
 */
#ifndef HEAPWATCH_COLLECTORS_COLLECTOR_H
#define HEAPWATCH_COLLECTORS_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/options.h"

/* ---- identity ---- */

/* A pid alone is reused; with its start time it names one process until the next boot. */
struct process_key {
	pid_t pid;            /* in heapwatch's own pid namespace */
	uint64_t start_ticks; /* proc(5) stat, field 22: clock ticks since boot */
};

struct file_identity {
	uint64_t device;
	uint64_t inode; /* 0: no such file */
};

#define NAMESPACE_DEPTH_MAX 8

/* What is known of a process when it is found; strings are "" when unknown, never NULL. */
struct process_facts {
	struct process_key key;
	uint64_t start_ns; /* of the process, on the boot-time clock */
	const char *app;   /* product name, see naming.h */
	const char *script;
	const char *node_version; /* "20.20.2" */
	const char *container_id; /* 64 hex digits */
	const char *pod_uid;
	/* NAMESPACE/POD/CONTAINER as far as known; of Docker and Podman the name alone. */
	const char *container_name;
	const char *unit; /* systemd unit */
	/* NSpid of status: outermost first; the last one is what the process itself prints. */
	pid_t namespace_pids[NAMESPACE_DEPTH_MAX];
	size_t namespace_count;
	/* The file that is its stdout, when that is a regular file. */
	struct file_identity stdout_file;
	const char
	    *stdout_path; /* path that heapwatch can open, with /proc/PID/root where needed */
	uint64_t
	    max_old_space_bytes; /* --max-old-space-size in argv or NODE_OPTIONS; 0: not given */
	uint64_t max_semi_space_bytes; /* --max-semi-space-size; 0: not given */
	bool traces_gc;                /* --trace-gc in argv */
	/*
	 * Known from its log alone: key.pid is beyond those of the kernel, namespace_pids[0] what
	 * it prints; there is no /proc of it.
	 */
	bool is_log_only;
	unsigned rule; /* the rule of apps that matches it, from 1; 0: none */
};

/* In an initializer: no text is known but the app's, for what stands in for a process. */
#define PROCESS_FACTS_UNKNOWN                                                                      \
	.script = "", .node_version = "", .container_id = "", .pod_uid = "", .container_name = "", \
	.unit = "", .stdout_path = ""

/* ---- memory ---- */

/* From the kept stat and statm fds, every pass. */
struct memory_sample {
	uint64_t at_ns;
	uint64_t rss_bytes;
	uint64_t rss_shared_bytes; /* RssFile + RssShmem: the third field of statm */
	uint64_t virtual_bytes;
	uint64_t user_cpu_ns;
	uint64_t system_cpu_ns;
	uint64_t threads;
};

/* From status, fd/ and the cgroup, on a slower turn. */
struct memory_detail {
	uint64_t at_ns;
	uint64_t rss_anon_bytes;
	uint64_t rss_file_bytes;
	uint64_t rss_shmem_bytes;
	uint64_t swap_bytes;
	bool has_open_fds; /* false without permission */
	uint64_t open_fds;
	uint64_t max_fds;    /* soft RLIMIT_NOFILE; 0: not known, UINT64_MAX: unlimited */
	uint64_t data_bytes; /* VmData; 0: not known */
	/* The tightest limit above the process: a cgroup's, else the host's memory. */
	uint64_t limit_bytes;
	uint64_t limit_usage_bytes; /* of that cgroup or host */
	bool limit_is_cgroup;
};

/* From smaps_rollup, rarely and under a budget. */
struct proportional_sample {
	uint64_t at_ns;
	uint64_t pss_bytes;
};

/*
 * Writable anonymous address space by who mapped it, from /proc/PID/maps: rarely, as smaps_rollup.
 * An estimate from the shape of the mappings (proc/maps.h), for all isolates together.
 */
struct memory_map {
	uint64_t at_ns;
	uint64_t v8_page_bytes;         /* pages of V8's heaps */
	uint64_t v8_large_object_bytes; /* objects too large for a page */
	uint64_t malloc_bytes;          /* heap and arenas of malloc, and other mappings */
};

/* ---- exits ---- */

enum exit_cause { EXIT_CAUSE_EXIT, EXIT_CAUSE_SIGNAL, EXIT_CAUSE_OOM_KILL, EXIT_CAUSE_COUNT };

struct process_exit {
	uint64_t at_ns;
	enum exit_cause cause; /* EXIT_CAUSE_EXIT also when the status could not be read */
	bool has_status;
	int status;      /* as of wait(2), when has_status */
	bool is_ignored; /* it lives on, a rule says to leave it alone: no end is counted */
};

/* ---- garbage collections ---- */

enum gc_kind {
	GC_SCAVENGE,
	GC_MARK_COMPACT,       /* Mark-sweep up to Node 18 */
	GC_MINOR_MARK_COMPACT, /* also Minor Mark-Sweep */
	GC_KIND_COUNT
};

struct gc_event {
	enum gc_kind kind;
	/* Address printed by V8, or the thread where that is what is told; 0 where nothing is. */
	uint64_t isolate;
	uint64_t uptime_ns; /* since the isolate was initialised, at the end of the pause */
	uint64_t used_before_bytes;
	uint64_t committed_before_bytes; /* both committed sizes are 0 where not printed */
	uint64_t used_after_bytes;
	uint64_t committed_after_bytes;
	bool lacks_sizes; /* the source told none of the four; all are 0 */
	uint64_t pause_ns;
	double average_mutator_utilization; /* NAN where not printed */
	double current_mutator_utilization;
	bool is_reducing;        /* "(reduce)" */
	bool is_during_sweeping; /* "(interleaved)", "(during sweeping)" */
	bool is_last_resort;
	bool is_scavenge_might_not_succeed;
	bool is_external_pressure; /* reason names external memory */
};

/* Facts that a log states beside the collections themselves. */
enum heap_incident {
	HEAP_INCIDENT_FATAL_OOM, /* "FATAL ERROR: … heap out of memory" */
	HEAP_INCIDENT_MARKING_SPED_UP,
	HEAP_INCIDENT_MARKING_STARTED,   /* incrementally, on the way to a full collection */
	HEAP_INCIDENT_MARKING_FINALIZED, /* nothing is left to mark, or it was stopped */
	HEAP_INCIDENT_COUNT
};

/* ---- parts of a heap: --trace-gc-verbose, the inspector ---- */

/* V8's spaces of all versions, then the memory that a heap holds outside itself. */
enum heap_part {
	HEAP_PART_READ_ONLY,
	HEAP_PART_NEW,
	HEAP_PART_NEW_LARGE_OBJECT,
	HEAP_PART_OLD,
	HEAP_PART_OLD_POINTER, /* with old_data, Node 0.x's old space */
	HEAP_PART_OLD_DATA,
	HEAP_PART_CODE,
	HEAP_PART_MAP,
	HEAP_PART_CELL,
	HEAP_PART_PROPERTY_CELL,
	HEAP_PART_LARGE_OBJECT,
	HEAP_PART_CODE_LARGE_OBJECT,
	HEAP_PART_TRUSTED,
	HEAP_PART_TRUSTED_LARGE_OBJECT,
	HEAP_PART_SHARED,
	HEAP_PART_SHARED_LARGE_OBJECT,
	HEAP_PART_SHARED_TRUSTED,
	HEAP_PART_SHARED_TRUSTED_LARGE_OBJECT,
	HEAP_PART_SPACE_COUNT,
	/* What the embedder reported; from Node 14 on the ArrayBuffers among the next. */
	HEAP_PART_EXTERNAL_REPORTED = HEAP_PART_SPACE_COUNT,
	HEAP_PART_BACKING_STORE, /* process.memoryUsage().external, from Node 14 on */
	HEAP_PART_COUNT
};

/* As v8.getHeapSpaceStatistics() says: "old_space"; of a space only. */
const char *heap_space_name(enum heap_part space);

/* How large one part was at one time, commonly right after a collection. */
struct heap_sample {
	uint64_t isolate; /* 0: not told, the one that spoke last */
	enum heap_part part;
	uint64_t used_bytes;
	uint64_t committed_bytes; /* 0 where not told */
	bool has_available;       /* the inspector tells these two */
	uint64_t available_bytes;
	uint64_t physical_bytes; /* 0 where not told */
};

/* ---- what only the inspector tells ---- */

/*
 * Isolates of the inspector, which tells no addresses: the main one, and that of a worker thread by
 * adding its number. No address in a process is as high.
 */
#define ISOLATE_INSPECTOR_MAIN UINT64_C(0xFF00000000000000)

/*
 * Of a collection that the inspector told, used_before is not known and equals used_after; a GC log
 * of the same heap knows more.
 */
static inline bool isolate_is_inspectors(uint64_t isolate)
{
	return isolate >= ISOLATE_INSPECTOR_MAIN;
}

#define LOOP_RESOURCES_MAX      16
#define LOOP_RESOURCE_TYPE_SIZE 32

struct loop_resource {
	char type[LOOP_RESOURCE_TYPE_SIZE]; /* hostile text */
	uint64_t count;
};

/* One event loop, now. */
struct event_loop_sample {
	bool has_lag;
	uint64_t lag_ns; /* that an immediate waited */
	bool has_utilization;
	uint64_t idle_ns; /* since the loop began */
	uint64_t active_ns;
	bool has_resources;
	uint64_t resource_total;
	size_t resource_count; /* types; what is beyond the maximum is only in the total */
	struct loop_resource resources[LOOP_RESOURCES_MAX];
	bool has_handles;
	uint64_t handle_total; /* of libuv, as Node counts them */
	uint64_t request_total;
};

/* One isolate as it is now: its heap, garbage included, and its event loop. */
struct heap_level {
	uint64_t isolate;
	bool is_gone;       /* its thread has ended; nothing else is told then */
	uint64_t uptime_ns; /* of the isolate; 0: not told */
	uint64_t used_bytes;
	uint64_t committed_bytes;
	uint64_t limit_bytes; /* heap_size_limit, young generation included; 0: not told */
	bool has_detached_contexts;
	uint64_t detached_contexts;
	bool has_array_buffers;
	uint64_t array_buffer_bytes;
	struct event_loop_sample loop;
};

/* ---- errors ---- */

enum collector_error {
	COLLECTOR_ERROR_PERMISSION,
	COLLECTOR_ERROR_READ,
	COLLECTOR_ERROR_PARSE,
	COLLECTOR_ERROR_LIMIT, /* fds, watches, table sizes */
	COLLECTOR_ERROR_UNATTRIBUTED,
	COLLECTOR_ERROR_COUNT
};

const char *collector_error_name(enum collector_error error); /* label value of "reason" */

/* Why a process is known but not followed; label values of processes_dropped_total. */
enum drop_reason { DROP_PROCESS_LIMIT, DROP_FD_LIMIT, DROP_REASON_COUNT };

/* ---- what may not be read of a process ---- */

enum process_fact {
	PROCESS_FACT_ENVIRONMENT,   /* names of PM2 and of the pod, NODE_OPTIONS, the journal */
	PROCESS_FACT_FILES,         /* its root and directory: script, package.json */
	PROCESS_FACT_OPEN_FILES,    /* their number, and the file that is its stdout */
	PROCESS_FACT_MAPS,          /* maps and smaps_rollup: whose memory it is */
	PROCESS_FACT_CONTAINER_LOG, /* what a runtime keeps of its stdout */
	PROCESS_FACT_COUNT
};

/* What would allow it. */
enum process_need {
	PROCESS_NEED_NOTHING, /* it is read, or there is nothing to read */
	PROCESS_NEED_PTRACE,
	PROCESS_NEED_READ_SEARCH,
	PROCESS_NEED_PTRACE_AND_READ_SEARCH,
	PROCESS_NEED_MOUNT, /* of the runtime's logs below --path.rootfs */
	PROCESS_NEED_COUNT
};

const char *process_fact_name(enum process_fact fact); /* label values */
const char *process_need_name(enum process_need need); /* "" of NOTHING */

/* ---- sink: facts go up ---- */

struct collector_sink {
	void *context;
	void (*process_found)(void *context, const struct process_facts *facts);
	/* The same process under another app name or with more facts. */
	void (*process_changed)(void *context, const struct process_facts *facts);
	void (*process_exited)(void *context, const struct process_key *key,
	                       const struct process_exit *exit);
	void (*process_dropped)(void *context, enum drop_reason reason);
	void (*memory)(void *context, const struct process_key *key,
	               const struct memory_sample *sample);
	void (*memory_detail)(void *context, const struct process_key *key,
	                      const struct memory_detail *detail);
	void (*proportional)(void *context, const struct process_key *key,
	                     const struct proportional_sample *sample);
	void (*memory_map)(void *context, const struct process_key *key,
	                   const struct memory_map *map);
	/* at_ns: when the pause ended, as well as the source can tell. */
	void (*gc)(void *context, const struct process_key *key, uint64_t at_ns,
	           const struct gc_event *event);
	void (*incident)(void *context, const struct process_key *key, uint64_t isolate,
	                 uint64_t at_ns, enum heap_incident incident);
	void (*heap)(void *context, const struct process_key *key, uint64_t at_ns,
	             const struct heap_sample *sample);
	/* What it needs for a fact of a process that was found; the latest word counts. */
	void (*lacks)(void *context, const struct process_key *key, enum process_fact fact,
	              enum process_need need);
	void (*heap_level)(void *context, const struct process_key *key, uint64_t at_ns,
	                   const struct heap_level *level);
	void (*error)(void *context, const char *collector, enum collector_error error);
};

/* ---- host: the loop goes down ---- */

struct collector_watch; /* opaque, owned by the host */

struct collector_host {
	void *context;
	uint64_t (*now_ns)(void *context);
	/* Calls readable(data) while fd is readable. NULL when out of resources. */
	struct collector_watch *(*watch_fd)(void *context, int fd, void (*readable)(void *data),
	                                    void *data);
	/* Must precede close(fd); the watch is gone afterwards. */
	void (*unwatch_fd)(void *context, struct collector_watch *watch);
	/*
	 * Runs work(data) on a pool thread, then done(data) on the loop. -EAGAIN when the bounded
	 * queue is full (nothing is called then). done is always called for an accepted job, also
	 * at shutdown, before the host goes away.
	 */
	int (*submit)(void *context, void (*work)(void *data), void (*done)(void *data),
	              void *data);
};

/* ---- a collector ---- */

struct buf;    /* lib/buf.h */
struct config; /* config/config.h */

struct collector_options {
	const struct config *config;
	const char *procfs_path;
	const char *rootfs_path;
	const char *storage_path; /* NULL: run in memory */
	struct option_list gc_log_globs;
};

/* Counters of a collector's own, shown beside the common ones; monotonic unless said. */
struct collector_counter {
	const char *name;        /* metric family of docs/metrics.md */
	const char *label_value; /* of its one label, NULL when it has none */
	double value;
};

#define COLLECTOR_COUNTERS_MAX 32

struct collector {
	const char *name; /* label value of "collector", and of "sources" */
	/* Returns the instance or NULL (logged). host and sink outlive it. */
	void *(*create)(const struct collector_options *options, const struct collector_host *host,
	                const struct collector_sink *sink);
	void (*destroy)(void *self);
	/*
	 * One pass, each sampling interval. Returns 0, a negative errno (counted as no success), or
	 * a positive number when it would take the loop for too long at once: resume() is called
	 * then after others had their turn, until it returns 0 or less. NULL where that never is.
	 */
	int (*pass)(void *self, uint64_t now_ns);
	int (*resume)(void *self, uint64_t now_ns);
	/* Told of every process that any collector found, changed or lost; may be NULL. */
	void (*process_seen)(void *self, const struct process_facts *facts);
	void (*process_gone)(void *self, const struct process_key *key);
	/*
	 * On the loop, also between the parts of a pass: config replaces the one that options gave,
	 * which is freed when every collector has returned. It is valid already; what cannot be
	 * applied is logged. NULL when nothing of the configuration is used.
	 */
	void (*reconfigure)(void *self, const struct config *config);
	/*
	 * For the next start of heapwatch: appends where it stands, as of what it has handed to the
	 * sink so far. -EAGAIN: it has taken something in that it could not hand on yet and that
	 * would be lost. restore() gets the same bytes back before the first pass, checked for
	 * damage only. Both may be NULL.
	 */
	int (*save)(void *self, struct buf *out);
	void (*restore)(void *self, const char *bytes, size_t length);
	/* Fills at most COLLECTOR_COUNTERS_MAX; returns how many. May be NULL. */
	size_t (*counters)(void *self, struct collector_counter *ret_counters);
};

/* The table of collectors (registry.c): to add one is to add a row. */
extern const struct collector *const collector_registry[];
extern const size_t collector_registry_count;

static inline bool process_key_equal(const struct process_key *a, const struct process_key *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

#endif
