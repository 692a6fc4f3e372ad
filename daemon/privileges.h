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
	PRIVILEGE_NETWORKS,    /* CAP_SYS_ADMIN: inspectors in other network namespaces */
	PRIVILEGE_COUNT
};

/* "CAP_SYS_PTRACE", … */
const char *privilege_name(enum privilege privilege);
/* In effect for this thread. */
bool privilege_is_held(enum privilege privilege);

/* What the configuration may lead to. */
struct privilege_needs {
	bool signals;  /* inspector.mode: signal, somewhere */
	bool networks; /* any mode but off: sockets in the network namespaces of processes */
	bool binds;    /* a port below 1024 is still to be listened on */
};

struct privilege_needs privileges_needed(const struct config *config);
/*
 * Gives up every capability but those that are held and needed. Without libcap-ng nothing happens.
 * A failure is logged.
 */
void privileges_drop(struct privilege_needs needs);
/* Says which right is missing, and what cannot be read without it. */
void privileges_report(void);
/*
 * Lets system calls that heapwatchd never makes fail with EPERM, for this and all later threads:
 * running programs, tracing, mounting, namespaces but those of networks where they are needed,
 * modules, and signals unless needed. Without libseccomp nothing happens. A failure is logged.
 */
void privileges_filter(struct privilege_needs needs);

#endif
