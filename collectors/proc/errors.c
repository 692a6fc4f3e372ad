// SPDX-License-Identifier: MIT
/* What could not be read is told to the sink, once per process and cause. */
#include <errno.h>

#include "collectors/proc/state.h"

const char proc_collector_name[] = "proc";

enum collector_error state_error_of(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return COLLECTOR_ERROR_PERMISSION;
	case -EBADMSG:
		return COLLECTOR_ERROR_PARSE;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
	case -EOVERFLOW:
		return COLLECTOR_ERROR_LIMIT;
	default:
		return COLLECTOR_ERROR_READ;
	}
}

void state_tell_error(const struct proc *proc, enum collector_error error)
{
	proc->sink->error(proc->sink->context, proc_collector_name, error);
}

void state_tell_followed_error(const struct proc *proc, struct followed *followed, int error)
{
	enum collector_error kind = state_error_of(error);

	if ((followed->errors & (1U << kind)) != 0)
		return;
	followed->errors |= 1U << kind;
	state_tell_error(proc, kind);
}
