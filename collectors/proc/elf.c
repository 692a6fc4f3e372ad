// SPDX-License-Identifier: MIT
/*
 * What symbol tables, DT_NEEDED and notes say. The file is untrusted: offsets are checked where
 * they are read (elf_image.h), and all loops are bounded.
 */
#include "collectors/proc/elf.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/proc/elf_image.h"
#include "lib/cleanup.h"
#include "lib/units.h"

#define CHUNK_BYTES      (256 * KIB)
#define DYNAMIC_MAX      1024
#define NOTES_MAX        64
#define NAME_HITS_MAX    16
#define NEEDED_NAME_SIZE 64

static const char start_symbol[] = "_ZN4node5Start"; /* node::Start(int, char **) and overloads */
static const char sea_note[] = "NODE_SEA_BLOB";      /* postject names the note so */

/* Libraries that browsers and their shells need and Node never does. */
static const char *const browser_libraries[] = {"libffmpeg.so", "libnw.so", "libnss3.so",
                                                "libgtk-3.so", "libgtk-4.so"};

struct symbol_table {
	struct elf_range symbols;
	struct elf_range names;
};

struct dynamic_facts {
	bool is_browser;
	bool needs_libnode;
	struct symbol_table table; /* size 0: none */
};

struct start_facts {
	bool is_defined;
	bool is_imported;
};

/* ---- the dynamic section ---- */

static int read_dynamic_entry(struct image *image, uint64_t offset, unsigned index,
                              Elf64_Dyn *ret_entry)
{
	Elf32_Dyn narrow;
	int r;

	if (image->is_64)
		return image_read(image, offset + index * sizeof(*ret_entry), ret_entry,
		                  sizeof(*ret_entry));
	r = image_read(image, offset + index * sizeof(narrow), &narrow, sizeof(narrow));
	if (r < 0)
		return r;
	ret_entry->d_tag = narrow.d_tag;
	ret_entry->d_un.d_val = narrow.d_un.d_val;
	return 0;
}

static void judge_needed(struct image *image, uint64_t offset, struct dynamic_facts *facts)
{
	char name[NEEDED_NAME_SIZE] = "";
	size_t length = sizeof(name) - 1;
	size_t i;

	if (offset >= image->size_bytes)
		return;
	if (length > image->size_bytes - offset)
		length = (size_t)(image->size_bytes - offset);
	if (image_read(image, offset, name, length) < 0)
		return;
	for (i = 0; i < sizeof(browser_libraries) / sizeof(browser_libraries[0]); i++) {
		if (strncmp(name, browser_libraries[i], strlen(browser_libraries[i])) == 0)
			facts->is_browser = true;
	}
	if (strncmp(name, "libnode.so", strlen("libnode.so")) == 0)
		facts->needs_libnode = true;
}

/* Without section headers the size of .dynsym is not stated; linkers put .dynstr right behind. */
static void locate_dynamic_symbols(struct image *image, const Elf64_Addr addresses[2],
                                   uint64_t names_bytes, struct symbol_table *ret_table)
{
	struct symbol_table table = {.names.size_bytes = names_bytes};

	if (image_address_to_offset(image, addresses[0], &table.symbols.offset) < 0 ||
	    image_address_to_offset(image, addresses[1], &table.names.offset) < 0 ||
	    table.names.offset <= table.symbols.offset)
		return;
	table.symbols.size_bytes = table.names.offset - table.symbols.offset;
	*ret_table = table;
}

static int read_dynamic(struct image *image, const Elf64_Phdr *segment, struct dynamic_facts *facts)
{
	uint64_t needed[DYNAMIC_MAX / 4];
	Elf64_Addr addresses[2] = {0, 0}; /* .dynsym, .dynstr */
	uint64_t names_bytes = 0;
	uint64_t names_offset;
	size_t needed_count = 0;
	unsigned i;

	for (i = 0; i < DYNAMIC_MAX; i++) {
		Elf64_Dyn entry;
		int r = read_dynamic_entry(image, segment->p_offset, i, &entry);
		if (r < 0)
			return r;
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SYMTAB)
			addresses[0] = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_STRTAB)
			addresses[1] = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_STRSZ)
			names_bytes = entry.d_un.d_val;
		else if (entry.d_tag == DT_NEEDED &&
		         needed_count < sizeof(needed) / sizeof(needed[0]))
			needed[needed_count++] = entry.d_un.d_val;
	}
	if (image_address_to_offset(image, addresses[1], &names_offset) < 0)
		return 0; /* a static-pie file may have no names */
	while (needed_count > 0)
		judge_needed(image, names_offset + needed[--needed_count], facts);
	locate_dynamic_symbols(image, addresses, names_bytes, &facts->table);
	return 0;
}

