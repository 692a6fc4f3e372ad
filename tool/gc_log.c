// SPDX-License-Identifier: MIT
/*
 * Directories may be everybody's: files in them are made anew and never through a link, old ones
 * are removed only when they are the user's own and nobody holds the lock.
 */
#include "tool/gc_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define OLD_SECONDS   600 /* a log that nobody writes to keeps its last words that long */
#define NAMES_MAX     16  /* for one pid, of several pid namespaces */
#define OLD_LOGS_MAX  4096
#define DIRECTORY_MAX (PATH_MAX - 64)

/* ---- the directory ---- */

/* Makes it with these permissions, when it is not there; of others' umask nothing is taken. */
static int make_directory(const char *path, mode_t mode)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, mode) < 0 ? -errno : 0;
}

static int open_directory(struct gc_log *log, const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES) /* everybody may add a file, and not list them */
		fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return -errno;
	(void)snprintf(log->path, sizeof(log->path), "%s", path);
	log->directory_fd = TAKE_FD(fd);
	return 0;
}

/* As systemd-tmpfiles makes it; in a container nobody else does. */
static int open_system_directory(struct gc_log *log)
{
	int error = open_directory(log, GC_LOG_DIRECTORY);

	if (error != -ENOENT)
		return error;
	error = make_directory("/run/heapwatch", 0755);
	if (error == 0)
		error = make_directory(GC_LOG_DIRECTORY, 01777);
	return error < 0 ? error : open_directory(log, GC_LOG_DIRECTORY);
}

/* $XDG_RUNTIME_DIR/heapwatch; the variable is often missing where the directory is not. */
static int open_user_directory(struct gc_log *log)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[DIRECTORY_MAX];
	int length;
	int error;

	if (runtime != NULL && runtime[0] == '/')
		length = snprintf(path, sizeof(path), "%s/heapwatch", runtime);
	else
		length =
		    snprintf(path, sizeof(path), "/run/user/%u/heapwatch", (unsigned)geteuid());
	if (length >= (int)sizeof(path))
		return -ENAMETOOLONG;
	error = make_directory(path, 0700);
	return error < 0 ? error : open_directory(log, path);
}

/* ---- logs of the past ---- */

/* Nobody writes to it, and it is the user's own. */
static bool is_left_behind(int directory_fd, const char *name, struct stat *ret_status)
{
	_cleanup_(closep) int fd =
	    openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 && fstat(fd, ret_status) == 0 && S_ISREG(ret_status->st_mode) &&
	       ret_status->st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* "4711.log", "4711-2.log", "4711.log.1" */
static bool is_log_name(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && (name[digits] == '.' || name[digits] == '-') &&
	       strstr(name + digits, ".log") != NULL;
}

static void remove_old(const struct gc_log *log)
{
	int64_t now_seconds = (int64_t)(clock_realtime_ns() / NS_PER_SECOND);
	int fd = openat(log->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	int count = 0;

	if (directory == NULL) {
		if (fd >= 0)
			(void)close(fd); /* only read */
		return;
	}
	while ((entry = readdir(directory)) != NULL && count++ < OLD_LOGS_MAX)
		if (is_log_name(entry->d_name) &&
		    is_left_behind(log->directory_fd, entry->d_name, &status) &&
		    status.st_mtim.tv_sec + OLD_SECONDS < now_seconds)
			(void)unlinkat(log->directory_fd, entry->d_name,
			               0); /* or the next run does */
	(void)closedir(directory);
}

/* ---- the file ---- */

/* The user's own choice may be a link, a FIFO or a terminal. */
static int open_file(struct gc_log *log, const char *path)
{
	log->fd =
	    open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	if (log->fd < 0)
		return -errno;
	(void)snprintf(log->path, sizeof(log->path), "%s", path);
	return 0;
}

int gc_log_open(struct gc_log *log, const char *path, char *reterr_message, size_t message_size)
{
	int system_error;
	int error;

	*log = (struct gc_log){.directory_fd = -1, .fd = -1};
	if (path != NULL) {
		error = open_file(log, path);
		if (error < 0)
			(void)snprintf(reterr_message, message_size, "%s: %s", path,
			               strerror(-error));
		return error;
	}
	system_error = open_system_directory(log);
	if (system_error == 0)
		return 0;
	error = open_user_directory(log);
	if (error < 0)
		(void)snprintf(reterr_message, message_size,
		               "no directory for the GC log (" GC_LOG_DIRECTORY
		               ": %s; $XDG_RUNTIME_DIR/heapwatch: %s)",
		               strerror(-system_error), strerror(-error));
	return error;
}

static int create(struct gc_log *log)
{
	int fd = openat(log->directory_fd, log->name,
	                O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	(void)flock(fd, LOCK_EX | LOCK_NB); /* new: nobody else has it */
	log->fd = fd;
	log->size_bytes = 0;
	return 0;
}

int gc_log_begin(struct gc_log *log, pid_t pid)
{
	struct stat status;
	int error = -EEXIST;
	int i;

	if (log->directory_fd < 0)
		return 0;
	remove_old(log);
	for (i = 1; i <= NAMES_MAX && error == -EEXIST; i++) {
		if (i == 1)
			(void)snprintf(log->name, sizeof(log->name), "%d.log", (int)pid);
		else
			(void)snprintf(log->name, sizeof(log->name), "%d-%d.log", (int)pid, i);
		error = create(log);
		if (error == -EEXIST && is_left_behind(log->directory_fd, log->name, &status) &&
		    unlinkat(log->directory_fd, log->name, 0) == 0)
			error = create(log);
	}
	return error;
}

static int rotate(struct gc_log *log)
{
	char old[GC_LOG_NAME_SIZE + 2];

	(void)snprintf(old, sizeof(old), "%s.1", log->name);
	if (renameat(log->directory_fd, log->name, log->directory_fd, old) < 0)
		return -errno;
	(void)close(log->fd); /* a file in memory: nothing is left to be written */
	log->fd = -1;
	return create(log);
}

void gc_log_write(struct gc_log *log, const char *lines, size_t length)
{
	ssize_t written;
	int error = 0;

	if (log->directory_fd >= 0 && log->fd >= 0 && log->size_bytes > 0 &&
	    log->size_bytes + length > GC_LOG_LIMIT_BYTES)
		error = rotate(log);
	if (log->fd < 0) {
		log->error = log->error != 0 ? log->error : error;
		return;
	}
	written = write(log->fd, lines, length);
	if (written > 0)
		log->size_bytes += (uint64_t)written;
	if (written != (ssize_t)length && log->error == 0)
		log->error = written < 0 ? -errno : -ENOSPC;
}

void gc_log_done(struct gc_log *log)
{
	if (log->fd >= 0)
		(void)close(log->fd); /* an error was told by write */
	if (log->directory_fd >= 0)
		(void)close(log->directory_fd);
	log->fd = -1;
	log->directory_fd = -1;
}
