// SPDX-License-Identifier: MIT
/*
 * The paths by which runtimes keep logs, tried in turn, and the table of those in use.
 */
#include "collectors/gclog/containers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/numbers.h"

#define LINKS_MAX    8 /* the usual chain has two */
#define SEARCHES_MAX 8 /* of a log that is not there */

/* What a cgroup tells; pod_uid may be "". */
struct names {
	const char *container_id;
	const char *pod_uid;
};

static inline void closedirp(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory); /* only read */
}

/* "rootfs" + path, which may be the same buffer's content. */
static int join(const char *rootfs, const char *path, char ret_path[PATH_MAX])
{
	char joined[PATH_MAX];
	const char *root = strcmp(rootfs, "/") == 0 ? "" : rootfs;
	int length = snprintf(joined, sizeof(joined), "%s%s", root, path);

	if (length < 0 || (size_t)length >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(ret_path, joined, (size_t)length + 1);
	return 0;
}

/* ---- links ---- */

/* Where the link leads: absolute ones start at the root of the host. */
static int follow_link(const char *rootfs, char path[PATH_MAX])
{
	char target[PATH_MAX];
	char *slash;
	int error = file_read_link_at(AT_FDCWD, path, target, sizeof(target));

	if (error < 0)
		return error;
	if (target[0] == '/')
		return join(rootfs, target, path);
	slash = strrchr(path, '/');
	if (slash == NULL)
		return -EINVAL;
	slash[1] = '\0';
	return join(path, target, path);
}

/* Follows links of the last component; 0 with the path of a regular file. */
static int resolve(const char *rootfs, char path[PATH_MAX])
{
	struct stat status;
	int links;

	for (links = 0; links <= LINKS_MAX; links++) {
		int error;

		if (lstat(path, &status) < 0)
			return -errno;
		if (S_ISREG(status.st_mode))
			return 0;
		if (!S_ISLNK(status.st_mode))
			return -EINVAL;
		error = follow_link(rootfs, path);
		if (error < 0)
			return error;
	}
	return -ELOOP;
}

/* ---- directories ---- */

/* Whether the name is the one looked for; may keep what it learns of it. */
typedef bool (*name_filter)(void *context, const char *name);

/* Calls for every name; the number of those that fit, or a negative errno. */
static int visit_names(const char *path, name_filter fits, void *context)
{
	_cleanup_(closedirp) DIR *directory = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (directory == NULL)
		return -errno;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			count += fits(context, entry->d_name);
	return count;
}

struct suffixed {
	const char *suffix;
	size_t suffix_length;
	char found[NAME_MAX + 1];
};

static bool ends_in_suffix(void *context, const char *name)
{
	struct suffixed *suffixed = context;
	size_t length = strlen(name);

	if (length <= suffixed->suffix_length ||
	    strcmp(name + length - suffixed->suffix_length, suffixed->suffix) != 0)
		return false;
	(void)snprintf(suffixed->found, sizeof(suffixed->found), "%s", name);
	return true;
}

/* The one name in the directory that ends like this; any when suffix is "". */
static int find_only(const char *directory, const char *suffix, char ret_name[NAME_MAX + 1])
{
	struct suffixed suffixed = {suffix, strlen(suffix), ""};
	int count = visit_names(directory, ends_in_suffix, &suffixed);

	if (count < 0)
		return count;
	if (count != 1)
		return -ENOENT;
	memcpy(ret_name, suffixed.found, sizeof(suffixed.found));
	return 0;
}

/* "N.log": how often the container was started again. */
static bool is_latest_start(void *context, const char *name)
{
	int64_t *latest = context;
	const char *dot = strchr(name, '.');
	uint64_t start;

	if (dot == NULL || strcmp(dot, ".log") != 0 ||
	    number_parse_u64(name, (size_t)(dot - name), &start) < 0 || start > INT32_MAX)
		return false;
	if ((int64_t)start > *latest)
		*latest = (int64_t)start;
	return true;
}

/* ---- conventions ---- */

static int find_kubelet_link(const char *rootfs, const struct names *names, char ret_path[PATH_MAX])
{
	char directory[PATH_MAX];
	char suffix[NAME_MAX + 1];
	char name[NAME_MAX + 1];
	int error = join(rootfs, "/var/log/containers/", directory);

	if (error < 0)
		return error;
	(void)snprintf(suffix, sizeof(suffix), "-%s.log", names->container_id);
	error = find_only(directory, suffix, name);
	return error < 0 ? error : join(directory, name, ret_path);
}

/* Appends "name/". */
static int enter(char path[PATH_MAX], const char *name)
{
	int error = join(path, name, path);

	return error < 0 ? error : join(path, "/", path);
}

/* Without kubelet's links, a pod must have one container. */
static int find_pod_log(const char *rootfs, const struct names *names, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];
	char name[NAME_MAX + 1];
	int64_t latest = -1;
	int error = join(rootfs, "/var/log/pods/", path);

	if (names->pod_uid[0] == '\0')
		return -ENOENT;
	(void)snprintf(name, sizeof(name), "_%s", names->pod_uid);
	if (error == 0)
		error = find_only(path, name, name);
	if (error == 0)
		error = enter(path, name);
	if (error == 0)
		error = find_only(path, "", name);
	if (error == 0)
		error = enter(path, name);
	if (error < 0)
		return error;
	error = visit_names(path, is_latest_start, &latest);
	if (error < 0)
		return error;
	(void)snprintf(name, sizeof(name), "%d.log", (int)latest);
	return latest < 0 ? -ENOENT : join(path, name, ret_path);
}

