// SPDX-License-Identifier: MIT
/*
 * Two tables over the same files, by (device, inode) and by name, and a list of those with
 * something to read. A file is watched through its directory.
 */
#include "collectors/gclog/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "collectors/gclog/compressed.h"
#include "collectors/gclog/copies.h"
#include "collectors/gclog/run_logs.h"
#include "collectors/gclog/survey.h"
#include "lib/pack.h"

/* Beyond this a file is not read from its start: the past of days ago tells little. */
#define HISTORY_LIMIT_BYTES ((uint64_t)256 * 1024 * 1024)
#define HISTORY_KEEP_BYTES  ((uint64_t)64 * 1024 * 1024)

/* "dir/" of "dir/name"; false for a name that is no file's. */
static bool directory_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t length;

	if (slash == NULL || slash[1] == '\0')
		return false;
	length = (size_t)(slash - path) + 1;
	if (length >= PATH_MAX)
		return false;
	memcpy(out, path, length);
	out[length] = '\0';
	return true;
}

static struct log_file *find_path(const struct log_files *files, const char *path)
{
	struct log_file *file;

	HASH_FIND(by_path, files->by_path, path, strlen(path), file);
	return file;
}

struct log_file *log_files_find(const struct log_files *files, const struct file_identity *identity)
{
	struct log_file *file;

	HASH_FIND(by_identity, files->by_identity, identity, sizeof(*identity), file);
	return file;
}

static struct log_file *find_target(const struct log_files *files, const char *path)
{
	struct log_file *file;

	HASH_FIND(by_target, files->by_target, path, strlen(path), file);
	return file;
}

struct log_file *log_files_find_path(const struct log_files *files, const char *path)
{
	struct log_file *file = find_path(files, path);

	return file != NULL ? file : find_target(files, path);
}

/* ---- names ---- */

static void target_drop(struct log_files *files, struct log_file *file)
{
	char directory[PATH_MAX];

	if (file->target_path == NULL)
		return;
	HASH_DELETE(by_target, files->by_target, file);
	if (directory_of(file->target_path, directory))
		watches_remove(files->watches, directory);
	free(file->target_path);
	file->target_path = NULL;
}

/* A link below /proc leads to where only the kernel gets to; such a file is looked at now and then.
 */
static void target_set(struct log_files *files, struct log_file *file)
{
	char directory[PATH_MAX];
	char *target = realpath(file->path, NULL);

	if (target == NULL || strcmp(target, file->path) == 0 ||
	    strncmp(file->path, "/proc/", 6) == 0 || find_target(files, target) != NULL ||
	    !directory_of(target, directory)) {
		free(target);
		return;
	}
	HASH_ADD_KEYPTR(by_target, files->by_target, target, strlen(target), file);
	if (HASH_IS_LEFT_OUT(file, by_target)) {
		free(target);
		return;
	}
	file->target_path = target;
	(void)watches_add(files->watches, directory); /* without it, looked at now and then */
}

static void name_drop(struct log_files *files, struct log_file *file)
{
	char directory[PATH_MAX];

	if (file->path == NULL)
		return;
	target_drop(files, file);
	HASH_DELETE(by_path, files->by_path, file);
	if (directory_of(file->path, directory))
		watches_remove(files->watches, directory);
	free(file->last_path);
	file->last_path = file->path;
	file->path = NULL;
	file->idle_passes = 0;
}

static int name_set(struct log_files *files, struct log_file *file, const char *path)
{
	char directory[PATH_MAX];
	char *copy;

	if (!directory_of(path, directory))
		return -EINVAL;
	copy = strdup(path);
	if (copy == NULL)
		return -ENOMEM;
	name_drop(files, file);
	HASH_ADD_KEYPTR(by_path, files->by_path, copy, strlen(copy), file);
	if (HASH_IS_LEFT_OUT(file, by_path)) {
		free(copy);
		return -ENOMEM;
	}
	file->path = copy;
	(void)watches_add(files->watches, directory); /* without it, looked at now and then */
	target_set(files, file);
	return 0;
}

/* ---- following ---- */

static struct log_file *file_add(struct log_files *files, struct tail *tail)
{
	struct log_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return NULL;
	file->tail = *tail;
	HASH_ADD(by_identity, files->by_identity, tail.identity, sizeof(file->tail.identity), file);
	if (HASH_IS_LEFT_OUT(file, by_identity)) {
		free(file);
		return NULL;
	}
	files->count++;
	files->counters.lost_bytes += kept_files_take(&files->kept, &file->tail, &file->stream);
	tail_skip_history(&file->tail, HISTORY_LIMIT_BYTES, HISTORY_KEEP_BYTES, &files->counters);
	log_files_ready(files, file);
	return file;
}

