// SPDX-License-Identifier: MIT
/* Who names containers by files, asked in turn; see container.h. */
#include "collectors/proc/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/proc/naming.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/units.h"
#include "lib/utf8.h"

#define JSON_SIZE    (256 * KIB) /* Podman lists all containers in one file */
#define ENTRIES_MAX  20000       /* of a directory of logs */
#define SUFFIX_SIZE  80
#define DOCKER_FILE  "/var/lib/docker/containers/%s/config.v2.json"
#define PODMAN_FILE  "/var/lib/containers/storage/overlay-containers/containers.json"
#define LINKS_FOLDER "/var/log/containers/"
#define PODS_FOLDER  "/var/log/pods/"

static inline void closedirp(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory); /* only read */
}

/* ---- Kubernetes: the only entry of the directory that ends like this ---- */

static bool find_entry(const char *rootfs_path, const char *folder, const char *suffix,
                       struct container_name *ret_name)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	size_t suffix_length = strlen(suffix);
	size_t left = ENTRIES_MAX;
	_cleanup_(closedirp) DIR *directory = NULL;

	if (snprintf(path, sizeof(path), "%s%s", rootfs_path, folder) >= (int)sizeof(path))
		return false;
	directory = opendir(path);
	while (directory != NULL && left-- > 0 && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length <= suffix_length ||
		    strcmp(entry->d_name + length - suffix_length, suffix) != 0)
			continue;
		return snprintf(path, sizeof(path), "%s%s", folder, entry->d_name) <
		           (int)sizeof(path) &&
		       container_name_of_log(path, ret_name);
	}
	return false;
}

static bool find_link(const char *rootfs_path, const struct cgroup_names *names,
                      struct container_name *ret_name)
{
	char suffix[SUFFIX_SIZE];

	(void)snprintf(suffix, sizeof(suffix), "-%s.log", names->container_id);
	return names->container_id[0] != '\0' &&
	       find_entry(rootfs_path, LINKS_FOLDER, suffix, ret_name);
}

static bool find_pod(const char *rootfs_path, const struct cgroup_names *names,
                     struct container_name *ret_name)
{
	char suffix[SUFFIX_SIZE];

	(void)snprintf(suffix, sizeof(suffix), "_%s", names->pod_uid);
	return names->pod_uid[0] != '\0' && find_entry(rootfs_path, PODS_FOLDER, suffix, ret_name);
}

/* ---- Docker and Podman ---- */

/* NULL when it cannot be read or is too long. */
static cJSON *read_json(const char *rootfs_path, const char *path)
{
	char whole[PATH_MAX];
	_cleanup_(freep) char *text = malloc(JSON_SIZE);
	size_t length;

	if (text == NULL ||
	    snprintf(whole, sizeof(whole), "%s%s", rootfs_path, path) >= (int)sizeof(whole) ||
	    file_read_text_at(AT_FDCWD, whole, text, JSON_SIZE, &length) < 0)
		return NULL;
	return cJSON_Parse(text);
}

static bool take_name(const cJSON *item, struct container_name *ret_name)
{
	struct container_name name = {.pod = ""};

	if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
		return false;
	/* Docker has a slash before it. */
	utf8_clean(name.container, sizeof(name.container),
	           item->valuestring + (item->valuestring[0] == '/'));
	*ret_name = name;
	return true;
}

static bool find_docker(const char *rootfs_path, const struct cgroup_names *names,
                        struct container_name *ret_name)
{
	char path[PATH_MAX];
	_cleanup_(json_deletep) cJSON *root = NULL;

	(void)snprintf(path, sizeof(path), DOCKER_FILE, names->container_id);
	root = read_json(rootfs_path, path);
	return take_name(cJSON_GetObjectItemCaseSensitive(root, "Name"), ret_name);
}

/* [{"id":"…","names":["cart"],…},…] */
static bool find_podman(const char *rootfs_path, const struct cgroup_names *names,
                        struct container_name *ret_name)
{
	_cleanup_(json_deletep) cJSON *root = read_json(rootfs_path, PODMAN_FILE);
	const cJSON *container;

	cJSON_ArrayForEach(container, root)
	{
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(container, "id");

		if (cJSON_IsString(id) && strcmp(id->valuestring, names->container_id) == 0)
			return take_name(
			    cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(container, "names"),
			                       0),
			    ret_name);
	}
	return false;
}

bool container_find_name(const char *rootfs_path, const struct cgroup_names *names,
                         struct container_name *ret_name)
{
	static bool (*const rows[])(const char *, const struct cgroup_names *,
	                            struct container_name *) = {find_link, find_pod, find_docker,
	                                                        find_podman};
	const char *root = strcmp(rootfs_path, "/") == 0 ? "" : rootfs_path;
	size_t i;

	if (names->container_id[0] == '\0' && names->pod_uid[0] == '\0')
		return false;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i](root, names, ret_name))
			return true;
	return false;
}
