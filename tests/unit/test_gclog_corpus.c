// SPDX-License-Identifier: MIT
/*
 * Whole logs of real processes against what an independent reader counts in them: the corpus that
 * GC_TRACES_DIR names, or ../shared/gc-traces beside the source tree; skipped without it. The
 * reader's counts are in verification.tsv. What the processes themselves knew: test_gclog_truth.c.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/gclog/lines.h"
#include "collectors/gclog/parse.h"
#include "tests/unit/unit.h"

#define LOGS_AT_LEAST 400

struct row {
	char version[16];
	char name[64];
	long line_young;
	long line_full;
	double line_pause_ms;
};

struct sums {
	struct gclog_parser parser;
	pid_t only_pid; /* 0: all */
	long young;
	long full;
	double pause_ms;
};

static char directory[2048];

static void add_line(void *context, const char *line, size_t length)
{
	struct sums *sums = context;
	struct gclog_record record;
	size_t at = 0;

	do {
		if (gclog_parse(&sums->parser, line, length, &at, &record) != GCLOG_GC ||
		    record.family > 'K' || /* no text line: the reader knows no others */
		    (sums->only_pid != 0 && record.pid != sums->only_pid))
			continue;
		if (record.event.kind == GC_MARK_COMPACT)
			sums->full++;
		else
			sums->young++;
		sums->pause_ms += (double)record.event.pause_ns / 1e6;
	} while (at < length);
}

/* The truth of a log of several processes is that of one of them. */
static pid_t truth_pid(const struct row *row)
{
	char path[4096];
	char head[1024] = "";
	const char *found;
	int pid = 0;
	FILE *file;

	if (strcmp(row->name, "children") != 0 && strcmp(row->name, "workers") != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s/%s.truth.json", directory, row->version,
	               row->name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_ptr_nonnull(fgets(head, sizeof(head), file));
	(void)fclose(file);
	found = strstr(head, "\"pid\":");
	ck_assert_msg(found != NULL && sscanf(found, "\"pid\": %d", &pid) == 1, "%s", path);
	return pid;
}

static void read_log(const struct row *row, struct sums *ret_sums)
{
	struct lines lines = {0};
	char buffer[4096];
	char path[4096];
	size_t length;
	FILE *file;

	*ret_sums = (struct sums){.only_pid = truth_pid(row)};
	(void)snprintf(path, sizeof(path), "%s/%s/%s.log", directory, row->version, row->name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
		lines_feed(&lines, buffer, length, add_line, ret_sums);
	lines_finish(&lines, add_line, ret_sums);
	lines_done(&lines);
	(void)fclose(file);
}

static bool row_read(FILE *table, struct row *ret_row)
{
	return fscanf(table, "%15s %63s %ld %ld %*s %*s %lf %*[^\n]", ret_row->version,
	              ret_row->name, &ret_row->line_young, &ret_row->line_full,
	              &ret_row->line_pause_ms) == 5;
}

static FILE *table_open(void)
{
	const char *given = getenv("GC_TRACES_DIR");
	char path[4096];
	char heading[512];
	FILE *table;

	if (given != NULL)
		(void)snprintf(directory, sizeof(directory), "%s", given);
	else
		(void)snprintf(directory, sizeof(directory), "%s/../shared/gc-traces",
		               getenv("top_srcdir"));
	(void)snprintf(path, sizeof(path), "%s/verification.tsv", directory);
	table = fopen(path, "re");
	if (table != NULL)
		ck_assert_ptr_nonnull(fgets(heading, sizeof(heading), table));
	return table;
}

/* Node 0.x prints "EXT / TOTAL ms"; the independent reader takes the first for the pause. */
static bool is_pause_comparable(const struct row *row)
{
	return row->version[1] != '0' || strcmp(row->name, "external-weak") != 0;
}

START_TEST(test_lines_are_those_that_an_independent_reader_counts)
{
	FILE *table = table_open();
	unsigned count = 0;
	struct sums sums;
	struct row row;

	while (table != NULL && row_read(table, &row)) {
		read_log(&row, &sums);
		ck_assert_msg(sums.young == row.line_young && sums.full == row.line_full,
		              "%s/%s: %ld, %ld", row.version, row.name, sums.young, sums.full);
		if (is_pause_comparable(&row))
			ck_assert_msg(fabs(sums.pause_ms - row.line_pause_ms) < 0.06,
			              "%s/%s: %g ms", row.version, row.name, sums.pause_ms);
		count++;
	}
	if (table == NULL)
		return; /* no corpus: nothing to compare with */
	ck_assert_uint_ge(count, LOGS_AT_LEAST);
	(void)fclose(table);
}
END_TEST

UNIT_MAIN("gclog_corpus", test_lines_are_those_that_an_independent_reader_counts)
