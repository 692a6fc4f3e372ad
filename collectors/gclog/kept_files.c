// SPDX-License-Identifier: MIT
/*
 * A hash by identity of files with their tail and parser as they stood. The parser is kept as its
 * bytes: it has no pointers, and one of another size is not taken back.
 */
#include "collectors/gclog/kept_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collectors/gclog/hash.h"
#include "collectors/gclog/stream.h"
#include "collectors/gclog/tail.h"
#include "lib/pack.h"
#include "lib/units.h"

#define KEPT_FILES_MAX    8192
#define NAMES_IN_ONE_LOOK 10000

struct kept_file {
	struct file_identity identity;
	struct tail tail; /* no descriptor */
	struct gclog_parser parsers[UNWRAP_CHANNEL_COUNT];
	char *path;
	unsigned passes;
	UT_hash_handle hh;
};

static void pack_file(const struct tail *tail, uint64_t back_bytes,
                      const struct gclog_parser parsers[UNWRAP_CHANNEL_COUNT], const char *path,
                      struct buf *out)
{
	pack_u64(out, tail->identity.device);
	pack_u64(out, tail->identity.inode);
	tail_pack(tail, back_bytes, out);
	pack_bytes(out, parsers, UNWRAP_CHANNEL_COUNT * sizeof(*parsers));
	pack_string(out, path);
}

void kept_file_pack(const struct tail *tail, const struct stream *stream, const char *path,
                    struct buf *out)
{
	struct gclog_parser parsers[UNWRAP_CHANNEL_COUNT];
	size_t i;

	for (i = 0; i < UNWRAP_CHANNEL_COUNT; i++)
		parsers[i] = stream->channels[i].parser;
	pack_file(tail, stream_unfinished_bytes(stream), parsers, path, out);
}

static void file_free(struct kept_files *files, struct kept_file *file)
{
	if (file->hh.tbl != NULL)
		HASH_DEL(files->table, file);
	free(file->path);
	free(file);
}

int kept_files_add(struct kept_files *files, const struct tail *tail)
{
	struct kept_file *file;

	HASH_FIND(hh, files->table, &tail->identity, sizeof(tail->identity), file);
	if (file != NULL)
		return 0;
	if (HASH_COUNT(files->table) >= KEPT_FILES_MAX)
		return -EMFILE;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->tail = *tail;
	file->tail.fd = -1;
	file->identity = tail->identity;
	file->path = strdup("");
	if (file->path != NULL)
		HASH_ADD(hh, files->table, identity, sizeof(file->identity), file);
	if (!HASH_IS_LEFT_OUT(file, hh))
		return 0;
	file_free(files, file);
	return -ENOMEM;
}

static bool unpack_file(struct kept_files *files, struct unpack *in)
{
	struct kept_file *file = calloc(1, sizeof(*file));
	char path[PATH_MAX];
	const char *parsers;
	size_t length;

	if (file == NULL)
		return false;
	file->identity.device = unpack_u64(in);
	file->identity.inode = unpack_u64(in);
	tail_unpack(&file->tail, in);
	file->tail.identity = file->identity;
	parsers = unpack_bytes(in, &length);
	if (length == sizeof(file->parsers))
		memcpy(file->parsers, parsers, length);
	unpack_string(in, path, sizeof(path));
	file->path = strdup(path);
	if (!in->has_failed && file->path != NULL)
		HASH_ADD(hh, files->table, identity, sizeof(file->identity), file);
	if (HASH_IS_LEFT_OUT(file, hh)) {
		file_free(files, file);
		return false;
	}
	return true;
}

void kept_files_unpack(struct kept_files *files, struct unpack *in)
{
	uint64_t count = unpack_u64(in);

	if (count > KEPT_FILES_MAX)
		count = KEPT_FILES_MAX;
	while (count > 0 && unpack_file(files, in))
		count--;
	if (count > 0 || in->has_failed)
		files->forgetful_passes = KEPT_FILES_PASSES;
}

void kept_files_pack(const struct kept_files *files, struct buf *out)
{
	const struct kept_file *file;

	for (file = files->table; file != NULL; file = file->hh.next)
		pack_file(&file->tail, 0, file->parsers, file->path, out);
}

size_t kept_files_count(const struct kept_files *files)
{
	return HASH_COUNT(files->table);
}

uint64_t kept_files_take(struct kept_files *files, struct tail *tail, struct stream *stream)
{
	struct kept_file *file;
	size_t i;

	HASH_FIND(hh, files->table, &tail->identity, sizeof(tail->identity), file);
	if (file == NULL) {
		if (files->forgetful_passes > 0)
			tail->offset = tail->size_bytes;
		return tail->offset;
	}
	tail->offset = file->tail.offset;
	tail->size_bytes = file->tail.size_bytes;
	tail->fingerprint = file->tail.fingerprint;
	tail->fingerprint_length = file->tail.fingerprint_length;
	memcpy(tail->recent, file->tail.recent, sizeof(tail->recent));
	tail->recent_length = file->tail.recent_length;
	tail->recent_end = file->tail.recent_end;
	for (i = 0; i < UNWRAP_CHANNEL_COUNT; i++)
		stream->channels[i].parser = file->parsers[i];
	file_free(files, file);
	return 0;
}

void kept_files_visit(struct kept_files *files,
                      void (*visit)(void *context, const struct file_identity *identity,
                                    const char *path),
                      void *context)
{
	struct kept_file *file;
	struct kept_file *next;

	HASH_ITER(hh, files->table, file, next)
	{
		const struct file_identity identity = file->identity;
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s", file->path); /* visit may free it */
		visit(context, &identity, path);
	}
}

uint64_t kept_files_pass(struct kept_files *files)
{
	struct kept_file *file;
	struct kept_file *next;
	uint64_t lost_bytes = 0;

	if (files->forgetful_passes > 0)
		files->forgetful_passes--;
	HASH_ITER(hh, files->table, file, next)
	{
		if (++file->passes < KEPT_FILES_PASSES)
			continue;
		lost_bytes += u64_subtract_floor(file->tail.size_bytes, file->tail.offset);
		file_free(files, file);
	}
	return lost_bytes;
}

void kept_files_done(struct kept_files *files)
{
	while (files->table != NULL)
		file_free(files, files->table);
}

static bool is_it(const char *path, const struct file_identity *identity)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_ino == identity->inode && status.st_dev == identity->device;
}

bool kept_file_find(const struct file_identity *identity, const char *path, char *ret_path,
                    size_t size)
{
	const char *slash = strrchr(path, '/');
	int length = slash != NULL ? (int)(slash - path) + 1 : 0;
	const struct dirent *entry;
	unsigned names = 0;
	bool is_found = false;
	DIR *directory;

	if (length == 0 || snprintf(ret_path, size, "%.*s", length, path) >= (int)size)
		return false;
	directory = opendir(ret_path);
	if (directory == NULL)
		return false;
	while (!is_found && names++ < NAMES_IN_ONE_LOOK && (entry = readdir(directory)) != NULL)
		is_found =
		    entry->d_ino == identity->inode &&
		    snprintf(ret_path, size, "%.*s%s", length, path, entry->d_name) < (int)size &&
		    is_it(ret_path, identity);
	(void)closedir(directory); /* only read */
	return is_found;
}
