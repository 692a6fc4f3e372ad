// SPDX-License-Identifier: MIT
/*
 * A pipe is a followed file without offset, size or past (tail.h): only how it is opened and what
 * wakes its reader is special.
 */
#include "collectors/gclog/pipes.h"

#include <errno.h>
#include <string.h>

#include "collectors/gclog/files.h"
#include "collectors/gclog/reader.h"
#include "collectors/gclog/tail.h"

static void on_readable(void *data)
{
	struct log_file *file = data;

	file->on_ready(file->owner, file);
}

int pipe_follow(struct reader *reader, const char *path,
                void (*on_ready)(void *owner, struct log_file *file), void *owner)
{
	const struct collector_host *host = reader->host;
	struct log_file *file;
	struct tail tail;
	int error;

	if (strcmp(path, PIPE_STDIN) == 0)
		error = tail_open_pipe(&tail, "/proc/self/fd/0", false);
	else
		error = tail_open_pipe(&tail, path, true);
	if (error < 0)
		return error;
	error = log_files_follow_pipe(&reader->files, &tail, path, &file);
	if (error < 0) {
		tail_done(&tail);
		return error;
	}
	file->on_ready = on_ready;
	file->owner = owner;
	file->watch = host->watch_fd(host->context, file->tail.fd, on_readable, file);
	if (file->watch == NULL) {
		log_files_close(&reader->files, file);
		return -EMFILE;
	}
	return 0;
}
