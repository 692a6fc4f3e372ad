// SPDX-License-Identifier: MIT
/*
 * A search for two patterns over overlapping chunks. In real binaries the first hit is within the
 * first 600 KB of .rodata; the limit is for files that have none.
 */
#include "collectors/proc/node_version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/units.h"

#define CHUNK_BYTES   (256 * KIB)
#define LIMIT_BYTES   (128 * MIB)
#define OVERLAP_BYTES 64 /* longer than a pattern with its version */

static const char *const patterns[] = {"node-v", "node.js/v"};

/* Three numbers with dots between; the length, or 0 when it is something else. */
static size_t version_length(const char *text, size_t available)
{
	size_t position = 0;
	unsigned dots = 0;
	unsigned digits = 0;

	for (position = 0; position < available; position++) {
		if (text[position] >= '0' && text[position] <= '9' && digits < 5) {
			digits++;
		} else if (text[position] == '.' && digits > 0 && dots < 2) {
			dots++;
			digits = 0;
		} else {
			break;
		}
	}
	return dots == 2 && digits > 0 && position < available ? position : 0;
}

static bool find_in_chunk(const char *chunk, size_t length, const char *pattern, char *ret_version)
{
	const char *at = chunk;
	const char *end = chunk + length;

	while ((at = memmem(at, (size_t)(end - at), pattern, strlen(pattern))) != NULL) {
		size_t found;
		at += strlen(pattern);
		found = version_length(at, (size_t)(end - at));
		if (found == 0)
			continue;
		memcpy(ret_version, at, found); /* at most 17 characters, see version_length */
		ret_version[found] = '\0';
		return true;
	}
	return false;
}

int node_version_find(int fd, const struct elf_range *range, char ret_version[NODE_VERSION_SIZE])
{
	_cleanup_(freep) char *chunk = malloc(CHUNK_BYTES);
	uint64_t size_bytes = range->size_bytes < LIMIT_BYTES ? range->size_bytes : LIMIT_BYTES;
	uint64_t position = 0;

	if (chunk == NULL)
		return -ENOMEM;
	while (position < size_bytes) {
		uint64_t left = size_bytes - position;
		size_t wanted = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		size_t i;
		ssize_t n = pread(fd, chunk, wanted, (off_t)(range->offset + position));
		if (n < 0)
			return -errno;
		for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
			if (find_in_chunk(chunk, (size_t)n, patterns[i], ret_version))
				return 0;
		}
		if ((size_t)n <= OVERLAP_BYTES || (size_t)n == left)
			break;
		position += (size_t)n - OVERLAP_BYTES;
	}
	return -ENOENT;
}
