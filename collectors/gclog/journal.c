// SPDX-License-Identifier: MIT
/*
 * The only file that includes sd-journal.h. One handle for all processes: each would hold every
 * file of the journal open, and an inotify instance.
 */
#include "collectors/gclog/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

#ifdef HAVE_SYSTEMD

#include <systemd/sd-journal.h>

#include "lib/numbers.h"

/* journald's LineMax= is 48 KiB where it is not set; what is longer is cut. */
#define MESSAGE_MAX ((size_t)1024 * 1024)

struct journal {
	sd_journal *handle;
	sd_id128_t boot_id;
	int fd;
};

bool journal_is_built_in(void)
{
	return true;
}

int journal_open(struct journal **ret_journal, const char *rootfs_path)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int error;

	if (journal == NULL)
		return -ENOMEM;
	error = sd_id128_get_boot(&journal->boot_id);
	if (error >= 0)
		error =
		    sd_journal_open_directory(&journal->handle, rootfs_path, SD_JOURNAL_OS_ROOT);
	if (error >= 0)
		error = sd_journal_set_data_threshold(journal->handle, MESSAGE_MAX);
	if (error < 0) {
		(void)journal_close(journal);
		return error;
	}
	journal->fd = sd_journal_get_fd(journal->handle);
	*ret_journal = journal;
	return 0;
}

struct journal *journal_close(struct journal *journal)
{
	if (journal == NULL)
		return NULL;
	sd_journal_close(journal->handle);
	free(journal);
	return NULL;
}

/* Tried, because access(2) does not know of capabilities. */
static int try_file(const char *rootfs_path, const char *directory, const char *machine_id)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s/log/journal/%s/system.journal", rootfs_path,
	               directory, machine_id);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	(void)close(fd); /* only opened */
	return 0;
}

int journal_check_access(const char *rootfs_path)
{
	char path[PATH_MAX];
	char machine_id[SD_ID128_STRING_MAX];
	size_t length;
	int in_run;
	int in_var;

	(void)snprintf(path, sizeof(path), "%s/etc/machine-id", rootfs_path);
	if (file_read_text_at(AT_FDCWD, path, machine_id, sizeof(machine_id), &length) < 0)
		return 0; /* not to be told */
	in_run = try_file(rootfs_path, "run", machine_id);
	in_var = try_file(rootfs_path, "var", machine_id);
	if (in_run == 0 || in_var == 0)
		return 0;
	return in_run == -EACCES || in_var == -EACCES ? -EACCES : 0;
}

int journal_fd(const struct journal *journal)
{
	return journal->fd;
}

void journal_settle(struct journal *journal)
{
	(void)sd_journal_process(journal->handle); /* what has changed is seen while reading */
}

static int add_match(struct journal *journal, const char *field, const char *value)
{
	char match[64];

	(void)snprintf(match, sizeof(match), "%s=%s", field, value);
	return sd_journal_add_match(journal->handle, match, 0);
}

int journal_select(struct journal *journal, const pid_t *pids, size_t count, uint64_t since_us)
{
	char text[SD_ID128_STRING_MAX];
	int error;
	size_t i;

	sd_journal_flush_matches(journal->handle);
	error = add_match(journal, "_BOOT_ID", sd_id128_to_string(journal->boot_id, text));
	if (error >= 0)
		error = add_match(journal, "_TRANSPORT", "stdout");
	for (i = 0; i < count && error >= 0; i++) {
		(void)snprintf(text, sizeof(text), "%d", (int)pids[i]);
		error = add_match(journal, "_PID", text); /* any of them: it is the same field */
	}
	if (error >= 0)
		error = sd_journal_seek_monotonic_usec(journal->handle, journal->boot_id, since_us);
	return error < 0 ? error : 0;
}

