// SPDX-License-Identifier: MIT
/*
 * Where a Node process may have an inspector open: what its flags say, and on what it listens. The
 * parsers are pure; find_candidates() reads /proc and belongs on a pool thread, since a process may
 * have a great many descriptors. Only loopback is ever a candidate.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_FIND_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/inspector/wire.h"

#define INSPECTOR_DEFAULT_PORT 9229

/* What --inspect and its relatives say, the last one of them. */
struct find_flags {
	bool is_open;    /* --inspect, --inspect-brk, --inspect-wait */
	bool is_public;  /* the host is neither 127.0.0.0/8, ::1 nor localhost */
	bool has_port;   /* also of --inspect-port */
	uint16_t port;   /* 0: any that is free; INSPECTOR_DEFAULT_PORT unless has_port */
	bool is_refused; /* --disable-sigusr1 or --permission: a signal opens nothing */
	/* There is an address that may be Node's or the application's, or a value apart. */
	bool is_unclear;
};

#define FIND_FLAGS_INIT ((struct find_flags){.port = INSPECTOR_DEFAULT_PORT})

/* text: /proc/PID/cmdline. Flags stop at the script, or at the value of another flag that looks
 * like one; addresses behind it are unclear. */
void find_flags_of_command_line(const char *text, size_t length, struct find_flags *flags);
/* text: the value of NODE_OPTIONS, of words separated by blanks. Read it before the command line,
 * which wins. */
void find_flags_of_node_options(const char *text, struct find_flags *flags);

struct find_listener {
	struct inspector_address address; /* network_fd 0 */
	uint64_t inode;
};

/*
 * The listeners on loopback in /proc/PID/net/tcp (is_ipv6: tcp6), whoever owns them; at most
 * max_count. What is no such row is skipped.
 */
size_t find_listeners(const char *text, size_t length, bool is_ipv6,
                      struct find_listener *ret_listeners, size_t max_count);

#define FIND_LISTENERS_MAX  256
#define FIND_CANDIDATES_MAX 8

struct find_result {
	int error; /* negative errno: its descriptors cannot be read, or it is gone */
	struct find_flags flags;
	bool is_other_network; /* than ours: a candidate is reached through its namespace */
	/* Its own listeners, the most likely one first. */
	struct find_listener candidates[FIND_CANDIDATES_MAX];
	size_t candidate_count;
};

/* Blocks. proc_fd: of the procfs root, where the process is pid. */
void find_candidates(int proc_fd, pid_t pid, struct find_result *ret_result);

#endif
