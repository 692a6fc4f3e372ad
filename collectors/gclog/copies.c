// SPDX-License-Identifier: MIT
/*
 * From a file to its copy the way is a look at its directory, from a copy to its file a few
 * look-ups: for each beginning of its name, with and without its ending.
 */
#include "collectors/gclog/copies.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/files.h"
#include "collectors/gclog/survey.h"

#define NAMES_IN_ONE_LOOK  10000
#define COPIES_IN_ONE_LOOK 100
#define HEAD_MIN           64 /* of equal bytes, before others are compared */

static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Without its last ending: of "app.log" the length of "app". */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
}

/* 0; -ENOENT: it is none; other errors: not to be told now. */
static int open_copy(const struct log_file *file, const char *path, struct tail *ret_copy)
{
	const struct tail *tail = &file->tail;
	struct tail copy = {.fd = -1};
	int result = tail_open(&copy, path);

	if (result < 0)
		return result == -EINVAL || result == -EACCES ? -ENOENT : result;
	if (copy.identity.inode != tail->identity.inode)
		result = tail_is_in(tail, &copy);
	if (result <= 0) {
		tail_done(&copy);
		return result < 0 ? result : -ENOENT;
	}
	copy.offset = tail->offset;
	copy.fingerprint = tail->fingerprint;
	copy.fingerprint_length = tail->fingerprint_length;
	memcpy(copy.recent, tail->recent, tail->recent_length);
	copy.recent_length = tail->recent_length;
	copy.recent_end = tail->recent_end;
	*ret_copy = copy;
	return 0;
}

static int find_beside(const struct log_file *file, const char *path, struct tail *ret_copy)
{
	const char *name = name_in(path);
	size_t stem = stem_length(name);
	int length = (int)(name - path);
	const struct dirent *entry;
	char other[PATH_MAX];
	unsigned names = 0;
	unsigned copies = 0;
	int result = -ENOENT;
	DIR *directory;

	if (length == 0 || snprintf(other, sizeof(other), "%.*s", length, path) >= PATH_MAX)
		return -ENOENT;
	directory = opendir(other);
	if (directory == NULL)
		return -errno;
	while (result == -ENOENT && names++ < NAMES_IN_ONE_LOOK && copies < COPIES_IN_ONE_LOOK) {
		errno = 0;
		entry = readdir(directory);
		if (entry == NULL) {
			result = errno != 0 ? -errno : -ENOENT;
			break;
		}
		if (strncmp(entry->d_name, name, stem) != 0 ||
		    snprintf(other, sizeof(other), "%.*s%s", length, path, entry->d_name) >=
		        PATH_MAX)
			continue;
		copies++;
		result = open_copy(file, other, ret_copy);
	}
	(void)closedir(directory); /* only read */
	return result;
}

static int find_copy(const struct log_file *file, struct tail *ret_copy)
{
	const char *path = file->path != NULL ? file->path : file->last_path;
	int result = -ENOENT;

	if (file->tail.recent_length == 0)
		return -ENOENT;
	if (path != NULL)
		result = find_beside(file, path, ret_copy);
	if (result == -ENOENT && file->target_path != NULL)
		result = find_beside(file, file->target_path, ret_copy);
	return result;
}

/* ---- from a copy to its file ---- */

/* Positive: it is; 0: it is not; negative errno: not to be told now. */
static int is_copy_of(const struct log_files *files, const struct log_file *file, const char *path)
{
	struct log_file *original = log_files_find_path(files, path);
	int look;

	if (original == NULL || original == file || original->tail.is_pipe || original->is_copy)
		return 0;
	look = tail_look(&original->tail);
	if (look == -ESTALE)
		return tail_is_in(&original->tail, &file->tail);
	return look < 0 ? look : tail_begins_with(&original->tail, &file->tail);
}

static int is_copy(const struct log_files *files, const struct log_file *file)
{
	char path[PATH_MAX];
	const char *ending;
	size_t start;
	size_t length;
	int result = 0;

	if (file->path == NULL || file->tail.is_pipe)
		return 0;
	start = (size_t)(name_in(file->path) - file->path);
	ending = file->path + start + stem_length(file->path + start);
	for (length = strlen(file->path) - 1; length > start && result == 0; length--) {
		if (snprintf(path, sizeof(path), "%.*s", (int)length, file->path) >= PATH_MAX)
			return 0;
		result = is_copy_of(files, file, path);
		if (result == 0 && snprintf(path, sizeof(path), "%.*s%s", (int)length, file->path,
		                            ending) < PATH_MAX)
			result = is_copy_of(files, file, path);
	}
	return result;
}

/* ---- under any name ---- */

/* The common bytes of two files of which one begins as the other does. */
static uint64_t shared_bytes(const struct log_file *other, const struct tail *tail)
{
	const struct tail *read = &other->tail;

	if (tail->size_bytes <= read->size_bytes)
		return tail->size_bytes;
	/* A line that ends the shorter one unfinished is read in the longer one. */
	return read->size_bytes -
	       (read->offset == read->size_bytes ? stream_unfinished_bytes(&other->stream) : 0);
}

/* The beginning of a file that may be a copy. */
struct head {
	const struct tail *tail;
	uint64_t fingerprints[TAIL_FINGERPRINT_MAX + 1];
	size_t length;
};

static bool has_head(const struct tail *read, const struct head *head)
{
	size_t length = read->fingerprint_length;

	return length >= HEAD_MIN && length <= head->length &&
	       read->fingerprint == head->fingerprints[length];
}

/* How much of the file was read in the other one, or will be; negative errno: not to be told now.
 */
