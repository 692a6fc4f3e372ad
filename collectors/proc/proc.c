// SPDX-License-Identifier: MIT
/*
 * The collector itself: what a pass does, in which order, and what is told to whom. A pass scans
 * the pids, samples every followed process, gives some their slower turn, and lets the pool look at
 * what is new. What the pool finds is taken in between passes, as soon as it is known.
 */
#include "collectors/proc/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "collectors/proc/state.h"
#include "config/config.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/units.h"

#define FDS_IN_RESERVE 128 /* for connections, logs and the pool */

static uint64_t count_of_fds_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return u64_subtract_floor(limit.rlim_cur, FDS_IN_RESERVE) / IDENTITY_FDS;
}

static void proc_destroy(void *self)
{
	struct proc *proc = self;

	if (proc == NULL)
		return;
	(void)examiner_free(proc->examiner);
	(void)costly_free(proc->costly);
	while (proc->table != NULL)
		discover_stop(proc, proc->table);
	(void)scan_free(proc->scan);
	(void)cgroups_free(proc->cgroups);
	closep(&proc->proc_fd);
	free(proc);
}

static bool create_parts(struct proc *proc, const struct collector_options *options)
{
	struct examiner_options examiner = {.host = proc->host,
	                                    .proc_fd = proc->proc_fd,
	                                    .procfs_path = options->procfs_path,
	                                    .rootfs_path = options->rootfs_path,
	                                    .has_pidfds = proc->has_pidfds,
	                                    .context = proc,
	                                    .examined = discover_examined,
	                                    .batch_done = discover_batch_done};
	struct costly_options costly = {.host = proc->host,
	                                .proc_fd = proc->proc_fd,
	                                .budget_ns = proc->config->sampling.smaps_budget_ns,
	                                .context = proc,
	                                .pick = sample_pick,
	                                .done = sample_costly_done};

	proc->scan = scan_new(proc->proc_fd);
	proc->examiner = examiner_new(&examiner);
	proc->cgroups = cgroups_new(proc->proc_fd, options->rootfs_path);
	proc->costly = costly_new(&costly);
	return proc->scan != NULL && proc->examiner != NULL && proc->cgroups != NULL &&
	       proc->costly != NULL;
}

static void *proc_create(const struct collector_options *options, const struct collector_host *host,
                         const struct collector_sink *sink)
{
	struct proc *proc = calloc(1, sizeof(*proc));

	if (proc == NULL) {
		log_errorx("no memory for the proc collector");
		return NULL;
	}
	proc->host = host;
	proc->sink = sink;
	proc->config = options->config;
	proc->proc_fd = open(options->procfs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc->proc_fd < 0) {
		log_error(-errno, "cannot open procfs path=%s", options->procfs_path);
		free(proc);
		return NULL;
	}
	proc->has_pidfds = identity_procfs_is_own(proc->proc_fd);
	proc->fd_limit_count = count_of_fds_allowed();
	memory_reader_init(&proc->reader, proc->proc_fd);
	if (!create_parts(proc, options)) {
		log_errorx("no memory or no file descriptors for the proc collector");
		proc_destroy(proc);
		return NULL;
	}
	return proc;
}

static int proc_resume(void *self, uint64_t now_ns)
{
	struct proc *proc = self;

	if (!sample_memory(proc, now_ns))
		return 1;
	sample_details(proc, now_ns);
	follow_announce(proc->table, proc->reader.tick_ns, proc->sink);
	costly_turn(proc->costly, now_ns);
	return proc->scan_result == -EOVERFLOW ? 0 : proc->scan_result;
}

static int proc_pass(void *self, uint64_t now_ns)
{
	struct proc *proc = self;
	const struct scan_handler handler = {.context = proc,
	                                     .due = discover_due,
	                                     .vanished = discover_vanished,
	                                     .replaced = discover_replaced};

	proc->now_ns = now_ns;
	proc->pass_number++;
	proc->scan_result = scan_pass(proc->scan, now_ns, &handler);
	if (proc->scan_result < 0)
		state_tell_error(proc, state_error_of(proc->scan_result));
	examiner_submit(proc->examiner);
	return proc_resume(proc, now_ns);
}

static void proc_reconfigure(void *self, const struct config *config)
{
	struct proc *proc = self;

	proc->config = config;
	costly_set_budget(proc->costly, config->sampling.smaps_budget_ns);
	discover_apply_rules(proc);
}

const struct collector proc_collector = {.name = proc_collector_name,
                                         .create = proc_create,
                                         .destroy = proc_destroy,
                                         .pass = proc_pass,
                                         .resume = proc_resume,
                                         .reconfigure = proc_reconfigure,
                                         .counters = discover_counters};