static bool is_compressed(const struct tail *tail)
{
	char head[COMPRESSED_MAGIC_MAX];
	ssize_t length = pread(tail->fd, head, sizeof(head), 0);

	return length > 0 && compressed_is(head, (size_t)length);
}

static bool is_run_log(const struct log_files *files, const char *path)
{
	return files->run_logs != NULL && run_logs_match(files->run_logs, path);
}

static int file_open(struct log_files *files, const char *path, struct log_file **ret_file)
{
	struct tail tail;
	int error;

	if (files->count >= LOG_FILES_MAX)
		return -EMFILE;
	error = is_run_log(files, path) ? tail_open_sole(&tail, path) : tail_open(&tail, path);
	if (error < 0)
		return error;
	*ret_file = log_files_find(files, &tail.identity);
	if (*ret_file != NULL) { /* renamed between the look and the opening */
		tail_done(&tail);
		return 0;
	}
	if (is_compressed(&tail)) {
		tail_done(&tail);
		return -EOPNOTSUPP;
	}
	*ret_file = file_add(files, &tail);
	if (*ret_file == NULL) {
		tail_done(&tail);
		return -ENOMEM;
	}
	return 0;
}

/* 0 with the identity of the regular file or FIFO under the name. */
static int look_up(const struct log_files *files, const char *path,
                   struct file_identity *ret_identity)
{
	bool may_be_link = !is_run_log(files, path);
	struct stat status;

	if ((may_be_link ? stat(path, &status) : lstat(path, &status)) < 0)
		return -errno;
	if (!may_be_link && (!S_ISREG(status.st_mode) || status.st_nlink > 1))
		return -EINVAL;
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		return -EINVAL;
	*ret_identity = (struct file_identity){status.st_dev, status.st_ino};
	return 0;
}

static bool is_at(const struct log_file *file, const struct file_identity *identity)
{
	return file->tail.identity.inode == identity->inode &&
	       file->tail.identity.device == identity->device;
}

/* The name leads elsewhere: what it led to so far is read to its end. */
static void let_go(struct log_files *files, struct log_file *file)
{
	name_drop(files, file);
	file->is_configured = false;
	log_files_ready(files, file);
}

int log_files_follow(struct log_files *files, const char *path, bool is_configured)
{
	struct log_file *named = find_path(files, path);
	struct file_identity identity = {0, 0};
	struct log_file *file;
	int error = look_up(files, path, &identity);

	if (named != NULL && (error < 0 || !is_at(named, &identity))) {
		is_configured = is_configured || named->is_configured;
		let_go(files, named);
	}
	if (error < 0)
		return error;
	file = log_files_find(files, &identity);
	if (file == NULL) {
		error = file_open(files, path, &file);
		if (error < 0)
			return error;
	}
	file->is_configured = file->is_configured || is_configured;
	/* a second name of a file that still has its first changes nothing */
	if (file->path == NULL)
		return name_set(files, file, path);
	return 0;
}

int log_files_follow_unnamed(struct log_files *files, const char *path,
                             const struct file_identity *identity)
{
	struct file_identity found = {0, 0};
	struct log_file *file;
	int error = look_up(files, path, &found);

	if (error < 0)
		return error;
	if (found.inode != identity->inode || found.device != identity->device)
		return -ESTALE;
	return file_open(files, path, &file);
}

int log_files_follow_pipe(struct log_files *files, struct tail *tail, const char *path,
                          struct log_file **ret_file)
{
	struct log_file *file;
	int error = 0;

	if (log_files_find(files, &tail->identity) != NULL)
		return -EEXIST;
	if (files->count >= LOG_FILES_MAX)
		return -EMFILE;
	file = file_add(files, tail);
	if (file == NULL)
		return -ENOMEM;
	file->is_configured = true;
	file->is_caught_up = true; /* it has no past */
	if (strchr(path, '/') != NULL)
		error = name_set(files, file, path);
	if (error < 0) {
		file->tail.fd = -1; /* the caller's again */
		log_files_close(files, file);
		return error;
	}
	*ret_file = file;
	return 0;
}

/* ---- news ---- */

