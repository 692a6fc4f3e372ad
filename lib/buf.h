// SPDX-License-Identifier: MIT
/*
 * A growable byte buffer whose errors stick: appends return nothing, and the writer asks once at
 * the end with buf_failed(). A buffer never grows beyond its maximum. The bytes are always followed
 * by a NUL that is not counted.
 */
#ifndef HEAPWATCH_LIB_BUF_H
#define HEAPWATCH_LIB_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* owned; NULL until the first append */
	size_t length;
	size_t capacity; /* with the NUL: at most maximum + 1 */
	size_t maximum;  /* bytes; an append beyond it makes the buffer fail */
	bool has_failed;
};

#define BUF_INIT(maximum_bytes) ((struct buf){.maximum = (maximum_bytes)})

void buf_init(struct buf *buf, size_t maximum);
void buf_done(struct buf *buf);
/* Empties the buffer and its error; keeps the memory. */
void buf_clear(struct buf *buf);
/* Likewise, for at most so many bytes from now on. */
void buf_restart(struct buf *buf, size_t maximum);

void buf_append_slowly(struct buf *buf, const void *bytes, size_t length);
/* In line where there is room already: expositions are written in pieces of a few bytes. */
static inline void buf_append(struct buf *buf, const void *bytes, size_t length)
{
	if (length == 0 || buf->has_failed || length >= buf->capacity - buf->length) {
		buf_append_slowly(buf, bytes, length);
		return;
	}
	memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}
static inline void buf_append_string(struct buf *buf, const char *string)
{
	buf_append(buf, string, strlen(string));
}
static inline void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}
void buf_append_u64(struct buf *buf, uint64_t value);
/* Shortest text that reads back as the same double; "NaN", "+Inf", "-Inf" as Prometheus spells
 * them. */
void buf_append_double(struct buf *buf, double value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* True when an append was lost (no memory, or the maximum); the bytes are then incomplete. */
bool buf_failed(const struct buf *buf);
/* The text so far, "" when empty; valid until the next append. */
const char *buf_string(const struct buf *buf);

#endif
