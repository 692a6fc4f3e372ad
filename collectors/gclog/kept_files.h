// SPDX-License-Identifier: MIT
/*
 * Followed files over a restart of heapwatch: how far each was read, by device and inode, until it
 * is opened again.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_KEPT_FILES_H
#define HEAPWATCH_COLLECTORS_GCLOG_KEPT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

#define KEPT_FILES_PASSES 12 /* so long they wait for a process that holds them */

struct buf;
struct kept_file;
struct stream;
struct tail;
struct unpack;

/* Zero-initialised; kept_files_done() frees it. */
struct kept_files {
	struct kept_file *table;
	unsigned forgetful_passes; /* some could not be taken back, for want of memory */
};

/* One file; path: its name, or its last one. Bytes of an unfinished line are to be read again. */
void kept_file_pack(const struct tail *tail, const struct stream *stream, const char *path,
                    struct buf *out);
/* One more that waits, at where the tail stands. -ENOMEM; -EMFILE at the limit. */
int kept_files_add(struct kept_files *files, const struct tail *tail)
    __attribute__((warn_unused_result));
/* As many files as the number in front says; what is damaged is left out. */
void kept_files_unpack(struct kept_files *files, struct unpack *in);
/* Those that wait, without a number in front. */
void kept_files_pack(const struct kept_files *files, struct buf *out);
size_t kept_files_count(const struct kept_files *files);
/*
 * Sets a tail just opened to where that file stood, if it is one of these. Returns the bytes that
 * are passed over because it may have been one that could not be taken back: they were counted
 * already.
 */
uint64_t kept_files_take(struct kept_files *files, struct tail *tail, struct stream *stream);
/* Calls for each file that waits; visit may take it. */
void kept_files_visit(struct kept_files *files,
                      void (*visit)(void *context, const struct file_identity *identity,
                                    const char *path),
                      void *context);
/* One pass over. Returns the bytes that were seen but not read of files that nobody wanted. */
uint64_t kept_files_pass(struct kept_files *files);
void kept_files_done(struct kept_files *files);

/* Looks for another name of a file in the directory of its last one. */
bool kept_file_find(const struct file_identity *identity, const char *path, char *ret_path,
                    size_t size);

#endif
