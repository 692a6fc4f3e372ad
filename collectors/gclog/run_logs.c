// SPDX-License-Identifier: MIT
/*
 * The patterns below the root of the host, and one more for $XDG_RUNTIME_DIR.
 */
#include "collectors/gclog/run_logs.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void run_logs_init(struct run_logs *logs, const char *rootfs_path)
{
	static const char *const patterns[] = {"/run/heapwatch/gc/*.log",
	                                       "/run/user/*/heapwatch/*.log"};
	const char *root = strcmp(rootfs_path, "/") == 0 ? "" : rootfs_path;
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	size_t i;

	_Static_assert(sizeof(patterns) / sizeof(patterns[0]) + 1 == RUN_PATTERNS_MAX,
	               "room for them and for $XDG_RUNTIME_DIR");
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		(void)snprintf(logs->patterns[i], sizeof(logs->patterns[i]), "%s%s", root,
		               patterns[i]);
	if (runtime != NULL && runtime[0] == '/' &&
	    strncmp(runtime, "/run/user/", strlen("/run/user/")) != 0)
		(void)snprintf(logs->patterns[i], sizeof(logs->patterns[i]), "%s/heapwatch/*.log",
		               runtime);
}

bool run_logs_is_foreign(const struct run_logs *logs, const char *path)
{
	struct stat status;
	size_t i;

	for (i = 0; i < RUN_PATTERNS_MAX; i++)
		if (logs->patterns[i][0] != '\0' &&
		    fnmatch(logs->patterns[i], path, FNM_PATHNAME) == 0)
			return lstat(path, &status) == 0 &&
			       (!S_ISREG(status.st_mode) || status.st_nlink > 1);
	return false;
}
