// SPDX-License-Identifier: MIT
/*
 * The two CSV files that may stand beside a GC log: samples of /proc (columns by name: t_ms,
 * rss_bytes, rss_anon_bytes, swap_bytes, utime_ms, stime_ms, threads, pid; others are skipped) and
 * the arrival time of each line (line, t_ms). Rows are read one at a time.
 */
#ifndef HEAPWATCH_TOOL_RECORDING_H
#define HEAPWATCH_TOOL_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_COLUMNS_MAX 16
#define CSV_LINE_SIZE   1024

struct csv {
	FILE *file; /* owned */
	const char *path;
	uint64_t line;
	size_t column_count;              /* that are wanted */
	size_t columns[CSV_COLUMNS_MAX];  /* where the wanted columns are in a row */
	uint64_t values[CSV_COLUMNS_MAX]; /* of the current row, in the order wanted */
	bool has_row;
};

/*
 * Opens path and finds the wanted columns by name; "?name" may be missing and is then 0. Negative
 * errno with a message.
 */
int csv_open(struct csv *csv, const char *path, const char *const *wanted, size_t count,
             char *reterr_message, size_t message_size) __attribute__((warn_unused_result));
/* The next row into values; has_row is false at the end. A malformed row is an error. */
int csv_next(struct csv *csv, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));
void csv_close(struct csv *csv);

/* ---- the two files ---- */

enum proc_column {
	PROC_T,
	PROC_PID,
	PROC_RSS,
	PROC_ANON,
	PROC_SWAP,
	PROC_USER,
	PROC_SYSTEM,
	PROC_THREADS,
	PROC_COUNT
};

enum times_column { TIMES_LINE, TIMES_T, TIMES_COUNT };

/* Open it and read the first row. Without a path, or when it is open, nothing is to be done. */
int recording_open_proc(struct csv *csv, const char *path, char *reterr_message,
                        size_t message_size) __attribute__((warn_unused_result));
int recording_open_times(struct csv *csv, const char *path, char *reterr_message,
                         size_t message_size) __attribute__((warn_unused_result));
/*
 * When the line of this number arrived: 1 and *ret_ms, or 0 when it is not recorded. Numbers are
 * asked for in ascending order.
 */
int recording_arrival(struct csv *times, uint64_t number, uint64_t *ret_ms, char *reterr_message,
                      size_t message_size) __attribute__((warn_unused_result));

#endif