static int64_t common_bytes(struct log_file *other, const struct head *head)
{
	const struct tail *before = other->former;
	int result = 0;

	if (has_head(&other->tail, head)) {
		result = tail_look(&other->tail);
		if (result == -ESTALE)
			before = &other->tail;
		else if (result >= 0)
			result = tail_begins_with(&other->tail, head->tail);
		if (result > 0)
			return (int64_t)shared_bytes(other, head->tail);
		if (result < 0 && result != -ESTALE)
			return result;
	}
	if (before == NULL || !has_head(before, head))
		return 0;
	result = tail_is_in(before, head->tail);
	return result > 0 ? (int64_t)before->offset : result;
}

/*
 * A copy, or the original of one, that has another name or stands in another directory: told by its
 * head and by the same bytes at other places.
 */
static int64_t known_bytes(const struct log_files *files, const struct log_file *file)
{
	struct head head = {.tail = &file->tail};
	struct log_file *other;
	int64_t known = 0;
	int length;

	length = tail_heads(&file->tail, head.fingerprints);
	if (length < 0)
		return length;
	head.length = (size_t)length;
	for (other = files->by_identity; other != NULL && known == 0;
	     other = other->by_identity.next)
		if (other != file && !other->is_copy && !other->tail.is_pipe)
			known = common_bytes(other, &head);
	return known;
}

/* ---- reading ---- */

void copies_drop(struct log_file *file)
{
	if (file->copy == NULL)
		return;
	tail_done(file->copy);
	free(file->copy);
	file->copy = NULL;
}

bool copies_are_due(const struct log_file *file)
{
	return file->copy != NULL && file->copy->offset < file->copy->size_bytes;
}

bool copies_are_needed(const struct log_file *file)
{
	return file->copy != NULL &&
	       (copies_are_due(file) || stream_unfinished_bytes(&file->stream) > file->tail.offset);
}

/* Who follows the copy as a file of its own, now or because a pattern will be found to match it,
 * has nothing to read there. */
static int pass_over_copy(struct log_files *files, const struct tail *copy)
{
	struct log_file *same = log_files_find(files, &copy->identity);
	struct tail tail = *copy;

	if (same == NULL) {
		tail.offset = copy->size_bytes;
		return kept_files_add(&files->kept, &tail);
	}
	if (same->tail.offset < copy->size_bytes) {
		same->tail.offset = copy->size_bytes;
		same->is_copy = false;
	}
	return 0;
}

/* -ENOENT: there is none. */
static int take_copy(struct log_files *files, struct log_file *file)
{
	struct tail copy = {.fd = -1};
	int error;

	if (copies_are_due(file))
		return -ENOENT; /* twice within a moment: there is no telling what is in between */
	copies_drop(file);
	error = find_copy(file, &copy);
	if (error < 0)
		return error;
	file->copy = malloc(sizeof(copy));
	error = file->copy != NULL ? pass_over_copy(files, &copy) : -ENOMEM;
	if (error < 0) {
		tail_done(&copy);
		free(file->copy);
		file->copy = NULL;
		return error;
	}
	*file->copy = copy;
	return 0;
}

/* Its copy may come to light later; without memory that is a log of its own then. */
static void keep_former(struct log_file *file)
{
	if (file->former == NULL)
		file->former = malloc(sizeof(*file->former));
	if (file->former == NULL)
		return;
	*file->former = file->tail;
	file->former->fd = -1;
}

/* What fails is tried once more, at a later look. */
static int begin_again(struct log_files *files, struct log_file *file)
{
	int error = take_copy(files, file);

	if (error < 0 && error != -ENOENT && !file->has_failed) {
		file->has_failed = true;
		return error;
	}
	file->has_failed = false;
	if (error < 0)
		files->counters.lost_bytes +=
		    u64_subtract_floor(file->tail.size_bytes, file->tail.offset);
	file->survey = survey_free(file->survey);
	keep_former(file);
	return tail_restart(&file->tail, &files->counters);
}

/* What of the file is read elsewhere is passed over. Negative errno: not to be told now. */
static int pass_over_known(struct log_files *files, struct log_file *file)
{
	int64_t known = is_copy(files, file);

	if (known > 0)
		known = (int64_t)file->tail.size_bytes;
	else if (known == 0 && !file->is_held)
		known = known_bytes(files, file);
	if (known < 0)
		return (int)known;
	file->is_copy = (uint64_t)known == file->tail.size_bytes;
	if ((uint64_t)known > file->tail.offset)
		file->tail.offset = (uint64_t)known; /* its lines come from the other one */
	return 0;
}

int copies_look(struct log_files *files, struct log_file *file)
{
	int result = tail_look(&file->tail);
	int error;

	if (result == -ESTALE)
		result = begin_again(files, file);
	if (result >= 0 && copies_are_due(file))
		return 1;
	if (result <= 0 || file->tail.is_pipe || (file->tail.offset > 0 && !file->is_copy))
		return result;
	error = pass_over_known(files, file);
	if (error < 0)
		return error;
	return file->tail.size_bytes > file->tail.offset;
}

int copies_read(struct log_files *files, struct log_file *file, char *buffer, size_t size)
{
	struct tail *copy = file->copy;
	int length;

	if (copies_are_due(file)) {
		length = tail_read(copy, buffer, size, &files->counters);
		if (length <= 0) {
			files->counters.lost_bytes += copy->size_bytes - copy->offset;
			copy->size_bytes = copy->offset;
		}
		return length;
	}
	if (!copies_are_needed(file))
		copies_drop(file);
	return tail_read(&file->tail, buffer, size, &files->counters);
}

struct tail copies_before(const struct log_file *file)
{
	struct tail tail = *file->copy;

	tail.identity = file->tail.identity;
	tail.offset += file->tail.offset; /* stands in a line that begins in the copy */
	return tail;
}
