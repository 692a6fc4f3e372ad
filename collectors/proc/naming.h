// SPDX-License-Identifier: MIT
/*
 * The name of an app: the first of config rule, PM2 name, systemd unit, container or pod,
 * package.json, script, "node". Pure. Every input is some process's own choice; what comes out is
 * valid UTF-8 without control characters and at most 128 bytes.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_NAMING_H
#define HEAPWATCH_COLLECTORS_PROC_NAMING_H

#include <stdbool.h>
#include <stddef.h>

#define APP_NAME_SIZE 129

/* "" where there is none, never NULL. */
struct naming_facts {
	const char *rule_name; /* of the matching app rule */
	const char *pm2_name;
	const char *unit;      /* "x.service" */
	const char *container; /* name of the container or pod */
	const char *package;   /* "name" of package.json */
	const char *script;
	/* The cgroup is not our own and holds no other app: only then unit and container name it.
	 */
	bool is_cgroup_telling;
};

void naming_choose(const struct naming_facts *facts, char ret_name[APP_NAME_SIZE]);

/* The absolute path of a script given relative to a directory, without "." and "..". */
void naming_resolve(const char *directory, const char *script, char *out, size_t size);
/* The string under a key at the top of a JSON object; false when there is none. */
bool naming_json_string(const char *json, size_t length, const char *key, char *out, size_t size);
/* Package managers that start the app proper as their child: their script tells of no app. */
bool naming_is_launcher(const char *script);

#endif
