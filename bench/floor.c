// SPDX-License-Identifier: MIT
/*
 * What sampling costs at the very least: stat and statm of each process, read and thrown away, in
 * the rhythm of a daemon. Nothing is parsed, found or kept.
 *
 *	floor kept|open INTERVAL_MS PASSES < pids, one a line
 *
 * kept: fds stay open, one pread each. open: both files are opened by path at each pass. Prints the
 * CPU time of a pass in nanoseconds, averaged over the passes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/numbers.h"

#define PROCESSES_MAX ((size_t)4096)
#define FILES_MAX     (2 * PROCESSES_MAX)

struct floor {
	bool keeps_fds;
	size_t file_count;
	char paths[FILES_MAX][32];
	int fds[FILES_MAX];
};

static int floor_add(struct floor *floor, const char *pid, const char *file)
{
	size_t i = floor->file_count;

	if (i == FILES_MAX)
		return -ENOSPC;
	(void)snprintf(floor->paths[i], sizeof(floor->paths[i]), "/proc/%.10s/%s", pid, file);
	floor->fds[i] = open(floor->paths[i], O_RDONLY | O_CLOEXEC);
	if (floor->fds[i] < 0)
		return -errno;
	if (!floor->keeps_fds)
		(void)close(floor->fds[i]);
	floor->file_count++;
	return 0;
}

static int floor_read_pids(struct floor *floor)
{
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		int r;

		line[strcspn(line, "\n")] = '\0';
		r = floor_add(floor, line, "stat");
		if (r == 0)
			r = floor_add(floor, line, "statm");
		if (r < 0) {
			(void)fprintf(stderr, "floor: pid %s: %s\n", line, strerror(-r));
			return r;
		}
	}
	return 0;
}

static void floor_pass(const struct floor *floor)
{
	char text[1024];

	for (size_t i = 0; i < floor->file_count; i++) {
		int fd =
		    floor->keeps_fds ? floor->fds[i] : open(floor->paths[i], O_RDONLY | O_CLOEXEC);

		/* A process that is gone costs nothing; the bench keeps all of them alive. */
		if (pread(fd, text, sizeof(text), 0) < 0)
			continue;
		if (!floor->keeps_fds)
			(void)close(fd);
	}
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t floor_run(const struct floor *floor, uint64_t interval_ms, uint64_t pass_count)
{
	const struct timespec interval = {.tv_sec = (time_t)(interval_ms / 1000),
	                                  .tv_nsec = (long)(interval_ms % 1000) * 1000000};
	uint64_t start_ns = cpu_ns();

	for (uint64_t i = 0; i < pass_count; i++) {
		(void)nanosleep(&interval, NULL);
		floor_pass(floor);
	}
	return (cpu_ns() - start_ns) / pass_count;
}

int main(int argc, char **argv)
{
	static struct floor floor;
	uint64_t interval_ms, pass_count;

	if (argc != 4 || number_parse_u64(argv[2], strlen(argv[2]), &interval_ms) < 0 ||
	    number_parse_u64(argv[3], strlen(argv[3]), &pass_count) < 0 || pass_count == 0) {
		(void)fprintf(stderr, "usage: floor kept|open INTERVAL_MS PASSES < pids\n");
		return 2;
	}
	floor.keeps_fds = strcmp(argv[1], "kept") == 0;
	if (floor_read_pids(&floor) < 0)
		return 1;
	(void)printf("%" PRIu64 "\n", floor_run(&floor, interval_ms, pass_count));
	return 0;
}
