// SPDX-License-Identifier: MIT
/*
 * The files that are followed: each once, whatever names lead to it. Knows rotation: a file that
 * was renamed or deleted is read on for a while, and what stands under its name now is followed
 * too.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_FILES_H
#define HEAPWATCH_COLLECTORS_GCLOG_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/gclog/hash.h"
#include "collectors/gclog/kept_files.h"
#include "collectors/gclog/lives.h"
#include "collectors/gclog/stream.h"
#include "collectors/gclog/tail.h"
#include "collectors/gclog/watch.h"

#define LOG_FILES_MAX ((size_t)5000)

struct log_file {
	struct tail tail;
	struct tail *copy;   /* of what was truncated, read first; NULL: none */
	struct tail *former; /* where it stood when it was last truncated; NULL: it was not */
	struct stream stream;
	char *path;         /* the name that leads to it; NULL: no more */
	char *last_path;    /* the one before, NULL: none */
	char *target_path;  /* where it leads when it is a symbolic link, else NULL */
	bool is_configured; /* named by a glob, so kept while it exists */
	bool is_caught_up;  /* read to its end once: what comes now is live */
	bool is_ready;      /* waits in the ready list */
	bool is_copy;       /* of another one, as far as it was looked at */
	bool has_failed;    /* to look for its copy */
	bool is_held;       /* a process prints into it: it is no copy, whatever it holds */
	bool has_process;   /* a line of it was of a process that is visible */
	unsigned idle_passes;
	uint64_t delayed_until_ns;     /* 0: not */
	struct life_table lives;       /* who prints into it */
	struct collector_watch *watch; /* of a pipe, with who is called for it */
	void (*on_ready)(void *owner, struct log_file *file);
	void *owner;
	struct survey *survey; /* of its past; NULL: none yet, or caught up */
	struct log_file *prev; /* ready list */
	struct log_file *next;
	UT_hash_handle by_identity;
	UT_hash_handle by_path;
	UT_hash_handle by_target;
};

struct log_files {
	struct log_file *by_identity;
	struct log_file *by_path;
	struct log_file *by_target; /* those with a target_path: events name that */
	struct log_file *ready;     /* in the order in which they became ready */
	size_t count;
	struct watches *watches;         /* borrowed */
	const struct run_logs *run_logs; /* borrowed: there no links are followed; NULL: nowhere */
	struct kept_files kept;          /* from before heapwatch was started */
	struct tail_counters counters;
};

/* The name must be followed: opens what stands under it now and lets go what stood there before.
 * -ENOENT: nothing. -EINVAL: no regular file. -EOPNOTSUPP: compressed. -EMFILE: too many files. */
int log_files_follow(struct log_files *files, const char *path, bool is_configured)
    __attribute__((warn_unused_result));
/* Follows a file that has lost its name, through a path to it like /proc/PID/fd/1; a path to
 * another file gives -ESTALE. */
int log_files_follow_unnamed(struct log_files *files, const char *path,
                             const struct file_identity *identity)
    __attribute__((warn_unused_result));
/*
 * Follows an open pipe, under its path if that is one; takes ownership of the tail. -EEXIST when it
 * is followed already, -EMFILE, -ENOMEM.
 */
int log_files_follow_pipe(struct log_files *files, struct tail *tail, const char *path,
                          struct log_file **ret_file) __attribute__((warn_unused_result));
struct log_file *log_files_find(const struct log_files *files,
                                const struct file_identity *identity);
/* By the name that leads to it, or by the one to which that leads. */
struct log_file *log_files_find_path(const struct log_files *files, const char *path);
/* Something happened to directory/name. True when that is followed, or was. */
bool log_files_touch(struct log_files *files, enum watch_event event, const char *directory,
                     const char *name);
/*
 * How far each file was read, for the next start of heapwatch, and back to there: files that are
 * still under their name or under another one in its directory are opened at once, those that lost
 * their name first. The others wait for who holds them. Once before anything is followed.
 */
void log_files_pack(const struct log_files *files, struct buf *out);
void log_files_unpack(struct log_files *files, struct unpack *in);
/* One pass over: gives up files that nobody held; what was seen of them and not read is lost. */
void log_files_pass(struct log_files *files);
/* Looks at every file and its name. */
void log_files_look(struct log_files *files);

/* No name is configured any more, but the standard input, which has none, stays; those that still
 * are, are followed again by the caller. */
void log_files_forget_configured(struct log_files *files);
void log_files_ready(struct log_files *files, struct log_file *file);
/* Takes the first ready file out of the list, or NULL. */
struct log_file *log_files_next(struct log_files *files);
void log_files_close(struct log_files *files, struct log_file *file);
void log_files_done(struct log_files *files);

#endif
