// SPDX-License-Identifier: MIT
/*
 * The headers of an ELF file of either word size, read by pread. Every offset comes from an
 * untrusted file: it is checked against the size of the file, and the bytes read in all are
 * bounded.
 */
#ifndef HEAPWATCH_COLLECTORS_PROC_ELF_IMAGE_H
#define HEAPWATCH_COLLECTORS_PROC_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/proc/elf.h"

struct image {
	int fd;
	bool is_64;
	uint64_t size_bytes;
	uint64_t left_bytes; /* of READ_LIMIT_BYTES */
	Elf64_Ehdr header;   /* widened when the file is 32 bit */
	char *chunk;         /* working memory of the caller, elf.c */
};

/* -ENOEXEC: no regular file, no ELF, or of foreign byte order. */
int image_open(struct image *image, int fd) __attribute__((warn_unused_result));
/* -EBADMSG: outside of the file; -EFBIG: more than may be read in all. */
int image_read(struct image *image, uint64_t offset, void *out, size_t length)
    __attribute__((warn_unused_result));
/* Widened where the file is 32 bit; only the members that are used. */
int image_read_segment(struct image *image, unsigned index, Elf64_Phdr *ret_segment)
    __attribute__((warn_unused_result));
int image_read_section(struct image *image, unsigned index, Elf64_Shdr *ret_section)
    __attribute__((warn_unused_result));
/* At most 1024. */
unsigned image_segment_count(const struct image *image);
unsigned image_section_count(const struct image *image);
bool image_holds(const struct image *image, const struct elf_range *range);
/* Where in the file an address of the loaded program is. */
int image_address_to_offset(struct image *image, uint64_t address, uint64_t *ret_offset)
    __attribute__((warn_unused_result));

#endif
