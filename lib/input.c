// SPDX-License-Identifier: MIT
/*
 * The first bytes tell what an input is: gzip, something else that has a magic number, or text. One
 * buffer of compressed bytes stands before zlib's window.
 */
#include "lib/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/cleanup.h"

#define RAW_SIZE   ((size_t)64 * 1024)
#define MAGIC_SIZE ((size_t)16)
/* zlib: the largest window, and gzip only. */
#define GZIP_WINDOW_BITS (15 + 16)

enum input_kind { INPUT_UNKNOWN, INPUT_TEXT, INPUT_GZIP, INPUT_REFUSED };

struct input {
	int fd;
	bool is_own_fd;
	enum input_kind kind;
	bool is_at_end;
	bool is_between_members; /* of gzip: the next byte, if any, starts one */
	const char *problem;
	uint64_t read_bytes;
	uint64_t size_bytes;
	z_stream inflater;
	const unsigned char *raw_at; /* what is left in raw */
	size_t raw_length;
	unsigned char raw[RAW_SIZE];
};

/* What is no text, by its first bytes. */
static const struct magic {
	size_t offset;
	const char *bytes;
	size_t length;
	enum input_kind kind;
	const char *problem;
} magics[] = {
    {0, "\x1f\x8b", 2, INPUT_GZIP, NULL},
    {0, "BZh", 3, INPUT_REFUSED, "is compressed with bzip2; pass it through bzcat and give -"},
    {0,
     "\xfd"
     "7zXZ",
     5, INPUT_REFUSED, "is compressed with xz; pass it through xzcat and give -"},
    {0, "\x28\xb5\x2f\xfd", 4, INPUT_REFUSED,
     "is compressed with zstd; pass it through zstdcat and give -"},
    {0, "\x04\x22\x4d\x18", 4, INPUT_REFUSED,
     "is compressed with lz4; pass it through lz4cat and give -"},
    {0, "LPKSHHRH", 8, INPUT_REFUSED,
     "is a journal; pass it through journalctl --output=export --file and give -"},
    /* a length of 4 bytes, then a protobuf LogEntry whose first field is "stdout" or "stderr" */
    {4,
     "\x0a\x06"
     "stdout",
     8, INPUT_REFUSED,
     "is of Docker's driver local, which is binary; pass it through docker logs and give -"},
    {4,
     "\x0a\x06"
     "stderr",
     8, INPUT_REFUSED,
     "is of Docker's driver local, which is binary; pass it through docker logs and give -"},
};

/* ---- raw bytes ---- */

static int read_raw(struct input *input, void *buffer, size_t size)
{
	ssize_t length;

	do
		length = read(input->fd, buffer, size);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	input->read_bytes += (uint64_t)length;
	return (int)length;
}

/* 1 with something in raw, 0 at the end. */
static int fill_raw(struct input *input)
{
	int length;

	if (input->raw_length > 0)
		return 1;
	length = read_raw(input, input->raw, RAW_SIZE);
	if (length <= 0)
		return length;
	input->raw_at = input->raw;
	input->raw_length = (size_t)length;
	return 1;
}

static int recognise(struct input *input)
{
	size_t i;

	input->raw_at = input->raw;
	while (input->raw_length < MAGIC_SIZE) {
		int length =
		    read_raw(input, input->raw + input->raw_length, RAW_SIZE - input->raw_length);

		if (length < 0)
			return length;
		if (length == 0)
			break;
		input->raw_length += (size_t)length;
	}
	input->kind = INPUT_TEXT;
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *magic = &magics[i];

		if (input->raw_length >= magic->offset + magic->length &&
		    memcmp(input->raw + magic->offset, magic->bytes, magic->length) == 0) {
			input->kind = magic->kind;
			input->problem = magic->problem;
		}
	}
	return 0;
}

/* ---- kinds ---- */

static int read_text(struct input *input, char *buffer, size_t size)
{
	size_t length = size < input->raw_length ? size : input->raw_length;

	if (length == 0)
		return read_raw(input, buffer, size);
	memcpy(buffer, input->raw_at, length);
	input->raw_at += length;
	input->raw_length -= length;
	return (int)length;
}

