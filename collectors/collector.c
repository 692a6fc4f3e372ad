// SPDX-License-Identifier: MIT
/*
 * Names of the contract's enums. Apart from the registry, so that who only prints them does not
 * link every collector.
 */
#include "collectors/collector.h"

#include <assert.h>

const char *collector_error_name(enum collector_error error)
{
	static const char *const names[] = {
	    [COLLECTOR_ERROR_PERMISSION] = "permission",
	    [COLLECTOR_ERROR_READ] = "read",
	    [COLLECTOR_ERROR_PARSE] = "parse",
	    [COLLECTOR_ERROR_LIMIT] = "limit",
	    [COLLECTOR_ERROR_UNATTRIBUTED] = "unattributed",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == COLLECTOR_ERROR_COUNT, "a name each");
	assert(error < COLLECTOR_ERROR_COUNT);
	return names[error];
}
