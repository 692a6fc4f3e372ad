// SPDX-License-Identifier: MIT
/*
 * One followed file: an open descriptor and how far it was read. Sees by itself that the file was
 * truncated, also when it has grown beyond the old place since (by a fingerprint of its head).
 * Which file a name stands for is not its business (files.h).
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_TAIL_H
#define HEAPWATCH_COLLECTORS_GCLOG_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

#define TAIL_FINGERPRINT_MAX ((size_t)256)
#define TAIL_RECENT_MAX      ((size_t)128)

struct buf;
struct unpack;

struct tail {
	int fd;
	struct file_identity identity;
	uint64_t offset;     /* of the next byte to read */
	uint64_t size_bytes; /* at the latest look */
	uint64_t modified_ns;
	uint64_t fingerprint; /* of the first fingerprint_length bytes */
	size_t fingerprint_length;
	char recent[TAIL_RECENT_MAX]; /* the last bytes that were read, */
	size_t recent_length;
	uint64_t recent_end; /* and where they end */
	bool has_name;       /* some name still leads to it */
	bool is_pipe;        /* a FIFO: no offset, size or head, and what was read is gone */
};

/* Shared by all files of a collector. */
struct tail_counters {
	uint64_t read_bytes;
	uint64_t lost_bytes; /* seen and never read: truncated, or skipped */
	uint64_t truncation_count;
};

/*
 * Opens a regular file, at offset 0. -EINVAL for anything else: a FIFO or device is not even
 * opened.
 */
int tail_open(struct tail *ret_tail, const char *path) __attribute__((warn_unused_result));
/* Likewise, and -EINVAL for a symbolic link and for a file that has other names. */
int tail_open_sole(struct tail *ret_tail, const char *path) __attribute__((warn_unused_result));
/*
 * Opens a FIFO without waiting for a writer, and with a larger buffer where that is allowed. With
 * keeps_writer it never ends; it must be writable then. -EINVAL for anything else.
 */
int tail_open_pipe(struct tail *ret_tail, const char *path, bool keeps_writer)
    __attribute__((warn_unused_result));
/* A file larger than the limit is read only from its last keep bytes on. */
void tail_skip_history(struct tail *tail, uint64_t limit_bytes, uint64_t keep_bytes,
                       struct tail_counters *counters);
/*
 * Where it stands, and back to there in a tail just opened: at its next look it sees whether the
 * file is still what it was. back_bytes: of those read, how many to read again.
 */
void tail_pack(const struct tail *tail, uint64_t back_bytes, struct buf *out);
void tail_unpack(struct tail *tail, struct unpack *in);
/*
 * Looks at size and head. Positive: there is something to read; 0: nothing; negative errno.
 * -ESTALE: it was truncated since; the tail still is as it was, until tail_restart().
 */
int tail_look(struct tail *tail) __attribute__((warn_unused_result));
/*
 * From the start again, as tail_look() tells then. A writer without O_APPEND goes on at its old
 * place and leaves a hole in front, which is passed over.
 */
int tail_restart(struct tail *tail, struct tail_counters *counters)
    __attribute__((warn_unused_result));
/*
 * Another file has all that was read of this one: its head, and its latest bytes at their place.
 * Positive: it has; 0: it has not; negative errno: not to be told now.
 */
int tail_is_in(const struct tail *tail, const struct tail *other)
    __attribute__((warn_unused_result));
/* Fingerprints of its head, by their length; returns how long it is, or a negative errno. */
int tail_heads(const struct tail *tail, uint64_t ret_heads[TAIL_FINGERPRINT_MAX + 1])
    __attribute__((warn_unused_result));
/* Likewise: both begin with the same bytes, as far as the shorter one reaches; samples are
 * compared.
 */
int tail_begins_with(const struct tail *tail, const struct tail *other)
    __attribute__((warn_unused_result));
/* Reads at most one buffer. Returns bytes read, 0 at the end, or -errno; -ENOENT: all who wrote
 * into the pipe are gone. */
int tail_read(struct tail *tail, char *buffer, size_t size, struct tail_counters *counters)
    __attribute__((warn_unused_result));
void tail_done(struct tail *tail);

#endif
