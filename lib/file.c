// SPDX-License-Identifier: MIT
/*
 * Bounded reads and atomic replacement of small files. Opens never block: a FIFO where a file was
 * expected is an error (-ESPIPE), not a hang.
 */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

int file_pread_text(int fd, char *out, size_t size, size_t *ret_length)
{
	size_t length = 0;

	if (size == 0)
		return -EINVAL;
	while (length < size - 1) {
		ssize_t got = pread(fd, out + length, size - 1 - length, (off_t)length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	out[length] = '\0';
	*ret_length = length;
	return 0;
}

int file_read_text_at(int dirfd, const char *path, char *out, size_t size, size_t *ret_length)
{
	_cleanup_(closep) int fd =
	    openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return file_pread_text(fd, out, size, ret_length);
}

int file_read_link_at(int dirfd, const char *path, char *out, size_t size)
{
	ssize_t length;

	if (size == 0)
		return -EINVAL;
	length = readlinkat(dirfd, path, out, size);
	if (length < 0)
		return -errno;
	if ((size_t)length >= size)
		return -ENAMETOOLONG;
	out[length] = '\0';
	return 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Makes the rename itself durable: fsync of the directory that holds path. */
static int sync_directory_of(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	_cleanup_(closep) int fd = -1;

	if (slash == NULL)
		(void)snprintf(directory, sizeof(directory), ".");
	else if (slash == path)
		(void)snprintf(directory, sizeof(directory), "/");
	else
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	fd = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return -errno;
	return fsync(fd) == 0 ? 0 : -errno;
}

/* A new file with these bytes on disk; nothing is left behind on failure. */
static int write_synced(const char *path, const void *bytes, size_t length)
{
	_cleanup_(closep) int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result;

	if (fd < 0)
		return -errno;
	result = write_all(fd, bytes, length);
	if (result == 0 && fsync(fd) != 0)
		result = -errno;
	if (result < 0)
		(void)unlink(path); /* the write's error is the one to report */
	return result;
}

int file_replace(const char *path, const void *bytes, size_t length)
{
	char temporary[PATH_MAX];
	int result = snprintf(temporary, sizeof(temporary), "%s.tmp", path);

	if (result < 0 || (size_t)result >= sizeof(temporary))
		return -ENAMETOOLONG;
	result = write_synced(temporary, bytes, length);
	if (result < 0)
		return result;
	if (rename(temporary, path) != 0) {
		result = -errno;
		(void)unlink(temporary); /* the rename's error is the one to report */
		return result;
	}
	return sync_directory_of(path);
}
