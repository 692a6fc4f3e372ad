// SPDX-License-Identifier: MIT
/*
 * What heapwatch top shows of /api/v1/processes: a row per process, in an order that is chosen.
 * Pure; the document may be anything.
 */
#ifndef HEAPWATCH_TOOL_TOP_LIST_H
#define HEAPWATCH_TOOL_TOP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_NAME_SIZE 256
#define TOP_WORD_SIZE 24

/* A number that is not known is NAN. Text is safe for a terminal. */
struct top_row {
	char name[TOP_NAME_SIZE]; /* APP/SLOT */
	char state[TOP_WORD_SIZE];
	char kind[TOP_WORD_SIZE];
	double score;
	double confidence;
	double growth_bytes_per_second;
	double left_seconds;
	double floor_bytes;
	double resident_bytes;
	double pid;
	size_t at; /* of its object in the document */
	size_t length;
};

struct top_list {
	struct top_row *rows; /* owned */
	size_t count;
};

/*
 * Process by process, since a tree of the whole document would be many times as large. -EBADMSG: it
 * is not what /api/v1/processes answers; -ENOMEM. The list is freed with top_list_done().
 */
int top_list_read(const char *document, size_t length, struct top_list *ret_list)
    __attribute__((warn_unused_result));
void top_list_done(struct top_list *list);

struct top_order {
	char key;           /* that is pressed */
	const char *name;   /* of --sort */
	const char *column; /* that it sorts by */
	/* As qsort's, the first to be shown being the least; NULL: by name. */
	int (*compare)(const struct top_row *a, const struct top_row *b);
};

#define TOP_ORDER_COUNT 6
extern const struct top_order top_orders[TOP_ORDER_COUNT]; /* the first is the default */

/* Equal ones by name. */
void top_list_sort(struct top_list *list, const struct top_order *order, bool is_reversed);

/* 2: suspected, 3: leak or thrash, 1: stable, 0: others. */
unsigned top_state_rank(const char *state);

#endif
