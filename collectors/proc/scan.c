// SPDX-License-Identifier: MIT
/* The directory stays open: rewinddir is one lseek, and the kernel's cost is per entry. */
#include "collectors/proc/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"

#define CHECK_MAX_NS (60 * NS_PER_SECOND)

struct scan {
	DIR *directory;
	struct pid_entry *entries; /* owned */
	unsigned generation;
};

struct scan *scan_new(int proc_fd)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (scan != NULL && fd >= 0)
		scan->directory = fdopendir(fd);
	if (scan == NULL || scan->directory == NULL) {
		if (fd >= 0)
			(void)close(fd);
		free(scan);
		return NULL;
	}
	return scan;
}

struct scan *scan_free(struct scan *scan)
{
	struct pid_entry *entry, *next;

	if (scan == NULL)
		return NULL;
	HASH_ITER(hh, scan->entries, entry, next)
	{
		HASH_DEL(scan->entries, entry);
		free(entry);
	}
	(void)closedir(scan->directory);
	free(scan);
	return NULL;
}

struct pid_entry *scan_find(struct scan *scan, pid_t pid)
{
	struct pid_entry *entry;

	HASH_FIND_INT(scan->entries, &pid, entry);
	return entry;
}

void scan_visit(struct scan *scan, void (*visit_entry)(void *context, struct pid_entry *entry),
                void *context)
{
	struct pid_entry *entry;

	for (entry = scan->entries; entry != NULL; entry = entry->hh.next)
		visit_entry(context, entry);
}

void scan_set_other(struct pid_entry *entry, uint64_t now_ns)
{
	uint64_t delay_ns = CHECK_MAX_NS;

	if (entry->check_count < 6)
		delay_ns = NS_PER_SECOND << entry->check_count++;
	entry->state = PID_OTHER;
	entry->followed = NULL;
	entry->check_ns = now_ns + delay_ns;
}

/* 0: not a pid. */
static pid_t parse_pid(const char *name)
{
	int64_t pid = 0;

	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9')
			return 0;
		pid = pid * 10 + (*name - '0');
		if (pid > INT_MAX)
			return 0;
	}
	return (pid_t)pid;
}

static struct pid_entry *add(struct scan *scan, pid_t pid, uint64_t inode)
{
	struct pid_entry *entry;

	if (HASH_COUNT(scan->entries) >= SCAN_PIDS_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->pid = pid;
	entry->inode = inode;
	HASH_ADD_INT(scan->entries, pid, entry);
	if (!TABLE_HAS(entry)) {
		free(entry);
		return NULL;
	}
	return entry;
}

static void forget_process(struct pid_entry *entry, uint64_t inode)
{
	entry->inode = inode;
	entry->check_count = 0;
	entry->is_denied = false;
	entry->is_dropped = false;
	entry->executable = (struct executable_key){.inode = 0};
	if (entry->state == PID_OTHER)
		entry->state = PID_UNKNOWN;
}

static bool visit(struct scan *scan, const struct dirent *item, uint64_t now_ns,
                  const struct scan_handler *handler)
{
	pid_t pid = parse_pid(item->d_name);
	struct pid_entry *entry;

	if (pid == 0)
		return true;
	entry = scan_find(scan, pid);
	if (entry == NULL)
		entry = add(scan, pid, item->d_ino);
	if (entry == NULL)
		return false;
	entry->generation = scan->generation;
	if (entry->inode != item->d_ino) {
		forget_process(entry, item->d_ino);
		if (entry->state == PID_FOLLOWED)
			handler->replaced(handler->context, entry);
	}
	if (entry->state == PID_UNKNOWN || (entry->state == PID_OTHER && entry->check_ns <= now_ns))
		handler->due(handler->context, entry);
	return true;
}

static void sweep(struct scan *scan, const struct scan_handler *handler)
{
	struct pid_entry *entry, *next;

	HASH_ITER(hh, scan->entries, entry, next)
	{
		if (entry->generation == scan->generation)
			continue;
		if (entry->state == PID_FOLLOWED)
			handler->vanished(handler->context, entry);
		/* The handler leaves the table alone, which the analyzer cannot know. */
		HASH_DEL(scan->entries, entry); // NOLINT(clang-analyzer-core.NullDereference)
		free(entry);
	}
}

int scan_pass(struct scan *scan, uint64_t now_ns, const struct scan_handler *handler)
{
	bool is_complete = true;

	rewinddir(scan->directory);
	scan->generation++;
	for (;;) {
		const struct dirent *item;
		errno = 0;
		item = readdir(scan->directory);
		if (item == NULL && errno != 0)
			return -errno; /* half a list would look like exits: no sweep */
		if (item == NULL)
			break;
		if (!visit(scan, item, now_ns, handler))
			is_complete = false;
	}
	sweep(scan, handler);
	return is_complete ? 0 : -EOVERFLOW;
}