/* ---- notes ---- */

static bool note_segment_is_sea(struct image *image, const Elf64_Phdr *segment)
{
	uint64_t offset = segment->p_offset;
	uint64_t end = segment->p_offset + segment->p_filesz;
	unsigned i;

	for (i = 0; i < NOTES_MAX && offset < end; i++) {
		Elf64_Nhdr note; /* the same in both word sizes */
		char name[sizeof(sea_note)] = "";
		if (image_read(image, offset, &note, sizeof(note)) < 0)
			return false;
		if (note.n_namesz == sizeof(sea_note) &&
		    image_read(image, offset + sizeof(note), name, sizeof(name)) == 0 &&
		    memcmp(name, sea_note, sizeof(sea_note)) == 0)
			return true;
		offset += sizeof(note) + (((uint64_t)note.n_namesz + 3) & ~UINT64_C(3)) +
		          (((uint64_t)note.n_descsz + 3) & ~UINT64_C(3));
	}
	return false;
}

static int read_segments(struct image *image, struct dynamic_facts *facts, bool *ret_is_sea)
{
	unsigned i;

	for (i = 0; i < image_segment_count(image); i++) {
		Elf64_Phdr segment;
		int r = image_read_segment(image, i, &segment);
		if (r < 0)
			return r;
		if (segment.p_type == PT_NOTE && note_segment_is_sea(image, &segment))
			*ret_is_sea = true;
		if (segment.p_type != PT_DYNAMIC)
			continue;
		r = read_dynamic(image, &segment, facts);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- symbols ---- */

/* Offsets in the string table at which the name of node::Start begins. */
static int find_names(struct image *image, const struct elf_range *names,
                      uint64_t ret_hits[NAME_HITS_MAX], size_t *ret_count)
{
	const size_t overlap = sizeof(start_symbol) - 2;
	uint64_t position = 0;
	size_t count = 0;

	while (position < names->size_bytes) {
		uint64_t left = names->size_bytes - position;
		size_t length = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		const char *at = image->chunk;
		int r = image_read(image, names->offset + position, image->chunk, length);
		if (r < 0)
			return r;
		while (count < NAME_HITS_MAX) {
			at = memmem(at, length - (size_t)(at - image->chunk), start_symbol,
			            sizeof(start_symbol) - 1);
			if (at == NULL)
				break;
			ret_hits[count++] = position + (uint64_t)(at - image->chunk);
			at++;
		}
		if (length == left)
			break;
		position += length - overlap;
	}
	*ret_count = count;
	return 0;
}

static void judge_symbol(const struct image *image, const char *entry, const uint64_t *hits,
                         size_t hit_count, struct start_facts *facts)
{
	uint64_t name;
	bool is_defined;
	size_t i;

	if (image->is_64) {
		Elf64_Sym symbol;
		memcpy(&symbol, entry, sizeof(symbol));
		name = symbol.st_name;
		is_defined = symbol.st_shndx != SHN_UNDEF;
	} else {
		Elf32_Sym symbol;
		memcpy(&symbol, entry, sizeof(symbol));
		name = symbol.st_name;
		is_defined = symbol.st_shndx != SHN_UNDEF;
	}
	for (i = 0; i < hit_count; i++) {
		if (hits[i] != name)
			continue;
		facts->is_defined = facts->is_defined || is_defined;
		facts->is_imported = facts->is_imported || !is_defined;
	}
}

static int search_table(struct image *image, const struct symbol_table *table,
                        struct start_facts *facts)
{
	const size_t entry_bytes = image->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	const size_t chunk_bytes = CHUNK_BYTES / entry_bytes * entry_bytes;
	uint64_t hits[NAME_HITS_MAX];
	size_t hit_count = 0;
	uint64_t position;
	int r;

	if (!image_holds(image, &table->symbols) || !image_holds(image, &table->names))
		return -EBADMSG;
	r = find_names(image, &table->names, hits, &hit_count);
	if (r < 0 || hit_count == 0)
		return r;
	for (position = 0; position < table->symbols.size_bytes; position += chunk_bytes) {
		uint64_t left = table->symbols.size_bytes - position;
		size_t length = left < chunk_bytes ? (size_t)left : chunk_bytes;
		size_t i;
		r = image_read(image, table->symbols.offset + position, image->chunk, length);
		if (r < 0)
			return r;
		for (i = 0; i + entry_bytes <= length; i += entry_bytes)
			judge_symbol(image, image->chunk + i, hits, hit_count, facts);
	}
	return 0;
}

/* .symtab only when .dynsym says nothing: a fully static node has no dynamic symbols. */
static int search_sections(struct image *image, uint32_t type, struct start_facts *facts,
                           bool *ret_has_table)
{
	unsigned i;

	for (i = 0; i < image_section_count(image); i++) {
		Elf64_Shdr section, names;
		struct symbol_table table;
		int r = image_read_section(image, i, &section);
		if (r < 0)
			return r;
		if (section.sh_type != type)
			continue;
		if (section.sh_link >= image_section_count(image))
			return -EBADMSG;
		r = image_read_section(image, section.sh_link, &names);
		if (r < 0)
			return r;
		table.symbols = (struct elf_range){section.sh_offset, section.sh_size};
		table.names = (struct elf_range){names.sh_offset, names.sh_size};
		*ret_has_table = true;
		return search_table(image, &table, facts);
	}
	return 0;
}

static int search_symbols(struct image *image, const struct dynamic_facts *dynamic,
                          struct start_facts *facts)
{
	bool has_table = false;
	int r = search_sections(image, SHT_DYNSYM, facts, &has_table);

	if (r == 0 && !has_table && dynamic->table.symbols.size_bytes > 0)
		r = search_table(image, &dynamic->table, facts);
	if (r < 0 || facts->is_defined || facts->is_imported)
		return r;
	return search_sections(image, SHT_SYMTAB, facts, &has_table);
}

/* ---- constants ---- */

/* .rodata; in a file without section headers the first read-only segment is not it: all then. */
static void find_constants(struct image *image, struct elf_range *ret_range)
{
	Elf64_Shdr names;
	unsigned i;

	*ret_range = (struct elf_range){0, image->size_bytes};
	if (image->header.e_shstrndx >= image_section_count(image) ||
	    image_read_section(image, image->header.e_shstrndx, &names) < 0)
		return;
	for (i = 0; i < image_section_count(image); i++) {
		char name[sizeof(".rodata")];
		Elf64_Shdr section;
		struct elf_range range;
		if (image_read_section(image, i, &section) < 0)
			return;
		if (image_read(image, names.sh_offset + section.sh_name, name, sizeof(name)) < 0)
			continue;
		range = (struct elf_range){section.sh_offset, section.sh_size};
		if (memcmp(name, ".rodata", sizeof(name)) == 0 && image_holds(image, &range)) {
			*ret_range = range;
			return;
		}
	}
}

int elf_inspect(int fd, struct elf_facts *ret_facts)
{
	_cleanup_(freep) char *chunk = NULL;
	struct dynamic_facts dynamic = {.is_browser = false};
	struct start_facts start = {.is_defined = false};
	struct elf_facts facts = {.is_node = false};
	struct image image;
	int r = image_open(&image, fd);

	if (r < 0)
		return r;
	chunk = malloc(CHUNK_BYTES);
	if (chunk == NULL)
		return -ENOMEM;
	image.chunk = chunk;
	r = read_segments(&image, &dynamic, &facts.is_single_executable);
	if (r < 0)
		return r;
	if (!dynamic.is_browser) {
		r = search_symbols(&image, &dynamic, &start);
		if (r < 0)
			return r;
	}
	facts.uses_libnode = !start.is_defined && start.is_imported && dynamic.needs_libnode;
	facts.is_node = start.is_defined || facts.uses_libnode;
	if (facts.is_node)
		find_constants(&image, &facts.constants);
	*ret_facts = facts;
	return 0;
}