static int find_docker_log(const char *rootfs, const struct names *names, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/%s-json.log",
	               names->container_id, names->container_id);
	return join(rootfs, path, ret_path);
}

static int find_podman_log(const char *rootfs, const struct names *names, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path),
	               "/var/lib/containers/storage/overlay-containers/%s/userdata/ctr.log",
	               names->container_id);
	return join(rootfs, path, ret_path);
}

int container_log_find(const char *rootfs_path, const char *container_id, const char *pod_uid,
                       char ret_path[PATH_MAX])
{
	static int (*const conventions[])(const char *, const struct names *, char *) = {
	    find_kubelet_link, find_pod_log, find_docker_log, find_podman_log};
	const struct names names = {container_id, pod_uid};
	int result = -ENOENT;
	size_t i;

	for (i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++) {
		char path[PATH_MAX];
		int error = conventions[i](rootfs_path, &names, path);

		if (error == 0)
			error = resolve(rootfs_path, path);
		if (error == 0) {
			memcpy(ret_path, path, sizeof(path));
			return 0;
		}
		if (error == -EACCES)
			result = error;
	}
	return result;
}

/* ---- the table ---- */

static struct container_log *find(const struct container_logs *logs, const struct process_key *key)
{
	struct container_log *log;

	HASH_FIND(hh, logs->table, &key->pid, sizeof(key->pid), log);
	return log;
}

static void log_free(struct container_log *log)
{
	free(log->container_id);
	free(log->pod_uid);
	free(log->path);
	free(log);
}

static void drop(struct container_logs *logs, struct container_log *log)
{
	HASH_DEL(logs->table, log);
	log_free(log);
}

static int insert(struct container_logs *logs, const struct process_facts *facts)
{
	struct container_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return -ENOMEM;
	log->key = facts->key;
	log->container_id = strdup(facts->container_id);
	log->pod_uid = strdup(facts->pod_uid);
	if (log->container_id != NULL && log->pod_uid != NULL)
		HASH_ADD(hh, logs->table, key.pid, sizeof(log->key.pid), log);
	if (!HASH_IS_LEFT_OUT(log, hh))
		return 0;
	log_free(log);
	return -ENOMEM;
}

int container_logs_add(struct container_logs *logs, const struct process_facts *facts)
{
	struct container_log *log = find(logs, &facts->key);

	if (log != NULL && process_key_equal(&log->key, &facts->key) &&
	    strcmp(log->container_id, facts->container_id) == 0) {
		log->identity = (struct file_identity){0, 0};
		return 0;
	}
	if (log != NULL)
		drop(logs, log);
	if (HASH_COUNT(logs->table) >= CONTAINER_LOGS_MAX)
		return -EMFILE;
	return insert(logs, facts);
}

void container_logs_remove(struct container_logs *logs, const struct process_key *key)
{
	struct container_log *log = find(logs, key);

	if (log != NULL && process_key_equal(&log->key, key))
		drop(logs, log);
}

static enum process_need need_of(int error)
{
	if (error == 0)
		return PROCESS_NEED_NOTHING;
	return error == -EACCES ? PROCESS_NEED_READ_SEARCH : PROCESS_NEED_MOUNT;
}

/* A runtime may make its log, or the link to it, a little later than the process. */
static int search(const struct container_logs *logs, struct container_log *log)
{
	char path[PATH_MAX];
	int error;

	if (log->path != NULL || log->search_count >= SEARCHES_MAX)
		return 0;
	log->search_count++;
	error = container_log_find(logs->rootfs_path, log->container_id, log->pod_uid, path);
	if (error == 0)
		log->path = strdup(path); /* without memory, at the next look */
	if (error == 0 || error == -EACCES || log->search_count == SEARCHES_MAX)
		logs->sink->lacks(logs->sink->context, &log->key, PROCESS_FACT_CONTAINER_LOG,
		                  need_of(error));
	return error == -EACCES ? error : 0;
}

/* Between the two steps of a rotation nothing stands there; then nothing has changed yet. */
static bool has_moved(struct container_log *log)
{
	struct stat status;

	if (log->path == NULL || stat(log->path, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (status.st_ino == log->identity.inode && status.st_dev == log->identity.device))
		return false;
	log->previous = log->identity;
	log->identity = (struct file_identity){status.st_dev, status.st_ino};
	return true;
}

int container_logs_look(struct container_logs *logs,
                        void (*moved)(void *context, const struct container_log *log),
                        void *context)
{
	struct container_log *log;
	int result = 0;

	for (log = logs->table; log != NULL; log = log->hh.next) {
		int error = search(logs, log);

		if (error < 0)
			result = error;
		if (has_moved(log))
			moved(context, log);
	}
	return result;
}

void container_logs_done(struct container_logs *logs)
{
	while (logs->table != NULL)
		drop(logs, logs->table);
}
