// SPDX-License-Identifier: MIT
/*
 * Sources: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. A limit of v1 that is
 * "unlimited" is a huge number, that of v2 the word "max". Files are read by path when needed: they
 * are small, few, and the directory may go away at any time.
 */
#include "collectors/proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/proc/mountinfo.h"
#include "collectors/proc/stat.h"
#include "collectors/proc/table.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define MOUNTINFO_SIZE (1 * MIB)
#define DIRECTORY_SIZE (2 * CGROUP_PATH_SIZE)
#define FILE_TEXT_SIZE 4096
#define VMSTAT_SIZE    16384
#define REFRESH_NS     (15 * NS_PER_SECOND)
#define UNLIMITED_V1   (UINT64_C(1) << 62)

/* A count that only rises; "before" lags one reading behind, see cgroup_take_oom_kill. */
struct kill_count {
	bool is_known;
	uint64_t before;
	uint64_t latest;
};

/* The files of one version of the memory controller. */
struct files {
	const char *limit;
	const char *usage;
	const char *events;
};

static const struct files files_v1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                      "memory.oom_control"};
static const struct files files_v2 = {"memory.max", "memory.current", "memory.events"};

struct cgroups {
	int proc_fd;
	struct cgroup_mount memory; /* v1 memory controller */
	struct cgroup_mount unified;
	struct cgroup_paths own;
	bool has_own;
	struct cgroup_limit host;
	uint64_t host_read_ns;
	struct kill_count host_kills;
	struct cgroup *table; /* borrowed: each is owned by its references */
};

struct cgroup {
	struct cgroups *owner;
	const struct files *files;
	char *directory;    /* owned; NULL: no memory controller to be seen */
	size_t root_length; /* of the mount point in directory */
	bool is_own;
	unsigned references;
	struct cgroup_limit limit;
	uint64_t read_ns;
	bool is_read;
	struct kill_count kills;
	UT_hash_handle hh;
	char key[]; /* the three paths */
};

/* ---- small files ---- */

static int read_file(const char *directory, size_t length, const char *name, char *out, size_t size,
                     size_t *ret_length)
{
	char path[DIRECTORY_SIZE + 64];

	if (snprintf(path, sizeof(path), "%.*s/%s", (int)length, directory, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return file_read_text_at(AT_FDCWD, path, out, size, ret_length);
}

/* "max" and v1's huge numbers are UINT64_MAX. */
static int read_bytes(const char *directory, size_t length, const char *name, uint64_t *ret_bytes)
{
	char text[NUMBER_TEXT_SIZE * 2];
	uint64_t value;
	size_t text_length;
	int r = read_file(directory, length, name, text, sizeof(text), &text_length);

	if (r < 0)
		return r;
	text_length = strcspn(text, "\n");
	if (text_length == 3 && memcmp(text, "max", 3) == 0)
		value = UINT64_MAX;
	else
		r = number_parse_u64(text, text_length, &value);
	if (r < 0)
		return r;
	*ret_bytes = value >= UNLIMITED_V1 ? UINT64_MAX : value;
	return 0;
}

/* ---- the host ---- */

static void read_host(struct cgroups *cgroups, uint64_t now_ns)
{
	char text[FILE_TEXT_SIZE];
	uint64_t total_kib, available_kib;
	size_t length;

	if (cgroups->host.limit_bytes > 0 && now_ns - cgroups->host_read_ns < REFRESH_NS)
		return;
	if (file_read_text_at(cgroups->proc_fd, "meminfo", text, sizeof(text), &length) < 0 ||
	    text_find_number(text, length, "MemTotal:", &total_kib) < 0 ||
	    text_find_number(text, length, "MemAvailable:", &available_kib) < 0)
		return;
	cgroups->host_read_ns = now_ns;
	cgroups->host =
	    (struct cgroup_limit){.limit_bytes = u64_multiply_saturating(total_kib, KIB),
	                          .usage_bytes = u64_multiply_saturating(
	                              u64_subtract_floor(total_kib, available_kib), KIB)};
}

static int read_host_kills(const struct cgroups *cgroups, uint64_t *ret_count)
{
	char text[VMSTAT_SIZE];
	size_t length;
	int r = file_read_text_at(cgroups->proc_fd, "vmstat", text, sizeof(text), &length);

	if (r < 0)
		return r;
	return text_find_number(text, length, "oom_kill", ret_count);
}

/* ---- the table ---- */

static int find_mounts(struct cgroups *cgroups, const char *rootfs_path)
{
	/* Under another root the mounts are those of its init, seen through that root. */
	bool is_other_root = strcmp(rootfs_path, "/") != 0 && rootfs_path[0] != '\0';
	_cleanup_(freep) char *text = malloc(MOUNTINFO_SIZE);
	struct cgroup_mount *mounts[] = {&cgroups->memory, &cgroups->unified};
	size_t length, i;
	int r;

	if (text == NULL)
		return -ENOMEM;
	r = file_read_text_at(cgroups->proc_fd, is_other_root ? "1/mountinfo" : "self/mountinfo",
	                      text, MOUNTINFO_SIZE, &length);
	if (r < 0)
		return 0; /* no limits of cgroups then; the host's memory remains */
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		char prefixed[DIRECTORY_SIZE];
		if (mountinfo_find_cgroup(text, i == 0 ? "memory" : NULL, mounts[i]) < 0 ||
		    !is_other_root)
			continue;
		if (snprintf(prefixed, sizeof(prefixed), "%s%s", rootfs_path, mounts[i]->point) >=
		    CGROUP_PATH_SIZE)
			prefixed[0] = '\0';
		memcpy(mounts[i]->point, prefixed, strlen(prefixed) + 1);
	}
	return 0;
}

struct cgroups *cgroups_new(int proc_fd, const char *rootfs_path)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
	char text[CGROUP_TEXT_SIZE];
	size_t length;

	if (cgroups == NULL)
		return NULL;
	cgroups->proc_fd = proc_fd;
	if (find_mounts(cgroups, rootfs_path) < 0) {
		free(cgroups);
		return NULL;
	}
	cgroups->has_own =
	    file_read_text_at(proc_fd, "self/cgroup", text, sizeof(text), &length) == 0 &&
	    cgroup_paths_parse(text, &cgroups->own) == 0;
	return cgroups;
}

