// SPDX-License-Identifier: MIT
/*
 * What a line of a GC log costs: reading alone, cutting into lines, parsing. CPU time of this
 * process per line, best of five runs; run it on a log of 100 MiB or so, and beside wc -l.
 *
 *	bench/gclog FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/gclog/lines.h"
#include "collectors/gclog/parse.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define RUNS 5

struct counts {
	struct gclog_parser parser;
	uint64_t line_count;
	uint64_t gc_count;
	uint64_t pause_ns;
};

static void count_line(void *context, const char *line, size_t length)
{
	struct counts *counts = context;

	(void)line;
	(void)length;
	counts->line_count++;
}

static void parse_line(void *context, const char *line, size_t length)
{
	struct counts *counts = context;
	struct gclog_record record;
	size_t at = 0;

	counts->line_count++;
	do {
		if (gclog_parse(&counts->parser, line, length, &at, &record) != GCLOG_GC)
			continue;
		counts->gc_count++;
		counts->pause_ns += record.event.pause_ns;
	} while (at < length);
}

/* Returns CPU nanoseconds; on_line NULL: only reads. */
static uint64_t run(int fd, lines_line on_line, struct counts *ret_counts)
{
	static char buffer[64 * 1024];
	uint64_t start_ns = clock_process_cpu_ns();
	struct lines lines = {0};
	uint64_t offset = 0;
	ssize_t length;

	*ret_counts = (struct counts){.line_count = 0};
	while ((length = pread(fd, buffer, sizeof(buffer), (off_t)offset)) > 0) {
		offset += (uint64_t)length;
		if (on_line != NULL)
			lines_feed(&lines, buffer, (size_t)length, on_line, ret_counts);
	}
	if (on_line != NULL)
		lines_finish(&lines, on_line, ret_counts);
	lines_done(&lines);
	return clock_process_cpu_ns() - start_ns;
}

static uint64_t best_run(int fd, lines_line on_line, struct counts *ret_counts)
{
	uint64_t best_ns = UINT64_MAX;
	int i;

	for (i = 0; i < RUNS; i++) {
		uint64_t run_ns = run(fd, on_line, ret_counts);

		best_ns = run_ns < best_ns ? run_ns : best_ns;
	}
	return best_ns;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		lines_line on_line;
	} steps[] = {
	    {"read", NULL}, {"read, lines", count_line}, {"read, lines, parse", parse_line}};
	_cleanup_(closep) int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct counts counts;
	uint64_t line_count;
	size_t i;

	if (fd < 0) {
		(void)fprintf(stderr, "usage: gclog FILE (%s)\n", strerror(errno));
		return 2;
	}
	(void)run(fd, count_line, &counts);
	line_count = counts.line_count > 0 ? counts.line_count : 1;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		printf("%-20s %7.1f ns/line\n", steps[i].name,
		       (double)best_run(fd, steps[i].on_line, &counts) / (double)line_count);
	printf("%llu lines, %llu collections, %.1f s stopped\n", (unsigned long long)line_count,
	       (unsigned long long)counts.gc_count, ns_to_seconds(counts.pause_ns));
	return 0;
}
