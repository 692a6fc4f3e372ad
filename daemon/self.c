// SPDX-License-Identifier: MIT
/*
 * Reads /proc/self (always the real one: --path.procfs is for the observed).
 */
#include "daemon/self.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/exposition/metrics.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define STATM_SIZE 256
#define STAT_SIZE  2048

static inline void closedirp(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

static uint64_t open_fd_count(void)
{
	_cleanup_(closedirp) DIR *directory = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	return count < 3 ? 0 : count - 3; /* ".", ".." and the directory's own */
}

/* The n-th (from 0) blank-separated field of text; 0 when it is no number. */
static uint64_t field(const char *text, unsigned n)
{
	uint64_t value = 0;

	for (; n > 0 && text != NULL; n--) {
		text = strchr(text, ' ');
		if (text != NULL)
			text++;
	}
	if (text == NULL || number_parse_u64(text, strcspn(text, " \n"), &value) < 0)
		return 0;
	return value;
}

static void measure_memory(struct self_status *status)
{
	char text[STATM_SIZE];
	size_t length;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	if (file_read_text_at(AT_FDCWD, "/proc/self/statm", text, sizeof(text), &length) < 0)
		return;
	status->virtual_bytes = field(text, 0) * page_bytes;
	status->resident_bytes = field(text, 1) * page_bytes;
}

static void measure_start(struct self_status *status)
{
	char text[STAT_SIZE];
	size_t length;
	const char *after_name;
	uint64_t start_ticks;

	if (file_read_text_at(AT_FDCWD, "/proc/self/stat", text, sizeof(text), &length) < 0)
		return;
	after_name = strrchr(text, ')');
	if (after_name == NULL)
		return;
	start_ticks = field(after_name + 2, 19); /* field 22; state, the 3rd, is number 0 here */
	status->start_time_seconds = (double)start_ticks / (double)sysconf(_SC_CLK_TCK) +
	                             ns_to_seconds(status->boot_realtime_offset_ns);
}

void self_describe(struct self_status *status)
{
	status->version = PACKAGE_VERSION;
	status->revision = HEAPWATCH_REVISION;
	status->compiler = __VERSION__;
	status->config_reload_successful = 1;
	status->config_reload_success_timestamp_seconds = ns_to_seconds(clock_realtime_ns());
}

void self_measure(struct self_status *status)
{
	struct rlimit limit;

	/* Once: a pause between two clock reads must not move the start time of every process. */
	if (status->boot_realtime_offset_ns == 0)
		status->boot_realtime_offset_ns = clock_realtime_ns() - clock_boottime_ns();
	status->cpu_seconds = ns_to_seconds(clock_process_cpu_ns());
	status->open_fds = open_fd_count();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		status->max_fds = limit.rlim_cur;
	if (getrlimit(RLIMIT_AS, &limit) == 0)
		status->virtual_max_bytes = limit.rlim_cur;
	measure_memory(status);
	measure_start(status);
}
