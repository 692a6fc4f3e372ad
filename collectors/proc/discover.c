// SPDX-License-Identifier: MIT
/*
 * How processes come and go: what the scan sees is examined in the pool, what is Node is followed,
 * and what ends, is replaced or becomes another program is told and let go.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "collectors/proc/state.h"
#include "config/config.h"
#include "lib/cleanup.h"
#include "lib/numbers.h"

static void tell_entry_error(const struct proc *proc, struct pid_entry *entry, int error)
{
	if (error == -ESRCH || error == -ENOENT || entry->is_denied)
		return;
	entry->is_denied = true;
	state_tell_error(proc, state_error_of(error));
}

/* ---- the end of a process ---- */

void discover_stop(struct proc *proc, struct followed *followed)
{
	struct pid_entry *entry = scan_find(proc->scan, followed->identity.key.pid);

	if (entry != NULL && entry->followed == followed) {
		entry->followed = NULL;
		entry->state = PID_UNKNOWN;
	}
	if (followed->watch != NULL)
		proc->host->unwatch_fd(proc->host->context, followed->watch);
	follow_remove(&proc->table, followed);
	(void)followed_free(followed);
}

static enum exit_cause cause_of(const struct followed *followed, const struct process_exit *exit)
{
	struct cgroup *cgroup = followed->cgroup;

	/* Reaped before we looked: kernels before 6.15 tell nobody else then, but still count. */
	if (!exit->has_status)
		return cgroup != NULL && cgroup_take_own_oom_kill(cgroup) ? EXIT_CAUSE_OOM_KILL
		                                                          : EXIT_CAUSE_EXIT;
	if (!WIFSIGNALED(exit->status))
		return EXIT_CAUSE_EXIT;
	if (WTERMSIG(exit->status) == SIGKILL && cgroup != NULL && cgroup_take_oom_kill(cgroup))
		return EXIT_CAUSE_OOM_KILL;
	return EXIT_CAUSE_SIGNAL;
}

void discover_end(struct proc *proc, struct followed *followed, bool is_replaced)
{
	struct process_exit exit = {.at_ns = proc->host->now_ns(proc->host->context)};
	struct process_key key = followed->identity.key;
	bool was_announced = followed->is_announced;

	exit.has_status =
	    !is_replaced && identity_exit_status(&followed->identity, &exit.status) == 0;
	exit.cause = is_replaced ? EXIT_CAUSE_EXIT : cause_of(followed, &exit);
	discover_stop(proc, followed);
	if (was_announced)
		proc->sink->process_exited(proc->sink->context, &key, &exit);
}

static void ignore(struct proc *proc, struct followed *followed)
{
	const struct process_exit exit = {.at_ns = proc->host->now_ns(proc->host->context),
	                                  .is_ignored = true};
	struct process_key key = followed->identity.key;
	bool was_announced = followed->is_announced;

	discover_stop(proc, followed);
	if (was_announced)
		proc->sink->process_exited(proc->sink->context, &key, &exit);
}

static void on_pidfd_readable(void *data)
{
	struct followed *followed = data;
	struct proc *proc = followed->owner;

	discover_end(proc, followed, false);
	follow_announce(proc->table, proc->reader.tick_ns, proc->sink);
}

/* ---- finding ---- */

static void tell_dropped(const struct proc *proc, struct pid_entry *entry, enum drop_reason reason)
{
	if (!entry->is_dropped)
		proc->sink->process_dropped(proc->sink->context, reason);
	entry->is_dropped = true;
}

static bool has_room(const struct proc *proc, struct pid_entry *entry)
{
	uint64_t count = HASH_COUNT(proc->table);

	if (count >= proc->config->limits.processes)
		tell_dropped(proc, entry, DROP_PROCESS_LIMIT);
	else if (count >= proc->fd_limit_count)
		tell_dropped(proc, entry, DROP_FD_LIMIT);
	else
		return true;
	return false;
}

void discover_due(void *context, struct pid_entry *entry)
{
	struct proc *proc = context;
	const struct executable *known;
	struct executable_key key;
	char path[NUMBER_TEXT_SIZE + 8];
	int r;

	(void)snprintf(path, sizeof(path), "%d/exe", (int)entry->pid);
	r = executable_identify(proc->proc_fd, path, &key);
	entry->is_unidentified = state_error_of(r) == COLLECTOR_ERROR_PERMISSION;
	if (r < 0) {
		/* -ENOENT: a kernel thread, or a zombie. */
		tell_entry_error(proc, entry, r);
		scan_set_other(entry, proc->now_ns);
		return;
	}
	known = examiner_executable(proc->examiner, &key);
	if ((entry->state == PID_OTHER && !entry->is_dropped &&
	     executable_key_equal(&entry->executable, &key)) ||
	    (known != NULL && (!known->is_node || !has_room(proc, entry)))) {
		entry->executable = key;
		scan_set_other(entry, proc->now_ns);
		return;
	}
	if (examiner_add(proc->examiner, entry->pid, &key))
		entry->state = PID_EXAMINED;
}

static void watch_exit(struct proc *proc, struct followed *followed)
{
	if (followed->identity.pidfd < 0)
		return;
	followed->watch = proc->host->watch_fd(proc->host->context, followed->identity.pidfd,
	                                       on_pidfd_readable, followed);
	if (followed->watch == NULL) /* its exit is then seen by the next pass */
		state_tell_followed_error(proc, followed, -ENOMEM);
}

