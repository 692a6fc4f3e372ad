// SPDX-License-Identifier: MIT
/*
 * What PM2 says of an app in the environment that it starts it with: name and pm_exec_path in fork
 * mode, a JSON object of the same in pm2_env in cluster mode, where all apps run PM2's own
 * ProcessContainer.js (pm2: lib/God/ForkMode.js, lib/God/ClusterMode.js). Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_PM2_H
#define HEAPWATCH_COLLECTORS_PROC_PM2_H

#include <stddef.h>

#define PM2_NAME_SIZE   256
#define PM2_SCRIPT_SIZE 4096

struct pm2_app {
	char name[PM2_NAME_SIZE];     /* "" when it is not said, or too long */
	char script[PM2_SCRIPT_SIZE]; /* the same */
};

/* Both are "" when PM2 did not start it. The environment is as environment_find() wants it. */
void pm2_find(char *environment, size_t length, struct pm2_app *ret_app);

#endif