static void name_check(struct log_files *files, struct log_file *file)
{
	struct file_identity identity = {0, 0};
	char path[PATH_MAX];

	if (file->path == NULL ||
	    (look_up(files, file->path, &identity) == 0 && is_at(file, &identity)))
		return;
	(void)snprintf(path, sizeof(path), "%s", file->path); /* the file's own goes away */
	if (log_files_follow(files, path, file->is_configured) < 0)
		log_files_ready(files, file); /* gone by now: read to its end */
}

bool log_files_touch(struct log_files *files, enum watch_event event, const char *directory,
                     const char *name)
{
	char path[PATH_MAX];
	struct log_file *file;

	if (snprintf(path, sizeof(path), "%s%s", directory, name) >= (int)sizeof(path))
		return false;
	file = log_files_find_path(files, path);
	if (file == NULL)
		return false;
	if (event == WATCH_RENAMED)
		name_check(files, file);
	else
		log_files_ready(files, file);
	return true;
}

void log_files_look(struct log_files *files)
{
	struct log_file *file;
	struct log_file *next;

	HASH_ITER(by_identity, files->by_identity, file, next)
	{
		name_check(files, file);
		log_files_ready(files, file);
	}
}

/* ---- the ready list ---- */

void log_files_forget_configured(struct log_files *files)
{
	struct log_file *file;

	for (file = files->by_identity; file != NULL; file = file->by_identity.next)
		file->is_configured = file->tail.is_pipe && file->path == NULL;
}

void log_files_ready(struct log_files *files, struct log_file *file)
{
	if (file->is_ready)
		return;
	file->is_ready = true;
	if (file->path == NULL && file->last_path != NULL)
		DL_PREPEND(files->ready, file); /* what was rotated away came before */
	else
		DL_APPEND(files->ready, file);
}

struct log_file *log_files_next(struct log_files *files)
{
	struct log_file *file = files->ready;

	if (file == NULL)
		return NULL;
	DL_DELETE(files->ready, file);
	file->is_ready = false;
	return file;
}

void log_files_close(struct log_files *files, struct log_file *file)
{
	if (file->is_ready)
		DL_DELETE(files->ready, file);
	name_drop(files, file);
	HASH_DELETE(by_identity, files->by_identity, file);
	files->count--;
	tail_done(&file->tail);
	copies_drop(file);
	free(file->former);
	stream_done(&file->stream);
	life_table_done(&file->lives);
	(void)survey_free(file->survey);
	free(file->last_path);
	free(file);
}

void log_files_done(struct log_files *files)
{
	while (files->by_identity != NULL)
		log_files_close(files, files->by_identity);
	kept_files_done(&files->kept);
}

/* ---- over a restart ---- */

void log_files_pack(const struct log_files *files, struct buf *out)
{
	size_t count = kept_files_count(&files->kept);
	const struct log_file *file;
	struct tail tail;
	const char *path;

	for (file = files->by_identity; file != NULL; file = file->by_identity.next)
		count += !file->tail.is_pipe;
	pack_u64(out, count);
	for (file = files->by_identity; file != NULL; file = file->by_identity.next) {
		if (file->tail.is_pipe)
			continue;
		path = file->path != NULL ? file->path : file->last_path;
		tail = copies_are_needed(file) ? copies_before(file) : file->tail;
		kept_file_pack(&tail, &file->stream, path != NULL ? path : "", out);
	}
	kept_files_pack(&files->kept, out);
}

/* Under its name, or another one; else it waits for who holds it, and is given up later. */
static void reopen(void *context, const struct file_identity *identity, const char *path)
{
	struct log_files *files = context;
	struct file_identity found = {0, 0};
	char other[PATH_MAX];
	struct log_file *file;

	if (look_up(files, path, &found) == 0 && found.inode == identity->inode &&
	    found.device == identity->device) {
		(void)(log_files_follow(files, path, false) < 0);
		return;
	}
	if (!kept_file_find(identity, path, other, sizeof(other)) ||
	    log_files_follow_unnamed(files, other, identity) < 0)
		return;
	file = log_files_find(files, identity);
	if (file != NULL && file->last_path == NULL)
		file->last_path = strdup(path);
}

void log_files_unpack(struct log_files *files, struct unpack *in)
{
	kept_files_unpack(&files->kept, in);
	kept_files_visit(&files->kept, reopen, files);
}

void log_files_pass(struct log_files *files)
{
	files->counters.lost_bytes += kept_files_pass(&files->kept);
}
