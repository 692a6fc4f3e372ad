// SPDX-License-Identifier: MIT
/*
 * To be preloaded: the wall clock is off by as many seconds as the file $CLOCK_SHIFT holds (an
 * int64_t, mapped, so that a test can let the clock jump). All other clocks are left alone.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_seconds;

__attribute__((constructor)) static void map_shift(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		abort();
	map = mmap(NULL, sizeof(*shift_seconds), PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	shift_seconds = map;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, time);

	if (result == 0 && clock == CLOCK_REALTIME && shift_seconds != NULL)
		time->tv_sec += (time_t)*shift_seconds;
	return result;
}
