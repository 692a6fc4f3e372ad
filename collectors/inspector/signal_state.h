// SPDX-License-Identifier: MIT
/*
 * What SIGUSR1 would do to a process, by /proc/PID/status. Pure.
 *
 * To a process that does not catch it the signal is death: a Node that still boots, one whose
 * process.once('SIGUSR1') has fired, or what is no Node at all (measured on Node 8 to 26). Node's
 * own handler and one of the application look alike from outside.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SIGNAL_STATE_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SIGNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct signal_state {
	char state;       /* 'R', 'S', 'T', 'Z', … */
	bool is_one_user; /* real, effective, saved and file system ids are the same, user and group
	                   */
	uid_t uid;
	bool is_caught;
	bool is_blocked;
	bool is_ignored;
};

/* text: /proc/PID/status. -EBADMSG: something is missing. */
int signal_state_parse(const char *text, size_t length, struct signal_state *ret_state)
    __attribute__((warn_unused_result));

/* Whether SIGUSR1 runs a handler, and neither kills nor waits. */
static inline bool signal_state_is_safe(const struct signal_state *state)
{
	return state->is_caught && !state->is_blocked && !state->is_ignored &&
	       (state->state == 'R' || state->state == 'S' || state->state == 'D');
}

#endif
