// SPDX-License-Identifier: MIT
/*
 * A file, a pipe or the standard input, read from front to end as text; gzip (RFC 1952, also of
 * several members) is unpacked on the way, in constant memory whatever its ratio. What heapwatch
 * cannot unpack is refused with a hint. Blocks: for the command-line tool, not for the loop.
 */
#ifndef HEAPWATCH_LIB_INPUT_H
#define HEAPWATCH_LIB_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input;

/* "-" is the standard input. Negative errno; *ret_input is untouched then. */
int input_open(const char *path, struct input **ret_input) __attribute__((warn_unused_result));
struct input *input_free(struct input *input);
/*
 * At most size bytes. Returns how many, 0 at the end, or a negative errno: -ENOTSUP when it is no
 * text and no gzip, see input_problem().
 */
int input_read(struct input *input, char *buffer, size_t size) __attribute__((warn_unused_result));
/*
 * What is wrong with it, to be said behind its name; NULL: nothing. At the end it is a warning:
 * what was unpacked up to there is good, the rest is not to be had.
 */
const char *input_problem(const struct input *input);
/* Bytes of the file read so far, compressed ones as they are; *ret_size_bytes 0: not known. */
void input_progress(const struct input *input, uint64_t *ret_read_bytes, uint64_t *ret_size_bytes);

#endif
