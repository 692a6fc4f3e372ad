// SPDX-License-Identifier: MIT
/* See elf_image.h; layout of elf(5). */
#include "collectors/proc/elf_image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/units.h"

#define READ_LIMIT_BYTES (128 * MIB) /* node 26 needs 3.9 MB for .dynsym and .dynstr */
#define HEADERS_MAX      1024

int image_read(struct image *image, uint64_t offset, void *out, size_t length)
{
	size_t done = 0;

	if (offset > image->size_bytes || length > image->size_bytes - offset)
		return -EBADMSG;
	if (length > image->left_bytes)
		return -EFBIG;
	image->left_bytes -= length;
	while (done < length) {
		ssize_t n =
		    pread(image->fd, (char *)out + done, length - done, (off_t)(offset + done));
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG; /* cut while we read */
		done += (size_t)n;
	}
	return 0;
}

static int read_header(struct image *image)
{
	const unsigned char native =
	    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr narrow;
	int r;

	if (image_read(image, 0, ident, sizeof(ident)) < 0)
		return -ENOEXEC;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_DATA] != native)
		return -ENOEXEC;
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return -ENOEXEC;
	image->is_64 = ident[EI_CLASS] == ELFCLASS64;
	if (image->is_64)
		return image_read(image, 0, &image->header, sizeof(image->header));
	r = image_read(image, 0, &narrow, sizeof(narrow));
	if (r < 0)
		return r;
	image->header.e_phoff = narrow.e_phoff;
	image->header.e_shoff = narrow.e_shoff;
	image->header.e_phnum = narrow.e_phnum;
	image->header.e_shnum = narrow.e_shnum;
	image->header.e_phentsize = narrow.e_phentsize;
	image->header.e_shentsize = narrow.e_shentsize;
	image->header.e_shstrndx = narrow.e_shstrndx;
	return 0;
}

int image_open(struct image *image, int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	*image = (struct image){
	    .fd = fd, .size_bytes = (uint64_t)status.st_size, .left_bytes = READ_LIMIT_BYTES};
	return read_header(image);
}

int image_read_segment(struct image *image, unsigned index, Elf64_Phdr *ret_segment)
{
	uint64_t offset = image->header.e_phoff + (uint64_t)index * image->header.e_phentsize;
	Elf32_Phdr narrow;
	int r;

	if (image->is_64)
		return image_read(image, offset, ret_segment, sizeof(*ret_segment));
	r = image_read(image, offset, &narrow, sizeof(narrow));
	if (r < 0)
		return r;
	*ret_segment = (Elf64_Phdr){.p_type = narrow.p_type,
	                            .p_flags = narrow.p_flags,
	                            .p_offset = narrow.p_offset,
	                            .p_vaddr = narrow.p_vaddr,
	                            .p_filesz = narrow.p_filesz};
	return 0;
}

int image_read_section(struct image *image, unsigned index, Elf64_Shdr *ret_section)
{
	uint64_t offset = image->header.e_shoff + (uint64_t)index * image->header.e_shentsize;
	Elf32_Shdr narrow;
	int r;

	if (image->is_64)
		return image_read(image, offset, ret_section, sizeof(*ret_section));
	r = image_read(image, offset, &narrow, sizeof(narrow));
	if (r < 0)
		return r;
	*ret_section = (Elf64_Shdr){.sh_name = narrow.sh_name,
	                            .sh_type = narrow.sh_type,
	                            .sh_offset = narrow.sh_offset,
	                            .sh_size = narrow.sh_size,
	                            .sh_link = narrow.sh_link};
	return 0;
}

unsigned image_segment_count(const struct image *image)
{
	return image->header.e_phnum < HEADERS_MAX ? image->header.e_phnum : HEADERS_MAX;
}

unsigned image_section_count(const struct image *image)
{
	if (image->header.e_shoff == 0)
		return 0;
	return image->header.e_shnum < HEADERS_MAX ? image->header.e_shnum : HEADERS_MAX;
}

bool image_holds(const struct image *image, const struct elf_range *range)
{
	return range->offset <= image->size_bytes &&
	       range->size_bytes <= image->size_bytes - range->offset;
}

int image_address_to_offset(struct image *image, uint64_t address, uint64_t *ret_offset)
{
	unsigned i;

	for (i = 0; i < image_segment_count(image); i++) {
		Elf64_Phdr segment;
		int r = image_read_segment(image, i, &segment);
		if (r < 0)
			return r;
		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret_offset = segment.p_offset + (address - segment.p_vaddr);
		return 0;
	}
	return -EBADMSG;
}
