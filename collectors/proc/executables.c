// SPDX-License-Identifier: MIT
/*
 * uthash keeps insertion order, so moving an entry to the end on each use makes it an LRU list.
 * Damaged or foreign files count as "not Node": they cannot run here, or are no business of ours.
 */
#include "collectors/proc/executables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collectors/proc/elf.h"
#include "collectors/proc/table.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define MAPS_LINE_SIZE 1024
#define MAPS_LINES_MAX 4096

struct entry {
	struct executable_key key;
	struct executable executable;
	UT_hash_handle hh;
};

struct executables {
	struct entry *entries; /* owned, least recently used first */
};

struct executables *executables_new(void)
{
	return calloc(1, sizeof(struct executables));
}

static void drop(struct executables *executables, struct entry *entry)
{
	HASH_DEL(executables->entries, entry);
	free(entry);
}

struct executables *executables_free(struct executables *executables)
{
	if (executables == NULL)
		return NULL;
	while (executables->entries != NULL)
		drop(executables, executables->entries);
	free(executables);
	return NULL;
}

const struct executable *executables_find(struct executables *executables,
                                          const struct executable_key *key)
{
	struct entry *entry;

	HASH_FIND(hh, executables->entries, key, sizeof(*key), entry);
	if (entry == NULL)
		return NULL;
	HASH_DEL(executables->entries, entry);
	HASH_ADD(hh, executables->entries, key, sizeof(entry->key), entry);
	if (!TABLE_HAS(entry)) {
		free(entry);
		return NULL;
	}
	return &entry->executable;
}

void executables_put(struct executables *executables, const struct executable_key *key,
                     const struct executable *executable)
{
	struct entry *entry;

	HASH_FIND(hh, executables->entries, key, sizeof(*key), entry);
	if (entry == NULL) {
		if (HASH_COUNT(executables->entries) >= EXECUTABLES_MAX)
			drop(executables, executables->entries);
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			return;
		entry->key = *key;
		HASH_ADD(hh, executables->entries, key, sizeof(entry->key), entry);
		if (!TABLE_HAS(entry)) {
			free(entry);
			return;
		}
	}
	entry->executable = *executable;
}

bool executable_key_equal(const struct executable_key *a, const struct executable_key *b)
{
	return a->device == b->device && a->inode == b->inode && a->modified_ns == b->modified_ns &&
	       a->size_bytes == b->size_bytes;
}

static int identify(int fd, const char *path, int flags, struct executable_key *ret_key)
{
	struct statx status;

	if (statx(fd, path, AT_STATX_DONT_SYNC | flags, STATX_BASIC_STATS, &status) < 0)
		return -errno;
	*ret_key = (struct executable_key){
	    .device = makedev(status.stx_dev_major, status.stx_dev_minor),
	    .inode = status.stx_ino,
	    .modified_ns =
	        (uint64_t)status.stx_mtime.tv_sec * NS_PER_SECOND + status.stx_mtime.tv_nsec,
	    .size_bytes = status.stx_size};
	return 0;
}

int executable_identify(int directory_fd, const char *path, struct executable_key *ret_key)
{
	return identify(directory_fd, path, 0, ret_key);
}

/* The path of the mapped libnode.so, as the process itself sees it. */
static int find_libnode(int directory_fd, char *ret_line, size_t size, const char **ret_path)
{
	_cleanup_(fclosep) FILE *maps = NULL;
	int fd = openat(directory_fd, "maps", O_RDONLY | O_CLOEXEC);
	unsigned i;

	if (fd < 0)
		return -errno;
	maps = fdopen(fd, "r");
	if (maps == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (i = 0; i < MAPS_LINES_MAX && fgets(ret_line, (int)size, maps) != NULL; i++) {
		const char *name = strstr(ret_line, "/libnode.so");
		if (name == NULL)
			continue;
		ret_line[strcspn(ret_line, "\n")] = '\0';
		*ret_path = strchr(ret_line, '/');
		return 0;
	}
	return -ENOENT;
}

/* Distributions ship the runtime as a library; the executable has no version then. */
static void read_libnode_version(int directory_fd, char ret_version[NODE_VERSION_SIZE])
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(closep) int root_fd = openat(directory_fd, "root", O_PATH | O_CLOEXEC);
	char line[MAPS_LINE_SIZE];
	const char *path = NULL;
	struct stat status;
	struct elf_range all = {.offset = 0};

	if (root_fd < 0 || find_libnode(directory_fd, line, sizeof(line), &path) < 0 ||
	    path == NULL)
		return;
	fd = openat(root_fd, path + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return;
	all.size_bytes = (uint64_t)status.st_size;
	if (node_version_find(fd, &all, ret_version) < 0)
		ret_version[0] = '\0';
}

int executable_inspect(int directory_fd, const struct executable_key *key,
                       struct executable *ret_executable)
{
	_cleanup_(closep) int fd =
	    openat(directory_fd, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct executable executable = {.is_node = false};
	struct executable_key opened = {.inode = 0};
	struct elf_facts facts = {.is_node = false};
	int r;

	if (fd < 0)
		return -errno;
	r = identify(fd, "", AT_EMPTY_PATH, &opened);
	if (r < 0)
		return r;
	if (!executable_key_equal(&opened, key))
		return -ESTALE;
	r = elf_inspect(fd, &facts);
	if (r < 0 && r != -ENOEXEC && r != -EBADMSG && r != -EFBIG)
		return r;
	if (r == 0 && facts.is_node) {
		executable.is_node = true;
		executable.is_single_executable = facts.is_single_executable;
		if (facts.uses_libnode)
			read_libnode_version(directory_fd, executable.version);
		else if (node_version_find(fd, &facts.constants, executable.version) < 0)
			executable.version[0] = '\0';
	}
	*ret_executable = executable;
	return 0;
}
