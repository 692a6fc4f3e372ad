// SPDX-License-Identifier: MIT
/*
 * The patterns below the root of the host, and one more for $XDG_RUNTIME_DIR.
 */
#include "collectors/gclog/run_logs.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool run_logs_match(const struct run_logs *logs, const char *path)
{
	size_t i;

	for (i = 0; i < RUN_PATTERNS_MAX; i++) {
		const char *pattern = logs->patterns[i];

		/* Asked for every file again and again, and nearly all begin otherwise. */
		if (*pattern != '\0' && strncmp(path, pattern, strcspn(pattern, "*")) == 0 &&
		    fnmatch(pattern, path, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}