static unsigned rule_number(const struct proc *proc, const struct app_rule *rule)
{
	return rule != NULL ? (unsigned)(rule - proc->config->apps) + 1 : 0;
}

static void follow(struct proc *proc, struct pid_entry *entry, struct candidate *candidate,
                   const struct app_rule *rule)
{
	const char *rule_name = rule != NULL && rule->name != NULL ? rule->name : "";
	struct cgroup *cgroup = cgroups_get(proc->cgroups, candidate->facts.cgroup_paths);
	bool is_denied = candidate->facts.is_denied;
	struct followed *followed;

	facts_forget_paths(&candidate->facts);
	followed = followed_new(candidate, rule_name, cgroup);
	if (followed == NULL)
		cgroup_release(cgroup);
	if (followed == NULL || !follow_add(&proc->table, followed)) {
		(void)followed_free(followed);
		tell_entry_error(proc, entry, -ENOMEM);
		return;
	}
	followed->owner = proc;
	followed->rule = rule_number(proc, rule);
	if (is_denied)
		state_tell_followed_error(proc, followed, -EACCES);
	watch_exit(proc, followed);
	if (cgroup != NULL) /* the counts of OOM kills are told from now on */
		(void)cgroup_read_limit(cgroup, proc->host->now_ns(proc->host->context));
	entry->state = PID_FOLLOWED;
	entry->followed = followed;
	entry->is_dropped = false;
}

static const struct app_rule *rule_of(const struct proc *proc, const struct facts *facts)
{
	struct app_subject subject = {.script = facts->script,
	                              .argv = facts->argv,
	                              .unit = facts->cgroup_names.unit,
	                              .container = facts->container};

	return config_app_rule(proc->config, &subject);
}

/* The entry is of state PID_OTHER until the last line. */
void discover_examined(void *context, struct candidate *candidate)
{
	struct proc *proc = context;
	struct pid_entry *entry = scan_find(proc->scan, candidate->pid);
	const struct app_rule *rule;

	if (entry == NULL || entry->state != PID_EXAMINED)
		return; /* it went, and another came, while we looked */
	scan_set_other(entry, proc->host->now_ns(proc->host->context));
	if (candidate->error == -EMFILE || candidate->error == -ENFILE) {
		tell_dropped(proc, entry, DROP_FD_LIMIT);
		return;
	}
	if (candidate->error < 0) {
		if (candidate->error != -ESTALE) /* it exec'ed meanwhile */
			tell_entry_error(proc, entry, candidate->error);
		return;
	}
	entry->executable = candidate->key;
	if (!candidate->executable.is_node || !has_room(proc, entry))
		return;
	rule = rule_of(proc, &candidate->facts);
	if (rule != NULL && rule->ignore)
		return;
	follow(proc, entry, candidate, rule);
}

/* It is Node and nobody follows it: a rule may have ignored it, or a limit. */
static void look_again(void *context, struct pid_entry *entry)
{
	const struct proc *proc = context;
	const struct executable *known;

	if (entry->state != PID_OTHER)
		return;
	known = examiner_executable(proc->examiner, &entry->executable);
	if (known == NULL || !known->is_node)
		return;
	entry->executable = (struct executable_key){.inode = 0};
	entry->check_ns = 0;
}

void discover_apply_rules(struct proc *proc)
{
	struct followed *followed, *next;

	scan_visit(proc->scan, look_again, proc);
	HASH_ITER(hh, proc->table, followed, next)
	{
		const struct app_rule *rule = rule_of(proc, &followed->facts);
		const char *name = rule != NULL && rule->name != NULL ? rule->name : "";

		followed->rule = rule_number(proc, rule);
		if (rule != NULL && rule->ignore)
			ignore(proc, followed);
		else if (strcmp(followed->rule_name, name) != 0 &&
		         !follow_set_rule_name(followed, name))
			state_tell_followed_error(proc, followed, -ENOMEM);
	}
	follow_tell_all(proc->table);
}

static void count_unidentified(void *context, struct pid_entry *entry)
{
	double *count = context;

	*count += entry->is_unidentified;
}

size_t discover_counters(void *self, struct collector_counter *ret_counters)
{
	struct proc *proc = self;

	ret_counters[0] = (struct collector_counter){
	    .name = "heapwatch_processes_unidentified",
	    .label_value = process_need_name(PROCESS_NEED_PTRACE),
	};
	scan_visit(proc->scan, count_unidentified, &ret_counters[0].value);
	return 1;
}

void discover_batch_done(void *context)
{
	struct proc *proc = context;

	follow_announce(proc->table, proc->reader.tick_ns, proc->sink);
}

void discover_vanished(void *context, struct pid_entry *entry)
{
	discover_end(context, entry->followed, false);
}

/* Another inode of /proc/PID: mostly another process, sometimes only a forgotten cache. */
void discover_replaced(void *context, struct pid_entry *entry)
{
	struct proc *proc = context;
	struct identity current;
	int directory_fd = identity_open_directory(proc->proc_fd, entry->pid);
	int r = directory_fd < 0 ? directory_fd
	                         : identity_open(directory_fd, entry->pid, false, &current);

	closep(&directory_fd);
	if (r == 0 && process_key_equal(&current.key, &entry->followed->identity.key)) {
		identity_close(&current);
		return;
	}
	if (r == 0)
		identity_close(&current);
	discover_end(proc, entry->followed, false);
}
