// SPDX-License-Identifier: MIT
/*
 * Growth by doubling, so that a body written in many small appends costs amortised constant time;
 * buf_clear keeps the memory, so that a buffer reused per pass does not allocate in the steady
 * state.
 */
#include "lib/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/numbers.h"

#define BUF_FIRST_CAPACITY 256

void buf_init(struct buf *buf, size_t maximum)
{
	*buf = BUF_INIT(maximum);
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = BUF_INIT(buf->maximum);
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->has_failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void buf_restart(struct buf *buf, size_t maximum)
{
	buf_clear(buf);
	buf->maximum = maximum;
	if (buf->capacity > maximum + 1)
		buf->capacity = maximum + 1; /* more is there, and not used before it grows */
}

/* Makes room for length more bytes and the NUL; false when that fails, now or before. */
static bool buf_reserve(struct buf *buf, size_t length)
{
	size_t capacity = buf->capacity > 0 ? buf->capacity : BUF_FIRST_CAPACITY;
	char *data;

	if (buf->has_failed || length > buf->maximum - buf->length) {
		buf->has_failed = true;
		return false;
	}
	if (buf->length + length < buf->capacity)
		return true;
	while (capacity <= buf->length + length)
		capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
	if (capacity - 1 > buf->maximum)
		capacity = buf->maximum + 1;
	data = realloc(buf->data, capacity);
	if (data == NULL) {
		buf->has_failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void buf_append_slowly(struct buf *buf, const void *bytes, size_t length)
{
	if (!buf_reserve(buf, length))
		return;
	if (length > 0)
		memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_append_u64(struct buf *buf, uint64_t value)
{
	char text[NUMBER_TEXT_SIZE];

	buf_append(buf, text, number_format_u64(text, value));
}

void buf_append_double(struct buf *buf, double value)
{
	char text[NUMBER_TEXT_SIZE];

	buf_append(buf, text, number_format_double(text, value));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(buf, format, arguments);
	va_end(arguments);
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
	va_list measured;
	int length;

	va_copy(measured, arguments);
	length = vsnprintf(NULL, 0, format, measured);
	va_end(measured);
	if (length < 0) {
		buf->has_failed = true;
		return;
	}
	if (!buf_reserve(buf, (size_t)length))
		return;
	(void)vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
	buf->length += (size_t)length;
}

bool buf_failed(const struct buf *buf)
{
	return buf->has_failed;
}

const char *buf_string(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}