struct cgroups *cgroups_free(struct cgroups *cgroups)
{
	free(cgroups);
	return NULL;
}

/* v1 where the host has its memory controller there, else the unified hierarchy. */
static int locate(struct cgroup *cgroup, const struct cgroup_paths *paths)
{
	const struct cgroups *cgroups = cgroup->owner;
	bool is_v1 = paths->memory[0] != '\0';
	const struct cgroup_mount *mount = is_v1 ? &cgroups->memory : &cgroups->unified;
	const char *below = mountinfo_below(mount, is_v1 ? paths->memory : paths->unified);

	cgroup->files = is_v1 ? &files_v1 : &files_v2;
	if (below == NULL)
		return 0;
	cgroup->root_length = strlen(mount->point);
	cgroup->directory = malloc(cgroup->root_length + strlen(below) + 1);
	if (cgroup->directory == NULL)
		return -ENOMEM;
	memcpy(cgroup->directory, mount->point, cgroup->root_length);
	memcpy(cgroup->directory + cgroup->root_length, below, strlen(below) + 1);
	return 0;
}

static int read_kills(const struct cgroup *cgroup, uint64_t *ret_count)
{
	char text[FILE_TEXT_SIZE];
	size_t length;

	if (cgroup->directory == NULL)
		return -ENOENT;
	if (read_file(cgroup->directory, strlen(cgroup->directory), cgroup->files->events, text,
	              sizeof(text), &length) < 0)
		return -ENOENT;
	return text_find_number(text, length, "oom_kill", ret_count);
}

static void remember_kills(struct kill_count *kills, uint64_t count)
{
	kills->before = kills->is_known ? kills->latest : count;
	kills->latest = count;
	kills->is_known = true;
}

static struct cgroup *cgroup_new(struct cgroups *cgroups, const struct cgroup_paths *paths,
                                 const char *key)
{
	size_t size = strlen(key) + 1;
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup) + size);

	if (cgroup == NULL)
		return NULL;
	cgroup->owner = cgroups;
	cgroup->files = &files_v2;
	memcpy(cgroup->key, key, size);
	if (paths != NULL && locate(cgroup, paths) < 0) {
		free(cgroup);
		return NULL;
	}
	cgroup->is_own = paths == NULL || strcmp(cgroup_paths_main(paths), "/") == 0 ||
	                 (cgroups->has_own &&
	                  strcmp(cgroup_paths_main(paths), cgroup_paths_main(&cgroups->own)) == 0);
	HASH_ADD_STR(cgroups->table, key, cgroup);
	if (!TABLE_HAS(cgroup)) {
		free(cgroup->directory);
		free(cgroup);
		return NULL;
	}
	return cgroup;
}

