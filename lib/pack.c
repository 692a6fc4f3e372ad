// SPDX-License-Identifier: MIT
/*
 * Values are copied, never pointed at, so that no alignment matters.
 */
#include "lib/pack.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

void pack_u64(struct buf *out, uint64_t value)
{
	buf_append(out, &value, sizeof(value));
}

void pack_u64s(struct buf *out, const uint64_t *values, size_t count)
{
	buf_append(out, values, count * sizeof(*values));
}

void pack_double(struct buf *out, double value)
{
	buf_append(out, &value, sizeof(value));
}

void pack_bytes(struct buf *out, const void *bytes, size_t length)
{
	pack_u64(out, length);
	buf_append(out, bytes, length);
}

void pack_string(struct buf *out, const char *string)
{
	pack_bytes(out, string, strlen(string));
}

size_t pack_begin(struct buf *out)
{
	pack_u64(out, 0);
	return out->length;
}

void pack_end(struct buf *out, size_t at)
{
	uint64_t length = out->length - at;

	if (!buf_failed(out))
		memcpy(out->data + at - sizeof(length), &length, sizeof(length));
}

static void take(struct unpack *in, void *ret_value, size_t size)
{
	memset(ret_value, 0, size);
	if (in->has_failed || (size_t)(in->end - in->at) < size) {
		in->has_failed = true;
		return;
	}
	memcpy(ret_value, in->at, size);
	in->at += size;
}

uint64_t unpack_u64(struct unpack *in)
{
	uint64_t value;

	take(in, &value, sizeof(value));
	return value;
}

void unpack_u64s(struct unpack *in, uint64_t *ret_values, size_t count)
{
	take(in, ret_values, count * sizeof(*ret_values));
}

double unpack_double(struct unpack *in)
{
	double value;

	take(in, &value, sizeof(value));
	return value;
}

const char *unpack_bytes(struct unpack *in, size_t *ret_length)
{
	uint64_t length = unpack_u64(in);
	const char *bytes = in->at;

	if (in->has_failed || (size_t)(in->end - in->at) < length) {
		in->has_failed = true;
		length = 0;
	}
	in->at += length;
	*ret_length = (size_t)length;
	return bytes;
}

void unpack_string(struct unpack *in, char *ret_string, size_t size)
{
	size_t length;
	const char *bytes = unpack_bytes(in, &length);

	if (length >= size || memchr(bytes, '\0', length) != NULL) {
		in->has_failed = true;
		length = 0;
	}
	memcpy(ret_string, bytes, length);
	ret_string[length] = '\0';
}

static uint32_t checksum(const char *bytes, size_t length)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)bytes, length);
}

void seal_begin(struct buf *out, const char *title)
{
	buf_append_string(out, title);
	buf_append_char(out, '\n');
}

void seal_end(struct buf *out)
{
	uint32_t sum = checksum(buf_string(out), out->length);

	buf_append(out, &sum, sizeof(sum));
}

int seal_open(const char *bytes, size_t length, const char *title, struct unpack *ret_in)
{
	size_t title_length = strlen(title);
	uint32_t sum;

	if (length < title_length + 1 + SEAL_SIZE || memcmp(bytes, title, title_length) != 0 ||
	    bytes[title_length] != '\n')
		return -EBADMSG;
	length -= SEAL_SIZE;
	memcpy(&sum, bytes + length, sizeof(sum));
	if (sum != checksum(bytes, length))
		return -EBADMSG;
	*ret_in = (struct unpack){bytes + title_length + 1, bytes + length, false};
	return 0;
}
