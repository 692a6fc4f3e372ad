// SPDX-License-Identifier: MIT
/* See maps.h. */
#include "collectors/proc/maps.h"

#include <errno.h>
#include <string.h>

#include "lib/numbers.h"
#include "lib/units.h"

#define V8_ADDRESS_BITS 46
#define V8_PAGE_BYTES   (256 * KIB)
#define ARENA_BYTES     (64 * MIB) /* glibc's HEAP_MAX_SIZE on 64 bits, also its alignment */

/* One row: "START-END PERMS OFFSET DEVICE INODE   NAME". */
struct mapping {
	uint64_t start;
	uint64_t end;
	const char *permissions; /* four characters */
	bool is_file;
	const char *name; /* "" for what nobody named */
	size_t name_length;
};

/* Takes the text up to the separator from *at on, and moves *at behind it. */
static bool take_field(const char **at, const char *end, char separator, const char **ret_field,
                       size_t *ret_length)
{
	const char *stop = memchr(*at, separator, (size_t)(end - *at));

	if (stop == NULL)
		return false;
	*ret_field = *at;
	*ret_length = (size_t)(stop - *at);
	*at = stop + 1;
	return true;
}

static bool take_address(const char **at, const char *end, char separator, uint64_t *ret_address)
{
	const char *field;
	size_t length;

	return take_field(at, end, separator, &field, &length) &&
	       number_parse_hex(field, length, ret_address) == 0;
}

/* The inode ends with a blank, or with the line where the kernel printed no name. */
static bool take_inode(const char **at, const char *end, bool *ret_is_file)
{
	const char *stop = memchr(*at, ' ', (size_t)(end - *at));
	uint64_t inode;

	if (stop == NULL)
		stop = end;
	if (number_parse_u64(*at, (size_t)(stop - *at), &inode) < 0)
		return false;
	*ret_is_file = inode != 0;
	*at = stop;
	return true;
}

static bool parse(const char *line, size_t length, struct mapping *ret_mapping)
{
	const char *at = line;
	const char *end = line + length;
	const char *skipped;
	size_t size;
	struct mapping mapping;

	if (!take_address(&at, end, '-', &mapping.start) ||
	    !take_address(&at, end, ' ', &mapping.end) || mapping.end <= mapping.start ||
	    !take_field(&at, end, ' ', &mapping.permissions, &size) || size != 4 ||
	    !take_field(&at, end, ' ', &skipped, &size) ||
	    !take_field(&at, end, ' ', &skipped, &size) || !take_inode(&at, end, &mapping.is_file))
		return false;
	while (at < end && *at == ' ')
		at++;
	mapping.name = at;
	mapping.name_length = (size_t)(end - at);
	*ret_mapping = mapping;
	return true;
}

static bool is_guard(const struct mapping *mapping)
{
	return mapping->permissions[0] == '-' && mapping->permissions[1] == '-';
}

/* Neither code nor read-only: what memory that grows is made of. */
static bool is_data(const struct mapping *mapping)
{
	return memcmp(mapping->permissions, "rw-p", 4) == 0;
}

static bool is_v8(const struct mapping *mapping)
{
	return mapping->start < UINT64_C(1) << V8_ADDRESS_BITS &&
	       mapping->start % V8_PAGE_BYTES == 0;
}

/* A thread's stack follows its guard; so does an arena of malloc the unused rest of the one below,
 * but it begins where arenas do. */
static bool is_stack(const struct maps_reader *reader, const struct mapping *mapping)
{
	return reader->previous_is_guard && reader->previous_end == mapping->start &&
	       mapping->start % ARENA_BYTES != 0;
}

static bool is_named(const struct mapping *mapping, const char *name)
{
	return mapping->name_length == strlen(name) &&
	       memcmp(mapping->name, name, mapping->name_length) == 0;
}

/* The sum that the mapping belongs to, NULL for none. */
static uint64_t *sum_of(struct maps_reader *reader, const struct mapping *mapping)
{
	struct memory_map *map = &reader->map;

	if (mapping->is_file || !is_data(mapping))
		return NULL;
	if (mapping->name_length > 0)
		return is_named(mapping, "[heap]") ? &map->malloc_bytes : NULL;
	if (is_v8(mapping))
		return mapping->end - mapping->start > V8_PAGE_BYTES ? &map->v8_large_object_bytes
		                                                     : &map->v8_page_bytes;
	return is_stack(reader, mapping) ? NULL : &map->malloc_bytes;
}

int maps_read_line(struct maps_reader *reader, const char *line, size_t length)
{
	struct mapping mapping;
	uint64_t *sum;

	if (reader->row_count == MAPS_ROWS_MAX)
		return -EFBIG;
	if (!parse(line, length, &mapping))
		return -EBADMSG;
	reader->row_count++;
	sum = sum_of(reader, &mapping);
	if (sum != NULL)
		*sum += mapping.end - mapping.start;
	reader->previous_end = mapping.end;
	reader->previous_is_guard = is_guard(&mapping);
	return 0;
}