/* The value of a field, without its name; -ENOENT. */
static int get(struct journal *journal, const char *field, const char **ret_value,
               size_t *ret_length)
{
	size_t name_length = strlen(field) + 1;
	const void *data;
	size_t length;
	int error = sd_journal_get_data(journal->handle, field, &data, &length);

	if (error < 0)
		return error;
	if (length < name_length)
		return -EBADMSG;
	*ret_value = (const char *)data + name_length;
	*ret_length = length - name_length;
	return 0;
}

static int get_pid(struct journal *journal, pid_t *ret_pid)
{
	const char *value;
	size_t length;
	uint64_t pid;

	if (get(journal, "_PID", &value, &length) < 0 ||
	    number_parse_u64(value, length, &pid) < 0 || pid > INT32_MAX)
		return -EBADMSG;
	*ret_pid = (pid_t)pid;
	return 0;
}

/* Cut because it was too long, or because another process wrote to the same socket. */
static bool is_unfinished(struct journal *journal)
{
	const char *value;
	size_t length;

	if (get(journal, "_LINE_BREAK", &value, &length) < 0)
		return false;
	return (length == strlen("line-max") && memcmp(value, "line-max", length) == 0) ||
	       (length == strlen("pid-change") && memcmp(value, "pid-change", length) == 0);
}

int journal_next(struct journal *journal, struct journal_entry *ret_entry)
{
	struct journal_entry entry;
	sd_id128_t boot_id;
	int result = sd_journal_next(journal->handle);

	if (result <= 0)
		return result == -EBADMSG ? -EIO : result;
	if (sd_journal_get_monotonic_usec(journal->handle, &entry.at_us, &boot_id) < 0 ||
	    get_pid(journal, &entry.pid) < 0)
		return -EBADMSG;
	entry.is_unfinished = is_unfinished(journal);
	/* the last: another field may take its place in memory */
	if (get(journal, "MESSAGE", &entry.message, &entry.length) < 0)
		return -EBADMSG;
	*ret_entry = entry;
	return 1;
}

#else

bool journal_is_built_in(void)
{
	return false;
}

int journal_open(struct journal **ret_journal, const char *rootfs_path)
{
	(void)ret_journal;
	(void)rootfs_path;
	return -EOPNOTSUPP;
}

struct journal *journal_close(struct journal *journal)
{
	return journal;
}

int journal_check_access(const char *rootfs_path)
{
	(void)rootfs_path;
	return 0;
}

int journal_fd(const struct journal *journal)
{
	(void)journal;
	return -EOPNOTSUPP;
}

void journal_settle(struct journal *journal)
{
	(void)journal;
}

int journal_select(struct journal *journal, const pid_t *pids, size_t count, uint64_t since_us)
{
	(void)journal;
	(void)pids;
	(void)count;
	(void)since_us;
	return -EOPNOTSUPP;
}

int journal_next(struct journal *journal, struct journal_entry *ret_entry)
{
	(void)journal;
	(void)ret_entry;
	return -EOPNOTSUPP;
}

#endif

void journal_warm(const char *rootfs_path)
{
	struct journal *journal;

	if (journal_open(&journal, rootfs_path) >= 0)
		(void)journal_close(journal); /* else who opens it next is told the error */
}

int journal_find_stdout(const char *process_path, char *buffer, size_t size,
                        struct file_identity *ret_socket)
{
	char path[PATH_MAX];
	char variable[64];
	struct stat status;
	size_t length;
	size_t at;
	int error;

	(void)snprintf(path, sizeof(path), "%s/fd/1", process_path);
	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode))
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/environ", process_path);
	error = file_read_text_at(AT_FDCWD, path, buffer, size, &length);
	if (error < 0)
		return error;
	(void)snprintf(variable, sizeof(variable), "JOURNAL_STREAM=%ju:%ju",
	               (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	for (at = 0; at < length; at += strlen(buffer + at) + 1)
		if (strcmp(buffer + at, variable) == 0) {
			*ret_socket = (struct file_identity){status.st_dev, status.st_ino};
			return 0;
		}
	return -ENOENT;
}
