// SPDX-License-Identifier: MIT
/*
 * The owner of libinotifytools 3.22, which keeps one static instance per process and has its ways:
 *  - its select() aborts the process with a descriptor >= FD_SETSIZE, so it is initialised first;
 *  - it does not tell its descriptor: predicted as the lowest free one, checked in /proc/self/fd;
 *  - next_event(0) blocks for ever: next_events(0, 1) until NULL, as it buffers by itself;
 *  - a watch that the kernel dropped stays in its table, and names lead to the dead one: wds are
 *    only ever turned into names, and when many are dead all is set up anew;
 *  - setting up anew replays buffered events of the old descriptor, so these are drained before.
 */
#include "collectors/gclog/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotify.h>
#include <inotifytools/inotifytools.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/gclog/hash.h"
#include "lib/file.h"
#include "lib/log.h"

#define EVENTS_MAX 16384 /* the kernel's default queue */
#define STALE_MAX  1000  /* dead or unwanted watches before all is set up anew */
#define MASK_NAMES (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
#define MASK_GONE  (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)
#define MASK       (MASK_NAMES | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watched_directory {
	char *path; /* ends with "/" */
	unsigned wanted_count;
	bool is_live; /* the kernel watches it: this one */
	dev_t device;
	ino_t inode;
	UT_hash_handle hh;
};

struct watches {
	int fd; /* the library's; -1: unusable */
	struct watched_directory *directories;
	unsigned stale_count;
};

/* The library's instance is the process's: the first watch has it. */
static bool is_library_taken;

static int lowest_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd); /* opened for its number */
	return fd;
}

static bool is_inotify(int fd)
{
	char path[64];
	char target[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return file_read_link_at(AT_FDCWD, path, target, sizeof(target)) >= 0 &&
	       strcmp(target, "anon_inode:inotify") == 0;
}

static bool set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) >= 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0;
}

/* -1 when there is no inotify, or its descriptor cannot be used. */
static int library_open(void)
{
	int fd = lowest_free_fd();

	if (fd < 0 || fd >= FD_SETSIZE)
		return -1;
	if (inotifytools_initialize() == 0) {
		log_warn(-inotifytools_error(), "cannot watch directories, looking now and then");
		return -1;
	}
	if (is_inotify(fd) && set_flags(fd))
		return fd;
	inotifytools_cleanup();
	log_warnx("cannot find the descriptor of inotify, looking now and then");
	return -1;
}

static void library_close(struct watches *watches)
{
	int events = 0;

	if (watches->fd < 0)
		return;
	while (events++ < EVENTS_MAX && inotifytools_next_events(0, 1) != NULL)
		continue; /* a buffered event would come up again behind the next opening */
	inotifytools_cleanup();
	watches->fd = -1;
}

struct watches *watches_new(void)
{
	struct watches *watches = calloc(1, sizeof(*watches));

	if (watches == NULL)
		return NULL;
	watches->fd = -1;
	if (!is_library_taken)
		watches->fd = library_open();
	is_library_taken = is_library_taken || watches->fd >= 0;
	return watches;
}

static void directory_free(struct watches *watches, struct watched_directory *directory)
{
	HASH_DEL(watches->directories, directory);
	free(directory->path);
	free(directory);
}

struct watches *watches_free(struct watches *watches)
{
	if (watches == NULL)
		return NULL;
	if (watches->fd >= 0) {
		library_close(watches);
		is_library_taken = false;
	}
	while (watches->directories != NULL)
		directory_free(watches, watches->directories);
	free(watches);
	return NULL;
}

int watches_fd(const struct watches *watches)
{
	return watches->fd;
}

static bool directory_start(struct watches *watches, struct watched_directory *directory)
{
	struct stat status;

	if (watches->fd < 0 || directory->is_live || directory->wanted_count == 0 ||
	    stat(directory->path, &status) < 0)
		return false;
	directory->is_live = inotifytools_watch_file(directory->path, MASK) != 0;
	directory->device = status.st_dev;
	directory->inode = status.st_ino;
	return directory->is_live;
}

