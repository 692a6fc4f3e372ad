// SPDX-License-Identifier: MIT
/*
 * To be preloaded: while the file $DISK_HANG is there, nothing reaches the disk, and whoever wants
 * to be sure that it does waits.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_for_disk(void)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	const char *path = getenv("DISK_HANG");

	while (path != NULL && access(path, F_OK) == 0)
		(void)nanosleep(&pause, NULL);
}

int fsync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fdatasync, fd);
}
