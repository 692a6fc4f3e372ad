// SPDX-License-Identifier: MIT
/*
 * Small whole files (procfs, cgroupfs, state), read with a bound and replaced atomically.
 * All functions return 0 or more on success and a negative errno on failure.
 */
#ifndef HEAPWATCH_LIB_FILE_H
#define HEAPWATCH_LIB_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads at most size - 1 bytes from the start of the file and adds a NUL; *ret_length is the number
 * read. A longer file is cut, not an error. ESRCH is what a kept procfs fd answers once the process
 * is gone.
 */
int file_pread_text(int fd, char *out, size_t size, size_t *ret_length)
    __attribute__((warn_unused_result));
/* The same by path, relative to dirfd (AT_FDCWD allowed). */
int file_read_text_at(int dirfd, const char *path, char *out, size_t size, size_t *ret_length)
    __attribute__((warn_unused_result));
/* readlinkat with a NUL; -ENAMETOOLONG when it does not fit. */
int file_read_link_at(int dirfd, const char *path, char *out, size_t size)
    __attribute__((warn_unused_result));
/* Writes path.tmp beside it, fsyncs it, renames it over path and fsyncs the directory. */
int file_replace(const char *path, const void *bytes, size_t length)
    __attribute__((warn_unused_result));

#endif
