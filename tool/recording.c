// SPDX-License-Identifier: MIT
/*
 * Plain CSV of unsigned numbers: no quoting, an empty field is 0.
 */
#include "tool/recording.h"

#include <errno.h>
#include <string.h>

#include "lib/numbers.h"

#define ABSENT SIZE_MAX

static int fail(const struct csv *csv, int error, const char *what, char *reterr_message,
                size_t message_size)
{
	(void)snprintf(reterr_message, message_size, "%s:%llu: %s", csv->path,
	               (unsigned long long)csv->line, what);
	return error;
}

/* False at the end of the file; the newline is cut off. */
static bool read_line(struct csv *csv, char line[CSV_LINE_SIZE])
{
	if (fgets(line, CSV_LINE_SIZE, csv->file) == NULL)
		return false;
	csv->line++;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

static size_t find_column(const char *header, const char *name)
{
	size_t index = 0;
	size_t length = strlen(name);

	for (;; index++) {
		size_t field = strcspn(header, ",");

		if (field == length && strncmp(header, name, length) == 0)
			return index;
		if (header[field] == '\0')
			return ABSENT;
		header += field + 1;
	}
}

int csv_open(struct csv *csv, const char *path, const char *const *wanted, size_t count,
             char *reterr_message, size_t message_size)
{
	char header[CSV_LINE_SIZE];
	char what[128];
	size_t i;

	*csv = (struct csv){.path = path, .column_count = count};
	csv->file = fopen(path, "re");
	if (csv->file == NULL) {
		int error = -errno;

		(void)snprintf(reterr_message, message_size, "%s: %s", path, strerror(-error));
		return error;
	}
	if (!read_line(csv, header))
		return fail(csv, -EINVAL, "no header line", reterr_message, message_size);
	for (i = 0; i < count; i++) {
		bool is_optional = wanted[i][0] == '?';

		csv->columns[i] = find_column(header, wanted[i] + is_optional);
		if (csv->columns[i] == ABSENT && !is_optional) {
			(void)snprintf(what, sizeof(what), "the header has no column %s",
			               wanted[i]);
			return fail(csv, -EINVAL, what, reterr_message, message_size);
		}
	}
	return 0;
}

static int read_value(const char *row, size_t column, uint64_t *ret_value)
{
	size_t length;

	if (column == ABSENT) {
		*ret_value = 0;
		return 0;
	}
	for (; column > 0; column--) {
		row += strcspn(row, ",");
		if (*row == '\0')
			return -EINVAL;
		row++;
	}
	length = strcspn(row, ",");
	if (length == 0) {
		*ret_value = 0;
		return 0;
	}
	return number_parse_u64(row, length, ret_value);
}

int csv_next(struct csv *csv, char *reterr_message, size_t message_size)
{
	char row[CSV_LINE_SIZE];
	size_t i;

	csv->has_row = false;
	do {
		if (!read_line(csv, row))
			return 0;
	} while (row[0] == '\0');
	for (i = 0; i < csv->column_count; i++) {
		if (read_value(row, csv->columns[i], &csv->values[i]) < 0)
			return fail(csv, -EINVAL, "expected unsigned numbers, one per column",
			            reterr_message, message_size);
	}
	csv->has_row = true;
	return 0;
}

void csv_close(struct csv *csv)
{
	if (csv->file != NULL)
		(void)fclose(csv->file); /* read-only: nothing to lose */
	csv->file = NULL;
}

/* ---- the two files ---- */

static const char *const proc_columns[PROC_COUNT] = {
    [PROC_T] = "t_ms",           [PROC_PID] = "?pid",
    [PROC_RSS] = "rss_bytes",    [PROC_ANON] = "?rss_anon_bytes",
    [PROC_SWAP] = "?swap_bytes", [PROC_USER] = "?utime_ms",
    [PROC_SYSTEM] = "?stime_ms", [PROC_THREADS] = "?threads",
};

static const char *const times_columns[TIMES_COUNT] = {"line", "t_ms"};

static bool is_to_be_opened(const struct csv *csv, const char *path)
{
	return path != NULL && csv->path == NULL;
}

int recording_open_proc(struct csv *csv, const char *path, char *reterr_message,
                        size_t message_size)
{
	int result;

	if (!is_to_be_opened(csv, path))
		return 0;
	result = csv_open(csv, path, proc_columns, PROC_COUNT, reterr_message, message_size);
	return result < 0 ? result : csv_next(csv, reterr_message, message_size);
}

int recording_open_times(struct csv *csv, const char *path, char *reterr_message,
                         size_t message_size)
{
	int result;

	if (!is_to_be_opened(csv, path))
		return 0;
	result = csv_open(csv, path, times_columns, TIMES_COUNT, reterr_message, message_size);
	return result < 0 ? result : csv_next(csv, reterr_message, message_size);
}

int recording_arrival(struct csv *times, uint64_t number, uint64_t *ret_ms, char *reterr_message,
                      size_t message_size)
{
	while (times->has_row && times->values[TIMES_LINE] < number) {
		int result = csv_next(times, reterr_message, message_size);

		if (result < 0)
			return result;
	}
	if (!times->has_row || times->values[TIMES_LINE] != number)
		return 0;
	*ret_ms = times->values[TIMES_T];
	return 1;
}
