// SPDX-License-Identifier: MIT
/*
 * What heapwatchd keeps of its rights once it has started: the capabilities that its work needs,
 * none that a program could regain (NO_NEW_PRIVS), and no system call that only an intruder would
 * make. Capabilities belong to threads: both steps come before the worker pool has any.
 */
#ifndef HEAPWATCH_DAEMON_PRIVILEGES_H
#define HEAPWATCH_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

struct config;

enum privilege {
	PRIVILEGE_PTRACE,      /* CAP_SYS_PTRACE: executables, maps and open files of other users */
	PRIVILEGE_READ_SEARCH, /* CAP_DAC_READ_SEARCH: their logs, behind closed directories */
	PRIVILEGE_KILL,        /* CAP_KILL: SIGUSR1 to them, where the configuration says signal */
	PRIVILEGE_COUNT
};

/* "CAP_SYS_PTRACE", … */
const char *privilege_name(enum privilege privilege);
/* In effect for this thread. */
bool privilege_is_held(enum privilege privilege);

/* Whether anything in the configuration may send a signal. */
bool privileges_may_signal(const struct config *config);
/*
 * Gives up every capability but those above that are held and needed; may_bind: and the one for
 * ports below 1024. Without libcap-ng nothing happens. A failure is logged.
 */
void privileges_drop(bool may_signal, bool may_bind);
/* Says which right is missing, and what cannot be read without it. */
void privileges_report(void);
/*
 * Lets system calls that heapwatchd never makes fail with EPERM, for this and all later threads:
 * running programs, tracing, mounting, namespaces, modules, and signals unless may_signal. Without
 * libseccomp nothing happens. A failure is logged.
 */
void privileges_filter(bool may_signal);

#endif
