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

const char *heap_space_name(enum heap_part space)
{
	static const char *const names[] = {
	    [HEAP_PART_READ_ONLY] = "read_only_space",
	    [HEAP_PART_NEW] = "new_space",
	    [HEAP_PART_NEW_LARGE_OBJECT] = "new_large_object_space",
	    [HEAP_PART_OLD] = "old_space",
	    [HEAP_PART_OLD_POINTER] = "old_pointer_space",
	    [HEAP_PART_OLD_DATA] = "old_data_space",
	    [HEAP_PART_CODE] = "code_space",
	    [HEAP_PART_MAP] = "map_space",
	    [HEAP_PART_CELL] = "cell_space",
	    [HEAP_PART_PROPERTY_CELL] = "property_cell_space",
	    [HEAP_PART_LARGE_OBJECT] = "large_object_space",
	    [HEAP_PART_CODE_LARGE_OBJECT] = "code_large_object_space",
	    [HEAP_PART_TRUSTED] = "trusted_space",
	    [HEAP_PART_TRUSTED_LARGE_OBJECT] = "trusted_large_object_space",
	    [HEAP_PART_SHARED] = "shared_space",
	    [HEAP_PART_SHARED_LARGE_OBJECT] = "shared_large_object_space",
	    [HEAP_PART_SHARED_TRUSTED] = "shared_trusted_space",
	    [HEAP_PART_SHARED_TRUSTED_LARGE_OBJECT] = "shared_trusted_large_object_space",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == HEAP_PART_SPACE_COUNT, "a name each");
	assert(space < HEAP_PART_SPACE_COUNT);
	return names[space];
}

const char *process_fact_name(enum process_fact fact)
{
	static const char *const names[] = {
	    [PROCESS_FACT_ENVIRONMENT] = "environment",     [PROCESS_FACT_FILES] = "files",
	    [PROCESS_FACT_OPEN_FILES] = "open_files",       [PROCESS_FACT_MAPS] = "maps",
	    [PROCESS_FACT_CONTAINER_LOG] = "container_log",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == PROCESS_FACT_COUNT, "a name each");
	return names[fact];
}

const char *process_need_name(enum process_need need)
{
	static const char *const names[] = {
	    [PROCESS_NEED_NOTHING] = "",
	    [PROCESS_NEED_PTRACE] = "CAP_SYS_PTRACE",
	    [PROCESS_NEED_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	    [PROCESS_NEED_PTRACE_AND_READ_SEARCH] = "CAP_SYS_PTRACE,CAP_DAC_READ_SEARCH",
	    [PROCESS_NEED_MOUNT] = "mount",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == PROCESS_NEED_COUNT, "a name each");
	return names[need];
}