/* Not where it cannot be looked at right now: of two watches the library would lose the older. */
static bool is_gone(const struct watched_directory *directory)
{
	struct stat status;

	if (stat(directory->path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return status.st_dev != directory->device || status.st_ino != directory->inode;
}

/* The kernel does not tell that a directory was deleted while a file that was in it is open. */
static void directory_check(struct watches *watches, struct watched_directory *directory)
{
	if (!directory->is_live || directory->wanted_count == 0 || !is_gone(directory))
		return;
	directory->is_live = false;
	watches->stale_count++;
}

static struct watched_directory *directory_new(struct watches *watches, const char *path)
{
	struct watched_directory *directory = calloc(1, sizeof(*directory));

	if (directory == NULL)
		return NULL;
	directory->path = strdup(path);
	if (directory->path != NULL)
		HASH_ADD_KEYPTR(hh, watches->directories, directory->path, strlen(directory->path),
		                directory);
	if (HASH_IS_LEFT_OUT(directory, hh)) {
		free(directory->path);
		free(directory);
		return NULL;
	}
	return directory;
}

int watches_add(struct watches *watches, const char *path)
{
	struct watched_directory *directory;

	HASH_FIND_STR(watches->directories, path, directory);
	if (directory == NULL) {
		if (HASH_COUNT(watches->directories) >= WATCH_DIRECTORIES_MAX)
			return -ENOSPC;
		directory = directory_new(watches, path);
		if (directory == NULL)
			return -ENOMEM;
	}
	if (directory->wanted_count++ == 0 && directory->is_live)
		watches->stale_count--;            /* wanted again before it was dropped */
	(void)directory_start(watches, directory); /* else watches_retry() does */
	return 0;
}

void watches_remove(struct watches *watches, const char *path)
{
	struct watched_directory *directory;

	HASH_FIND_STR(watches->directories, path, directory);
	if (directory == NULL || directory->wanted_count == 0 || --directory->wanted_count > 0)
		return;
	if (directory->is_live)
		watches->stale_count++;
	else
		directory_free(watches, directory);
}

bool watches_retry(struct watches *watches)
{
	struct watched_directory *directory;
	bool is_new = false;

	for (directory = watches->directories; directory != NULL; directory = directory->hh.next) {
		directory_check(watches, directory);
		if (directory_start(watches, directory))
			is_new = true;
	}
	return is_new;
}

static void handle_event(struct watches *watches, const struct inotify_event *event,
                         watch_handler handler, void *context)
{
	struct watched_directory *directory;
	const char *path;

	if (event->mask & IN_Q_OVERFLOW) {
		handler(context, WATCH_OVERFLOW, "", "");
		return;
	}
	path = inotifytools_filename_from_wd(event->wd);
	if (path == NULL)
		return;
	HASH_FIND_STR(watches->directories, path, directory);
	if (directory == NULL || !directory->is_live)
		return;
	if (event->mask & MASK_GONE) {
		directory->is_live = false; /* the name may lead elsewhere now */
		if (directory->wanted_count == 0)
			return;
		watches->stale_count++;
		handler(context, WATCH_RENAMED, path, "");
	} else if (directory->wanted_count > 0 && event->len > 0) {
		handler(context, event->mask & MASK_NAMES ? WATCH_RENAMED : WATCH_WRITTEN, path,
		        event->name);
	}
}

static void set_up_anew(struct watches *watches)
{
	struct watched_directory *directory;
	struct watched_directory *next;

	library_close(watches);
	watches->fd = library_open();
	watches->stale_count = 0;
	HASH_ITER(hh, watches->directories, directory, next)
	{
		directory->is_live = false;
		if (directory->wanted_count == 0)
			directory_free(watches, directory);
	}
	(void)watches_retry(watches);
}

bool watches_drain(struct watches *watches, watch_handler handler, void *context)
{
	const struct inotify_event *event;
	unsigned events = 0;

	if (watches->fd < 0)
		return false;
	while (events++ < EVENTS_MAX && (event = inotifytools_next_events(0, 1)) != NULL)
		handle_event(watches, event, handler, context);
	if (watches->stale_count <= STALE_MAX)
		return false;
	set_up_anew(watches);
	handler(context, WATCH_OVERFLOW, "", "");
	return true;
}
