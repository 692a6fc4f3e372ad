// SPDX-License-Identifier: MIT
/*
 * What summing up a heap snapshot costs at the very least: every number and every quote is looked
 * at, self sizes are added up by type, nothing is checked, named or kept. Of Node.js's layout only.
 *
 *	snapshot_floor FILE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)256 * 1024)
#define TYPES_MAX   64
#define FIELDS_MAX  8

struct floor {
	size_t array; /* how many arrays of numbers have begun; 1: nodes, 2: edges */
	unsigned depth;
	unsigned width;
	unsigned field;
	uint64_t value;
	uint64_t row[FIELDS_MAX];
	uint64_t counts[TYPES_MAX];
	uint64_t sizes[TYPES_MAX];
	uint64_t edges;
	uint64_t quotes;
};

static void take_value(struct floor *floor)
{
	floor->row[floor->field++] = floor->value;
	floor->value = 0;
	if (floor->field < floor->width)
		return;
	floor->field = 0;
	if (floor->array == 1) {
		floor->counts[floor->row[0] % TYPES_MAX]++;
		floor->sizes[floor->row[0] % TYPES_MAX] += floor->row[3];
	} else {
		floor->edges++;
	}
}

/* Up to the bracket that ends the array; NULL: the piece ended first. */
static const char *take_numbers(struct floor *floor, const char *at, const char *end)
{
	for (; at < end; at++) {
		unsigned digit = (unsigned)(unsigned char)*at - '0';

		if (digit <= 9)
			floor->value = floor->value * 10 + digit;
		else if (*at == ',' || *at == ']')
			take_value(floor);
		if (*at == ']')
			return at;
	}
	return NULL;
}

/* In front of "nodes" and "edges" and behind them: only quotes are counted. */
static const char *take_others(struct floor *floor, const char *at, const char *end)
{
	for (; at < end; at++) {
		floor->quotes += *at == '"';
		if (*at == '[' && floor->array < 2 && at - 7 >= end - CHUNK_BYTES &&
		    (memcmp(at - 7, "nodes\":", 7) == 0 || memcmp(at - 7, "edges\":", 7) == 0))
			return at;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static char chunk[CHUNK_BYTES + 1];
	struct floor floor = {0};
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int in_numbers = 0;
	uint64_t size = 0;
	ssize_t length;
	size_t i;

	while (fd >= 0 && (length = read(fd, chunk, CHUNK_BYTES)) > 0) {
		const char *at = chunk;
		const char *end = chunk + length;

		while (at != NULL && at < end) {
			at = in_numbers ? take_numbers(&floor, at, end)
			                : take_others(&floor, at, end);
			if (at == NULL)
				break;
			in_numbers = !in_numbers;
			floor.array += (size_t)in_numbers;
			floor.width = floor.array == 1 ? 7 : 3;
			at++;
		}
	}
	for (i = 0; i < TYPES_MAX; i++)
		size += floor.sizes[i];
	(void)printf("%" PRIu64 " bytes, %" PRIu64 " edges, %" PRIu64 " quotes\n", size,
	             floor.edges, floor.quotes);
	return fd >= 0 ? 0 : 1;
}