struct cgroup *cgroups_get(struct cgroups *cgroups, const struct cgroup_paths *paths)
{
	char key[3 * CGROUP_PATH_SIZE] = "";
	struct cgroup *cgroup;

	if (paths != NULL)
		(void)snprintf(key, sizeof(key), "%s\n%s\n%s", paths->memory, paths->unified,
		               paths->systemd);
	HASH_FIND_STR(cgroups->table, key, cgroup);
	if (cgroup == NULL)
		cgroup = cgroup_new(cgroups, paths, key);
	if (cgroup != NULL)
		cgroup->references++;
	return cgroup;
}

void cgroup_release(struct cgroup *cgroup)
{
	if (cgroup == NULL || --cgroup->references > 0)
		return;
	HASH_DEL(cgroup->owner->table, cgroup);
	free(cgroup->directory);
	free(cgroup);
}

/* ---- limits ---- */

/* From the cgroup up to the mount point; the directory is cut at each '/'. */
static void read_tightest(const struct cgroup *cgroup, struct cgroup_limit *limit)
{
	size_t length = cgroup->directory != NULL ? strlen(cgroup->directory) : 0;
	size_t tightest_length = 0;
	uint64_t bytes;

	while (length > 0 && length >= cgroup->root_length) {
		if (read_bytes(cgroup->directory, length, cgroup->files->limit, &bytes) == 0 &&
		    bytes != UINT64_MAX &&
		    (limit->limit_bytes == 0 || bytes < limit->limit_bytes)) {
			limit->limit_bytes = bytes;
			tightest_length = length;
		}
		while (length > 0 && cgroup->directory[--length] != '/')
			;
	}
	if (tightest_length > 0 &&
	    read_bytes(cgroup->directory, tightest_length, cgroup->files->usage, &bytes) == 0) {
		limit->usage_bytes = bytes;
		limit->is_cgroup = true;
	}
}

struct cgroup_limit cgroup_read_limit(struct cgroup *cgroup, uint64_t now_ns)
{
	struct cgroups *cgroups = cgroup->owner;
	struct cgroup_limit limit;
	uint64_t kills = 0;

	if (cgroup->is_read && now_ns - cgroup->read_ns < REFRESH_NS)
		return cgroup->limit;
	read_host(cgroups, now_ns);
	limit = cgroups->host;
	read_tightest(cgroup, &limit);
	if (read_kills(cgroup, &kills) == 0)
		remember_kills(&cgroup->kills, kills);
	if (read_host_kills(cgroups, &kills) == 0)
		remember_kills(&cgroups->host_kills, kills);
	cgroup->limit = limit;
	cgroup->read_ns = now_ns;
	cgroup->is_read = true;
	return limit;
}

static bool take_kill(struct kill_count *kills, uint64_t count)
{
	if (!kills->is_known || count <= kills->before)
		return false;
	kills->before++;
	if (kills->latest < kills->before)
		kills->latest = kills->before;
	return true;
}

static bool take_host_kill(struct cgroups *cgroups)
{
	uint64_t count;

	return read_host_kills(cgroups, &count) == 0 && take_kill(&cgroups->host_kills, count);
}

static bool take_own_kill(struct cgroup *cgroup, uint64_t count)
{
	if (!take_kill(&cgroup->kills, count))
		return false;
	(void)take_host_kill(cgroup->owner); /* the same one */
	return true;
}

bool cgroup_take_own_oom_kill(struct cgroup *cgroup)
{
	uint64_t count;

	return cgroup->kills.is_known && read_kills(cgroup, &count) == 0 &&
	       take_own_kill(cgroup, count);
}

bool cgroup_take_oom_kill(struct cgroup *cgroup)
{
	uint64_t count;

	if (cgroup->kills.is_known && read_kills(cgroup, &count) == 0)
		return take_own_kill(cgroup, count);
	/* The cgroup is gone, or has no counter (the root): the host counts all OOM kills. */
	return take_host_kill(cgroup->owner);
}

bool cgroup_is_own(const struct cgroup *cgroup)
{
	return cgroup->is_own;
}
