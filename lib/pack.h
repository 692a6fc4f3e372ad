// SPDX-License-Identifier: MIT
/*
 * State files: numbers and byte strings one after another in a buffer, sealed by a first line that
 * says what it is and a CRC-32 of everything before it. For one machine: numbers are in its own
 * byte order. The reader is bounded by what it was given; an error sticks, and values are 0 then.
 */
#ifndef HEAPWATCH_LIB_PACK_H
#define HEAPWATCH_LIB_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

#define SEAL_SIZE sizeof(uint32_t)

void pack_u64(struct buf *out, uint64_t value);
void pack_u64s(struct buf *out, const uint64_t *values, size_t count);
void pack_double(struct buf *out, double value);
/* Any bytes, with their length. */
void pack_bytes(struct buf *out, const void *bytes, size_t length);
void pack_string(struct buf *out, const char *string);
/* The same for bytes that are yet to be appended: between the two, at is what the first returned.
 */
size_t pack_begin(struct buf *out);
void pack_end(struct buf *out, size_t at);

struct unpack {
	const char *at;
	const char *end;
	bool has_failed;
};

uint64_t unpack_u64(struct unpack *in);
void unpack_u64s(struct unpack *in, uint64_t *ret_values, size_t count);
double unpack_double(struct unpack *in);
/* Borrowed from what is read. */
const char *unpack_bytes(struct unpack *in, size_t *ret_length);
/* A string that fits, with its NUL; "" and an error otherwise. */
void unpack_string(struct unpack *in, char *ret_string, size_t size);

/* title: a line without its newline, which names kind and version. */
void seal_begin(struct buf *out, const char *title);
void seal_end(struct buf *out);
/* -EBADMSG: another title, cut short or damaged. */
int seal_open(const char *bytes, size_t length, const char *title, struct unpack *ret_in)
    __attribute__((warn_unused_result));

#endif
