// SPDX-License-Identifier: MIT
/* Recognising Node by its ELF file: a real small one, damaged copies of it, and what is no ELF. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/proc/node_version.h"
#include "lib/units.h"
#include "tests/unit/proc_world.h"
#include "tests/unit/unit.h"

static char *image;
static size_t image_bytes;

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &status), 0);
	image_bytes = (size_t)status.st_size;
	image = malloc(image_bytes);
	ck_assert_ptr_nonnull(image);
	ck_assert_int_eq(read(fd, image, image_bytes), (ssize_t)image_bytes);
	(void)close(fd);
}

/* Inspects what is in memory as if it were a file. */
static int inspect(const char *bytes, size_t length, struct elf_facts *ret_facts)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	int r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	r = elf_inspect(fd, ret_facts);
	(void)close(fd);
	return r;
}

static void replace_all(const char *from, const char *to)
{
	size_t length = strlen(from);
	char *at = image;

	ck_assert_uint_eq(length, strlen(to));
	while ((at = memmem(at, image_bytes - (size_t)(at - image), from, length)) != NULL)
		memcpy(at, to, length);
}

START_TEST(test_exported_start_makes_a_node)
{
	struct elf_facts facts;
	char version[NODE_VERSION_SIZE];
	int fd = open(world_fake_node(), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(elf_inspect(fd, &facts), 0);
	ck_assert(facts.is_node);
	ck_assert(!facts.is_single_executable);
	ck_assert(!facts.uses_libnode);
	ck_assert_int_eq(node_version_find(fd, &facts.constants, version), 0);
	ck_assert_str_eq(version, "20.20.2");
	(void)close(fd);
}
END_TEST

START_TEST(test_without_section_headers_it_is_still_found)
{
	struct elf_facts facts;
	Elf64_Ehdr header;

	load(world_fake_node());
	memcpy(&header, image, sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = 0;
	memcpy(image, &header, sizeof(header));
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(facts.is_node);
	ck_assert_uint_eq(facts.constants.size_bytes, image_bytes);
	free(image);
}
END_TEST

START_TEST(test_other_names_make_no_node)
{
	struct elf_facts facts;

	load(world_fake_node());
	replace_all("_ZN4node5Start", "_ZN4deno5Start");
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(!facts.is_node);
	free(image);
}
END_TEST

START_TEST(test_what_links_a_browser_is_no_node)
{
	struct elf_facts facts;

	load(world_fake_node());
	memcpy(memmem(image, image_bytes, "libc.so.6", 9), "libnw.so", 9);
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(!facts.is_node);
	free(image);
}
END_TEST

/* Turns every definition of node::Start into an import. */
static void import_start(void)
{
	Elf64_Ehdr header;
	size_t i, k;

	memcpy(&header, image, sizeof(header));
	for (i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr section, names;
		memcpy(&section, image + header.e_shoff + i * sizeof(section), sizeof(section));
		if (section.sh_type != SHT_DYNSYM && section.sh_type != SHT_SYMTAB)
			continue;
		memcpy(&names, image + header.e_shoff + section.sh_link * sizeof(names),
		       sizeof(names));
		for (k = 0; k < section.sh_size / sizeof(Elf64_Sym); k++) {
			char *at = image + section.sh_offset + k * sizeof(Elf64_Sym);
			Elf64_Sym symbol;
			memcpy(&symbol, at, sizeof(symbol));
			if (strncmp(image + names.sh_offset + symbol.st_name, "_ZN4node5Start",
			            14) != 0)
				continue;
			symbol.st_shndx = SHN_UNDEF;
			memcpy(at, &symbol, sizeof(symbol));
		}
	}
}

START_TEST(test_imported_start_needs_libnode)
{
	struct elf_facts facts;
	char *name;

	load(world_fake_node());
	import_start();
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(!facts.is_node);
	/* The name of the library is where its offset points: any long enough other string does. */
	name = memmem(image, image_bytes, "libc.so.6", 9);
	memcpy(name - 1, "\0", 1);
	memcpy(name, "libnode.so", sizeof("libnode.so"));
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(facts.is_node);
	ck_assert(facts.uses_libnode);
	free(image);
}
END_TEST

START_TEST(test_foreign_byte_order_and_other_files_are_refused)
{
	struct elf_facts facts = {.is_node = true};

	load(world_fake_node());
	image[EI_DATA] = image[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	ck_assert_int_eq(inspect(image, image_bytes, &facts), -ENOEXEC);
	image[EI_DATA] = image[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	image[EI_CLASS] = 9;
	ck_assert_int_eq(inspect(image, image_bytes, &facts), -ENOEXEC);
	ck_assert_int_eq(inspect("#!/bin/sh\nexec node\n", 20, &facts), -ENOEXEC);
	ck_assert_int_eq(inspect("", 0, &facts), -ENOEXEC);
	ck_assert_int_eq(inspect(ELFMAG, SELFMAG, &facts), -ENOEXEC);
	ck_assert(facts.is_node); /* untouched on failure */
	free(image);
}
END_TEST

/* A 32-bit image made by hand: header, one section table with .dynsym and its names. */
START_TEST(test_32_bit_node_is_found)
{
	static const char names[] = "\0_ZN4node5StartEiPPc";
	struct {
		Elf32_Ehdr header;
		Elf32_Shdr sections[3];
		Elf32_Sym symbols[2];
		char names[sizeof(names)];
	} file = {.header = {.e_shoff = sizeof(Elf32_Ehdr),
	                     .e_shnum = 3,
	                     .e_shentsize = sizeof(Elf32_Shdr)}};
	struct elf_facts facts;

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	file.header.e_ident[EI_DATA] =
	    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	file.sections[1] =
	    (Elf32_Shdr){.sh_type = SHT_DYNSYM,
	                 .sh_link = 2,
	                 .sh_offset = (Elf32_Off)((char *)file.symbols - (char *)&file),
	                 .sh_size = sizeof(file.symbols)};
	file.sections[2] =
	    (Elf32_Shdr){.sh_type = SHT_STRTAB,
	                 .sh_offset = (Elf32_Off)((char *)file.names - (char *)&file),
	                 .sh_size = sizeof(file.names)};
	file.symbols[1] = (Elf32_Sym){.st_name = 1, .st_shndx = 1};
	memcpy(file.names, names, sizeof(names));
	ck_assert_int_eq(inspect((const char *)&file, sizeof(file), &facts), 0);
	ck_assert(facts.is_node);
	file.symbols[1].st_shndx = SHN_UNDEF;
	ck_assert_int_eq(inspect((const char *)&file, sizeof(file), &facts), 0);
	ck_assert(!facts.is_node);
}
END_TEST

START_TEST(test_injected_application_is_seen_by_its_note)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		Elf64_Nhdr first;
		char first_name[4];
		Elf64_Nhdr note;
		char name[16];
		Elf64_Shdr sections[3];
		Elf64_Sym symbol;
		char names[32];
	} file = {.header = {.e_phoff = sizeof(Elf64_Ehdr),
	                     .e_phnum = 1,
	                     .e_phentsize = sizeof(Elf64_Phdr),
	                     .e_shnum = 3,
	                     .e_shentsize = sizeof(Elf64_Shdr)},
	          .first = {.n_namesz = 4},
	          .first_name = "GNU",
	          .note = {.n_namesz = 14},
	          .name = "NODE_SEA_BLOB",
	          .symbol = {.st_name = 1, .st_shndx = 1},
	          .names = "\0_ZN4node5StartEiPPc"};
	struct elf_facts facts;
	const char *base = (const char *)&file;

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] =
	    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	file.header.e_shoff = (Elf64_Off)((const char *)file.sections - base);
	file.segment = (Elf64_Phdr){
	    .p_type = PT_NOTE,
	    .p_offset = (Elf64_Off)((const char *)&file.first - base),
	    .p_filesz = (Elf64_Xword)((const char *)file.sections - (const char *)&file.first)};
	file.sections[1] = (Elf64_Shdr){.sh_type = SHT_DYNSYM,
	                                .sh_link = 2,
	                                .sh_offset = (Elf64_Off)((const char *)&file.symbol - base),
	                                .sh_size = sizeof(file.symbol)};
	file.sections[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
	                                .sh_offset = (Elf64_Off)(file.names - base),
	                                .sh_size = sizeof(file.names)};
	ck_assert_int_eq(inspect(base, sizeof(file), &facts), 0);
	ck_assert(facts.is_node);
	ck_assert(facts.is_single_executable);
	file.name[0] = 'M';
	ck_assert_int_eq(inspect(base, sizeof(file), &facts), 0);
	ck_assert(!facts.is_single_executable);
}
END_TEST

START_TEST(test_cut_and_damaged_files_do_no_harm)
{
	struct elf_facts facts;
	unsigned seed = 1;
	size_t i;

	load(world_fake_node());
	for (i = 0; i < image_bytes; i += image_bytes / 300 + 1)
		(void)inspect(image, i, &facts); /* any answer is good that is one */
	for (i = 0; i < 2000; i++) {
		size_t at;
		char before;
		seed = seed * 1103515245 + 12345;
		at = (seed >> 8) %
		     (i % 2 == 0 ? sizeof(Elf64_Ehdr) + 13 * sizeof(Elf64_Phdr) : image_bytes);
		before = image[at];
		image[at] = (char)(seed >> 24);
		(void)inspect(image, image_bytes, &facts);
		image[at] = before;
	}
	ck_assert_int_eq(inspect(image, image_bytes, &facts), 0);
	ck_assert(facts.is_node);
	free(image);
}
END_TEST

START_TEST(test_version_is_found_across_chunks_and_only_whole)
{
	static const struct {
		size_t offset;
		const char *text;
		const char *version; /* NULL: none */
	} cases[] = {
	    {0, "node-v12.22.12.tar.gz", "12.22.12"},
	    {256 * KIB - 10, "node-v20.20.2.tar.gz", "20.20.2"},
	    {256 * KIB - 3, "node.js/v26.10.0 ", "26.10.0"},
	    {600 * KIB, "node-v8.0.0-headers", "8.0.0"},
	    {5, "node-v20.20 ", NULL},
	    {5, "node-v20.20.x", NULL},
	    {5, "node-v.1.2 ", NULL},
	    {5, "node-v123456.1.2 ", NULL},
	    {5, "deno-v1.2.3 ", NULL},
	    {5, "node-vx node-v1.2.3 ", "1.2.3"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct elf_range range = {0, 1 * MIB};
		char version[NODE_VERSION_SIZE] = "old";
		int fd = memfd_create("version", MFD_CLOEXEC);
		int r;
		ck_assert_int_eq(ftruncate(fd, 1 * MIB), 0);
		ck_assert_int_gt(
		    pwrite(fd, cases[i].text, strlen(cases[i].text), (off_t)cases[i].offset), 0);
		r = node_version_find(fd, &range, version);
		ck_assert_int_eq(r, cases[i].version != NULL ? 0 : -ENOENT);
		ck_assert_str_eq(version, cases[i].version != NULL ? cases[i].version : "old");
		(void)close(fd);
	}
}
END_TEST

UNIT_MAIN("elf", test_exported_start_makes_a_node, test_without_section_headers_it_is_still_found,
          test_other_names_make_no_node, test_what_links_a_browser_is_no_node,
          test_imported_start_needs_libnode, test_foreign_byte_order_and_other_files_are_refused,
          test_32_bit_node_is_found, test_injected_application_is_seen_by_its_note,
          test_cut_and_damaged_files_do_no_harm, test_version_is_found_across_chunks_and_only_whole)
