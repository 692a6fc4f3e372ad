// SPDX-License-Identifier: MIT
/*
 * Directory watches: tells that something was written, created, renamed or deleted in a directory.
 * Only a hint where to look: events may be missing (network file systems, more directories than the
 * kernel allows, a second instance in the process), so whoever follows files looks now and then
 * without being told.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_WATCH_H
#define HEAPWATCH_COLLECTORS_GCLOG_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#define WATCH_DIRECTORIES_MAX ((size_t)1024)

enum watch_event {
	WATCH_WRITTEN,  /* the file was written to */
	WATCH_RENAMED,  /* the name was created, moved here, moved away or deleted */
	WATCH_OVERFLOW, /* events were lost: look everywhere; directory and name are "" */
};

struct watches;

/* directory ends with "/", name is that of the file in it, "" when it is the directory's own. */
typedef void (*watch_handler)(void *context, enum watch_event event, const char *directory,
                              const char *name);

/*
 * Call it before the process has many descriptors: the library aborts with a descriptor >= 1024.
 * Never NULL but without memory; without inotify it watches nothing.
 */
struct watches *watches_new(void);
struct watches *watches_free(struct watches *watches);
/* Readable when events wait; -1 without inotify. Changes when watches_drain() returns true. */
int watches_fd(const struct watches *watches);

/*
 * Watches the directory (ends with "/") until as many watches_remove(). A directory that does not
 * exist is watched once watches_retry() finds it. -ENOSPC beyond WATCH_DIRECTORIES_MAX, -ENOMEM.
 */
int watches_add(struct watches *watches, const char *directory);
void watches_remove(struct watches *watches, const char *directory);
/* Watches wanted directories that could not be watched so far, or that are others by now; true when
 * there is a new one. */
bool watches_retry(struct watches *watches);

/* Hands on the waiting events, at most 16,384. Returns true when the descriptor was replaced. */
bool watches_drain(struct watches *watches, watch_handler handler, void *context);

#endif
