// SPDX-License-Identifier: MIT
/*
 * The processes behind a stream of GC lines. A pid names a process only for a while: the same file
 * may hold several lives of one pid, one after another or, from containers, at once. Told apart by
 * the clock of an isolate that goes backwards and by where an isolate lies in memory. Pure.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_LIVES_H
#define HEAPWATCH_COLLECTORS_GCLOG_LIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LIVES_MAX         ((size_t)256) /* of one stream; the most silent one is forgotten */
#define LIFE_ISOLATES_MAX ((size_t)64)  /* of one life; likewise */

/* What a GC line says of its origin. */
struct life_line {
	pid_t pid;        /* as printed; 0: not printed */
	char family;      /* of struct gclog_record; 0: unknown */
	uint64_t isolate; /* address as printed; 0: not printed */
	uint64_t uptime_ns;
};

struct life_isolate {
	uint64_t address;
	uint64_t last_uptime_ns;
	uint64_t last_line;   /* of struct life_table.line_count */
	unsigned incarnation; /* isolates of this life that stood at the address before */
};

struct life {
	uint64_t number; /* in the stream, from 1, in order of first lines */
	pid_t pid;
	uint64_t first_line; /* both of struct life_table.line_count */
	uint64_t last_line;
	struct life_isolate *isolates; /* owned */
	size_t isolate_count;
	struct life *prev; /* newest first */
	struct life *next;
};

/* Zero-initialised; life_table_done() frees it. */
struct life_table {
	struct life *newest;
	size_t count;
	uint64_t latest_number;
	uint64_t line_count;
};

/*
 * The life that printed the line, new or known, valid until the next call. *ret_isolate is the
 * isolate in it. NULL without memory.
 */
struct life *life_table_place(struct life_table *lives, const struct life_line *line,
                              const struct life_isolate **ret_isolate);
/* The newest life of the pid that has the isolate (0: any), without being told anything new. */
struct life *life_table_find(const struct life_table *lives, pid_t pid, uint64_t isolate);
/* How old its oldest isolate was at its latest line: the life has lasted that long at least. */
uint64_t life_uptime_ns(const struct life *life);
/* Lives of the same pid that began after it. */
size_t life_table_after(const struct life_table *lives, const struct life *life);

/* -ENOMEM, with nothing in *ret_copy. */
int life_table_copy(struct life_table *ret_copy, const struct life_table *lives)
    __attribute__((warn_unused_result));
/* As if its lines had been seen; for what was kept elsewhere. NULL without memory. */
struct life *life_table_add(struct life_table *lives, pid_t pid, uint64_t number);
/* The isolate at the address, made when it is new; NULL without memory. */
struct life_isolate *life_isolate_at(struct life_table *lives, struct life *life, uint64_t address);
void life_table_done(struct life_table *lives);

#endif