static int end_with(struct input *input, const char *problem)
{
	input->is_at_end = true;
	input->problem = problem;
	return 0;
}

/* Behind a member: another one, zeros of padding (as of tapes), or bytes that are no gzip. */
static int next_member(struct input *input)
{
	if (*input->raw_at == 0) {
		input->raw_at++;
		input->raw_length--;
		return 0;
	}
	if (*input->raw_at != 0x1f)
		return end_with(input, "has bytes that are no gzip behind its end, ignored");
	input->is_between_members = false;
	return inflateReset(&input->inflater) == Z_OK ? 0 : -EINVAL;
}

/* Inflates what raw holds into what is left of the caller's buffer. */
static int inflate_some(struct input *input)
{
	int result;

	/* zlib does not write through next_in, it only lacks a const unless asked for. */
	input->inflater.next_in = input->raw + (input->raw_at - input->raw);
	input->inflater.avail_in = (uInt)input->raw_length;
	result = inflate(&input->inflater, Z_NO_FLUSH);
	input->raw_at += input->raw_length - input->inflater.avail_in;
	input->raw_length = input->inflater.avail_in;
	if (result == Z_STREAM_END)
		input->is_between_members = true;
	else if (result == Z_MEM_ERROR)
		return -ENOMEM;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return end_with(input, "is damaged gzip; what stands behind the damage is lost");
	return 0;
}

static int read_gzip(struct input *input, char *buffer, size_t size)
{
	z_stream *inflater = &input->inflater;
	int result = 0;

	inflater->next_out = (unsigned char *)buffer;
	inflater->avail_out = (uInt)size;
	while (result == 0 && !input->is_at_end && inflater->avail_out == size) {
		result = fill_raw(input);
		if (result == 0)
			return end_with(input, input->is_between_members
			                           ? NULL
			                           : "is gzip that breaks off; its end is missing");
		if (result > 0)
			result =
			    input->is_between_members ? next_member(input) : inflate_some(input);
	}
	return result < 0 ? result : (int)(size - inflater->avail_out);
}

/* ---- interface ---- */

struct input *input_free(struct input *input)
{
	if (input == NULL)
		return NULL;
	(void)inflateEnd(&input->inflater); /* Z_STREAM_ERROR where it was never begun */
	if (input->is_own_fd)
		(void)close(input->fd); /* only read */
	free(input);
	return NULL;
}

DEFINE_CLEANUP(struct input, input_free)

int input_open(const char *path, struct input **ret_input)
{
	_cleanup_(input_freep) struct input *input = calloc(1, sizeof(*input));
	struct stat status;

	if (input == NULL)
		return -ENOMEM;
	input->fd = STDIN_FILENO;
	if (strcmp(path, "-") != 0) {
		input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (input->fd < 0)
			return -errno;
		input->is_own_fd = true;
	}
	if (fstat(input->fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (S_ISREG(status.st_mode))
		input->size_bytes = (uint64_t)status.st_size;
	*ret_input = TAKE_PTR(input);
	return 0;
}

int input_read(struct input *input, char *buffer, size_t size)
{
	if (input->kind == INPUT_UNKNOWN) {
		int result = recognise(input);

		if (result < 0)
			return result;
		if (input->kind == INPUT_GZIP &&
		    inflateInit2(&input->inflater, GZIP_WINDOW_BITS) != Z_OK)
			return -ENOMEM;
	}
	if (input->kind == INPUT_REFUSED)
		return -ENOTSUP;
	if (size > INT32_MAX)
		size = INT32_MAX;
	return input->kind == INPUT_GZIP ? read_gzip(input, buffer, size)
	                                 : read_text(input, buffer, size);
}

const char *input_problem(const struct input *input)
{
	return input->problem;
}

void input_progress(const struct input *input, uint64_t *ret_read_bytes, uint64_t *ret_size_bytes)
{
	*ret_read_bytes = input->read_bytes;
	*ret_size_bytes = input->size_bytes;
}
