// SPDX-License-Identifier: MIT
/*
 * The patterns that name log files (glob(7), several), and the directories in which a new file may
 * come to match one.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_GLOBS_H
#define HEAPWATCH_COLLECTORS_GCLOG_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/gclog/watch.h"

struct globs {
	char **patterns;
	size_t count;
	char **directories; /* watched, each once */
	size_t directory_count;
	struct watches *watches; /* borrowed */
};

/* -ENOMEM, -ENAMETOOLONG. */
int globs_add(struct globs *globs, const char *pattern) __attribute__((warn_unused_result));
/*
 * Calls for every file that matches now, at most limit times, and watches the directories. -EMFILE,
 * -ENFILE, -ENOMEM: a directory could not be read for want of it.
 */
int globs_expand(struct globs *globs, size_t limit,
                 void (*on_path)(void *context, const char *path), void *context)
    __attribute__((warn_unused_result));
/* A pattern is this very path, without a wildcard. */
bool globs_name(const struct globs *globs, const char *path);
void globs_done(struct globs *globs);

#endif
